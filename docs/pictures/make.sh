#!/usr/bin/env bash
# Makes the pictures of the README from real runs. Needs Chromium.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --release --quiet
pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT

picture() { # NAME HEIGHT
    chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$pages/profile" \
        --window-size="1100,$2" --screenshot="docs/pictures/$1.png" "file://$pages/$1.html" 2>/dev/null
}

./target/release/elector run bert-tiny-edge --report "$pages/run.html" >/dev/null
picture run 1170
./target/release/elector compare contention --report "$pages/compare.html" >/dev/null
picture compare 1462
