//! The space of designs: a transformer and an accelerator.

pub mod accelerator;
pub mod axis;
pub mod design;
pub mod draws;
mod enumerate;
pub mod operators;
pub mod transformer;

pub use accelerator::{Accelerator, Variable};
pub use axis::{Axis, MOST_AXES, Positions};
pub use design::{Accelerators, Design, Model, Models, Space, Table};
pub use draws::Draws;
pub use transformer::Genome;
