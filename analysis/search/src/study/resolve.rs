//! A study with all that it names, checked.

use std::path::Path;

use scenarios::diagnostics::Problem;
use scenarios::load::{Disk, Document};
use scenarios::{Diagnostics, Loaded, Scenario, Setting};

use super::axis::StudyAxis;
use super::error::StudyError;
use super::file::{AcceleratorSpace, Evaluator, OverWorkloads, SCHEMA, StudyFile, TransformerSpace};
use super::frozen::Frozen;
use crate::accuracy::AccuracyModel;
use crate::features::Features;
use crate::objective::Limit;
use crate::space::{Accelerators, MOST_AXES, Models, Space, Table};
use crate::strategy::{self, Strategy};

/// A study that can be carried out.
pub struct Study {
    /// As it was written.
    pub file: StudyFile,
    /// What designs change.
    pub base: Loaded,
    /// What the machine is to run; at least one.
    pub workloads: Vec<Workload>,
    /// The designs to choose from.
    pub space: Space,
    /// What the positions of its axes set.
    pub axes: Vec<StudyAxis>,
    /// The physical features of a design, with the first workload.
    pub features: Features,
    /// The accuracy of transformers, if the study has a model of it.
    pub accuracy: Option<AccuracyModel>,
    /// What a design must keep to.
    pub limits: Vec<Limit>,
    /// How designs are chosen.
    pub strategy: Box<dyn Strategy + Send>,
}

/// Something that the machine is to run.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its name; none if it is what the base states.
    pub name: Option<String>,
    /// What it counts.
    pub weight: f64,
    /// The base with its fields.
    pub base: Loaded,
}

impl Study {
    /// The study of what a folder keeps; `document` has the places of its fields.
    pub(super) fn resolve<T>(frozen: &Frozen, document: &Document<T>) -> Result<Self, StudyError> {
        let file = frozen.study.clone();
        let wrong = |path: &str, message: String, help: &str| document.problem(path, message, help);
        let mut problems: Vec<Problem> = Vec::new();
        check_numbers(&file, &wrong, &mut problems);
        let base = Scenario::parse("base", &frozen.base, Disk)?;
        let accuracy = AccuracyModel::load(&file.accuracy, Path::new(""), &frozen.files)?;
        if let Err(error) = file.objective.check() {
            problems.push(wrong("objective", error.to_string(), ""));
        }
        if file.objective.needs_accuracy() && accuracy.is_none() {
            let help = "state `accuracy`, such as `Table(\"published-glue\")`, or leave the metric out";
            problems.push(wrong(
                "objective",
                "the objective needs an accuracy, and there is no model of it".to_owned(),
                help,
            ));
        }
        let mut limits = Vec::new();
        for (index, text) in file.limits.iter().enumerate() {
            match Limit::parse(text) {
                Ok(limit) => limits.push(limit),
                Err(error) => problems.push(wrong(&format!("limits[{index}]"), error.to_string(), "")),
            }
        }
        let space = space_of(&file, &base, accuracy.as_ref());
        if let Err((message, help)) = &space {
            problems.push(wrong("space.transformer", message.clone(), help));
        }
        let axes = axes_of(&file, &base, &wrong)?;
        let strategy = strategy::by_name(file.strategy.name());
        if let Err(error) = &strategy {
            problems.push(wrong("strategy", error.to_string(), ""));
        }
        let (Ok(mut space), Ok(strategy), true) = (space, strategy, problems.is_empty()) else {
            return Err(problems.into_iter().collect::<Diagnostics>().into());
        };
        space.axes = axes.iter().map(|axis| axis.axis.clone()).collect();
        let workloads = workloads_of(&file, &base)?;
        let features = Features::new(&workloads[0].base)?;
        Ok(Self {
            file,
            base,
            workloads,
            space,
            axes,
            features,
            accuracy,
            limits,
            strategy,
        })
    }

    /// Whether designs are evaluated event by event from the start.
    #[must_use]
    pub fn simulates_all(&self) -> bool {
        self.file.evaluator == Evaluator::Simulate
    }

    /// Whether the worst workload counts.
    #[must_use]
    pub fn takes_worst(&self) -> bool {
        self.file.over_workloads == OverWorkloads::Worst
    }
}

