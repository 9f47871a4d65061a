//! Loading a scenario: reading the files it is made of, laying them over each other, checking what comes out.

mod curves;
mod document;
pub mod library;
mod memory;
mod place;
mod strata;
mod transformer;
mod wanted;
mod whole;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use components::sparsity::threshold::ThresholdCalculator;
use serde::de::DeserializeOwned;

use crate::diagnostics::{Diagnostics, Problem, Source};
use crate::schema::{Checks, CostTable, Finding, Overlay as _, Reference, Scenario, ScenarioFile, Stated};
pub use document::Document;
use library::Shelf;
use place::Place;
pub use place::{Disk, Resolver};
use strata::Strata;

/// A scenario with the texts it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The scenario.
    pub scenario: Scenario,
    /// The cost table that it names.
    pub costs: CostTable,
    /// The curves that it names for DynaProp's threshold calculator, if it names any.
    pub curves: Option<Arc<ThresholdCalculator>>,
    /// What the user should know although nothing is wrong.
    pub warnings: Diagnostics,
    strata: Strata,
    /// What the files state, laid over each other.
    file: ScenarioFile,
    /// The memory file, if it is not the one that the scenario's `memory` names.
    memory_place: Option<Place>,
}

impl Scenario {
    /// Loads the scenario in the file at `path` of the disk.
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place.
    pub fn load(path: impl AsRef<Path>) -> Result<Loaded, Diagnostics> {
        Self::load_with(path, &Disk)
    }

    /// Loads the scenario in the file at `path`, where `resolver` finds it and all others.
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place.
    pub fn load_with(path: impl AsRef<Path>, resolver: &dyn Resolver) -> Result<Loaded, Diagnostics> {
        let place = Place::Disk(path.as_ref().to_owned());
        let source = place.read(resolver)?;
        load(place, source, resolver)
    }

    /// Loads the scenario in `text`; `name` is what diagnostics call it, and files that it names are relative to
    /// the folder of `name`.
    ///
    /// ```
    /// use scenarios::load::Disk;
    /// use scenarios::schema::Scenario;
    /// let loaded = Scenario::parse("mine.ron", r#"(workload: (transformer: Preset("bert-tiny")))"#, &Disk)?;
    /// assert_eq!(loaded.scenario, Scenario { name: "mine".into(), ..Scenario::default() });
    ///
    /// let wrong = Scenario::parse("mine.ron", "(accelerator: (processing_elments: 4))", &Disk).unwrap_err();
    /// assert!(wrong.render().contains("did you mean `processing_elements`?"));
    /// # Ok::<(), scenarios::Diagnostics>(())
    /// ```
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place.
    pub fn parse(name: &str, text: &str, resolver: &dyn Resolver) -> Result<Loaded, Diagnostics> {
        let source = place::source(name, text.as_bytes().to_vec())?;
        load(Place::Disk(name.into()), source, resolver)
    }

    /// Loads a shipped scenario by its name.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn shipped(name: &str) -> Result<Loaded, Diagnostics> {
        let place = strata::shipped(Shelf::Scenarios, name)
            .map_err(|(message, help)| Problem::new(message).with_help(help))?;
        let source = place.read(&Disk)?;
        load(place, source, &Disk)
    }

    /// The scenario as a file that states every value.
    #[must_use]
    pub fn to_ron(&self) -> String {
        to_ron(&self.to_form())
    }
}

/// A scenario file as text.
#[must_use]
pub fn to_ron(file: &ScenarioFile) -> String {
    let layout = ron::ser::PrettyConfig::new().struct_names(false);
    // A scenario holds nothing that RON cannot write; were it otherwise, an empty text fails to load.
    document::options()
        .to_string_pretty(file, layout)
        .unwrap_or_default()
}

impl Loaded {
    /// The memory description that the scenario names, as type `T`.
    ///
    /// # Errors
    /// The file is not there, or is no `T`.
    pub fn memory<T: DeserializeOwned>(&self, resolver: &dyn Resolver) -> Result<Document<T>, Diagnostics> {
        let place = match &self.memory_place {
            Some(place) => place.clone(),
            None => self
                .strata
                .referenced("memory", &self.scenario.memory, Shelf::Memories)?,
        };
        let source = place
            .read(resolver)
            .map_err(|problem| self.strata.blame("memory", problem))?;
        Document::parse(source)
    }

    /// The variant of the scenario that candidate number `index` of its comparison is.
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place.
    pub fn candidate(&self, index: usize, resolver: &dyn Resolver) -> Result<Self, Diagnostics> {
        let Some(candidate) = self.scenario.compare.candidates.get(index) else {
            return Ok(self.clone());
        };
        let mut file = (*candidate.changes.0).clone().over(self.file.clone());
        let mut strata = self.strata.clone();
        let mut problems = Diagnostics::default();
        strata.take_in_transformer(&mut file, resolver, &mut problems);
        let prefix = format!("compare.candidates[{index}].changes");
        read(strata, file, &prefix, problems, resolver)
    }

    /// The same scenario on the memory number `index` of those that it is compared over.
    ///
    /// # Errors
    /// There is no such memory.
    pub fn on_compared_memory(&self, index: usize) -> Result<Self, Diagnostics> {
        let Some(reference) = self.scenario.compare.memories.get(index) else {
            return Ok(self.clone());
        };
        let field = format!("compare.memories[{index}]");
        let place = self.strata.referenced(&field, reference, Shelf::Memories)?;
        Ok(self.on_memory_at(reference.clone(), place))
    }

