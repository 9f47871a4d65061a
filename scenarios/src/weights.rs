//! Weights, embeddings and inputs of a transformer: drawn from the seed, or stated by a file; and written to one.

mod constants;
mod key;
mod named;
mod stated;
mod written;

pub use constants::SeededConstants;
pub use key::Key;
pub use stated::StatedConstants;
pub use written::{Precision, weights_file};
