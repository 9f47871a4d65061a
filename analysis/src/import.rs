//! Scenarios from the files of other simulators.

pub mod acceltran;
mod design;
mod text;
mod yaml;

use scenarios::Diagnostics;

/// A scenario that was made of other files.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The scenario, commented, with every value stated. It passes `elector check`.
    pub text: String,
    /// Settings that have no counterpart, and what else the user should know.
    pub notes: Diagnostics,
}
