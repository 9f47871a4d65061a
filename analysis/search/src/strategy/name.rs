//! Strategies by name.

use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::{Evolution, GreyBox, Grid, LatinHypercube, Nsga2, Random, Sobol, Strategy};

/// The names of all strategies, the default first.
pub const NAMES: [&str; 7] = [
    "GreyBox",
    "Evolution",
    "Nsga2",
    "Random",
    "LatinHypercube",
    "Sobol",
    "Grid",
];

/// There is no such strategy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no strategy is called {found:?} ({} are accepted)", NAMES.join(", "))]
pub struct UnknownStrategy {
    /// What was asked for, shortened.
    pub found: String,
}

/// The strategy of this name, with its usual settings.
///
/// ```
/// assert!(search::strategy::by_name("GreyBox").is_ok());
/// let wrong = search::strategy::by_name("Magic").err().map(|error| error.to_string());
/// assert!(wrong.is_some_and(|text| text.contains("GreyBox, Evolution")));
/// ```
///
/// # Errors
/// There is none.
pub fn by_name(name: &str) -> Result<Box<dyn Strategy + Send>, UnknownStrategy> {
    Ok(match name {
        "GreyBox" => Box::new(GreyBox::default()),
        "Evolution" => Box::new(Evolution::default()),
        "Nsga2" => Box::new(Nsga2::default()),
        "Random" => Box::new(Random),
        "LatinHypercube" => Box::new(LatinHypercube),
        "Sobol" => Box::new(Sobol),
        "Grid" => Box::new(Grid),
        _ => {
            return Err(UnknownStrategy {
                found: name.chars().take(60).collect(),
            });
        }
    })
}

/// The name of a strategy, as a study states it: the name alone, without quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrategyName(usize);

impl StrategyName {
    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES[self.0]
    }
}

impl Default for StrategyName {
    /// `GreyBox`.
    fn default() -> Self {
        Self(0)
    }
}

impl Serialize for StrategyName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit_variant("Strategy", self.0 as u32, self.name())
    }
}

impl<'de> Deserialize<'de> for StrategyName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = StrategyName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "the name of a strategy: {}", NAMES.join(", "))
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<StrategyName, E> {
                let place = NAMES.iter().position(|known| *known == name);
                place
                    .map(StrategyName)
                    .ok_or_else(|| E::unknown_variant(name, &NAMES))
            }
        }
        deserializer.deserialize_identifier(Name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_known() {
        assert!(NAMES.iter().all(|name| by_name(name).is_ok()));
        assert!(by_name("greybox").is_err());
    }
}
