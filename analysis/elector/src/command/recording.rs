//! What `elector run` records besides the result: a trace, the plots of a page, the critical path.

use std::io::{Write as _, stderr};
use std::path::PathBuf;

use analysis::critical_path::{CriticalPath, CriticalPathSink, PathSummary, STRETCHES};
use analysis::over_time::TimelineSink;
use analysis::result::RunResult;
use analysis::tee::Tee;
use scenarios::system::Plan;
use sim_core::{Ticks, TraceSink};
use traces::{TraceFile, TraceHealth, TraceOptions};

use crate::page::run_page;
use crate::{Failure, interrupt};

/// The sinks that record a run; they are lent to the run.
pub(super) struct Recording {
    trace: Option<TraceFile>,
    /// `None` if the trace follows the critical path anyway.
    path_sink: Option<CriticalPathSink>,
    timeline: Option<TimelineSink>,
    /// Whether the critical path is part of the result or of the page.
    wants_path: bool,
    /// Set once the run is over.
    path: Option<CriticalPath>,
}

impl Recording {
    /// Begins recording a run of `plan`: a trace, the data of a page, the critical path.
    pub(super) fn begin(
        plan: &Plan,
        trace: Option<&TraceOptions>,
        page: bool,
        path: bool,
    ) -> Result<Self, Failure> {
        let trace = trace
            .map(|options| TraceFile::create(plan, options))
            .transpose()?;
        if trace.is_some() {
            interrupt::listen();
        }
        let wants_path = page || path;
        let has_path = trace.as_ref().is_some_and(TraceFile::follows_critical_path);
        Ok(Self {
            trace,
            path_sink: (wants_path && !has_path).then(|| CriticalPathSink::new(plan)),
            timeline: page.then(|| TimelineSink::new(plan)),
            wants_path,
            path: None,
        })
    }

    /// The sinks as one, to lend to the run.
    pub(super) fn tee(&mut self) -> Tee<'_> {
        let mut sinks: Vec<&mut dyn TraceSink> = Vec::new();
        sinks.extend(self.trace.as_mut().map(TraceFile::sink));
        sinks.extend(self.path_sink.as_mut().map(|sink| sink as _));
        sinks.extend(self.timeline.as_mut().map(|sink| sink as _));
        Tee::new(sinks)
    }

    /// Tells during the run whether the trace can still be written; `None` if there is no trace.
    pub(super) fn health(&self) -> Option<TraceHealth> {
        self.trace.as_ref().map(TraceFile::health)
    }

    /// Ends the recording and returns where the trace is, if there is one. This also applies to a failed run, since the trace
    /// shows how the failure came about.
    pub(super) fn end(&mut self, quiet: bool) -> Result<Option<PathBuf>, Failure> {
        let of_trace = self.trace.as_mut().and_then(TraceFile::take_critical_path);
        let of_sink = self.path_sink.as_mut().and_then(CriticalPathSink::take_path);
        self.path = of_trace.or(of_sink).filter(|_| self.wants_path);
        let Some(trace) = self.trace.take() else {
            return Ok(None);
        };
        let target = trace.target().to_owned();
        let written = trace.finish()?;
        if !quiet {
            let file = target.display();
            writeln!(stderr().lock(), "wrote {file}: {} records", written.rows)?;
        }
        Ok(Some(target))
    }

    /// Adds the critical path to the result. It must be as long as the run, which is one of the invariants.
    pub(super) fn add_path(&self, plan: &Plan, result: &mut RunResult) {
        let Some(path) = &self.path else { return };
        result.critical_path = Some(PathSummary::new(path, plan, STRETCHES));
        let length = plan.machine.clock.cycles_spanning(Ticks(path.length())).0;
        let cycles = result.machine.cycles;
        if let Some(checks) = result.checks.as_mut().filter(|_| length != cycles) {
            let violation = format!("the critical path is {length} cycles long, the run {cycles}");
            checks.violations.push(violation);
        }
    }

    /// The page, if requested.
    pub(super) fn page(&self, plan: &Plan, result: &RunResult) -> Option<String> {
        let timeline = self.timeline.as_ref()?;
        Some(run_page(plan, result, timeline, self.path.as_ref()))
    }
}