fn check_numbers(
    file: &StudyFile,
    wrong: &dyn Fn(&str, String, &str) -> Problem,
    problems: &mut Vec<Problem>,
) {
    if file.schema != SCHEMA {
        let message = format!("a study of schema {} is not known", file.schema);
        problems.push(wrong("schema", message, &format!("{SCHEMA} is accepted")));
    }
    for (path, value, most) in [("budget", file.budget, 1_000_000), ("batch", file.batch, 1_024)] {
        if !(1..=most).contains(&value) {
            let help = format!("a whole number from 1 to {most} is accepted");
            problems.push(wrong(path, format!("`{path}` cannot be {value}"), &help));
        }
    }
    if file.lag > 64 {
        problems.push(wrong(
            "lag",
            format!("`lag` cannot be {}", file.lag),
            "a whole number from 0 to 64 is accepted",
        ));
    }
    if !(file.risk.is_finite() && file.risk >= 0.0) {
        problems.push(wrong(
            "risk",
            format!("`risk` cannot be {}", file.risk),
            "a number of at least 0 is accepted",
        ));
    }
    for (index, workload) in file.workloads.iter().enumerate() {
        let weight = workload.weight;
        if !(weight.is_finite() && weight > 0.0) {
            let path = format!("workloads[{index}].weight");
            problems.push(wrong(
                &path,
                format!("a weight cannot be {weight}"),
                "a number above 0 is accepted",
            ));
        }
        if file.workloads[..index]
            .iter()
            .any(|other| other.name == workload.name)
        {
            let path = format!("workloads[{index}].name");
            problems.push(wrong(
                &path,
                format!("two workloads are called {:?}", workload.name),
                "give each its own name",
            ));
        }
    }
}

fn space_of(
    file: &StudyFile,
    base: &Loaded,
    accuracy: Option<&AccuracyModel>,
) -> Result<Space, (String, &'static str)> {
    let table = match (file.space.transformer, accuracy) {
        (TransformerSpace::Published, Some(AccuracyModel::Table(_))) => {
            let message = "a table of accuracies has none for most transformers of the published space";
            return Err((
                message.to_owned(),
                "`transformer: Table` takes those of the table; a table never guesses",
            ));
        }
        (TransformerSpace::Published, _) => None,
        (TransformerSpace::Table, Some(AccuracyModel::Table(table))) => {
            Table::new(table.transformers().cloned().collect())
        }
        (TransformerSpace::Table, _) => {
            let message = "there is no table to take transformers from";
            return Err((
                message.to_owned(),
                "state `accuracy: Table(..)`, or `transformer: Published` or `Fixed`",
            ));
        }
        (TransformerSpace::Fixed, _) => Table::new(vec![base.scenario().workload.transformer.clone()]),
    };
    Ok(Space {
        models: table.map_or(Models::Published, Models::Table),
        accelerators: match file.space.accelerator {
            AcceleratorSpace::Published => Accelerators::Published,
            AcceleratorSpace::Fixed => Accelerators::Fixed,
        },
        axes: Vec::new(),
    })
}

/// The axes, each of whose values the base accepts.
fn axes_of(
    file: &StudyFile,
    base: &Loaded,
    wrong: &dyn Fn(&str, String, &str) -> Problem,
) -> Result<Vec<StudyAxis>, StudyError> {
    let axes = &file.space.axes;
    if axes.len() > MOST_AXES {
        let message = format!("a space cannot have {} axes", axes.len());
        let help = format!("up to {MOST_AXES} are accepted; `zip` moves several fields together");
        return Err(StudyError::Input(wrong("space.axes", message, &help).into()));
    }
    let place = |index: usize| format!("space.axes[{index}]");
    let resolved = axes
        .iter()
        .enumerate()
        .map(|(index, axis)| axis.resolve(base, &place(index), wrong));
    Ok(resolved.collect::<Result<_, _>>()?)
}

/// The workloads, each the base with its fields; the base alone if none is stated.
fn workloads_of(file: &StudyFile, base: &Loaded) -> Result<Vec<Workload>, StudyError> {
    if file.workloads.is_empty() {
        return Ok(vec![Workload {
            name: None,
            weight: 1.0,
            base: base.clone(),
        }]);
    }
    let mut workloads = Vec::new();
    for (index, workload) in file.workloads.iter().enumerate() {
        let settings: Vec<Setting> = workload
            .set
            .iter()
            .map(|(path, value)| {
                let text = ron::to_string(value).unwrap_or_default();
                Setting::new(path, text).stated_in(format!("workloads[{index}].set {path}"))
            })
            .collect();
        workloads.push(Workload {
            name: Some(workload.name.clone()),
            weight: workload.weight,
            base: base.set(&settings)?,
        });
    }
    Ok(workloads)
}
