//! What main memory did.

use components::memory::MemoryReport;
use components::message::Traffic;
use scenarios::schema::Reference;
use scenarios::system::{Measurements, Plan};
use serde::Serialize;
use sim_core::Ticks;
use sim_core::statistics::Latencies;

/// Main memory over a run.
#[derive(Clone, Debug, Serialize)]
pub struct MemoryResult {
    /// The technology: a shipped name or a file.
    pub technology: String,
    /// Channels.
    pub channels: u32,
    /// What all channels move at their peak, GB/s (10^9); none for an ideal memory.
    pub peak_gb_s: Option<f64>,
    /// What they moved on average over the run, GB/s.
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
    /// Share of the run that the ranks spent refreshing.
    pub refresh_share: f64,
    /// Energy a bit read or written, pJ, background included.
    pub pj_per_bit: f64,
    /// Energy by cause.
    pub energy_nj: MemoryEnergy,
    /// Who asked, and how long they waited.
    pub requestors: Vec<RequestorResult>,
}

/// Main memory's energy by cause, in nJ.
#[derive(Clone, Copy, Debug, Default, Serialize)]
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
}

/// One requestor's share of the traffic.
#[derive(Clone, Debug, Serialize)]
pub struct RequestorResult {
    /// Who.
    pub name: String,
    /// Requests of one block.
    pub requests: u64,
    /// Bytes read and written.
    pub bytes: u64,
    /// From the request to its data; for a write, to the end of its burst.
    pub latency_ns: Latency,
}

/// A distribution of latencies, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Latency {
    /// The mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// Nine of ten are no longer.
    pub p90: f64,
    /// 99 of 100 are no longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

impl MemoryResult {
    /// What the memory of `plan` did in a run of `seconds`.
    #[must_use]
    pub fn new(plan: &Plan, measured: &Measurements, seconds: f64) -> Self {
        let technology = match &plan.scenario.memory {
            Reference::Preset(name) | Reference::File(name) => name.clone(),
        };
        let report = &measured.memory;
        let moved = report.read_bytes + report.write_bytes;
        // JSON has no infinity: an ideal memory has a peak of null.
        let peak = plan.memory.peak_bytes_per_second() / 1e9;
        Self {
            technology,
            channels: plan.memory.channels(),
            peak_gb_s: peak.is_finite().then_some(peak),
            achieved_gb_s: if seconds > 0.0 {
                moved as f64 / seconds / 1e9
            } else {
                0.0
            },
            read_bytes: report.read_bytes,
            write_bytes: report.write_bytes,
            activates: report.activates,
            precharges: report.precharges,
            refreshes: report.refreshes + report.bank_refreshes,
            row_hits: report.row_hits(),
            row_misses: report.row_misses,
            row_conflicts: report.row_conflicts,
            refresh_share: report.refresh_share,
            pj_per_bit: report.picojoules_per_bit(),
            energy_nj: MemoryEnergy::of(report),
            requestors: requestors(plan, measured),
        }
    }
}

/// Those who asked for anything, in the order of their numbers.
fn requestors(plan: &Plan, measured: &Measurements) -> Vec<RequestorResult> {
    let named = Traffic::ALL.into_iter().zip(&measured.memory.requestors);
    named
        .filter(|(_, report)| report.reads + report.writes > 0)
        .map(|(traffic, report)| {
            let mut latencies = report.read_latency.clone();
            latencies.merge(&report.write_latency);
            RequestorResult {
                name: traffic.name().to_owned(),
                requests: report.reads + report.writes,
                bytes: report.bytes,
                latency_ns: Latency::of(&latencies, plan),
            }
        })
        .collect()
}

impl Latency {
    fn of(latencies: &Latencies, plan: &Plan) -> Self {
        let nanoseconds = |ticks| plan.timebase.nanoseconds(ticks);
        Self {
            mean: latencies.mean() * nanoseconds(Ticks(1)),
            p50: nanoseconds(latencies.quantile(0.5)),
            p90: nanoseconds(latencies.quantile(0.9)),
            p99: nanoseconds(latencies.quantile(0.99)),
            max: nanoseconds(latencies.max()),
        }
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
        }
    }
}
