//! What a machine is planned from: its scenario, costs, curves and weights, from the files that state them.

use std::sync::Arc;

use super::machine_plan::Machine;
use crate::diagnostics::Diagnostics;
use crate::loaded::Loaded;
use crate::schema::Weights;
use crate::weights::StatedConstants;

impl Machine {
    /// What `loaded` describes, without what it shares with others.
    pub(super) fn of(loaded: &Loaded) -> Result<Self, Diagnostics> {
        Ok(Self {
            scenario: loaded.scenario().clone(),
            costs: loaded.costs().clone(),
            curves: loaded.curves().cloned(),
            constants: stated_constants(loaded)?.map(Arc::new),
        })
    }
}

/// The weights and inputs in the file that a scenario names; none if it names none, or computes with none.
fn stated_constants(loaded: &Loaded) -> Result<Option<StatedConstants>, Diagnostics> {
    let scenario = loaded.scenario();
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
const WEIGHTS: &str = "workload.weights";
