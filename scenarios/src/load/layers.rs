//! What states the fields of a scenario: files laid over each other, and what was changed after they were read.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::changed_paths::{ChangedPaths, Origin, is_within};
use super::dictionary;
use super::library::{self, Shelf};
use super::place::Place;
use super::state;
use crate::diagnostics::{Diagnostics, Located, Problem, Shape, Source, did_you_mean, listed, locate};
use crate::schema::{Finding, Reference, ScenarioFile};

/// The layers of a scenario. The upper ones take precedence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    /// What was laid over the files, topmost first.
    changes: Vec<Change>,
    /// The files, topmost first.
    pub(super) files: Vec<FileLayer>,
}

/// A file.
#[derive(Clone, Debug)]
pub(super) struct FileLayer {
    pub(super) place: Place,
    pub(super) source: Arc<Source>,
    /// The field of the scenario that the whole file stands for; empty for a whole scenario.
    pub(super) root: Cow<'static, str>,
}

/// What is laid over files.
#[derive(Clone, Debug)]
enum Change {
    /// A program set these fields.
    Program(Arc<ChangedPaths>),
    /// Another part of the scenario stands for the field: what is at `stated_at` for what is at `field`.
    Part {
        field: &'static str,
        stated_at: String,
        paths: Arc<ChangedPaths>,
    },
    /// A value for one field, as if a file stated it, for the field that is the root.
    Setting(Arc<FileLayer>),
    /// The transformer's layers were read from a dictionary, which came with these warnings.
    Dictionary(Arc<Source>, Arc<Diagnostics>),
}

