//! Runs with a trace, and traces read back.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use scenarios::system::{Measurements, Plan};
use sim_core::Engine;
use traces::read::TraceReader;
use traces::{Entry, Header, TimeWindow, TraceFile, TraceOptions};

/// A trace with everything into `file`.
#[must_use]
pub fn whole(file: PathBuf) -> TraceOptions {
    TraceOptions {
        file,
        only: Vec::new(),
        window: TimeWindow::default(),
        sample: NonZeroU32::MIN,
        force: true,
    }
}

/// Runs `plan` on `engine` with a trace.
///
/// # Panics
/// The run or the trace fails.
#[must_use]
pub fn run_traced(plan: &Plan, engine: Engine, options: &TraceOptions) -> Measurements {
    let mut trace = TraceFile::create(plan, options).unwrap_or_else(|error| panic!("{error}"));
    let system = plan.build(engine).unwrap_or_else(|error| panic!("{error}"));
    let measured = system
        .run_traced(plan, trace.sink())
        .unwrap_or_else(|error| panic!("{error}"));
    trace.finish().unwrap_or_else(|error| panic!("{error}"));
    measured
}

/// All records of the trace at `path`.
///
/// # Panics
/// It cannot be read.
#[must_use]
pub fn entries(path: &Path) -> (Header, Vec<Entry<'static>>) {
    let mut reader = TraceReader::open(path).unwrap_or_else(|error| panic!("{error}"));
    let header = reader.header().clone();
    let mut entries = Vec::new();
    while let Some(entry) = reader.next_entry().unwrap_or_else(|error| panic!("{error}")) {
        entries.push(entry.into_owned());
    }
    (header, entries)
}
