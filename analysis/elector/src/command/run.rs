//! `elector run`: simulates a scenario.

use std::io::{IsTerminal as _, stdout};
use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::path::PathBuf;

use analysis::Error as LibraryError;
use analysis::output::write_whole;
use analysis::result::RunResult;
use analysis::run::{self, RunError};
use clap::Args;
use scenarios::system::Plan;
use sim_core::Engine;
use traces::{TimeWindow, TraceHealth, TraceOptions};

use super::changes::Changes;
use super::recording::Recording;
use super::{print, print_json, refuse_existing, require, warn};
use crate::prepare::{Prepared, prepare};
use crate::progress::Bar;
use crate::report::{Style, run_report};
use crate::{Failure, Signed, interrupt};

/// Simulate a scenario and report cycles, energy, utilisation and memory traffic.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Run {
    /// A scenario file, the name of a shipped one, or `-` for standard input.
    pub scenario: PathBuf,
    /// What is changed of the scenario.
    #[command(flatten)]
    pub changes: Changes,
    /// The event queue: wheel (fast), desim (uses the crate of that name) or heap (simple). All give the same result.
    #[arg(long, default_value_t = Engine::Wheel)]
    pub engine: Engine,
    /// Seed of every random draw, in place of the scenario's.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Check the invariants of the run afterwards; exit with 1 if one is broken.
    #[arg(long)]
    pub check: bool,
    /// Record what happens into a file: .pftrace (ui.perfetto.dev), .vcd or .fst (GTKWave, Surfer), .parquet or .jsonl.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Record only these tracks: patterns such as `pe[3].*,memory.*`, separated by commas.
    #[arg(long, value_name = "PATTERNS", value_delimiter = ',', requires = "trace")]
    pub trace_only: Vec<String>,
    /// Record only this time: FROM..TO, in cycles of the accelerator (1000..2000) or in time (10us..20us).
    #[arg(long, value_name = "FROM..TO", requires = "trace")]
    pub trace_window: Option<TimeWindow>,
    /// Record one in N spans, instants and counter values of each track.
    #[arg(long, value_name = "N", default_value = "1", requires = "trace")]
    pub trace_sample: NonZeroU32,
    /// Report what decided the latency: the chain of loads, tiles and waits from start to end.
    #[arg(long)]
    pub critical_path: bool,
    /// Write the result as a page with plots that needs no network: .html.
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
    /// Overwrite an existing trace or page.
    #[arg(long)]
    pub force: bool,
}

const HELP: &str = "\
Examples:
  elector run mine.ron
  elector run bert-tiny-edge --json | jq .cycles
  elector run mine.ron --seed 7 --check
  elector run mine.ron --critical-path
  elector run mine.ron --report mine.html
  elector run mine.ron --trace run.pftrace
  elector run mine.ron --trace lanes.fst --trace-only 'pe[3].*,dma' --trace-window 10us..20us

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
        refuse_existing(self.report.as_deref(), self.force)?;
        let Prepared { plan, warnings } = prepare(&self.scenario, &self.changes, self.seed)?;
        warn(&warnings, quiet);
        tracing::info!(scenario = plan.machine.scenario.name, engine = %self.engine, "running");
        let result = self.simulate(&plan, quiet)?;
        tracing::info!(events = result.events, wall_seconds = result.wall_seconds, "done");
        if self.json {
            print_json(&Signed::new(&result))?;
        } else {
            print(&run_report(&result, Style::of(stdout().is_terminal())))?;
        }
        match result.checks {
            Some(checks) if !checks.violations.is_empty() => {
                Err(LibraryError::Violations(checks.violations).into())
            }
            _ => Ok(()),
        }
    }

    /// Runs the plan and records what is requested.
    fn simulate(&self, plan: &Plan, quiet: bool) -> Result<RunResult, Failure> {
        let trace = self.trace_options();
        let mut recording =
            Recording::begin(plan, trace.as_ref(), self.report.is_some(), self.critical_path)?;
        let bar = Bar::new(&format!("simulating {}", plan.machine.scenario.name), quiet);
        let health = recording.health();
        let mut tee = recording.tee();
        let outcome = run::run_watched(plan, self.engine, self.check, tee.sink(), &mut |progress| {
            bar.set_run(progress);
            let has_failed = health.as_ref().is_some_and(TraceHealth::has_failed);
            match has_failed || interrupt::is_requested() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        drop(bar);
        let kept = recording.end(quiet)?;
        let mut result = outcome.map_err(|error| match error {
            RunError::Interrupted => Failure::RunInterrupted { trace: kept },
            error => Failure::Run(error),
        })?;
        recording.add_path(plan, &mut result);
        if let (Some(file), Some(page)) = (&self.report, recording.page(plan, &result)) {
            write_whole(file, page, self.force)?;
        }
        Ok(result)
    }

    fn trace_options(&self) -> Option<TraceOptions> {
        Some(TraceOptions {
            file: self.trace.clone()?,
            only: self.trace_only.clone(),
            window: self.trace_window.unwrap_or_default(),
            sample: self.trace_sample,
            force: self.force,
        })
    }
}
