//! From a plan to a result.

use std::time::Instant;

use scenarios::system::{Plan, RunError, violations};
use sim_core::Engine;

use crate::result::{Checks, RunResult};

/// Runs the machine of `plan` on `engine`; with `check`, looks afterwards whether all invariants held.
///
/// # Errors
/// The engine is not part of this build, or the run did not come to its end.
pub fn run(plan: &Plan, engine: Engine, check: bool) -> Result<RunResult, RunError> {
    let start = Instant::now();
    let system = plan.build(engine, None)?;
    let (measured, _) = system.run(plan)?;
    let wall_seconds = start.elapsed().as_secs_f64();
    let mut result = RunResult::new(plan, &measured, engine, wall_seconds);
    result.checks = check.then(|| Checks {
        violations: violations(plan, &measured),
    });
    Ok(result)
}
