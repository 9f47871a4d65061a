//! Loading a transformer alone, without a scenario around it.

use std::path::Path;
use std::sync::Arc;

use super::dictionary;
use super::layers::{self, in_dictionary, json_problem};
use super::library::Shelf;
use super::place::{self, Disk, Place, Resolver};
use crate::diagnostics::{Diagnostics, Problem, Source};
use crate::schema::rule::Rule as _;
use crate::schema::transformer::{Layers, Transformer, TransformerFile};
use crate::schema::{Checks, Finding};

impl Transformer {
    /// Reads the FlexiBERT model dictionary in the file at `path`. Beside the transformer come warnings.
    ///
    /// # Errors
    /// The file cannot be read, or everything that is wrong with it, each at its place.
    pub fn load(path: impl AsRef<Path>, resolver: &dyn Resolver) -> Result<(Self, Diagnostics), Diagnostics> {
        read(&Place::Disk(path.as_ref().to_owned()).read(resolver)?)
    }

    /// The shipped transformer of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn shipped(name: &str) -> Result<Self, Diagnostics> {
        let place = layers::shipped(Shelf::Models, name)
            .map_err(|(message, help)| Problem::new(message).with_help(help))?;
        Ok(read(&place.read(&Disk)?)?.0)
    }

    /// Reads a FlexiBERT model dictionary; `name` is what diagnostics call it. Beside the transformer come warnings.
    ///
    /// ```
    /// use scenarios::transformer::Transformer;
    /// let text = r#"{"l": 1, "o": [["sa_sdp_64"]], "h": [128], "f": [[512]]}"#;
    /// let (transformer, warnings) = Transformer::parse("mine.json", text)?;
    /// assert_eq!(transformer.layers[0].hidden, 128);
    /// assert!(warnings.is_empty());
    /// # Ok::<(), scenarios::Diagnostics>(())
    /// ```
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place.
    pub fn parse(name: &str, text: &str) -> Result<(Self, Diagnostics), Diagnostics> {
        read(&place::source(name, text.as_bytes().to_vec())?)
    }
}

fn read(source: &Arc<Source>) -> Result<(Transformer, Diagnostics), Diagnostics> {
    let value = serde_json::from_str(source.text()).map_err(|error| json_problem(source, &error))?;
    let mut checks = Checks::default();
    let layers = dictionary::read(&value, &mut checks);
    let mut findings = checks.into_findings();
    // A text that is not a dictionary yields no layers; the rules for layers would complain again.
    let sound = findings.iter().all(|finding| finding.warning);
    let transformer = if sound {
        check(layers, &mut findings)
    } else {
        Transformer::default()
    };
    let problems: Diagnostics = findings
        .into_iter()
        .map(|finding| in_dictionary(source, finding))
        .collect();
    if problems.has_errors() {
        Err(problems)
    } else {
        Ok((transformer, problems))
    }
}

fn check(layers: TransformerFile, findings: &mut Vec<Finding>) -> Transformer {
    let mut checks = Checks::default();
    let transformer = Layers.read(Some(layers), &mut checks);
    let in_place = checks.into_findings().into_iter().map(|finding| Finding {
        path: dictionary::path_in_dictionary(&finding.path),
        ..finding
    });
    findings.extend(in_place);
    transformer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::library;

    #[test]
    fn shipped_dictionaries_are_transformers() {
        for name in Shelf::Models.names() {
            let text = library::text(&Shelf::Models.path(name)).unwrap();
            assert!(Transformer::parse(name, text).is_ok(), "{name}");
        }
    }

    #[test]
    fn wrong_dictionaries_are_answered_at_their_place() {
        for (text, place, message) in [
            ("{", "m.json:1:1", "not JSON"),
            ("[]", "m.json:1:1", "is a JSON object"),
            ("{\"l\": 0}", "m.json:1:7", "not a number of layers"),
            (
                "{\"l\": 1, \"o\": [[\"sa_sdp_64\"]], \"h\": [0], \"f\": [[64]]}",
                "m.json:1:38",
                "cannot be 0",
            ),
            (
                "{\"l\": 1, \"o\": [[\"sa_sdp_0\"]], \"h\": [8], \"f\": [[64]]}",
                "m.json:1:17",
                "cannot be 0",
            ),
            (
                "{\"l\": 1, \"o\": [[]], \"h\": [8], \"f\": [[64]]}",
                "m.json:1:16",
                "no heads",
            ),
        ] {
            let wrong = Transformer::parse("m.json", text).unwrap_err().render();
            assert!(wrong.contains(place) && wrong.contains(message), "{wrong}");
        }
    }
}
