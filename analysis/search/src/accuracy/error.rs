//! What is wrong with a model of accuracy, or with a question to it.

use thiserror::Error;

use crate::space::transformer::NotInSpace;

/// What is wrong with a model of accuracy, or with a question to it.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum AccuracyError {
    /// A file cannot be read, or is wrong as a whole.
    #[error("{file}: {message} ({help})")]
    File {
        /// The file.
        file: String,
        /// What is wrong.
        message: String,
        /// What to do.
        help: String,
    },
    /// A line of a file is wrong.
    #[error("{file}:{line}: {message} ({help})")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
        /// What to do.
        help: String,
    },
    /// A setting of the prior is out of range.
    #[error("`{field}` of `Capacity` cannot be {found} ({accepted})")]
    Setting {
        /// The setting.
        field: &'static str,
        /// What was found.
        found: f64,
        /// What is accepted.
        accepted: &'static str,
    },
    /// A table does not have the transformer.
    #[error(
        "the table {table} has no accuracy for this transformer (add a row for it, or choose transformers from the table: \
         `transformer: Table`)"
    )]
    Missing {
        /// The table.
        table: String,
    },
    /// The published model does not know the transformer.
    #[error("the published model of accuracy knows transformers of the published space only: {0}")]
    NotInSpace(#[from] NotInSpace),
    /// A curve of losses does not reach so far.
    #[error(
        "{file} has no loss at a sparsity of {sparsity}: it reaches from {least} to {most} (measure more of it, or state a \
         density within)"
    )]
    OutsideCurve {
        /// The file.
        file: String,
        /// The sparsity that was asked for.
        sparsity: f64,
        /// The least sparsity of the curve.
        least: f64,
        /// The largest sparsity of the curve.
        most: f64,
    },
}
