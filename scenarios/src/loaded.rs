//! A scenario that has been checked, and changes to it that are checked again.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use components::sparsity::threshold::ThresholdCalculator;
use serde::de::DeserializeOwned;

use crate::diagnostics::{Diagnostics, Problem, Source};
use crate::load::library::Shelf;
use crate::load::{
    ChangedPaths, Disk, Document, Files, Known, Layers, Origin, Place, Settled, assemble, load, paths,
    read_from, settle,
};
use crate::schema::{CompareFile, CostTable, Overlay as _, Reference, Scenario, ScenarioFile, Stated as _};
use crate::setting::Setting;
use crate::system::MainMemory;

/// A scenario that has been checked, with what the files hold that it names, and with the texts it came from.
///
/// It cannot be changed, but [`with`](Self::with) makes another of it. Everything in it is checked: values, products of values,
/// cost table and curves.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub(crate) scenario: Scenario,
    pub(crate) costs: Arc<Document<CostTable>>,
    pub(crate) curves: Option<Arc<ThresholdCalculator>>,
    pub(crate) warnings: Diagnostics,
    pub(crate) layers: Layers,
    pub(crate) files: Files,
    /// What was set by path, which stands above the changes of a candidate, too.
    pub(crate) settings: Vec<Setting>,
}

impl Loaded {
    /// Checks a scenario that a program has made. Files that it names are relative to the current directory.
    ///
    /// ```
    /// use scenarios::{Loaded, Scenario};
    /// let mut scenario = Scenario::default();
    /// scenario.accelerator.tile.x = 0;
    /// let wrong = Loaded::from_value(scenario).unwrap_err();
    /// assert_eq!(wrong.problems()[0].path(), Some("accelerator.tile.x"));
    /// ```
    ///
    /// # Errors
    /// Everything that is wrong with it, each with the path of its field.
    pub fn from_value(scenario: Scenario) -> Result<Self, Diagnostics> {
        check_again(Layers::of_program(), form_of(scenario), true, Files::new(Disk))
    }

    /// The scenario with `change` made to it, checked as a file is; cost table, curves and main memory are read again.
    ///
    /// What differs afterwards counts as set by the program: a problem with it has the path of the field and no place in any
    /// file, and a file that it names is relative to the current directory. Everything else is still where it was stated.
    ///
    /// ```
    /// use scenarios::Scenario;
    /// use scenarios::schema::Reference;
    ///
    /// let loaded = Scenario::shipped("bert-tiny-edge")?;
    /// let changed = loaded.with(|scenario| {
    ///     scenario.accelerator.processing_elements = 128;
    ///     scenario.memory = Reference::Preset("hbm2".to_owned());
    /// })?;
    /// assert_eq!(changed.scenario().accelerator.processing_elements, 128);
    ///
    /// for problem in &loaded.with(|scenario| scenario.workload.batch = 0).unwrap_err() {
    ///     assert_eq!(problem.path(), Some("workload.batch"));
    ///     assert_eq!(problem.message(), "`workload.batch` cannot be 0");
    ///     assert_eq!(problem.help(), Some("a whole number from 1 to 65536 is accepted"));
    /// }
    /// # Ok::<(), scenarios::Diagnostics>(())
    /// ```
    ///
    /// # Errors
    /// Everything that is wrong with the changed scenario.
    pub fn with(&self, change: impl FnOnce(&mut Scenario)) -> Result<Self, Diagnostics> {
        let mut scenario = self.scenario.clone();
        change(&mut scenario);
        let form = form_of(scenario);
        let paths = ChangedPaths::between(&self.scenario.to_form(), &form);
        let memory = paths.origin("memory") == Origin::Here;
        let below = |setting: &&Setting| paths.origin(setting.path()) != Origin::Here;
        let settings = self.settings.iter().filter(below).cloned().collect();
        let mut loaded = check_again(self.layers.under_program(paths), form, memory, self.files.clone())?;
        loaded.settings = settings;
        Ok(loaded)
    }

