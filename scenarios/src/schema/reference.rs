//! References to other files: shipped ones, the user's own, or their text.

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, Unexpected};
use serde::{Deserialize as DeserializeDerive, Serialize};

use super::checks::Checks;
use super::rule::{Rule, Section};
use super::section::stated_as_itself;

/// Another file that a scenario names.
///
/// A file may also state a text alone: a file if it ends in `.ron`, `.json` or `.yaml`, else what is shipped by that name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Reference {
    /// One that is shipped, by name.
    Preset(String),
    /// A file of the user's, relative to the file that names it.
    File(String),
    /// What would be in the file.
    Inline {
        /// What it is called.
        name: String,
        /// The text, in RON.
        text: String,
    },
}

/// The endings of names that stand for files, not for what is shipped.
const ENDINGS: [&str; 3] = [".ron", ".json", ".yaml"];

impl Reference {
    /// What a text alone refers to.
    #[must_use]
    pub fn named(text: &str) -> Self {
        match ENDINGS.iter().any(|ending| text.ends_with(ending)) {
            true => Self::File(text.to_owned()),
            false => Self::Preset(text.to_owned()),
        }
    }

    /// The name of what it refers to, or the path of the file.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Preset(name) | Self::File(name) | Self::Inline { name, .. } => name,
        }
    }
}

/// What may stand in place of a reference, before it is known to be one.
#[derive(DeserializeDerive)]
#[serde(untagged)]
enum Form {
    Text(String),
    Tagged(Tagged),
    Other(IgnoredAny),
}

#[derive(DeserializeDerive)]
#[serde(deny_unknown_fields)]
enum Tagged {
    Preset(String),
    File(String),
    Inline { name: String, text: String },
}

const ACCEPTED: &str =
    "`Preset(\"name\")`, `File(\"file.ron\")`, or a text alone, which is a file if it ends so,";

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Form::deserialize(deserializer)? {
            Form::Text(text) => Self::named(&text),
            Form::Tagged(Tagged::Preset(name)) => Self::Preset(name),
            Form::Tagged(Tagged::File(file)) => Self::File(file),
            Form::Tagged(Tagged::Inline { name, text }) => Self::Inline { name, text },
            Form::Other(_) => return Err(D::Error::invalid_type(Unexpected::Other("this"), &ACCEPTED)),
        })
    }
}

stated_as_itself!(Reference);

impl Rule<Reference> for Section {
    fn read(&self, stated: Option<Reference>, _: &mut Checks) -> Reference {
        stated.unwrap_or(Reference::Preset(String::new()))
    }
}
