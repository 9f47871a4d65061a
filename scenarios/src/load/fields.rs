//! The paths of fields: those that every scenario has, and those of one scenario with the items of its lists.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::document;
use crate::diagnostics::{nearest, values};
use crate::schema::{BlockSizes, Scenario, ScenarioFile, Stated as _};

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Fields, any of which may be stated alone.
    Section,
    /// A value, which is stated as a whole.
    Value,
}

/// The fields that every scenario has, by path, with what they hold.
pub(super) fn of_every_scenario() -> &'static BTreeMap<String, Kind> {
    static FIELDS: OnceLock<BTreeMap<String, Kind>> = OnceLock::new();
    FIELDS.get_or_init(|| {
        let mut scenario = Scenario::default();
        // What is `Auto` by default holds fields, too.
        let [b, i, j, k] = [Some(1); 4];
        scenario.accelerator.mapping.blocks = BlockSizes { b, i, j, k };
        let text = text_of(&scenario.to_form());
        let mut fields = BTreeMap::new();
        for (path, _, section) in values(&text) {
            let is_inner = path.contains('[') || path.starts_with("workload.transformer.");
            if !is_inner && !path.is_empty() {
                fields.insert(path, if section { Kind::Section } else { Kind::Value });
            }
        }
        fields.insert("accelerator.preset".to_owned(), Kind::Value);
        fields
    })
}

/// A scenario's form as text, on one line.
pub(super) fn text_of(form: &ScenarioFile) -> String {
    // A scenario holds nothing that RON cannot write; were it otherwise, no path would be found.
    document::options().to_string(form).unwrap_or_default()
}

/// The paths of all fields, those in the items of lists and in the variants of values among them, sorted.
pub(crate) fn paths(form: &ScenarioFile) -> BTreeSet<String> {
    let text = text_of(form);
    let found = values(&text);
    let lists: BTreeSet<&str> = found
        .iter()
        .filter(|(_, bytes, _)| text[bytes.clone()].starts_with('['))
        .map(|(path, ..)| path.as_str())
        .collect();
    // Names of variants add nothing to a path, but what is in one without field names has no name.
    let is_named = |path: &str| path.match_indices('[').all(|(at, _)| lists.contains(&path[..at]));
    let found = found.iter().map(|(path, ..)| path.as_str());
    found
        .chain(of_every_scenario().keys().map(String::as_str))
        .filter(|path| !path.is_empty() && is_named(path))
        .map(str::to_owned)
        .collect()
}

/// A sentence on the paths that are most like `path`.
pub(super) fn suggestion(path: &str, paths: &BTreeSet<String>) -> String {
    const MOST: usize = 3;
    let found = nearest(path, paths.iter().map(String::as_str), MOST);
    let listed: Vec<String> = found.iter().map(|path| format!("`{path}`")).collect();
    match listed.is_empty() {
        true => "`elector new` writes a scenario with all fields; a path is such as `accelerator.buffers.weight_mb` or \
                 `workload.transformer.layers[0].hidden`"
            .to_owned(),
        false => format!("did you mean {}?", listed.join(" or ")),
    }
}