    /// The scenario with these values for fields, one after the other, checked as a file is.
    ///
    /// A field that no file states can be set, too. A text where another file is expected is a file, relative to the current
    /// directory, if it ends in `.ron`, `.json` or `.yaml`, else a shipped one.
    ///
    /// ```
    /// use scenarios::{Scenario, Setting};
    ///
    /// let loaded = Scenario::shipped("bert-tiny-edge")?;
    /// let settings = ["memory=hbm2", "accelerator.tile.x=8", "workload.transformer.layers[0].feed_forward=[256]"];
    /// let settings: Vec<Setting> = settings.iter().map(|text| Setting::parse(text)).collect::<Result<_, _>>()?;
    /// let changed = loaded.set(&settings)?;
    /// assert_eq!(changed.scenario().accelerator.tile.x, 8);
    /// assert_eq!(changed.scenario().workload.transformer.layers[0].feed_forward, [256]);
    ///
    /// let wrong = loaded.set(&[Setting::new("accelerator.bufers.weight_mb", "4")]).unwrap_err();
    /// assert!(wrong.to_string().contains("did you mean `accelerator.buffers.weight_mb`"));
    /// let wrong = loaded.set(&[Setting::new("workload.batch", "0")]).unwrap_err();
    /// assert!(wrong.to_string().starts_with("--set workload.batch:1:1: `workload.batch` cannot be 0"));
    /// # Ok::<(), scenarios::Diagnostics>(())
    /// ```
    ///
    /// # Errors
    /// There is no such field, everything that is wrong with a value, or with the scenario that comes out.
    pub fn set(&self, settings: &[Setting]) -> Result<Self, Diagnostics> {
        let form = self.scenario.to_form();
        let Settled { layers, form } = settle(self.layers.clone(), form, settings, self.files.resolver())?;
        // A section states all that is in it.
        let states = |field: &str| {
            let mut paths = settings.iter().map(Setting::path);
            paths.any(|path| path.starts_with(field) || field.starts_with(path))
        };
        let known = Known {
            costs: (!states("costs")).then(|| Arc::clone(&self.costs)),
            curves: self.curves.clone().filter(|_| !states("sparsity.source")),
        };
        let mut loaded = assemble(layers, form, known, self.files.clone())?;
        loaded.settings = self.settings.iter().chain(settings).cloned().collect();
        Ok(loaded)
    }

    /// The paths of all fields that can be set, those in the items of lists among them, sorted.
    #[must_use]
    pub fn field_paths(&self) -> BTreeSet<String> {
        paths(&self.scenario.to_form())
    }

    /// The scenario.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The cost table that the scenario names.
    #[must_use]
    pub fn costs(&self) -> &CostTable {
        &self.costs.value
    }

    /// The curves that the scenario names for DynaProp's threshold calculator; `None` if it names none.
    #[must_use]
    pub fn curves(&self) -> Option<&Arc<ThresholdCalculator>> {
        self.curves.as_ref()
    }

    /// Warnings: what the user should know although nothing is wrong.
    #[must_use]
    pub fn warnings(&self) -> &Diagnostics {
        &self.warnings
    }

    /// The memory description that the scenario names, as type `T`.
    ///
    /// # Errors
    /// The file is not there, or is not a `T`.
    pub fn memory<T: DeserializeOwned>(&self) -> Result<Document<T>, Diagnostics> {
        Document::parse(self.referenced_text("memory", &self.scenario.memory, Shelf::Memories)?)
    }

    /// The text that the field `path` refers to.
    pub(crate) fn referenced_text(
        &self,
        path: &str,
        reference: &Reference,
        shelf: Shelf,
    ) -> Result<Arc<Source>, Problem> {
        read_from(&self.layers, path, reference, shelf, self.files.resolver())
    }

    /// The variant of the scenario that candidate number `index` of its comparison is; the scenario itself if there is no such
    /// candidate.
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place.
    pub fn candidate(&self, index: usize) -> Result<Self, Diagnostics> {
        let Some(candidate) = self.scenario.compare.candidates.get(index) else {
            return Ok(self.clone());
        };
        let changes = candidate.changes.0.as_ref();
        let stated_at = format!("compare.candidates[{index}].changes");
        let layers = self.layers.under_part(stated_at, changes);
        let form = changes.clone().over(self.scenario.to_form());
        let loaded = assemble(layers, form, Known::default(), self.files.clone())?;
        match self.settings.as_slice() {
            [] => Ok(loaded),
            settings => loaded.set(settings),
        }
    }

