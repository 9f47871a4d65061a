//! From a plan to a result.

use std::ops::ControlFlow;
use std::time::Instant;

pub use scenarios::system::RunError;
use scenarios::system::{Plan, Progress, violations};
use sim_core::{Engine, TraceSink};

use crate::result::{Checks, RunResult};

/// Runs the machine of `plan` on `engine`; with `check`, verifies the invariants afterwards.
///
/// # Errors
/// The engine is not part of this build, or the run did not finish.
pub fn run(plan: &Plan, engine: Engine, check: bool) -> Result<RunResult, RunError> {
    run_watched(plan, engine, check, None, &mut |_| ControlFlow::Continue(()))
}

/// As [`run`], with a trace into `sink` if there is one. `watch` is regularly called with the progress of the run, and may
/// cancel it.
///
/// # Errors
/// As [`run`], or `watch` cancelled it.
pub fn run_watched(
    plan: &Plan,
    engine: Engine,
    check: bool,
    sink: Option<&mut dyn TraceSink>,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<RunResult, RunError> {
    let start = Instant::now();
    let measured = plan.build(engine)?.run_watched(plan, sink, watch)?;
    let wall_seconds = start.elapsed().as_secs_f64();
    let mut result = RunResult::new(plan, &measured, engine, wall_seconds);
    result.checks = check.then(|| Checks {
        violations: violations(plan, &measured),
    });
    Ok(result)
}
