//! What is wrong with a study.

use scenarios::Diagnostics;
use thiserror::Error;

use crate::accuracy::AccuracyError;

/// What is wrong with a study.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StudyError {
    /// The file of the study, or a scenario that it names.
    #[error("{0}")]
    Input(#[from] Diagnostics),
    /// The model of accuracy.
    #[error("{0}")]
    Accuracy(#[from] AccuracyError),
}
