//! Why a command failed, and its exit code.

use std::io;
use std::path::{Path, PathBuf};

use analysis::Error as LibraryError;
use scenarios::Diagnostics;
use scenarios::system::RunError;
use thiserror::Error;

use crate::interrupt;

/// Why a command failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Failure {
    /// The scenario is wrong.
    #[error("{0}")]
    Input(#[from] Diagnostics),
    /// A request on the command line cannot be met.
    #[error("{0}")]
    Usage(String),
    /// The run did not finish.
    #[error("the run failed: {0}")]
    Run(#[from] RunError),
    /// The run or the replay failed, or broke an invariant.
    #[error("{0}")]
    Failed(String),
    /// Some of several runs failed; their results say which and why.
    #[error("{failed} of {whole} runs failed")]
    Cells {
        /// Runs that failed.
        failed: usize,
        /// Runs in all.
        whole: usize,
    },
    /// Ctrl-C was pressed.
    #[error("interrupted: {finished} of {whole} runs are finished")]
    Interrupted {
        /// Runs whose results were written.
        finished: usize,
        /// Runs in all.
        whole: usize,
    },
    /// Ctrl-C was pressed during a run.
    #[error("interrupted: the run is not finished{}", trace_kept(.trace.as_deref()))]
    RunInterrupted {
        /// The trace up to that point.
        trace: Option<PathBuf>,
    },
    /// Ctrl-C was pressed during a search.
    #[error("interrupted: {finished} of {whole} designs are estimated; the same command goes on, in {}", folder.display())]
    SearchInterrupted {
        /// Rows that were written.
        finished: usize,
        /// Rows in all.
        whole: usize,
        /// The study's folder.
        folder: PathBuf,
    },
    /// Results could not be written.
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
    /// Results could not be serialised to JSON.
    #[error("cannot write JSON: {0}")]
    Json(#[source] serde_json::Error),
}

impl Failure {
    /// 1 if the run failed, 2 if the input is wrong.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Input(_) | Self::Usage(_) => 2,
            Self::Interrupted { .. } | Self::RunInterrupted { .. } | Self::SearchInterrupted { .. } => {
                interrupt::EXIT_CODE
            }
            _ => 1,
        }
    }

    /// Whether the reader of the output has gone, as after `elector lower ... | head`.
    #[must_use]
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

fn trace_kept(trace: Option<&Path>) -> String {
    trace
        .map(|trace| format!("; its trace up to here is in {}", trace.display()))
        .unwrap_or_default()
}

/// Turns a library error into one of the command: with the flags that help, and with its exit code.
impl From<LibraryError> for Failure {
    fn from(error: LibraryError) -> Self {
        match error {
            LibraryError::Input(problems) => Self::Input(problems),
            LibraryError::Run(error) => Self::Run(error),
            LibraryError::Json(error) => Self::Json(error),
            LibraryError::Exists(_) => Self::Usage(format!("{error}; --force overwrites it")),
            LibraryError::Trace { .. } => Self::Failed(format!(
                "{error} (--trace-only, --trace-window and --trace-sample make it smaller)"
            )),
            LibraryError::Replay(_) | LibraryError::Violations(_) => Self::Failed(error.to_string()),
            error => Self::Usage(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        if error.is_io() {
            Self::Output(error.into())
        } else {
            Self::Json(error)
        }
    }
}
