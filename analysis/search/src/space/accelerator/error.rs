//! Why twelve numbers are no accelerator of the published space.

use thiserror::Error;

use super::Variable;

/// Why twelve numbers are no accelerator of the published space.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum AcceleratorError {
    /// There are more or fewer than twelve.
    #[error("an accelerator is a vector of 12 numbers, not of {0}")]
    Length(usize),
    /// A variable does not have this value.
    #[error(
        "number {index} of the vector (from 0), {}, cannot be {found} in the published space: {:?} are accepted",
        variable.name(),
        variable.values()
    )]
    Value {
        /// The place of the number, from 0.
        index: usize,
        /// The variable.
        variable: Variable,
        /// What was found.
        found: f64,
    },
    /// A tile has more rows than columns, or fewer.
    #[error(
        "a tile of the published space has as many rows as columns, not {x} and {y} (numbers 1 and 2 of the vector, from 0)"
    )]
    Tile {
        /// Its rows.
        x: f64,
        /// Its columns.
        y: f64,
    },
}
