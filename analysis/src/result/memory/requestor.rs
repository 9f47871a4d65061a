//! The requests of one requestor, and how long it waited.

use components::memory::{MemoryReport, RequestorReport};
use serde::{Deserialize, Serialize};
use sim_core::Ticks;
use sim_core::statistics::Latencies;

use super::MemoryFrame;
use super::histogram::LatencyHistogram;

/// One requestor's share of the traffic.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RequestorResult {
    /// Its name.
    pub name: String,
    /// Requests of one block.
    pub requests: u64,
    /// Its reads.
    pub reads: u64,
    /// Its writes.
    pub writes: u64,
    /// Bytes read and written.
    pub bytes: u64,
    /// Its share of the bandwidth, GB/s (10^9), over the whole run.
    pub achieved_gb_s: f64,
    /// The latency that the requestor waits for: that of its reads, from the request to the data. Writes are posted,
    /// so nothing waits for them. Only for a requestor that never reads, this is the latency of its writes, from the
    /// request to the end of the burst.
    pub latency_ns: Latency,
    /// Of its reads, from the request to the data; `None` if no latency of a read was measured.
    pub read_latency_ns: Option<Latency>,
    /// Of its writes, from the request to the end of the burst; `None` if no write reached a bank.
    pub write_latency_ns: Option<Latency>,
    /// All latencies rather than some quantiles, so that runs can be merged.
    pub latency_histogram: LatencyHistogram,
}

/// A distribution of latencies, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// The mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// The 90th percentile.
    pub p90: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

/// The requestors with any requests, by number.
pub(super) fn requestors(report: &MemoryReport, frame: &MemoryFrame<'_>) -> Vec<RequestorResult> {
    let named = frame.requestors.iter().zip(&report.requestors);
    named
        .filter(|(_, report)| report.reads + report.writes > 0)
        .map(|(name, report)| RequestorResult::of(name, report, frame))
        .collect()
}

impl RequestorResult {
    fn of(name: &str, report: &RequestorReport, frame: &MemoryFrame<'_>) -> Self {
        let nanoseconds_per_tick = frame.nanoseconds_per_tick;
        let measured = |latencies: &Latencies| {
            (latencies.count() > 0).then(|| Latency::of(latencies, nanoseconds_per_tick))
        };
        let reads = measured(&report.read_latency);
        let writes = measured(&report.write_latency);
        Self {
            name: name.to_owned(),
            requests: report.reads + report.writes,
            reads: report.reads,
            writes: report.writes,
            bytes: report.bytes,
            achieved_gb_s: match frame.seconds {
                0.0 => 0.0,
                seconds => report.bytes as f64 / seconds / 1e9,
            },
            latency_ns: reads.or(writes).unwrap_or_default(),
            read_latency_ns: reads,
            write_latency_ns: writes,
            latency_histogram: LatencyHistogram::of(report, nanoseconds_per_tick),
        }
    }
}

impl Latency {
    /// The figures of `latencies`, which are in ticks of `nanoseconds_per_tick`.
    #[must_use]
    pub fn of(latencies: &Latencies, nanoseconds_per_tick: f64) -> Self {
        let nanoseconds = |ticks: Ticks| ticks.0 as f64 * nanoseconds_per_tick;
        Self {
            mean: latencies.mean() * nanoseconds_per_tick,
            p50: nanoseconds(latencies.quantile(0.5)),
            p90: nanoseconds(latencies.quantile(0.9)),
            p99: nanoseconds(latencies.quantile(0.99)),
            max: nanoseconds(latencies.max()),
        }
    }
}
