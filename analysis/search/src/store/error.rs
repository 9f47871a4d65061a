//! What goes wrong with a study's folder.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::study::StudyError;

/// What goes wrong with a study's folder.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No study was laid out.
    #[error("{} holds no study (`elector search init STUDY --dir {}` lays one out)", .0.display(), .0.display())]
    NoStudy(PathBuf),
    /// It holds another study.
    #[error("{} holds another study: {differences} (name another folder, or change the study back)", folder.display())]
    OtherStudy {
        /// The folder.
        folder: PathBuf,
        /// What differs.
        differences: String,
    },
    /// The study is wrong.
    #[error("{0}")]
    Study(#[from] StudyError),
    /// A file is damaged, or cannot be read.
    #[error("cannot read {}: {message}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        message: String,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}; what was found before is kept, and the same command goes on", file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Two processes found different figures.
    #[error("{id} was evaluated twice with different results, in {} and before: the evaluation does not repeat", file.display())]
    Differs {
        /// The row.
        id: String,
        /// The file of the second.
        file: PathBuf,
    },
}

impl StoreError {
    pub(super) fn unreadable(file: &Path, error: &dyn Display) -> Self {
        Self::Unreadable {
            file: file.to_owned(),
            message: error.to_string(),
        }
    }

    pub(super) fn unwritable(file: &Path, source: io::Error) -> Self {
        Self::Unwritable {
            file: file.to_owned(),
            source,
        }
    }
}
