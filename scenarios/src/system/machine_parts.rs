//! What a machine is planned from: its scenario, costs, curves and weights, from the files that state them.

use std::sync::Arc;

use components::sparsity::threshold::ThresholdCalculator;

use super::Problem;
use super::machine_plan::Machine;
use crate::diagnostics::{self, Diagnostics};
use crate::load::library::Shelf;
use crate::load::{Document, Loaded};
use crate::schema::{CurvesFile, DensitySource, Reference, Scenario, Weights};
use crate::weights::StatedConstants;

impl Machine {
    /// What `loaded` describes, without what it shares with others.
    pub(super) fn of(loaded: &Loaded) -> Result<Self, Diagnostics> {
        Ok(Self {
            scenario: loaded.scenario.clone(),
            costs: loaded.costs.clone(),
            curves: match &loaded.curves {
                Some(curves) => Some(Arc::clone(curves)),
                None => curves_named_later(loaded)?,
            },
            constants: stated_constants(loaded)?.map(Arc::new),
        })
    }
}

/// The curves of a scenario that a program has changed since it was loaded.
fn curves_named_later(loaded: &Loaded) -> Result<Option<Arc<ThresholdCalculator>>, Diagnostics> {
    shipped_curves(&loaded.scenario).map_err(|problems| {
        let problems = problems.into_iter();
        problems
            .map(|problem| loaded.problem(&problem.field, problem.message, problem.help))
            .collect()
    })
}

/// The weights and inputs in the file that a scenario names; none if it names none, or computes with none.
fn stated_constants(loaded: &Loaded) -> Result<Option<StatedConstants>, Diagnostics> {
    let scenario = &loaded.scenario;
    let Weights::File(file) = &scenario.workload.weights else {
        return Ok(None);
    };
    if !scenario.sparsity.source.computes() {
        return Ok(None);
    }
    let Some(path) = loaded.file_beside(WEIGHTS, file) else {
        let message = format!("the weights {file:?} are not shipped");
        let help = "weights are a file on the disk, beside the scenario that names it";
        return Err(loaded.problem(WEIGHTS, message, help).into());
    };
    let constants = StatedConstants::read(&path, &scenario.workload);
    constants.map(Some).map_err(|problems| {
        let problems = problems.into_iter().map(|problem| {
            let help = problem.help().unwrap_or_default().to_owned();
            loaded.problem(WEIGHTS, problem.message(), help)
        });
        problems.collect()
    })
}

/// The field that names a file of weights.
pub(super) const WEIGHTS: &str = "workload.weights";

/// The curves that a scenario names which was loaded without them.
pub(super) fn shipped_curves(scenario: &Scenario) -> Result<Option<Arc<ThresholdCalculator>>, Vec<Problem>> {
    let DensitySource::Wanted { curves, .. } = &scenario.sparsity.source else {
        return Ok(None);
    };
    let read = || match curves {
        Reference::Preset(name) => Document::<CurvesFile>::shipped(Shelf::Curves, name)?.calculator(),
        Reference::File(file) => {
            let message = format!("the curves in {file:?} are not part of the scenario");
            let problem = diagnostics::Problem::new(message).with_help("`Plan::load` reads them");
            Err(problem.into())
        }
    };
    read().map(|curves| Some(Arc::new(curves))).map_err(|wrong| {
        vec![Problem::new(
            "sparsity.source.curves",
            wrong.render(),
            "name curves that are shipped",
        )]
    })
}
