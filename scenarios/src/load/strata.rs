//! The files that a scenario is made of, topmost first, and which of them states what.

use std::sync::Arc;

use serde_json::Value;

use super::document::Document;
use super::library::{self, Shelf};
use super::place::{Place, Resolver};
use super::state;
use crate::diagnostics::{Diagnostics, Located, Problem, Shape, Source, did_you_mean, listed, locate};
use crate::schema::limits::MAX_INCLUDE_DEPTH;
use crate::schema::{AcceleratorFile, Checks, Finding, Overlay, Reference, ScenarioFile};
use crate::transformer::{TransformerFile, dictionary};

/// One file.
#[derive(Clone, Debug)]
struct Stratum {
    place: Place,
    source: Arc<Source>,
    /// The field of the scenario that the whole file stands for; empty for a whole scenario.
    root: &'static str,
}

/// All files, those that override first, and the dictionary of the transformer if it came from one.
#[derive(Clone, Debug)]
pub(super) struct Strata {
    strata: Vec<Stratum>,
    dictionary: Option<Arc<Source>>,
}

/// The field that a transformer stands in.
const TRANSFORMER: &str = "workload.transformer";

impl Strata {
    /// Reads the file at `place` and all that it includes, and lays them over each other.
    pub(super) fn read(
        place: Place,
        source: Arc<Source>,
        resolver: &dyn Resolver,
    ) -> Result<(Self, ScenarioFile), Diagnostics> {
        let mut strata = Self {
            strata: Vec::new(),
            dictionary: None,
        };
        let mut whole = ScenarioFile::default();
        let mut next = Some((place, source));
        while let Some((place, source)) = next {
            let mut file = Document::<ScenarioFile>::parse(Arc::clone(&source))?.value;
            let here = strata.strata.len();
            strata.push(place, source, "");
            let preset = file
                .accelerator
                .as_mut()
                .and_then(|accelerator| accelerator.preset.take());
            let base = file.base.take();
            whole = whole.over(file);
            if let Some(preset) = preset {
                let accelerator = strata.read_presets(here, preset, resolver)?;
                whole.accelerator = whole.accelerator.over(Some(accelerator));
            }
            next = match base {
                Some(base) => Some(strata.include(here, "base", &base, Shelf::Scenarios, resolver)?),
                None => None,
            };
        }
        Ok((strata, whole))
    }

    /// The accelerator that file number `from` names, and those that it names in turn.
    fn read_presets(
        &mut self,
        mut from: usize,
        preset: String,
        resolver: &dyn Resolver,
    ) -> Result<AcceleratorFile, Diagnostics> {
        let mut whole = AcceleratorFile::default();
        let mut next = Some(preset);
        while let Some(preset) = next {
            let (place, source) =
                self.include(from, "accelerator.preset", &preset, Shelf::Accelerators, resolver)?;
            let mut file = Document::<AcceleratorFile>::parse(Arc::clone(&source))?.value;
            from = self.strata.len();
            self.push(place, source, "accelerator");
            next = file.preset.take();
            whole = whole.over(file);
        }
        Ok(whole)
    }

    fn push(&mut self, place: Place, source: Arc<Source>, root: &'static str) {
        self.strata.push(Stratum { place, source, root });
    }

    /// The file that field `path` of file number `from` names: a name of the library, or a file beside it.
    fn include(
        &self,
        from: usize,
        path: &str,
        reference: &str,
        shelf: Shelf,
        resolver: &dyn Resolver,
    ) -> Result<(Place, Arc<Source>), Problem> {
        let stratum = &self.strata[from];
        let blame = |message: String, help: String| stratum.problem(path, message, help);
        let place = match reference.ends_with(".ron") {
            true => stratum.place.beside(reference),
            false => shipped(shelf, reference).map_err(|(message, help)| {
                blame(
                    message,
                    format!("{help}; a file is named with its ending, `.ron`"),
                )
            })?,
        };
        if self.strata.iter().any(|known| known.place == place) {
            let message = format!("{place} includes itself");
            return Err(blame(
                message,
                "a file can be below others, but not below itself".to_owned(),
            ));
        }
        if self.strata.len() >= MAX_INCLUDE_DEPTH {
            let help = format!("at most {MAX_INCLUDE_DEPTH} files can be laid over each other");
            return Err(blame("too many files include each other".to_owned(), help));
        }
        let source = place.read(resolver);
        source.map(|source| (place, source)).map_err(|problem| {
            let help = format!("shipped are {}", listed(shelf.names()));
            blame(problem.message().to_owned(), help)
        })
    }

