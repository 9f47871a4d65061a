//! The co-design search over transformers and accelerators.

pub mod draws;
pub mod front;
pub mod rows;
pub mod surrogate;
pub mod accuracy;
pub mod features;
pub mod objective;
pub mod shape;
pub mod space;
