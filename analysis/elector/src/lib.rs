//! The command `elector`: its command line, reports and pages.
//!
//! Every command takes the same path: [`prepare`] makes a plan from what the user names, a function of [`analysis`] turns the
//! plan into a result, and [`report`] turns the result into text for a terminal, or [`page`] into an HTML page. [`command`]
//! holds one file per subcommand.
//!
//! Exit codes, Ctrl-C and hints about flags belong here, not in the libraries below.

pub mod command;
mod failure;
pub mod interrupt;
mod number;
pub mod page;
pub mod prepare;
mod program;
mod progress;
pub mod report;

pub use failure::Failure;
pub use program::{Program, Signed};
