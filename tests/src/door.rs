//! Random changes of scenarios through `Loaded::with`: any field, any value, however wrong.
//!
//! Whatever a program sets is refused with the field's path, or it plans or is refused then, and what plans runs. Nothing
//! panics. Every section is taken apart field by field, so that a new field does not compile before it is drawn here too.

mod changes;
mod dice;

use std::fmt;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use scenarios::schema::Reference;
use scenarios::system::{Plan, RunError, violations};
use scenarios::{Diagnostics, Loaded, Scenario};
use sim_core::Engine;

use changes::change;
use dice::Dice;

/// The scenarios that are changed: those that plan in no time.
const BASES: [&str; 7] = [
    "bert-tiny-edge",
    "tiny-trace",
    "flexibert-mixed",
    "contention",
    "dynaprop-sweep",
    "bert-tiny-values",
    "bert-tiny-train",
];

/// What came of all cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Changed scenarios.
    pub cases: u64,
    /// Those that `Loaded::with` refused.
    pub refused: u64,
    /// Those that `Plan::load` refused.
    pub refused_by_plan: u64,
    /// Those that planned.
    pub planned: u64,
    /// Those that ran to their end.
    pub runs: u64,
    /// Those of which the run was broken off, because it delivered more messages than a test waits for.
    pub broken_off: u64,
    /// What must not be, by the number of the case.
    pub faults: Vec<(u64, String)>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cases,
            refused,
            refused_by_plan,
            planned,
            runs,
            broken_off,
            faults,
        } = self;
        writeln!(
            f,
            "{cases} changes: {refused} refused, {refused_by_plan} refused by the plan, {planned} planned; \
             {runs} ran, {broken_off} broken off, {} faults",
            faults.len()
        )?;
        for (case, fault) in faults {
            writeln!(f, "case {case}: {fault}")?;
        }
        Ok(())
    }
}

/// Which machines are run.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many.
    pub runs: u64,
    /// The most tile operations.
    pub tile_operations: u64,
    /// The most MAC lanes and softmax modules.
    pub modules: u64,
    /// Messages after which a run is broken off.
    pub events: u64,
}

/// Goes through the cases of these numbers.
#[must_use]
pub fn fuzz(cases: impl Iterator<Item = u64>, limits: Limits) -> Tally {
    let bases: Vec<Loaded> = BASES
        .iter()
        .filter_map(|name| Scenario::shipped(name).ok())
        .collect();
    let mut tally = Tally::default();
    for case in cases {
        tally.cases += 1;
        let tried = catch_unwind(AssertUnwindSafe(|| try_case(case, &bases, limits, &mut tally)));
        match tried {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => tally.faults.push((case, fault)),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| Some((*panic.downcast_ref::<&str>()?).to_owned()));
                tally
                    .faults
                    .push((case, format!("panic: {}", text.unwrap_or_default())));
            }
        }
    }
    tally
}

fn try_case(case: u64, bases: &[Loaded], limits: Limits, tally: &mut Tally) -> Result<(), String> {
    let mut dice = Dice::new(case);
    let base = &bases[dice.below(bases.len())];
    let first = base.with(|scenario| change(scenario, &mut dice));
    let loaded = match first {
        Ok(loaded) => loaded,
        Err(wrong) => {
            tally.refused += 1;
            return are_placed(&wrong);
        }
    };
    is_stable(&loaded)?;
    for index in 0..2 {
        for variant in [
            loaded.candidate(index),
            loaded.tenant(index),
            loaded.on_compared_memory(index),
            loaded.on_memory(Reference::Preset("hbm2".to_owned())),
        ] {
            variant.map_or_else(|wrong| are_placed(&wrong), |_| Ok(()))?;
        }
    }
    let plan = match Plan::load(&loaded) {
        Ok(plan) => plan,
        Err(wrong) => {
            tally.refused_by_plan += 1;
            return are_placed(&wrong);
        }
    };
    tally.planned += 1;
    if tally.runs < limits.runs && is_small(&plan, limits) {
        run(&plan, limits, tally)
    } else {
        Ok(())
    }
}

/// Every problem says where it is and what, in letters that a terminal can show.
fn are_placed(wrong: &Diagnostics) -> Result<(), String> {
    if !wrong.has_errors() {
        return Err("refused for nothing".to_owned());
    }
    for problem in wrong {
        if problem.path().is_none() && problem.place().is_none() {
            return Err(format!("no field is named: {problem:?}"));
        }
        if problem.message().is_empty() || problem.to_string().contains('\u{1b}') {
            return Err(format!("not to be shown: {problem:?}"));
        }
    }
    Ok(())
}

/// What was accepted is accepted again, and comes back from JSON as it is.
fn is_stable(loaded: &Loaded) -> Result<(), String> {
    let scenario = loaded.scenario();
    let again = loaded
        .with(|_| {})
        .map_err(|wrong| format!("accepted, then refused: {wrong}"))?;
    if again.scenario() != scenario {
        return Err("it changes when nothing changes it".to_owned());
    }
    // Candidates are checked when they are chosen: until then they may state what JSON cannot write.
    if scenario.compare.candidates.is_empty() {
        let read = Scenario::from_json(&scenario.to_json()).map_err(|wrong| format!("as JSON: {wrong}"))?;
        if read != *scenario {
            return Err("it comes back from JSON as another".to_owned());
        }
    }
    Ok(())
}

fn is_small(plan: &Plan, limits: Limits) -> bool {
    plan.machines().all(|machine| {
        let accelerator = &machine.scenario.accelerator;
        let softmax = u64::from(accelerator.processing_elements) * u64::from(accelerator.softmax_per_pe);
        machine.program.tile_operations + machine.program.add_tile_operations < limits.tile_operations
            && accelerator.lanes() + softmax <= limits.modules
    })
}

fn run(plan: &Plan, limits: Limits, tally: &mut Tally) -> Result<(), String> {
    let system = plan
        .build(Engine::default())
        .map_err(|error| format!("cannot be built: {error}"))?;
    let watch = &mut |progress: scenarios::system::Progress| match progress.events > limits.events {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    match system.run_watched(plan, None, watch) {
        Ok(measured) => {
            tally.runs += 1;
            let broken = violations(plan, &measured);
            match broken.is_empty() {
                true => Ok(()),
                false => Err(format!("invariants: {broken:?}")),
            }
        }
        Err(RunError::Interrupted) => {
            tally.broken_off += 1;
            Ok(())
        }
        Err(error) => Err(format!("the run failed: {error}")),
    }
}
