//! The space of designs: a transformer and an accelerator.

pub mod accelerator;
pub mod draws;
pub mod transformer;

pub use accelerator::{Accelerator, Variable};
pub use draws::Draws;
pub use transformer::Genome;
