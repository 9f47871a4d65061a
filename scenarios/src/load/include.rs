//! Reading a scenario file and the files that it includes: scenarios by `base`, accelerators by `preset`, and the dictionary
//! of its transformer.

use std::sync::Arc;

use serde_json::Value;

use super::document::Document;
use super::layers::{FileLayer, Layers, TRANSFORMER, in_dictionary, json_problem, shipped};
use super::library::Shelf;
use super::place::{Place, Resolver};
use super::{dictionary, read_from};
use crate::diagnostics::{Diagnostics, Problem, Source, listed};
use crate::schema::limits::MAX_INCLUDE_DEPTH;
use crate::schema::transformer::TransformerFile;
use crate::schema::{AcceleratorFile, Checks, Finding, Overlay as _, Reference, ScenarioFile};

impl Layers {
    /// Reads the file at `place` and all that it includes, and lays them over each other.
    pub(super) fn read(
        place: Place,
        source: Arc<Source>,
        resolver: &dyn Resolver,
    ) -> Result<(Self, ScenarioFile), Diagnostics> {
        let mut layers = Self::default();
        let mut whole = ScenarioFile::default();
        let mut next = Some((place, source));
        while let Some((place, source)) = next {
            let mut file = parse_scenario(&source)?;
            let here = layers.files.len();
            layers.push(place, source, "");
            let preset = file
                .accelerator
                .as_mut()
                .and_then(|accelerator| accelerator.preset.take());
            let base = file.base.take();
            whole = whole.over(file);
            if let Some(preset) = preset {
                let accelerator = layers.read_presets(here, preset, resolver)?;
                whole.accelerator = whole.accelerator.over(Some(accelerator));
            }
            next = match base {
                Some(base) => Some(layers.include(here, "base", &base, Shelf::Scenarios, resolver)?),
                None => None,
            };
        }
        Ok((layers, whole))
    }

    /// The accelerator that file number `from` names, and those that it names in turn.
    pub(super) fn read_presets(
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
            from = self.files.len();
            self.push(place, source, "accelerator");
            next = file.preset.take();
            whole = whole.over(file);
        }
        Ok(whole)
    }

    fn push(&mut self, place: Place, source: Arc<Source>, root: &'static str) {
        let root = root.into();
        self.files.push(FileLayer { place, source, root });
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
        let layer = &self.files[from];
        let blame = |message: String, help: String| layer.problem(path, message, help);
        let place = match reference.ends_with(".ron") {
            true => layer.place.beside(reference),
            false => shipped(shelf, reference).map_err(|(message, help)| {
                blame(
                    message,
                    format!("{help}; a file is named with its ending, `.ron`"),
                )
            })?,
        };
        if self.files.iter().any(|known| known.place == place) {
            let message = format!("{place} includes itself");
            return Err(blame(
                message,
                "a file can be below others, but not below itself".to_owned(),
            ));
        }
        if self.files.len() >= MAX_INCLUDE_DEPTH {
            let help = format!("at most {MAX_INCLUDE_DEPTH} files can be laid over each other");
            return Err(blame("too many files include each other".to_owned(), help));
        }
        let source = place.read(resolver);
        source.map(|source| (place, source)).map_err(|problem| {
            let help = format!("shipped are {}", listed(shelf.names()));
            blame(problem.message().to_owned(), help)
        })
    }

    /// Puts the layers of the transformer where the scenario only names it. What is wrong with its dictionary goes to
    /// `problems`.
    pub(crate) fn take_in_transformer(
        self,
        file: &mut ScenarioFile,
        resolver: &dyn Resolver,
        problems: &mut Diagnostics,
    ) -> Self {
        let stated = file
            .workload
            .as_mut()
            .and_then(|workload| workload.transformer.as_mut());
        let Some(transformer) = stated else { return self };
        let reference = match transformer {
            TransformerFile::Inline { .. } => return self,
            TransformerFile::Preset(name) => Reference::Preset(name.clone()),
            TransformerFile::Dictionary(path) => Reference::File(path.clone()),
        };
        let (source, layers, findings) = match self.read_dictionary(&reference, resolver) {
            Ok(read) => read,
            Err(problem) => {
                problems.push(problem);
                return self;
            }
        };
        *transformer = layers;
        let findings = findings.into_iter();
        let (warnings, wrong): (Vec<Problem>, Vec<Problem>) = findings
            .map(|finding| in_dictionary(&source, finding))
            .partition(Problem::is_warning);
        if !wrong.is_empty()
            && let Some(workload) = &mut file.workload
        {
            workload.transformer = None;
        }
        problems.extend(wrong);
        self.under_dictionary(source, warnings.into_iter().collect())
    }

    fn read_dictionary(
        &self,
        reference: &Reference,
        resolver: &dyn Resolver,
    ) -> Result<(Arc<Source>, TransformerFile, Vec<Finding>), Problem> {
        let source = read_from(self, TRANSFORMER, reference, Shelf::Models, resolver)?;
        let value: Value =
            serde_json::from_str(source.text()).map_err(|error| json_problem(&source, &error))?;
        let mut checks = Checks::default();
        let layers = dictionary::read(&value, &mut checks);
        Ok((source, layers, checks.into_findings()))
    }
}

/// Reads a scenario in RON or JSON. No scenario in RON begins with a brace.
fn parse_scenario(source: &Arc<Source>) -> Result<ScenarioFile, Diagnostics> {
    match source.text().trim_start().starts_with('{') {
        true => Ok(serde_json::from_str(source.text()).map_err(|error| json_problem(source, &error))?),
        false => Ok(Document::parse(Arc::clone(source))?.value),
    }
}
