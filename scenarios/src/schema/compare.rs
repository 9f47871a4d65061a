//! What `elector compare` compares.

use super::checks::Checks;
use super::rule::{Rule, Section, each, text};
use super::section::{Overlay, Stated, section};
use super::{Reference, ScenarioFile};

section! {
    /// The runs of a comparison: each candidate on each memory. It does not change the scenario itself.
    Compare, CompareFile {
        /// The main memories, each `Preset("name")` or `File("file.ron")`. Default: none, the scenario's own.
        memories: Vec<Reference> => each(64),
        /// Variants of the scenario. Default: none, the scenario as it is.
        candidates: Vec<Candidate> => each(256),
    }
}

section! {
    /// A variant of the scenario.
    Candidate, CandidateFile {
        /// What it is called. Default: "candidate-1", "candidate-2", and so on.
        name: String => text(),
        /// What differs from the scenario: any part of one, such as (sparsity: (activation_density: 0.25)). It cannot
        /// include other files.
        changes: Changes => Section,
    }
}

/// What differs from a scenario.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Changes(pub Box<ScenarioFile>);

/// What a file states of [`Changes`].
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ChangesFile(pub Box<ScenarioFile>);

impl Overlay for ChangesFile {
    fn over(self, _below: Self) -> Self {
        self
    }
}

impl Stated for Changes {
    type Form = ChangesFile;

    fn to_form(&self) -> ChangesFile {
        ChangesFile(self.0.clone())
    }
}

impl Rule<Changes> for Section {
    fn read(&self, stated: Option<ChangesFile>, checks: &mut Checks) -> Changes {
        let changes = stated.unwrap_or_default().0;
        let preset = changes
            .accelerator
            .as_ref()
            .and_then(|accelerator| accelerator.preset.as_ref());
        if changes.base.is_some() || preset.is_some() || changes.compare.is_some() {
            checks.wrong(
                "`changes` cannot include other files or comparisons",
                "state the values that differ; `base`, `preset` and `compare` are not accepted here",
            );
        }
        Changes(changes)
    }
}

impl Compare {
    /// Gives a name to candidates without one.
    pub(super) fn name_all(&mut self) {
        for (index, candidate) in self.candidates.iter_mut().enumerate() {
            if candidate.name.is_empty() {
                candidate.name = format!("candidate-{}", index + 1);
            }
        }
    }
}