    /// The same scenario on the memory number `index` of those that it is compared over; as it is if there is no such memory.
    ///
    /// # Errors
    /// There is no such memory shipped.
    pub fn on_compared_memory(&self, index: usize) -> Result<Self, Diagnostics> {
        let Some(reference) = self.scenario.compare.memories.get(index) else {
            return Ok(self.clone());
        };
        let stated_at = format!("compare.memories[{index}]");
        self.on_memory_of(reference.clone(), self.layers.under_field("memory", stated_at))
    }

    /// The same scenario on another memory. A file is relative to the current directory, not to the scenario's.
    ///
    /// # Errors
    /// No memory of that name is shipped.
    pub fn on_memory(&self, reference: Reference) -> Result<Self, Diagnostics> {
        self.on_memory_of(reference, self.layers.under_program(ChangedPaths::only("memory")))
    }

    fn on_memory_of(&self, reference: Reference, layers: Layers) -> Result<Self, Diagnostics> {
        layers.referenced("memory", &reference, Shelf::Memories)?;
        let mut loaded = self.clone();
        loaded.scenario.memory = reference;
        loaded.layers = layers;
        Ok(loaded)
    }

    /// The scenario of a tenant, by number: the one that the tenant names, or this one once more.
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place.
    pub fn tenant(&self, index: usize) -> Result<Self, Diagnostics> {
        let tenant = self.scenario.contention.tenants.get(index);
        let Some(name) = tenant.and_then(|tenant| tenant.scenario.as_deref()) else {
            return Ok(self.clone());
        };
        let field = format!("contention.tenants[{index}].scenario");
        let reference = match (name.trim_start().starts_with('('), name.ends_with(".ron")) {
            (true, _) => Reference::Inline {
                name: field.clone(),
                text: name.to_owned(),
            },
            (_, true) => Reference::File(name.to_owned()),
            (_, false) => Reference::Preset(name.to_owned()),
        };
        let place = self.layers.referenced(&field, &reference, Shelf::Scenarios)?;
        let source = place
            .read(self.files.resolver())
            .map_err(|problem| self.layers.blame(&field, problem))?;
        load(place, source, self.files.clone())
    }

    /// The path of a file that the field `path` names, relative to the file that states the field, or to the current directory
    /// if a program has set it; `None` if that is a shipped one.
    #[must_use]
    pub fn file_beside(&self, path: &str, file: &str) -> Option<PathBuf> {
        let reference = Reference::File(file.to_owned());
        match self.layers.referenced(path, &reference, Shelf::Scenarios) {
            Ok(Place::Disk(path)) => Some(path),
            _ => None,
        }
    }

    /// An error at the field `path`, in the file that states it.
    #[must_use]
    pub fn problem(&self, path: &str, message: impl Into<String>, help: impl Into<String>) -> Problem {
        self.layers.problem(path, message.into(), help.into())
    }

    /// The texts that the scenario was made of, the user's own first.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.layers.sources()
    }
}

impl Diagnostics {
    /// What is wrong with the field `path` of a scenario that was loaded, such as `accelerator.tile.x` or
    /// `workload.transformer.layers[2].heads[0]`, at its place in the file that states it.
    #[must_use]
    pub fn at(loaded: &Loaded, path: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        loaded.problem(path, message, help).into()
    }
}

/// Checks a scenario that a program has made or changed, with its `memory` if it is another one.
fn check_again(
    layers: Layers,
    form: ScenarioFile,
    memory: bool,
    files: Files,
) -> Result<Loaded, Diagnostics> {
    let loaded = assemble(layers, form, Known::default(), files)?;
    if memory {
        MainMemory::load(&loaded)?;
    }
    Ok(loaded)
}

/// A scenario that may be wrong as a file would state it.
fn form_of(mut scenario: Scenario) -> ScenarioFile {
    for candidate in &mut scenario.compare.candidates {
        // Refused below, however deep they go, which is too deep to be copied if a program wants it so.
        if let Some(nested) = &mut candidate.changes.0.compare {
            *nested = CompareFile::default();
        }
    }
    scenario.to_form()
}
