//! Scenarios from the files of other simulators.

pub mod acceltran;
mod design;
mod text;
mod yaml;

use scenarios::Diagnostics;

/// A scenario made from other files.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The scenario as commented text, with every value stated. It passes `elector check`.
    pub text: String,
    /// Settings without a counterpart, and other notes for the user.
    pub notes: Diagnostics,
}
