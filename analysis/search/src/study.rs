//! A study: a space, a strategy, objectives, an evaluator and a budget.

mod axis;
mod error;
mod file;
mod frozen;
mod resolve;

pub use axis::{AxisFile, StudyAxis};
pub use error::StudyError;
pub use file::{
    AcceleratorSpace, Evaluator, OverWorkloads, SCHEMA, SpaceFile, StudyFile, TransformerSpace, WorkloadFile,
};
pub use frozen::Frozen;
pub use resolve::{Study, Workload};
