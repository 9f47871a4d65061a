//! The result of replaying a trace of requests in a memory alone.

use components::memory::ReplayReport;
use serde::{Deserialize, Serialize};
use sim_core::Engine;

use super::NamedMemory;
use super::{MemoryFrame, MemoryResult};

/// The result of a replay. Two replays of a trace in a memory differ in `wall_seconds` only.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReplayResult {
    /// The memory: a shipped name or a file.
    pub technology: String,
    /// The engine's name.
    pub engine: String,
    /// Requests that the host could offer per cycle.
    pub requests_per_cycle: u32,
    /// The memory's clock.
    pub clock_mhz: f64,
    /// The cycle of the memory's clock in which the last answer came.
    pub cycles: u64,
    /// The same in simulated seconds.
    pub seconds: f64,
    /// Reads of the trace.
    pub reads: u64,
    /// Writes of the trace.
    pub writes: u64,
    /// Requests with an address beyond the memory's capacity; they wrapped around.
    pub requests_beyond_capacity: u64,
    /// What the memory did; its requestor is called `trace`.
    pub memory: MemoryResult,
    /// Messages delivered.
    pub events: u64,
    /// A hash of every delivered message in order: equal for equal behaviour.
    pub trace_digest: String,
    /// How long the simulation itself took.
    pub wall_seconds: f64,
}

/// How a replay was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReplaySettings {
    pub(crate) engine: Engine,
    pub(crate) requests_per_cycle: u32,
    pub(crate) requests_beyond_capacity: u64,
    pub(crate) wall_seconds: f64,
}

impl ReplayResult {
    pub(crate) fn new(memory: &NamedMemory, report: &ReplayReport, settings: ReplaySettings) -> Self {
        let NamedMemory { name, plan } = memory;
        let hertz = plan.frequency().hertz();
        let seconds = report.last_answer as f64 / hertz;
        let frame = MemoryFrame {
            technology: name,
            channels: plan.description().organisation.channels,
            peak_bytes_per_second: plan.peak_bytes_per_second(),
            seconds,
            // The memory's clock is the only one of a replay, so its cycle is the tick.
            nanoseconds_per_tick: 1e9 / hertz,
            requestors: &["trace"],
        };
        Self {
            technology: name.clone(),
            engine: settings.engine.to_string(),
            requests_per_cycle: settings.requests_per_cycle,
            clock_mhz: hertz / 1e6,
            cycles: report.last_answer,
            seconds,
            reads: report.reads,
            writes: report.writes,
            requests_beyond_capacity: settings.requests_beyond_capacity,
            memory: MemoryResult::of(&report.memory, &frame),
            events: report.events,
            trace_digest: format!("{:016x}", report.digest),
            wall_seconds: settings.wall_seconds,
        }
    }
}