    /// The same scenario on another memory. A file is relative to the current directory, not to the scenario's.
    ///
    /// # Errors
    /// No memory of that name is shipped.
    pub fn on_memory(&self, reference: Reference) -> Result<Self, Diagnostics> {
        let place = match &reference {
            Reference::Preset(name) if name == "ideal" => Place::Shipped(Shelf::Memories.path(name)),
            Reference::Preset(name) => strata::shipped(Shelf::Memories, name)
                .map_err(|(message, help)| Problem::new(message).with_help(help))?,
            Reference::File(file) => Place::Disk(file.into()),
        };
        Ok(self.on_memory_at(reference, place))
    }

    fn on_memory_at(&self, reference: Reference, place: Place) -> Self {
        let mut loaded = self.clone();
        loaded.scenario.memory = reference;
        loaded.memory_place = Some(place);
        loaded
    }

    /// The scenario of a tenant, by number: the one that the tenant names, or this one once more.
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place.
    pub fn tenant(&self, index: usize, resolver: &dyn Resolver) -> Result<Self, Diagnostics> {
        let tenant = self.scenario.contention.tenants.get(index);
        let Some(name) = tenant.and_then(|tenant| tenant.scenario.as_deref()) else {
            return Ok(self.clone());
        };
        let field = format!("contention.tenants[{index}].scenario");
        let reference = match name.ends_with(".ron") {
            true => Reference::File(name.to_owned()),
            false => Reference::Preset(name.to_owned()),
        };
        let place = self.strata.referenced(&field, &reference, Shelf::Scenarios)?;
        let source = place
            .read(resolver)
            .map_err(|problem| self.strata.blame(&field, problem))?;
        load(place, source, resolver)
    }

    /// The path of a file that the field `path` names, relative to the file that states the field; none if that is a
    /// shipped one.
    #[must_use]
    pub fn file_beside(&self, path: &str, file: &str) -> Option<PathBuf> {
        let reference = Reference::File(file.to_owned());
        match self.strata.referenced(path, &reference, Shelf::Scenarios) {
            Ok(Place::Disk(path)) => Some(path),
            _ => None,
        }
    }

    /// An error at the field `path`, in the file that states it.
    #[must_use]
    pub fn problem(&self, path: &str, message: impl Into<String>, help: impl Into<String>) -> Problem {
        self.strata.problem(path, message.into(), help.into())
    }

    /// The texts that the scenario was made of, the user's own first.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.strata.sources()
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

fn load(place: Place, source: Arc<Source>, resolver: &dyn Resolver) -> Result<Loaded, Diagnostics> {
    let (mut strata, mut file) = Strata::read(place, source, resolver)?;
    let mut problems = Diagnostics::default();
    strata.take_in_transformer(&mut file, resolver, &mut problems);
    read(strata, file, "", problems, resolver)
}

/// The scenario that `file` states. What is wrong is looked for within `prefix` first.
fn read(
    strata: Strata,
    mut file: ScenarioFile,
    prefix: &str,
    mut problems: Diagnostics,
    resolver: &dyn Resolver,
) -> Result<Loaded, Diagnostics> {
    let stated = file.clone();

    let mut checks = Checks::default();
    file.name.get_or_insert_with(|| strata.default_name());
    let scenario = Scenario::read(file, &mut checks);
    whole::check(&scenario, &mut checks);
    let findings = checks.into_findings().into_iter();
    let findings = findings.map(|finding| strata.within(prefix, finding));
    problems.extend(strata.problems(findings.collect()));
    let costs = read_costs(&scenario, &strata, resolver, &mut problems);
    let curves = wanted::read_curves(&scenario, &strata, prefix, resolver, &mut problems);
    if let Reference::Preset(_) = scenario.memory {
        problems.extend(
            strata
                .referenced("memory", &scenario.memory, Shelf::Memories)
                .err(),
        );
    }

    match costs {
        Some(costs) if !problems.has_errors() => Ok(Loaded {
            scenario,
            costs,
            curves: curves.map(Arc::new),
            warnings: problems,
            strata,
            file: stated,
            memory_place: None,
        }),
        _ => Err(problems),
    }
}

fn read_costs(
    scenario: &Scenario,
    strata: &Strata,
    resolver: &dyn Resolver,
    problems: &mut Diagnostics,
) -> Option<CostTable> {
    let read = || -> Result<Document<CostTable>, Diagnostics> {
        let place = strata.referenced("costs", &scenario.costs, Shelf::Costs)?;
        let source = place
            .read(resolver)
            .map_err(|problem| strata.blame("costs", problem))?;
        Document::parse(source)
    };
    let document = read().map_err(|wrong| problems.extend(wrong)).ok()?;
    let mut checks = Checks::default();
    document.value.check(&mut checks);
    let sound = checks.errors() == 0;
    problems.extend(
        checks
            .into_findings()
            .into_iter()
            .map(|finding| document.finding(finding)),
    );
    if sound {
        let mut checks = Checks::default();
        let function = scenario.workload.activation_function;
        document
            .value
            .check_sizes(&scenario.accelerator, function, &mut checks);
        problems.extend(strata.problems(checks.into_findings()));
    }
    Some(document.value)
}

/// The problem that a finding becomes when its place is known.
fn state(problem: Problem, finding: Finding) -> Problem {
    let problem = problem.with_help(finding.help);
    if finding.warning {
        problem.as_warning()
    } else {
        problem
    }
}
