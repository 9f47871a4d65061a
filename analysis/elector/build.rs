//! Notes from which commit the command is built, if it is built in its repository.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if let Some(commit) = repository().and_then(|root| commit(&root)) {
        println!("cargo:rustc-env=ELECTOR_COMMIT={commit}");
    }
}

/// The root of the repository. A copy of the crate elsewhere, as in a registry or among the sources of others, is not in it.
fn repository() -> Option<PathBuf> {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?);
    let root = here.parent()?.parent()?;
    (root.join(".git").exists() && root.join("analysis/elector") == here).then(|| root.to_owned())
}

fn commit(root: &Path) -> Option<String> {
    // Both change with the commit that is checked out.
    for file in ["HEAD", "logs/HEAD"] {
        let path = root.join(git(root, &["rev-parse", "--git-path", file])?);
        if path.exists() {
            println!("cargo:rerun-if-changed={}", path.display());
        }
    }
    git(root, &["rev-parse", "HEAD"])
}

fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    command.arg("-C").arg(root).args(arguments).env_remove("GIT_DIR");
    let output = command.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
