//! What is known of a design without evaluating it.

use scenarios::system::{MachineSizes, Plan, area_of, peak_power};
use scenarios::{Diagnostics, Loaded};

use crate::objective::Metric;
use crate::problem::Refusal;
use crate::space::Design;
use crate::study::{Study, Workload};

/// The scenario of a design with a workload.
///
/// # Errors
/// Everything that is wrong with it.
pub fn loaded(study: &Study, workload: &Workload, design: &Design) -> Result<Loaded, Diagnostics> {
    let applied = workload
        .base
        .with(|scenario| study.space.apply(design, scenario))?;
    let settings = study.axes.iter().enumerate();
    let settings: Vec<_> = settings
        .flat_map(|(number, axis)| axis.at(design.axes.of(number)))
        .collect();
    if settings.is_empty() {
        return Ok(applied);
    }
    applied.set(&settings)
}

/// Why a design cannot be: the machine cannot run one of the workloads, or it breaks a limit on its area or its peak power. This is
/// the free check; it takes a millisecond or a few.
#[must_use]
pub fn refuse(study: &Study, design: &Design) -> Option<Refusal> {
    for workload in &study.workloads {
        let fits = loaded(study, workload, design).and_then(|loaded| {
            Plan::fits(&loaded)?;
            Ok(loaded)
        });
        match fits {
            Err(wrong) => return Some(refusal(&wrong)),
            Ok(loaded) => {
                if let Some(broken) = breaks_limit(study, &loaded) {
                    return Some(broken);
                }
            }
        }
    }
    None
}

/// The first limit on what is known that the machine of a scenario breaks.
fn breaks_limit(study: &Study, loaded: &Loaded) -> Option<Refusal> {
    let sizes = MachineSizes::of(loaded.scenario());
    study.limits.iter().find_map(|limit| {
        let value = match limit.metric {
            Metric::Area => area_of(&sizes, loaded.costs()).total().0,
            Metric::PeakPower => peak_power(&sizes, loaded.costs()).0 * 1e-3,
            _ => return None,
        };
        (!limit.holds_for(value)).then(|| Refusal {
            field: limit.metric.name().to_owned(),
            reason: format!("{} is {value:.6}, but {limit} is asked for", limit.metric.name()),
        })
    })
}

/// The first problem of a scenario, in one line: places in files mean nothing in a row.
pub(super) fn refusal(wrong: &Diagnostics) -> Refusal {
    let Some(problem) = wrong.iter().find(|problem| !problem.is_warning()) else {
        return Refusal {
            field: String::new(),
            reason: wrong.to_string(),
        };
    };
    let help = problem
        .help()
        .map_or_else(String::new, |help| format!(" ({help})"));
    Refusal {
        field: problem.path().unwrap_or_default().to_owned(),
        reason: format!("{}{help}", problem.message()),
    }
}