/// Where a field is stated.
enum Stated<'a> {
    /// By a program, in the field of this path.
    Program(String),
    /// In a file, at this path or near it.
    File(&'a FileLayer, Located, String),
    /// In the dictionary of the transformer, at this path of it.
    Dictionary(&'a Arc<Source>, String),
}

/// The field that a transformer stands in.
pub(super) const TRANSFORMER: &str = "workload.transformer";

impl Layers {
    /// All fields, as a program has set them.
    pub(crate) fn of_program() -> Self {
        Self::default().under_program(ChangedPaths::all())
    }

    /// These layers, and over them the fields that a program sets.
    pub(crate) fn under_program(&self, paths: ChangedPaths) -> Self {
        let mut layers = self.clone();
        match layers.changes.first_mut() {
            Some(Change::Program(earlier)) => *earlier = Arc::new(paths.after(earlier)),
            _ => layers.changes.insert(0, Change::Program(Arc::new(paths))),
        }
        layers
    }

    /// These layers, and over them the fields that `file` states; it stands in the field `stated_at`.
    pub(crate) fn under_part(&self, stated_at: String, file: &ScenarioFile) -> Self {
        self.under(Change::Part {
            field: "",
            stated_at,
            paths: Arc::new(ChangedPaths::stated_by(file)),
        })
    }

    /// These layers, with the value at `stated_at` in place of that of `field`.
    pub(crate) fn under_field(&self, field: &'static str, stated_at: String) -> Self {
        self.under(Change::Part {
            field,
            stated_at,
            paths: Arc::new(ChangedPaths::all()),
        })
    }

    pub(super) fn under_dictionary(&self, source: Arc<Source>, warnings: Diagnostics) -> Self {
        self.under(Change::Dictionary(source, Arc::new(warnings)))
    }

    /// These layers, and over them the value of one field.
    pub(super) fn under_setting(&self, setting: FileLayer) -> Self {
        self.under(Change::Setting(Arc::new(setting)))
    }

    fn under(&self, change: Change) -> Self {
        let mut layers = self.clone();
        layers.changes.insert(0, change);
        layers
    }

    /// The warnings that came with the transformer's dictionary, if its layers are still from there.
    pub(crate) fn dictionary_warnings(&self) -> Diagnostics {
        let layers = format!("{TRANSFORMER}.layers");
        for change in &self.changes {
            match change {
                Change::Dictionary(_, warnings) => return Diagnostics::clone(warnings),
                Change::Program(paths) | Change::Part { field: "", paths, .. } => {
                    if paths.replaces(&layers) {
                        break;
                    }
                }
                Change::Setting(setting) if is_within(&layers, &setting.root) => break,
                Change::Part { .. } | Change::Setting(_) => {}
            }
        }
        Diagnostics::default()
    }

    /// What states `path`, or what is nearest around it.
    fn stating(&self, path: &str) -> Option<Stated<'_>> {
        stating(&self.changes, &self.files, path)
    }

    /// The file that the value at `path` refers to.
    pub(crate) fn referenced(
        &self,
        path: &str,
        reference: &Reference,
        shelf: Shelf,
    ) -> Result<Place, Problem> {
        match reference {
            Reference::Preset(name) => {
                shipped(shelf, name).map_err(|(message, help)| self.problem(path, message, help))
            }
            Reference::Inline { name, text } => Ok(Place::Inline {
                name: name.clone(),
                text: text.clone(),
            }),
            Reference::File(file) => Ok(match self.stating(path) {
                Some(Stated::File(layer, ..)) => layer.place.beside(file),
                // A program's files are relative to the current directory.
                _ => Place::Disk(Path::new("").into()).beside(file),
            }),
        }
    }

    /// An error at the field `path`.
    pub(crate) fn problem(&self, path: &str, message: String, help: String) -> Problem {
        let problem = match self.stating(path) {
            Some(Stated::Program(path)) => Problem::in_program(path, message),
            Some(Stated::Dictionary(source, within)) => at_path(source, &within, message).with_path(path),
            Some(Stated::File(_, found, path)) if !found.complete && found.shape == Shape::Section => {
                let top = &self.files[0];
                let span = top.locate(&path).map_or(0..0, |found| found.key);
                let label = format!("`{path}` is not stated: it has its default");
                Problem::at(&top.source, span, message)
                    .with_path(path)
                    .with_label(label)
            }
            Some(Stated::File(layer, found, path)) => {
                let span = innermost(&layer.source, &found);
                Problem::at(&layer.source, span, message).with_path(path)
            }
            None => Problem::new(message).with_path(path),
        };
        problem.with_help(help)
    }

    /// The problem of a file that could not be read, at the field that names the file.
    pub(crate) fn blame(&self, path: &str, problem: Problem) -> Problem {
        self.problem(
            path,
            problem.message().to_owned(),
            problem.help().unwrap_or_default().to_owned(),
        )
    }

    /// What is wrong, at its place.
    pub(super) fn problems(&self, findings: Vec<Finding>) -> impl Iterator<Item = Problem> {
        findings.into_iter().map(|finding| {
            let is_changed = |path: &&str| self.changes_state(path);
            let mut fields = std::iter::once(finding.path.as_str()).chain(finding.involved.iter().copied());
            let field = fields.find(is_changed).unwrap_or(&finding.path);
            let problem = self.problem(field, finding.message.clone(), String::new());
            state(problem, finding)
        })
    }

    /// Whether `path` is stated by a program or a setting.
    fn changes_state(&self, path: &str) -> bool {
        match self.stating(path) {
            Some(Stated::Program(_)) => true,
            Some(Stated::File(layer, ..)) => self.changes.iter().any(|change| match change {
                Change::Setting(setting) => std::ptr::eq(setting.as_ref(), layer),
                _ => false,
            }),
            _ => false,
        }
    }

    /// What a scenario without a name is called: as its file is.
    pub(super) fn default_name(&self) -> String {
        let name = self.files.first().map_or("", |layer| layer.source.name());
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let endings = [".ron", ".json"];
        let stem = endings.iter().find_map(|ending| file.strip_suffix(ending));
        stem.unwrap_or(file).to_owned()
    }

    /// The texts, the user's own first, the transformer's dictionary last.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        let dictionaries = self.changes.iter().filter_map(|change| match change {
            Change::Dictionary(source, _) => Some(source.as_ref()),
            Change::Program(_) | Change::Part { .. } | Change::Setting(_) => None,
        });
        self.files
            .iter()
            .map(|layer| layer.source.as_ref())
            .chain(dictionaries.take(1))
    }
}

