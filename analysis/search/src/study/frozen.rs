//! What a study's folder keeps of the study: all that its results depend on, so that it runs anywhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use scenarios::Scenario;
use scenarios::diagnostics::Source;
use scenarios::load::library::Shelf;
use scenarios::load::{Disk, Document, Resolver};
use serde::{Deserialize, Serialize};

use super::error::StudyError;
use super::file::StudyFile;
use super::resolve::Study;
use crate::accuracy::AccuracyFile;

/// A study with the files that it names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frozen {
    /// The version of the program that laid the folder out.
    pub elector: String,
    /// The study as it was written.
    pub study: StudyFile,
    /// The base, self-contained.
    pub base: String,
    /// Tables and what they name, by path.
    pub files: BTreeMap<PathBuf, String>,
}

/// Reads files, and remembers their texts.
struct Recorder(Mutex<BTreeMap<PathBuf, String>>);

impl Resolver for Recorder {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        let bytes = Disk.read(path)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(path.to_owned(), text);
        Ok(bytes)
    }
}

impl Frozen {
    /// Reads the study in the file at `path` or, if there is none, the shipped study of that name, and all that it names.
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place.
    pub fn open(path: &Path) -> Result<(Self, Study), StudyError> {
        let shipped = path
            .to_str()
            .filter(|name| !path.exists() && Shelf::Studies.holds(name));
        let document = match shipped {
            Some(name) => Document::<StudyFile>::shipped(Shelf::Studies, name)?,
            None => Document::<StudyFile>::load(path, &Disk)?,
        };
        let folder = match shipped {
            Some(_) => Path::new(""),
            None => path.parent().unwrap_or(Path::new("")),
        };
        let base = &document.value.base;
        let is_file =
            base.contains(['/', '\\']) || [".ron", ".json", ".yaml"].iter().any(|end| base.ends_with(end));
        let base = match is_file {
            true => Scenario::load(folder.join(base))?,
            false => Scenario::shipped(base).map_err(|_| no_base(&document))?,
        };
        let recorder = Recorder(Mutex::default());
        // The table is read as it will be from the folder: from these texts.
        if let AccuracyFile::Table(_) = &document.value.accuracy {
            crate::accuracy::AccuracyModel::load(&document.value.accuracy, folder, &recorder)?;
        }
        let mut study = document.value.clone();
        if let AccuracyFile::Table(name) = &mut study.accuracy
            && name.contains(['/', '\\', '.'])
        {
            *name = folder.join(&*name).to_string_lossy().into_owned();
        }
        let frozen = Self {
            elector: env!("CARGO_PKG_VERSION").to_owned(),
            study,
            base: base.to_self_contained_ron()?,
            files: recorder.0.into_inner().unwrap_or_else(PoisonError::into_inner),
        };
        let study = Study::resolve(&frozen, &document)?;
        Ok((frozen, study))
    }

    /// The study, from what the folder keeps.
    ///
    /// # Errors
    /// It was written by another version, which knew other fields.
    pub fn study(&self) -> Result<Study, StudyError> {
        let text = self.to_ron();
        let source = Arc::new(Source::new("search.ron", text));
        let mut document = Document::<Self>::parse(source)?.map(|frozen| frozen.study);
        document.value = self.study.clone();
        Study::resolve(self, &document)
    }

    /// The text of `search.ron`.
    #[must_use]
    pub fn to_ron(&self) -> String {
        let layout = ron::ser::PrettyConfig::new().struct_names(false);
        ron::ser::to_string_pretty(self, layout).unwrap_or_default()
    }

    /// What of `other` differs from this so that it is another study; nothing if it only has a larger budget. Lowering a budget
    /// counts, too.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for (field, mine, theirs) in [
            ("budget", self.study.budget, other.study.budget),
            ("simulate", self.study.simulate, other.study.simulate),
        ] {
            if theirs < mine {
                found.push(format!(
                    "`{field}` was {mine} and is {theirs}: it can be raised only"
                ));
            }
        }
        let (mine, theirs) = (fields(&self.study), fields(&other.study));
        for (field, mine) in &mine {
            let same = theirs.get(field) == Some(mine);
            if !same && field != "budget" && field != "simulate" && field != "base" {
                found.push(format!("`{field}` changed"));
            }
        }
        if self.base != other.base {
            found.push("`base`, or a file that it names, changed".to_owned());
        }
        let texts = |files: &BTreeMap<PathBuf, String>| files.values().cloned().collect::<Vec<_>>();
        if texts(&self.files) != texts(&other.files) {
            found.push("a table that `accuracy` names changed".to_owned());
        }
        found
    }
}

/// The fields of a study, each as text. Of a table by path only what it holds counts.
fn fields(study: &StudyFile) -> BTreeMap<String, String> {
    let mut study = study.clone();
    if let AccuracyFile::Table(name) = &mut study.accuracy
        && let Some(file) = Path::new(&*name).file_name()
    {
        *name = file.to_string_lossy().into_owned();
    }
    let value = serde_json::to_value(study).unwrap_or_default();
    let object = value.as_object().cloned().unwrap_or_default();
    object
        .into_iter()
        .map(|(field, value)| (field, value.to_string()))
        .collect()
}

fn no_base(document: &Document<StudyFile>) -> StudyError {
    let names = Shelf::Scenarios.names().collect::<Vec<_>>().join(", ");
    let name = &document.value.base;
    let problem = document.problem(
        "base",
        format!("no scenario is called {name:?}"),
        format!("shipped are {names}; files end in `.ron`"),
    );
    StudyError::Input(problem.into())
}
