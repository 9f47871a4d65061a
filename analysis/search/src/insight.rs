//! What the rows of a study tell once they are there: what was varied, what the figures hang on, and how the best grew.
//!
//! All of it is a function of the rows and the objective alone, so that one set of rows tells the same wherever it is read.

mod convergence;
mod importance;
mod variables;

pub use convergence::{Convergence, convergence};
pub use importance::{Importance, LEAST_ROWS, MOST_ROWS, NotKnown, Share, importance};
pub use variables::{Values, Variable, variables};
