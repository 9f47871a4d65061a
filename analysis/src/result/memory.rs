//! The result of a main memory: in a run of a whole machine, or alone under a trace of requests.

mod histogram;
mod named;
mod replay;
mod requestor;
mod technology;
mod wear;

use components::memory::MemoryReport;
use serde::{Deserialize, Serialize};

pub use histogram::{HistogramError, LatencyHistogram, decode_histogram};
pub use named::NamedMemory;
pub use replay::ReplayResult;
pub(crate) use replay::ReplaySettings;
pub use requestor::{Latency, RequestorResult};
pub use technology::{EnergyFigures, ShippedMemory, Span, TechnologyResult, TimingResult};
pub use wear::WearResult;

/// Main memory over a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MemoryResult {
    /// The technology: a shipped name or a file.
    pub technology: String,
    /// Channels.
    pub channels: u32,
    /// Peak bandwidth of all channels, GB/s (10^9); `None` for an ideal memory.
    pub peak_gb_s: Option<f64>,
    /// Average bandwidth over the run, GB/s, without requests that still waited at its end.
    pub achieved_gb_s: f64,
    /// Bytes read.
    pub read_bytes: u64,
    /// Bytes written.
    pub write_bytes: u64,
    /// Rows opened.
    pub activates: u64,
    /// Rows closed.
    pub precharges: u64,
    /// Refreshes.
    pub refreshes: u64,
    /// Requests that found their row open.
    pub row_hits: u64,
    /// Requests that found no row open.
    pub row_misses: u64,
    /// Requests that found another row open.
    pub row_conflicts: u64,
    /// Reads answered from a write that still waited.
    pub forwarded_reads: u64,
    /// Reads served by another read's column access.
    pub merged_reads: u64,
    /// Writes replaced by a later write before they were written.
    pub merged_writes: u64,
    /// Cycles in which a row command and a column command issued together (HBM).
    pub dual_commands: u64,
    /// Requests that still waited when the run ended: writes that no drain had reached.
    pub still_queued: u64,
    /// Share of the run in which the data buses carried data.
    pub bus_utilisation: f64,
    /// Share of the run that the ranks spent refreshing.
    pub refresh_share: f64,
    /// Energy per bit read or written, pJ, background included.
    pub pj_per_bit: f64,
    /// Energy by cause.
    pub energy_nj: MemoryEnergy,
    /// Wear of resistive cells; `None` for DRAM.
    pub wear: Option<WearResult>,
    /// The requestors, and how long they waited.
    pub requestors: Vec<RequestorResult>,
}

/// Main memory's energy by cause, in nJ.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct MemoryEnergy {
    /// Activates and their precharges.
    pub activate: f64,
    /// Column reads.
    pub read: f64,
    /// Column writes.
    pub write: f64,
    /// Refreshes.
    pub refresh: f64,
    /// Standby.
    pub background: f64,
    /// The sum of all of them.
    pub total: f64,
}

/// What is needed to turn the counts of a memory into figures.
#[derive(Clone, Copy, Debug)]
pub struct MemoryFrame<'a> {
    /// The technology: a shipped name or a file.
    pub technology: &'a str,
    /// Channels.
    pub channels: u32,
    /// Peak bytes per second; infinite for an ideal memory.
    pub peak_bytes_per_second: f64,
    /// The span over which bandwidth and wear are averaged, in seconds.
    pub seconds: f64,
    /// The unit of the latencies, in ns.
    pub nanoseconds_per_tick: f64,
    /// Names of the requestors, by their numbers.
    pub requestors: &'a [&'a str],
}

impl MemoryResult {
    /// The figures of `report` in `frame`.
    #[must_use]
    pub fn of(report: &MemoryReport, frame: &MemoryFrame<'_>) -> Self {
        // JSON has no infinity: an ideal memory has a peak of null.
        let peak = frame.peak_bytes_per_second / 1e9;
        Self {
            technology: frame.technology.to_owned(),
            channels: frame.channels,
            peak_gb_s: peak.is_finite().then_some(peak),
            achieved_gb_s: match frame.seconds {
                0.0 => 0.0,
                seconds => moved_bytes(report) / seconds / 1e9,
            },
            read_bytes: report.read_bytes,
            write_bytes: report.write_bytes,
            activates: report.activates,
            precharges: report.precharges,
            refreshes: report.refreshes + report.bank_refreshes,
            row_hits: report.row_hits(),
            row_misses: report.row_misses,
            row_conflicts: report.row_conflicts,
            forwarded_reads: report.forwarded_reads,
            merged_reads: report.merged_reads,
            merged_writes: report.merged_writes,
            dual_commands: report.dual_commands,
            still_queued: report.still_queued,
            bus_utilisation: report.bus_utilisation,
            refresh_share: report.refresh_share,
            pj_per_bit: report.picojoules_per_bit(),
            energy_nj: MemoryEnergy::of(report),
            wear: report
                .wear
                .as_ref()
                .map(|wear| WearResult::of(wear, frame.seconds)),
            requestors: requestor::requestors(report, frame),
        }
    }
}

/// Requested bytes, without those that still waited at the end.
fn moved_bytes(report: &MemoryReport) -> f64 {
    let requests = report.reads + report.writes;
    let served = requests.saturating_sub(report.still_queued);
    let bytes = (report.read_bytes + report.write_bytes) as f64;
    if requests == 0 {
        0.0
    } else {
        bytes * (served as f64 / requests as f64)
    }
}

impl MemoryEnergy {
    fn of(report: &MemoryReport) -> Self {
        let energy = &report.energy;
        let nanojoules = |picojoules: f64| picojoules * 1e-3;
        Self {
            activate: nanojoules(energy.activate.0),
            read: nanojoules(energy.read.0),
            write: nanojoules(energy.write.0),
            refresh: nanojoules(energy.refresh.0),
            background: nanojoules(energy.background.0),
            total: nanojoules(energy.total().0),
        }
    }
}
