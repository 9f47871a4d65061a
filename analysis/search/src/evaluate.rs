//! From a design to its figures.

mod design;
mod known;
pub mod metrics;
mod over_workloads;

pub use design::evaluate;
pub use known::{loaded, refuse};
