//! From what was estimated of a design to its figures.

pub mod metrics;
