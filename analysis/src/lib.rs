//! Running a plan, and analysing the run.
//!
//! [`run::run`] turns a plan into a [`result::RunResult`]; [`compare`] runs the same workload on several memories; [`replay`]
//! does for a memory alone what `run` does for a machine. [`critical_path`], [`over_time`] and [`power`] are sinks to pass to a
//! run: they find what decided its latency, what happened when, and what that cost.
//!
//! A program takes a shipped scenario, changes it, runs it and reads the result:
//!
//! ```
//! use scenarios::Scenario;
//! use scenarios::system::Plan;
//! use sim_core::Engine;
//!
//! let loaded = Scenario::shipped("tiny-trace")?;
//! let changed = loaded.with(|scenario| scenario.accelerator.processing_elements = 4)?;
//! let result = analysis::run::run(&Plan::load(&changed)?, Engine::default(), true)?;
//! assert!(result.machine.cycles > 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Nothing here prints or knows of a command line.

pub mod compare;
pub mod critical_path;
mod error;
pub mod import;
pub mod longest;
pub mod output;
pub mod over_time;
pub mod power;
pub mod profile;
pub mod replay;
pub mod result;
pub mod run;
pub mod runner;
pub mod tee;
pub mod ticks;

pub use error::Error;

/// The examples of the guide's page for programs.
#[cfg(doctest)]
#[doc = include_str!("../../docs/library.md")]
struct LibraryPage;
