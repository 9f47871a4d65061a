//! Which program made a result.

use serde::Serialize;

/// The version of this program and the commit that it was built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Program {
    /// The version.
    pub version: &'static str,
    /// The commit; `None` if it was not built in its repository.
    pub commit: Option<&'static str>,
}

impl Program {
    /// This one.
    #[must_use]
    pub fn this() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            commit: option_env!("ELECTOR_COMMIT"),
        }
    }
}

/// A result with the program that made it.
#[derive(Debug, Serialize)]
pub struct Signed<'a, T: Serialize> {
    /// The result.
    #[serde(flatten)]
    result: &'a T,
    /// The program.
    elector: Program,
}

impl<'a, T: Serialize> Signed<'a, T> {
    /// `result`, made by this program.
    pub fn new(result: &'a T) -> Self {
        Self {
            result,
            elector: Program::this(),
        }
    }
}
