//! The command `elector`: what users type, and the reports and pages that come back.
//!
//! One way through: [`prepare`] makes a plan of what the user names, a function of [`analysis`] a result of the plan, and [`report`]
//! a text for a terminal, or [`page`] a page of HTML, of the result. [`command`] holds one file per subcommand.
//!
//! Exit codes, Ctrl-C and hints of flags live here and nowhere below.

pub mod command;
mod failure;
pub mod interrupt;
mod number;
pub mod page;
pub mod prepare;
mod progress;
pub mod report;

pub use failure::Failure;
