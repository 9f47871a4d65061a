//! The command `elector`: what users type, and the results and reports that come back.
//!
//! One way through: [`prepare`] makes a plan of a scenario, [`run::run`] a [`result::RunResult`] of the plan, and
//! [`report`] a text for a terminal of the result. [`replay`] does for a memory alone what `run` does for a machine.
//! [`command`] holds one file for each subcommand.

pub mod command;
pub mod compare;
pub mod critical_path;
pub mod estimate;
mod failure;
pub mod import;
pub mod inspect;
pub mod interrupt;
mod longest;
mod output;
pub mod page;
pub mod prepare;
pub mod profile;
mod progress;
pub mod replay;
pub mod report;
pub mod result;
pub mod run;
pub mod runner;
mod tee;
pub mod trace;

pub use failure::Failure;
