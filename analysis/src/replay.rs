//! Replaying a trace of requests in a memory.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::time::Instant;

use components::memory::{ReplayError, parse_trace};
use sim_core::Engine;

use crate::Error;
use crate::result::memory::{NamedMemory, ReplayResult, ReplaySettings};

/// A trace that is read while it is replayed, and its name in errors.
pub struct TraceInput {
    name: String,
    input: Box<dyn BufRead>,
}

impl std::fmt::Debug for TraceInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TraceInput").field(&self.name).finish()
    }
}

impl TraceInput {
    /// A trace that is read from `input`; errors call it `name`.
    pub fn new(name: impl Into<String>, input: impl BufRead + 'static) -> Self {
        Self {
            name: name.into(),
            input: Box::new(input),
        }
    }

    /// Opens the trace at `path`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let unreadable = |reason: &str| Error::unreadable(path, reason);
        if path.extension().is_some_and(|extension| extension == "gz") {
            let remedy = format!("it is packed; write `gunzip -c {name} | elector memory ... --replay -`");
            return Err(unreadable(&remedy));
        }
        let file = File::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => unreadable("there is no such file"),
            _ => unreadable(&error.to_string()),
        })?;
        if file.metadata().is_ok_and(|kind| kind.is_dir()) {
            return Err(unreadable("it is a directory"));
        }
        Ok(Self {
            name,
            input: Box::new(BufReader::with_capacity(1 << 16, file)),
        })
    }

    /// What errors call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Runs the requests of `trace` through `memory` alone, at most `requests_per_cycle` per cycle of its clock.
///
/// # Errors
/// A line of the trace is not a request, the memory's clock cannot be simulated, or the run did not finish or broke a
/// timing rule.
pub fn replay(
    memory: &NamedMemory,
    trace: TraceInput,
    requests_per_cycle: u32,
    engine: Engine,
) -> Result<ReplayResult, Error> {
    let start = Instant::now();
    let capacity = memory.plan.capacity_bytes();
    let beyond = Cell::new(0_u64);
    let records = parse_trace(trace.input).inspect(|record| {
        let outside = record.as_ref().is_ok_and(|record| record.address >= capacity);
        beyond.set(beyond.get() + u64::from(outside));
    });
    let report = components::memory::replay(&memory.plan, records, requests_per_cycle, engine)
        .map_err(|error| failure(&trace.name, error))?;
    let violations = &report.memory.violations;
    if let Some(first) = violations.first() {
        return Err(Error::Violations(vec![format!(
            "{} commands came too early, the first: {first}",
            violations.count()
        )]));
    }
    let settings = ReplaySettings {
        engine,
        requests_per_cycle,
        requests_beyond_capacity: beyond.get(),
        wall_seconds: start.elapsed().as_secs_f64(),
    };
    Ok(ReplayResult::new(memory, &report, settings))
}

fn failure(trace: &str, error: ReplayError) -> Error {
    match error {
        ReplayError::Trace(error) => Error::Line {
            file: trace.to_owned(),
            line: error.line,
            problem: error.problem.to_string(),
        },
        ReplayError::Clock(error) => Error::Setting(error.to_string()),
        error => Error::Replay(error),
    }
}