    /// Puts the layers of the transformer where the scenario only names it.
    pub(super) fn take_in_transformer(
        &mut self,
        file: &mut ScenarioFile,
        resolver: &dyn Resolver,
        problems: &mut Diagnostics,
    ) {
        let Some(transformer) = file
            .workload
            .as_mut()
            .and_then(|workload| workload.transformer.as_mut())
        else {
            return;
        };
        let reference = match transformer {
            TransformerFile::Inline { .. } => return,
            TransformerFile::Preset(name) => Reference::Preset(name.clone()),
            TransformerFile::Dictionary(path) => Reference::File(path.clone()),
        };
        match self.read_dictionary(&reference, resolver) {
            Ok((source, layers, findings)) => {
                let wrong = findings.iter().any(|finding| !finding.warning);
                problems.extend(
                    findings
                        .into_iter()
                        .map(|finding| in_dictionary(&source, finding)),
                );
                self.dictionary = Some(source);
                *transformer = layers;
                if wrong && let Some(workload) = &mut file.workload {
                    workload.transformer = None;
                }
            }
            Err(problem) => problems.push(problem),
        }
    }

    fn read_dictionary(
        &self,
        reference: &Reference,
        resolver: &dyn Resolver,
    ) -> Result<(Arc<Source>, TransformerFile, Vec<Finding>), Problem> {
        let place = self.referenced(TRANSFORMER, reference, Shelf::Models)?;
        let source = place
            .read(resolver)
            .map_err(|problem| self.blame(TRANSFORMER, problem))?;
        let value: Value =
            serde_json::from_str(source.text()).map_err(|error| json_problem(&source, &error))?;
        let mut checks = Checks::default();
        let layers = dictionary::read(&value, &mut checks);
        Ok((source, layers, checks.into_findings()))
    }

    /// The file that the value at `path` refers to.
    pub(super) fn referenced(
        &self,
        path: &str,
        reference: &Reference,
        shelf: Shelf,
    ) -> Result<Place, Problem> {
        match reference {
            Reference::Preset(name) => {
                shipped(shelf, name).map_err(|(message, help)| self.problem(path, message, help))
            }
            Reference::File(file) => Ok(self.stating(path).map_or_else(
                || Place::Shipped(file.clone()),
                |(stratum, _)| stratum.place.beside(file),
            )),
        }
    }

    /// The finding at its path within `prefix`, if a file states it there.
    pub(super) fn within(&self, prefix: &str, finding: Finding) -> Finding {
        Finding {
            path: self.path_within(prefix, &finding.path),
            ..finding
        }
    }

    /// The path within `prefix`, if a file states it there; otherwise as it is.
    pub(super) fn path_within(&self, prefix: &str, path: &str) -> String {
        let within = format!("{prefix}.{path}");
        match !prefix.is_empty() && self.stating(&within).is_some_and(|(_, found)| found.complete) {
            true => within,
            false => path.to_owned(),
        }
    }

    /// The file that states `path`, or what is nearest around it.
    fn stating(&self, path: &str) -> Option<(&Stratum, Located)> {
        let mut nearest: Option<(&Stratum, Located)> = None;
        for stratum in &self.strata {
            let Some(found) = stratum.locate(path) else {
                continue;
            };
            let replaces = found.complete || found.shape == Shape::Whole;
            if nearest
                .as_ref()
                .is_none_or(|(_, nearest)| nearest.steps < found.steps)
            {
                nearest = Some((stratum, found));
            }
            if replaces {
                break;
            }
        }
        nearest
    }

