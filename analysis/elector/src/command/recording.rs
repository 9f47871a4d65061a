//! What `elector run` records of a run beside its result: a trace, the plots of a page, the critical path.

use std::io::{Write as _, stderr};
use std::path::PathBuf;
use std::rc::Rc;

use scenarios::system::Plan;
use sim_core::{Ticks, TraceSink};

use crate::page::run_page;
use crate::{Failure, interrupt};
use analysis::critical_path::{CriticalPath, CriticalPathSink, PathSummary, STRETCHES};
use analysis::over_time::TimelineSink;
use analysis::result::RunResult;
use analysis::tee::together;
use traces::{TraceFile, TraceOptions};

/// What is being recorded.
pub(super) struct Recording {
    trace: Option<TraceFile>,
    timeline: Option<TimelineSink>,
    path: Option<CriticalPathSink>,
}

impl Recording {
    /// Begins to record a run of `plan`: a trace, what a page shows, the critical path. The sink is what the run is to be given.
    pub(super) fn begin(
        plan: &Plan,
        trace: Option<&TraceOptions>,
        page: bool,
        path: bool,
    ) -> Result<(Self, Option<Box<dyn TraceSink>>), Failure> {
        let mut sinks: Vec<Box<dyn TraceSink>> = Vec::new();
        let mut recording = Self {
            trace: None,
            timeline: page.then(|| TimelineSink::new(plan)),
            path: None,
        };
        if let Some(options) = trace {
            let (trace, sink) = TraceFile::create(plan, options)?;
            recording.path = trace.critical_path().filter(|_| page || path);
            recording.trace = Some(trace);
            sinks.push(sink);
            interrupt::listen();
        }
        if (page || path) && recording.path.is_none() {
            let sink = CriticalPathSink::new(plan);
            sinks.push(Box::new(sink.clone()));
            recording.path = Some(sink);
        }
        sinks.extend(recording.timeline.clone().map(|sink| Box::new(sink) as _));
        Ok((recording, together(sinks)))
    }

    /// Whether the trace cannot be written any more, so that there is no use in going on.
    pub(super) fn has_failed(&self) -> bool {
        self.trace.as_ref().is_some_and(TraceFile::has_failed)
    }

    /// Finishes the trace, if there is one, and says what it is; of a run that failed, too, for it shows how it came to that.
    pub(super) fn keep_trace(&mut self, quiet: bool) -> Result<Option<PathBuf>, Failure> {
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

    /// Adds the critical path to the result; that it is as long as the run is one of the things that must hold.
    pub(super) fn add_path(&self, plan: &Plan, result: &mut RunResult) {
        let Some(path) = self.path() else { return };
        result.critical_path = Some(PathSummary::new(&path, plan, STRETCHES));
        let length = plan.machine.clock.cycles_spanning(Ticks(path.length())).0;
        let cycles = result.machine.cycles;
        if let Some(checks) = result.checks.as_mut().filter(|_| length != cycles) {
            let violation = format!("the critical path is {length} cycles long, the run {cycles}");
            checks.violations.push(violation);
        }
    }

    /// The page, if one is wanted.
    pub(super) fn page(&self, plan: &Plan, result: &RunResult) -> Option<String> {
        let timeline = self.timeline.as_ref()?;
        Some(run_page(plan, result, timeline, self.path().as_deref()))
    }

    fn path(&self) -> Option<Rc<CriticalPath>> {
        self.path.as_ref()?.path()
    }
}
