//! What a library call can answer.

use std::io;
use std::path::PathBuf;

use components::memory::ReplayError;
use scenarios::Diagnostics;
use scenarios::system::RunError;
use thiserror::Error;

/// Why a call of this library did not do what was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A scenario, a memory or another file that describes something is wrong.
    #[error("{0}")]
    Input(#[from] Diagnostics),
    /// The run did not reach its end.
    #[error("the run failed: {0}")]
    Run(#[from] RunError),
    /// The replay of a trace did not reach its end.
    #[error("the replay failed: {0}")]
    Replay(#[source] ReplayError),
    /// The run reached its end, but broke what must hold after every run.
    #[error("the run broke {} of the invariants:\n  {}", .0.len(), .0.join("\n  "))]
    Violations(Vec<String>),
    /// A file cannot be read, or does not hold what it should.
    #[error("cannot read {}: {reason}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A line of a text file is wrong.
    #[error("{file}:{line}: {problem}")]
    Line {
        /// What the file is called; its path, or `<stdin>`.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}", file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is there already, and overwriting it was not asked for.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// The trace of a run could not be written to its end. No file is left.
    #[error("cannot write the trace {}: {source}; nothing is left under that name", file.display())]
    Trace {
        /// The trace.
        file: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// Something could not be put into JSON.
    #[error("cannot write JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A setting cannot be had.
    #[error("{0}")]
    Setting(String),
}

impl Error {
    /// `file` cannot be read, for this reason.
    pub fn unreadable(file: impl Into<PathBuf>, reason: impl std::fmt::Display) -> Self {
        Self::Unreadable {
            file: file.into(),
            reason: reason.to_string(),
        }
    }
}
