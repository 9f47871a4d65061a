//! What main memory did.

use scenarios::schema::Reference;
use scenarios::system::{Measurements, Plan};
use serde::Serialize;

/// Main memory over a run.
#[derive(Clone, Debug, Serialize)]
pub struct MemoryResult {
    /// The technology: a shipped name or a file.
    pub technology: String,
    /// Channels.
    pub channels: u32,
    /// What all channels move at their peak, GB/s (10^9).
    pub peak_gb_s: f64,
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
    /// Who asked, and how long they waited.
    pub requestors: Vec<RequestorResult>,
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
    /// From the request's arrival to its answer.
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
        let (moved, read_bytes) = (measured.memory.bytes_moved(), measured.memory.bytes_read());
        // TEMPORARY: the zeros below stand until the memory reports its commands and latencies.
        Self {
            technology,
            channels: 1,
            peak_gb_s: plan.memory.peak_bytes_per_second() / 1e9,
            achieved_gb_s: if seconds > 0.0 {
                moved as f64 / seconds / 1e9
            } else {
                0.0
            },
            read_bytes,
            write_bytes: moved - read_bytes,
            activates: 0,
            precharges: 0,
            refreshes: 0,
            row_hits: 0,
            row_misses: 0,
            row_conflicts: 0,
            requestors: vec![RequestorResult {
                name: "dma".to_owned(),
                requests: measured.dma_requests.0,
                bytes: moved,
                latency_ns: Latency::default(),
            }],
        }
    }
}
