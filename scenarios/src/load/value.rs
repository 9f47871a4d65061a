//! Scenarios as values, in JSON and RON: without files around them.

use serde::{Deserialize, Deserializer, de};

use super::document::options;
use super::layers::{TRANSFORMER, json_problem};
use super::{Layers, place, whole};
use crate::diagnostics::{Diagnostics, Problem, ron_problem};
use crate::load::Disk;
use crate::schema::transformer::TransformerFile;
use crate::schema::{Checks, Scenario, ScenarioFile, Stated as _};

/// What diagnostics call the text of a value.
const TEXT: &str = "<text>";

impl Scenario {
    /// The scenario that a JSON object states, by the same fields as a file in RON; those that are not stated have their
    /// defaults. It is a value by itself: it cannot include other files by `base`, `preset` or `Dictionary`.
    ///
    /// ```
    /// use scenarios::Scenario;
    /// let scenario = Scenario::from_json(r#"{"accelerator": {"tile": {"x": 8}}, "memory": {"Preset": "hbm2"}}"#)?;
    /// assert_eq!((scenario.accelerator.tile.x, scenario.accelerator.tile.y), (8, 16));
    /// assert_eq!(Scenario::from_json(&scenario.to_json())?, scenario);
    /// # Ok::<(), scenarios::Diagnostics>(())
    /// ```
    ///
    /// # Errors
    /// The text is not JSON, has an unknown field or a value of another type, or a value is impossible. Files that the
    /// scenario names are not looked for before [`Loaded::from_value`](crate::Loaded::from_value).
    pub fn from_json(text: &str) -> Result<Self, Diagnostics> {
        let source = place::source(TEXT, text.as_bytes().to_vec())?;
        let form = serde_json::from_str(text).map_err(|error| json_problem(&source, &error))?;
        of_form(form)
    }

    /// The scenario that a text in RON states, by the rules of [`Self::from_json`]. [`Scenario::parse`] reads one that includes
    /// files.
    ///
    /// # Errors
    /// As of [`Self::from_json`].
    pub fn from_ron(text: &str) -> Result<Self, Diagnostics> {
        let source = place::source(TEXT, text.as_bytes().to_vec())?;
        let form = options()
            .from_str(text)
            .map_err(|error| ron_problem(&source, &error))?;
        of_form(form)
    }

    /// The scenario as a JSON object that states every value.
    #[must_use]
    pub fn to_json(&self) -> String {
        // A scenario holds nothing that JSON cannot write; were it otherwise, an empty text fails to load.
        serde_json::to_string_pretty(&self.to_form()).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Scenario {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        of_form(ScenarioFile::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// The scenario that `form` states, if it is a value by itself.
fn of_form(mut form: ScenarioFile) -> Result<Scenario, Diagnostics> {
    let mut problems = refused(&form);
    if problems.has_errors() {
        return Err(problems);
    }
    let layers = Layers::of_program().take_in_transformer(&mut form, &Disk, &mut problems);
    let mut checks = Checks::default();
    let scenario = Scenario::read(form, &mut checks);
    whole::check(&scenario, &mut checks);
    problems.extend(layers.problems(checks.into_findings()));
    match problems.has_errors() {
        true => Err(problems),
        false => Ok(scenario),
    }
}

/// What a value cannot state, because it is in a file.
fn refused(form: &ScenarioFile) -> Diagnostics {
    let preset = form.accelerator.as_ref().and_then(|part| part.preset.as_ref());
    let transformer = form.workload.as_ref().and_then(|part| part.transformer.as_ref());
    let dictionary = matches!(transformer, Some(TransformerFile::Dictionary(_)));
    let includes = [
        ("base", form.base.is_some()),
        ("accelerator.preset", preset.is_some()),
        (TRANSFORMER, dictionary),
    ];
    let includes = includes.into_iter().filter(|(_, included)| *included);
    includes
        .map(|(path, _)| {
            Problem::in_program(path, format!("`{path}` cannot include another file here"))
                .with_help("state the values themselves, or load the scenario from a file")
        })
        .collect()
}