    /// An error at the field `path`.
    pub(super) fn problem(&self, path: &str, message: String, help: String) -> Problem {
        if let (Some(dictionary), Some(rest)) = (&self.dictionary, path.strip_prefix(TRANSFORMER))
            && let rest @ [_, ..] = rest.as_bytes()
        {
            let path = dictionary::path_in_dictionary(&String::from_utf8_lossy(&rest[1..]));
            return at_path(dictionary, &path, message).with_help(help);
        }
        match self.stating(path) {
            Some((_, found)) if !found.complete && found.shape == Shape::Section => {
                let (stratum, found) = (&self.strata[0], self.strata[0].locate(path));
                let span = found.map_or(0..0, |found| found.key);
                let problem = Problem::at(&stratum.source, span, message);
                problem
                    .with_help(help)
                    .with_label(format!("`{path}` is not stated: it has its default"))
            }
            Some((stratum, found)) => {
                Problem::at(&stratum.source, innermost(&stratum.source, &found), message).with_help(help)
            }
            None => Problem::new(message).with_help(help),
        }
    }

    /// The problem of a file that could not be read, at the field that names the file.
    pub(super) fn blame(&self, path: &str, problem: Problem) -> Problem {
        self.problem(
            path,
            problem.message().to_owned(),
            problem.help().unwrap_or_default().to_owned(),
        )
    }

    /// What is wrong, at its place.
    pub(super) fn problems(&self, findings: Vec<Finding>) -> impl Iterator<Item = Problem> {
        findings.into_iter().map(|finding| {
            state(
                self.problem(&finding.path, finding.message.clone(), String::new()),
                finding,
            )
        })
    }

    /// What a scenario without a name is called: as its file is.
    pub(super) fn default_name(&self) -> String {
        let name = self.strata.first().map_or("", |stratum| stratum.source.name());
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        file.strip_suffix(".ron").unwrap_or(file).to_owned()
    }

    pub(super) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.strata
            .iter()
            .map(|stratum| stratum.source.as_ref())
            .chain(self.dictionary.as_deref())
    }
}

impl Stratum {
    /// Where the file states `path`.
    fn locate(&self, path: &str) -> Option<Located> {
        let path = path.strip_prefix(self.root)?;
        let mut found = locate(self.source.text(), path.trim_start_matches('.'))?;
        found.steps += usize::from(!self.root.is_empty());
        Some(found)
    }

    fn problem(&self, path: &str, message: String, help: String) -> Problem {
        let within = path
            .strip_prefix(self.root)
            .unwrap_or(path)
            .trim_start_matches('.');
        at_path(&self.source, within, message).with_help(help)
    }
}

/// The bytes to underline: the value, or its key where the value is a whole section.
fn innermost(source: &Source, found: &Located) -> std::ops::Range<usize> {
    let lines = source.text()[found.value.clone()].contains('\n');
    if lines {
        found.key.clone()
    } else {
        found.value.clone()
    }
}

fn at_path(source: &Arc<Source>, path: &str, message: String) -> Problem {
    let span = locate(source.text(), path).map_or(0..0, |found| innermost(source, &found));
    Problem::at(source, span, message)
}

pub(super) fn in_dictionary(source: &Arc<Source>, finding: Finding) -> Problem {
    state(at_path(source, &finding.path, finding.message.clone()), finding)
}

pub(super) fn json_problem(source: &Arc<Source>, error: &serde_json::Error) -> Problem {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
    Problem::at_line(
        source,
        error.line(),
        error.column(),
        format!("this is no JSON: {message}"),
    )
}

/// The place of a shipped file; otherwise what is wrong, and what there is.
pub(super) fn shipped(shelf: Shelf, name: &str) -> Result<Place, (String, String)> {
    let path = shelf.path(name);
    if shelf.names().any(|known| known == name) && library::text(&path).is_some() {
        return Ok(Place::Shipped(path));
    }
    let guess = did_you_mean(name, shelf.names());
    let guess = guess
        .map(|guess| format!("did you mean `{guess}`? "))
        .unwrap_or_default();
    let message = format!("no {} called {name:?} is shipped", shelf.noun());
    Err((message, format!("{guess}shipped are {}", listed(shelf.names()))))
}
