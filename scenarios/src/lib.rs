//! Scenarios: what a user writes to describe a transformer, the accelerator that runs it and its memory.
//!
//! A scenario is a RON file of which every field is optional. [`schema`] describes the fields, [`transformer`]
//! the workload's model.

pub mod diagnostics;
pub mod load;
pub mod mapper;
pub mod program;
pub mod schema;
pub mod system;
pub mod transformer;

pub use diagnostics::Diagnostics;
pub use load::Loaded;
pub use schema::Scenario;
