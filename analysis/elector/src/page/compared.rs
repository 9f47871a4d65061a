//! A run among others.

use analysis::over_time::Curves;
use analysis::result::RunResult;

/// A run among others.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The name of its column: its subject, and its state if runs differ in it.
    pub name: String,
    /// What it simulates.
    pub subject: String,
    /// Alone or contended, if runs differ in it.
    pub state: Option<&'static str>,
    /// Its result.
    pub result: RunResult,
    /// What happened over time, if that was recorded.
    pub curves: Option<Curves>,
}
