//! The command `elector`: what users type, and the results and reports that come back.
//!
//! One way through: [`prepare`] makes a plan of a scenario, [`run::run`] a [`result::RunResult`] of the plan, and
//! [`report`] a text for a terminal of the result. [`command`] holds one file for each subcommand.

pub mod command;
pub mod estimate;
mod failure;
pub mod import;
pub mod prepare;
mod progress;
pub mod report;
pub mod result;
pub mod run;

pub use failure::Failure;
