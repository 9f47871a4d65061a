//! Ctrl-C: finished results are kept.

use std::sync::atomic::{AtomicBool, Ordering};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Installs the handler: the first Ctrl-C is noted, the second ends the process at once.
pub fn listen() {
    let handler = || {
        if REQUESTED.swap(true, Ordering::Relaxed) {
            std::process::exit(EXIT_CODE.into());
        }
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        tracing::debug!(%error, "Ctrl-C ends the process at once");
    }
}

/// Whether Ctrl-C has been pressed.
#[must_use]
pub fn is_requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// The exit code that a shell expects of a process ended by Ctrl-C: 128 + SIGINT.
pub const EXIT_CODE: u8 = 130;
