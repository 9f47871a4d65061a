//! The space of designs: a transformer and an accelerator.

pub mod accelerator;
pub mod design;
pub mod draws;
pub mod operators;
pub mod transformer;

pub use accelerator::{Accelerator, Variable};
pub use design::{Accelerators, Design, Model, Models, Space, Table};
pub use draws::Draws;
pub use transformer::Genome;