/// What states `path`: one of `changes`, or of the `files` below them.
fn stating<'a>(changes: &'a [Change], files: &'a [FileLayer], path: &str) -> Option<Stated<'a>> {
    let Some((top, below)) = changes.split_first() else {
        return in_files(files, path).map(|(layer, found)| Stated::File(layer, found, path.to_owned()));
    };
    match top {
        Change::Program(paths) => match paths.origin(path) {
            Origin::Here => Some(Stated::Program(path.to_owned())),
            Origin::Below(path) => stating(below, files, &path),
        },
        Change::Part {
            field,
            stated_at,
            paths,
        } => {
            let within = path
                .strip_prefix(field)
                .filter(|within| field.is_empty() || within.is_empty() || within.starts_with(['.', '[']));
            match within.filter(|within| paths.origin(within) == Origin::Here) {
                Some(within) => {
                    let dot = if field.is_empty() { "." } else { "" };
                    stating(below, files, &format!("{stated_at}{dot}{within}"))
                }
                None => stating(below, files, path),
            }
        }
        Change::Setting(setting) => match setting.locate(path) {
            Some(found) if found.complete || found.shape == Shape::Whole => {
                Some(Stated::File(setting, found, path.to_owned()))
            }
            _ => stating(below, files, path),
        },
        Change::Dictionary(source, _) => {
            match path
                .strip_prefix(TRANSFORMER)
                .and_then(|rest| rest.strip_prefix('.'))
            {
                Some(within) => Some(Stated::Dictionary(source, dictionary::path_in_dictionary(within))),
                None => stating(below, files, path),
            }
        }
    }
}

/// The file that states `path`, or what is nearest around it.
fn in_files<'a>(files: &'a [FileLayer], path: &str) -> Option<(&'a FileLayer, Located)> {
    let mut nearest: Option<(&FileLayer, Located)> = None;
    for layer in files {
        let Some(found) = layer.locate(path) else {
            continue;
        };
        let replaces = found.complete || found.shape == Shape::Whole;
        if nearest
            .as_ref()
            .is_none_or(|(_, nearest)| nearest.steps < found.steps)
        {
            nearest = Some((layer, found));
        }
        if replaces {
            break;
        }
    }
    nearest
}

impl FileLayer {
    /// Where the file states `path`.
    fn locate(&self, path: &str) -> Option<Located> {
        if !is_within(path, &self.root) {
            return None;
        }
        let path = &path[self.root.len()..];
        let mut found = locate(self.source.text(), path.trim_start_matches('.'))?;
        found.steps += usize::from(!self.root.is_empty());
        Some(found)
    }

    pub(super) fn problem(&self, path: &str, message: String, help: String) -> Problem {
        let within = path
            .strip_prefix(&*self.root)
            .unwrap_or(path)
            .trim_start_matches('.');
        at_path(&self.source, within, message)
            .with_path(path)
            .with_help(help)
    }
}

/// The bytes to underline: the value, or its key where the value is a whole section.
fn innermost(source: &Source, found: &Located) -> Range<usize> {
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
    let problem = at_path(source, &finding.path, finding.message.clone()).with_path(finding.path.clone());
    state(problem, finding)
}

pub(super) fn json_problem(source: &Arc<Source>, error: &serde_json::Error) -> Problem {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
    let message = match error.is_data() {
        true => message,
        false => format!("this is not JSON: {message}"),
    };
    Problem::at_line(source, error.line(), error.column(), message)
}

/// The place of a shipped file; otherwise what is wrong, and what there is.
pub(super) fn shipped(shelf: Shelf, name: &str) -> Result<Place, (String, String)> {
    let path = shelf.path(name);
    if shelf.holds(name) && library::text(&path).is_some() {
        return Ok(Place::Shipped(path));
    }
    let guess = did_you_mean(name, shelf.names());
    let guess = guess
        .map(|guess| format!("did you mean `{guess}`? "))
        .unwrap_or_default();
    let message = format!("no {} called {name:?} is shipped", shelf.noun());
    Err((message, format!("{guess}shipped are {}", listed(shelf.names()))))
}
