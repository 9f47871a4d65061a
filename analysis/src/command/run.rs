//! `elector run`: simulates a scenario.

use std::io::{IsTerminal as _, Write as _, stderr, stdout};
use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::Args;
use scenarios::system::Plan;
use sim_core::{Engine, TraceSink};

use super::{print, print_json, require, warn};
use crate::critical_path::{CriticalPathSink, PathSummary};
use crate::output::{is_there, write_whole};
use crate::page::{TimelineSink, run_page};
use crate::prepare::{Prepared, prepare};
use crate::progress::Bar;
use crate::report::{Style, run_report};
use crate::result::RunResult;
use crate::run::{self, RunError};
use crate::tee::together;
use crate::trace::{TimeWindow, TraceFile, TraceOptions};
use crate::{Failure, interrupt};

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
    /// Record what happened into a file: .pftrace (ui.perfetto.dev), .vcd or .fst (GTKWave, Surfer), .parquet or .jsonl.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Record these tracks only: patterns such as `pe[3].*,memory.*`, separated by commas.
    #[arg(long, value_name = "PATTERNS", value_delimiter = ',', requires = "trace")]
    pub trace_only: Vec<String>,
    /// Record this time only: FROM..TO, in cycles of the accelerator (1000..2000) or in time (10us..20us).
    #[arg(long, value_name = "FROM..TO", requires = "trace")]
    pub trace_window: Option<TimeWindow>,
    /// Record one of N spans, instants and counter values of each track.
    #[arg(long, value_name = "N", default_value = "1", requires = "trace")]
    pub trace_sample: NonZeroU32,
    /// Say what decided the latency: the chain of loads, tiles and waits from the beginning to the end.
    #[arg(long)]
    pub critical_path: bool,
    /// Write the result as a page with plots, which needs no network: .html.
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
    /// Overwrite a trace or a page that is there already.
    #[arg(long)]
    pub force: bool,
}

/// How many stretches of the critical path are named.
const STRETCHES: usize = 12;

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
        if let Some(file) = self.report.as_ref().filter(|file| file.exists() && !self.force) {
            return Err(is_there(file));
        }
        let Prepared { plan, warnings } = prepare(&self.scenario, self.seed)?;
        warn(&warnings, quiet);
        tracing::info!(scenario = plan.machine.scenario.name, engine = %self.engine, "running");
        let result = self.simulate(&plan, quiet)?;
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

    /// Runs the plan, with its trace if one is wanted.
    fn simulate(&self, plan: &Plan, quiet: bool) -> Result<RunResult, Failure> {
        let name = &plan.machine.scenario.name;
        let (trace, sink) = match self.trace_options() {
            Some(options) => {
                let (trace, sink) = TraceFile::create(plan, &options)?;
                (Some(trace), Some(sink))
            }
            None => (None, None),
        };
        if trace.is_some() {
            interrupt::listen();
        }
        let timeline = self.report.as_ref().map(|_| TimelineSink::new(plan));
        let path = (self.critical_path || self.report.is_some()).then(|| CriticalPathSink::new(plan));
        let boxed = |sink: Option<Box<dyn TraceSink>>| sink.into_iter();
        let timeline_sink = timeline.clone().map(|sink| Box::new(sink) as _);
        let path_sink = path.clone().map(|sink| Box::new(sink) as _);
        let sinks = boxed(sink).chain(boxed(timeline_sink)).chain(boxed(path_sink));
        let sink = together(sinks.collect());
        let bar = Bar::new(&format!("simulating {name}"), quiet);
        let outcome = run::run_watched(plan, self.engine, self.check, sink, &mut |progress| {
            bar.set_run(progress);
            let failed = trace.as_ref().is_some_and(TraceFile::has_failed);
            match failed || interrupt::is_requested() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        drop(bar);
        let kept = trace.map(|trace| keep(trace, quiet)).transpose()?;
        let mut result = outcome.map_err(|error| match error {
            RunError::Interrupted => Failure::RunInterrupted { trace: kept },
            error => Failure::Run(error),
        })?;
        let path = path.and_then(|sink| sink.path());
        result.critical_path = path.as_ref().map(|path| PathSummary::new(path, plan, STRETCHES));
        if let (Some(file), Some(timeline)) = (&self.report, timeline) {
            write_whole(
                file,
                run_page(plan, &result, &timeline, path.as_deref()),
                self.force,
            )?;
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

/// Finishes the trace and says what it is; of a run that failed, too, for it shows how it came to that.
fn keep(trace: TraceFile, quiet: bool) -> Result<PathBuf, Failure> {
    let target = trace.target().to_owned();
    let written = trace.finish()?;
    if !quiet {
        let file = target.display();
        writeln!(stderr().lock(), "wrote {file}: {} records", written.rows)?;
    }
    Ok(target)
}
