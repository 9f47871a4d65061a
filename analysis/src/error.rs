//! Errors of library calls.

use std::io;
use std::path::PathBuf;

use components::memory::ReplayError;
use scenarios::Diagnostics;
use scenarios::system::RunError;
use thiserror::Error;

/// Why a library call failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A scenario, a memory or another description is wrong.
    #[error("{0}")]
    Input(#[from] Diagnostics),
    /// The run did not finish.
    #[error("the run failed: {0}")]
    Run(#[from] RunError),
    /// The replay of a trace did not finish.
    #[error("the replay failed: {0}")]
    Replay(#[source] ReplayError),
    /// The run finished, but broke invariants that must hold after every run.
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
        /// The system's error.
        source: io::Error,
    },
    /// The file exists already, and overwriting it was not requested.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// The trace of a run could not be written completely. No file is left.
    #[error("cannot write the trace {}: {source}; nothing is left under that name", file.display())]
    Trace {
        /// The trace.
        file: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// Something could not be serialised to JSON.
    #[error("cannot write JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A setting is not available.
    #[error("{0}")]
    Setting(String),
}

impl Error {
    /// The error that `file` cannot be read, for `reason`.
    pub fn unreadable(file: impl Into<PathBuf>, reason: impl std::fmt::Display) -> Self {
        Self::Unreadable {
            file: file.into(),
            reason: reason.to_string(),
        }
    }
}
