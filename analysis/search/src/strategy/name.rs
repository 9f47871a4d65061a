//! Strategies by name.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_known() {
        assert!(NAMES.iter().all(|name| by_name(name).is_ok()));
        assert!(by_name("greybox").is_err());
    }
}
