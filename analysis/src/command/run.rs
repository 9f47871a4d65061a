//! `elector run`: simulates a scenario.

use std::io::{IsTerminal as _, stdout};
use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::Args;
use sim_core::Engine;

use super::{print, print_json, require, warn};
use crate::prepare::{Prepared, prepare};
use crate::progress::Bar;
use crate::report::{Style, run_report};
use crate::{Failure, run};

/// Simulate a scenario and report cycles, energy, utilisation and memory traffic.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Run {
    /// A scenario file, the name of a shipped one, or `-` for standard input.
    pub scenario: PathBuf,
    /// The executor of events: wheel (fast), desim (on the crate of that name), heap (plain). All give the same result.
    #[arg(long, default_value_t = Engine::Wheel)]
    pub engine: Engine,
    /// Seed of every random draw, in place of the scenario's.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Check afterwards what must hold after every run; exit with 1 if it did not.
    #[arg(long)]
    pub check: bool,
}

const HELP: &str = "\
Examples:
  elector run mine.ron
  elector run bert-tiny-edge --json | jq .cycles
  elector run mine.ron --seed 7 --check

Where the lanes' time went, in the report:
  busy          multiplying, adding, applying the non-linearity
  memory        waiting for data on their way from or to main memory
  softmax       waiting for rows that softmax modules work on
  layer norm    waiting for rows that layer-norm modules work on
  dependence    waiting for results of other MAC lanes
  buffer space  waiting for room in the activation buffer
  drain         nothing left to issue: the end of the run
  pipeline      operands on the way to the lane, results on the way out";

impl Run {
    pub(super) fn execute(&self, quiet: bool) -> Result<(), Failure> {
        require(self.engine)?;
        let Prepared { plan, warnings } = prepare(&self.scenario, self.seed)?;
        warn(&warnings, quiet);
        tracing::info!(scenario = plan.machine.scenario.name, engine = %self.engine, "running");
        let bar = Bar::new(&format!("simulating {}", plan.machine.scenario.name), quiet);
        let result = run::run_watched(&plan, self.engine, self.check, &mut |progress| {
            bar.set_run(progress);
            ControlFlow::Continue(())
        })?;
        drop(bar);
        tracing::info!(events = result.events, wall_seconds = result.wall_seconds, "done");
        if self.json {
            print_json(&result)?;
        } else {
            print(&run_report(&result, Style::of(stdout().is_terminal())))?;
        }
        match result.checks {
            Some(checks) if !checks.violations.is_empty() => Err(Failure::Violations(checks.violations)),
            _ => Ok(()),
        }
    }
}
