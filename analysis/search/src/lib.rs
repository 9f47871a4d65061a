//! The co-design search over transformers and accelerators.

pub mod accuracy;
pub mod campaign;
pub mod csv;
pub mod draws;
pub mod evaluate;
pub mod features;
pub mod front;
pub mod insight;
pub mod objective;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod problem;
pub mod rows;
pub mod shape;
pub mod space;
pub mod store;
pub mod strategy;
pub mod study;
pub mod surrogate;
pub mod table;
