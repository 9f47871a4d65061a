//! Progress on the terminal for work that takes longer than a second; nothing if standard error is not a terminal.

use std::io::{IsTerminal as _, stderr};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use scenarios::system::Progress;

/// Shorter work shows no progress.
const PATIENCE: Duration = Duration::from_secs(1);

/// Does `work`; shows a spinner if it takes over a second and standard error is a terminal.
pub(crate) fn show_while<T>(message: &str, quiet: bool, work: impl FnOnce() -> T) -> T {
    if quiet || !stderr().is_terminal() {
        return work();
    }
    thread::scope(|scope| {
        let (done, is_done) = channel::<()>();
        scope.spawn(move || {
            if is_done.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::new_spinner().with_message(message.to_owned());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            // Ends when the sender is dropped.
            let _ = is_done.recv();
            bar.finish_and_clear();
        });
        let result = work();
        drop(done);
        result
    })
}

/// A progress bar that appears after a second: how much is done, and the remaining time.
pub(crate) struct Bar {
    bar: ProgressBar,
    began: Instant,
    visible: bool,
}

impl Bar {
    /// A bar for `what`.
    pub(crate) fn new(what: &str, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        bar.set_prefix(what.to_owned());
        let template = "{prefix}  {bar:24} {percent:>3}%  {msg}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        Self {
            bar,
            began: Instant::now(),
            visible: !quiet && stderr().is_terminal(),
        }
    }

    /// Updates the progress.
    pub(crate) fn set(&self, done: u64, whole: u64, message: String) {
        if !self.visible || self.began.elapsed() < PATIENCE {
            return;
        }
        if self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_length(whole);
        self.bar.set_position(done);
        self.bar.set_message(message);
    }

    /// Updates the progress of a run.
    pub(crate) fn set_run(&self, progress: Progress) {
        let seconds = self.began.elapsed().as_secs_f64();
        let rate = HumanCount((progress.events as f64 / seconds) as u64);
        self.set(progress.done, progress.planned, format!("{rate} events/s"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
