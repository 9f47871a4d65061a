//! Loading a scenario: reading the files it is made of, laying them over each other, checking what comes out.

mod block_sizes;
mod changed_paths;
mod curves;
mod dictionary;
mod document;
mod fields;
mod include;
mod layers;
pub mod library;
mod memory;
mod place;
mod set;
mod transformer;
mod value;
mod wanted;
mod whole;

use std::path::Path;
use std::sync::Arc;

use components::sparsity::threshold::ThresholdCalculator;

pub(crate) use changed_paths::{ChangedPaths, Origin};
pub use document::Document;
pub(crate) use fields::paths;
pub(crate) use layers::Layers;
use library::Shelf;
pub use place::{Disk, Resolver};
pub(crate) use place::{Files, Place};
pub(crate) use set::{Settled, settle};

use crate::diagnostics::{Diagnostics, Problem, Source};
use crate::loaded::Loaded;
use crate::schema::{Checks, CostTable, Finding, Reference, Scenario, ScenarioFile, Stated as _};

impl Scenario {
    /// Loads the scenario that a user names: the file at that path or, if there is none, the shipped scenario of that name.
    ///
    /// ```
    /// use scenarios::Scenario;
    /// let loaded = Scenario::open("bert-tiny-edge")?;
    /// assert_eq!(loaded.scenario().name, "BERT-Tiny on the edge accelerator");
    /// # Ok::<(), scenarios::Diagnostics>(())
    /// ```
    ///
    /// # Errors
    /// There is neither, or everything that is wrong with it, each at its place.
    pub fn open(path_or_name: impl AsRef<Path>) -> Result<Loaded, Diagnostics> {
        let path = path_or_name.as_ref();
        match path.to_str() {
            Some(name) if !path.exists() && Shelf::Scenarios.holds(name) => Self::shipped(name),
            _ => Self::load(path),
        }
    }

    /// Loads the scenario in the file at `path` of the disk.
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place.
    pub fn load(path: impl AsRef<Path>) -> Result<Loaded, Diagnostics> {
        Self::load_with(path, Disk)
    }

    /// Loads the scenario in the file at `path`, where `resolver` finds it and all others.
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place.
    pub fn load_with(
        path: impl AsRef<Path>,
        resolver: impl Resolver + Send + Sync + 'static,
    ) -> Result<Loaded, Diagnostics> {
        load_file(Place::Disk(path.as_ref().to_owned()), Files::new(resolver))
    }

    /// Loads the scenario in `text`; `name` is what diagnostics call it, and files that it names are relative to
    /// the folder of `name`.
    ///
    /// ```
    /// use scenarios::Scenario;
    /// use scenarios::load::Disk;
    /// let loaded = Scenario::parse("mine.ron", r#"(workload: (transformer: Preset("bert-tiny")))"#, Disk)?;
    /// assert_eq!(*loaded.scenario(), Scenario { name: "mine".into(), ..Scenario::default() });
    ///
    /// let wrong = Scenario::parse("mine.ron", "(accelerator: (processing_elments: 4))", Disk).unwrap_err();
    /// assert!(wrong.to_string().contains("did you mean `processing_elements`?"));
    /// # Ok::<(), scenarios::Diagnostics>(())
    /// ```
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place.
    pub fn parse(
        name: &str,
        text: &str,
        resolver: impl Resolver + Send + Sync + 'static,
    ) -> Result<Loaded, Diagnostics> {
        let source = place::source(name, text.as_bytes().to_vec())?;
        load(Place::Disk(name.into()), source, Files::new(resolver))
    }

    /// Loads a shipped scenario by its name.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn shipped(name: &str) -> Result<Loaded, Diagnostics> {
        let place = layers::shipped(Shelf::Scenarios, name)
            .map_err(|(message, help)| Problem::new(message).with_help(help))?;
        load_file(place, Files::new(Disk))
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
    let layout = ron::ser::PrettyConfig::new()
        .struct_names(false)
        // Texts of other files stay legible.
        .escape_strings(false);
    // A scenario holds nothing that RON cannot write; were it otherwise, an empty text fails to load.
    document::options()
        .to_string_pretty(file, layout)
        .unwrap_or_default()
}

fn load_file(place: Place, files: Files) -> Result<Loaded, Diagnostics> {
    let source = place.read(files.resolver())?;
    load(place, source, files)
}

/// Loads the scenario that is the text `source` of the file at `place`.
pub(crate) fn load(place: Place, source: Arc<Source>, files: Files) -> Result<Loaded, Diagnostics> {
    let (layers, form) = Layers::read(place, source, files.resolver())?;
    assemble(layers, form, Known::default(), files)
}

/// What need not be read again, as the same fields name the same files.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The cost table.
    pub(crate) costs: Option<Arc<Document<CostTable>>>,
    /// The curves.
    pub(crate) curves: Option<Arc<ThresholdCalculator>>,
}

/// The scenario that `form` states, by these layers, if nothing is wrong with it and with the files that it names.
pub(crate) fn assemble(
    layers: Layers,
    mut form: ScenarioFile,
    known: Known,
    files: Files,
) -> Result<Loaded, Diagnostics> {
    let mut problems = Diagnostics::default();
    let resolver = files.resolver();
    let layers = layers.take_in_transformer(&mut form, resolver, &mut problems);
    let mut warnings = layers.dictionary_warnings();
    warnings.extend(problems);
    let mut problems = warnings;

    let mut checks = Checks::default();
    form.name.get_or_insert_with(|| layers.default_name());
    let scenario = Scenario::read(form, &mut checks);
    whole::check(&scenario, &mut checks);
    problems.extend(layers.problems(checks.into_findings()));
    let costs = read_costs(&scenario, known.costs, &layers, resolver, &mut problems);
    let curves = wanted::read_curves(&scenario, known.curves, &layers, resolver, &mut problems);
    if let Reference::Preset(_) = scenario.memory {
        let place = layers.referenced("memory", &scenario.memory, Shelf::Memories);
        problems.extend(place.err());
    }

    match costs {
        Some(costs) if !problems.has_errors() => Ok(Loaded {
            scenario,
            costs,
            curves,
            warnings: problems,
            layers,
            files,
            settings: Vec::new(),
        }),
        _ => Err(problems),
    }
}

/// The text of the file that the value at `path` refers to.
pub(crate) fn read_from(
    layers: &Layers,
    path: &str,
    reference: &Reference,
    shelf: Shelf,
    resolver: &dyn Resolver,
) -> Result<Arc<Source>, Problem> {
    let place = layers.referenced(path, reference, shelf)?;
    place
        .read(resolver)
        .map_err(|problem| layers.blame(path, problem))
}

fn read_costs(
    scenario: &Scenario,
    known: Option<Arc<Document<CostTable>>>,
    layers: &Layers,
    resolver: &dyn Resolver,
    problems: &mut Diagnostics,
) -> Option<Arc<Document<CostTable>>> {
    let read = || -> Result<Arc<Document<CostTable>>, Diagnostics> {
        if let Some(known) = known {
            return Ok(known);
        }
        let source = read_from(layers, "costs", &scenario.costs, Shelf::Costs, resolver)?;
        Document::parse(source).map(Arc::new)
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
        checks.involving(&["costs"], |checks| {
            let function = scenario.workload.activation_function;
            document
                .value
                .check_sizes(&scenario.accelerator, function, checks);
        });
        problems.extend(layers.problems(checks.into_findings()));
    }
    Some(document)
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
