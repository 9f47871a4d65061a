//! The order of the loops over tiles, as a scenario states it: letters, or `Auto` with what it is chosen by.

use components::loop_orders::{Goal, LoopOrderRule};
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, Unexpected};
use serde::ser::{Serialize, Serializer};

use super::checks::Checks;
use super::rule::Rule;
use super::section::{Stated, stated_as_itself};

/// What a file states of the order of loops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoopOrderFile {
    /// The letters, or the word `Auto`.
    Word(String),
    /// One for each operation, chosen by this.
    Auto(Goal),
}

stated_as_itself!(LoopOrderFile);

impl Stated for LoopOrderRule {
    type Form = LoopOrderFile;

    fn to_form(&self) -> LoopOrderFile {
        match *self {
            Self::Stated(order) => LoopOrderFile::Word(order.to_string()),
            Self::Auto(goal) => LoopOrderFile::Auto(goal),
        }
    }
}

impl Serialize for LoopOrderFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Word(letters) => serializer.serialize_str(letters),
            Self::Auto(goal) => LoopOrderRule::Auto(*goal).serialize(serializer),
        }
    }
}

/// What may stand in place of an order, before words are known to be good.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Form {
    Word(String),
    Chosen(Chosen),
    Other(IgnoredAny),
}

#[derive(serde::Deserialize)]
enum Chosen {
    Auto(Goal),
}

impl<'de> Deserialize<'de> for LoopOrderFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Form::deserialize(deserializer)? {
            Form::Word(word) => Ok(Self::Word(word)),
            Form::Chosen(Chosen::Auto(goal)) => Ok(Self::Auto(goal)),
            Form::Other(_) => Err(D::Error::invalid_type(Unexpected::Other("this"), &KIND)),
        }
    }
}

const ACCEPTED: &str = "each of the letters b, i, j and k once, outermost loop first, for example \"bijk\", or `Auto(Energy)` or \
                        `Auto(Time)`";

const KIND: &str = "an order of loops such as \"bijk\", Auto(Energy) or Auto(Time)";

/// Reads an order of loops; the default is stated.
pub(super) struct LoopOrderOr(pub(super) LoopOrderRule);

impl Rule<LoopOrderRule> for LoopOrderOr {
    fn read(&self, stated: Option<LoopOrderFile>, checks: &mut Checks) -> LoopOrderRule {
        let word = match stated {
            None => return self.0,
            Some(LoopOrderFile::Auto(goal)) => return LoopOrderRule::Auto(goal),
            Some(LoopOrderFile::Word(word)) => word,
        };
        word.parse().unwrap_or_else(|_| {
            let field = checks.field().to_owned();
            checks.wrong(
                format!("`{field}` cannot be {word:?}"),
                format!("{ACCEPTED} is accepted"),
            );
            self.0
        })
    }
}
