//! References to other files: shipped ones or the user's own.

use serde::{Deserialize, Serialize};

use super::checks::Checks;
use super::rule::{Rule, Section};
use super::section::stated_as_itself;

/// Another file that a scenario names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reference {
    /// One that is shipped, by name.
    Preset(String),
    /// A file of the user's, relative to the file that names it.
    File(String),
}

stated_as_itself!(Reference);

impl Rule<Reference> for Section {
    fn read(&self, stated: Option<Reference>, _: &mut Checks) -> Reference {
        stated.unwrap_or(Reference::Preset(String::new()))
    }
}
