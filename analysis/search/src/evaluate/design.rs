//! The evaluation of a design.

use std::collections::BTreeMap;

use estimate::coarse::coarse_estimate;
use scenarios::system::Plan;
use sim_core::Engine;

use super::known::{loaded, refusal};
use super::metrics;
use super::over_workloads::{Part, together};
use crate::objective::Metrics;
use crate::space::Design;
use crate::store::{Fidelity, Found, State};
use crate::study::{Study, Workload};

/// What is found of a design. It depends on the study and the design alone.
#[must_use]
pub fn evaluate(study: &Study, design: &Design, fidelity: Fidelity) -> Found {
    let accuracy = match study
        .accuracy
        .as_ref()
        .map(|model| model.of_design(&study.space, design))
    {
        None => None,
        Some(Ok(accuracy)) => Some(accuracy),
        Some(Err(error)) => return Found::failed(error.to_string()),
    };
    let counted = accuracy
        .as_ref()
        .map(|accuracy| accuracy.at_risk(study.file.risk));
    let (mut parts, mut workloads, mut caution) = (Vec::new(), BTreeMap::new(), Vec::new());
    for workload in &study.workloads {
        let (mut metrics, batch, cautioned) = match measure(study, workload, design, fidelity) {
            Ok(measured) => measured,
            Err(reason) => return Found::failed(reason),
        };
        metrics.accuracy = counted;
        let objective = study.file.objective.value(&metrics, batch);
        // Objectives count the risk; the row states the mean.
        metrics.accuracy = accuracy.as_ref().map(|accuracy| accuracy.mean);
        if let Some(name) = &workload.name {
            workloads.insert(name.clone(), metrics);
        }
        caution.extend(cautioned.filter(|sentence| !caution.contains(sentence)));
        parts.push(Part {
            weight: workload.weight,
            metrics,
            objective,
        });
    }
    let Some((metrics, objective)) = together(study, &parts) else {
        return Found::failed("the study has no workload".to_owned());
    };
    let violates = study.limits.iter().filter(|limit| !limit.holds(&metrics));
    Found {
        state: State::Done,
        violates: violates.map(ToString::to_string).collect(),
        metrics: Some(metrics),
        workloads,
        objective,
        accuracy_source: accuracy.map(|accuracy| accuracy.source),
        caution,
        reason: None,
    }
}

/// The figures of a design with one workload, its batch, and why they may be far off.
fn measure(
    study: &Study,
    workload: &Workload,
    design: &Design,
    fidelity: Fidelity,
) -> Result<(Metrics, u32, Option<String>), String> {
    let loaded = loaded(study, workload, design).map_err(|wrong| refusal(&wrong).reason)?;
    let plan = Plan::load(&loaded).map_err(|wrong| refusal(&wrong).reason)?;
    let batch = plan.machine.scenario.workload.batch;
    match fidelity {
        Fidelity::Estimate => {
            let estimate = coarse_estimate(&plan).map_err(|error| error.to_string())?;
            let caution = estimate
                .details
                .caution
                .map(|caution| caution.sentence().to_owned());
            Ok((metrics::of_estimate(&plan, &estimate, None), batch, caution))
        }
        Fidelity::Simulated => {
            let result =
                analysis::run::run(&plan, Engine::Wheel, false).map_err(|error| error.to_string())?;
            Ok((metrics::of_run(&plan, &result, None), batch, None))
        }
    }
}
