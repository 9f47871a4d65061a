//! The result of a source of background traffic.

use components::background::BackgroundCounts;
use components::units::BLOCK;
use scenarios::system::{BackgroundPlan, Plan};
use serde::{Deserialize, Serialize};
use sim_core::{Tick, Ticks};

use super::memory::Latency;

/// A source of background traffic over a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BackgroundResult {
    /// Its name.
    pub name: String,
    /// Requests that it made.
    pub requests: u64,
    /// Bytes that it requested.
    pub bytes: u64,
    /// Its achieved bandwidth, GB/s, from its start to its own end or that of the last transformer.
    pub achieved_gb_s: f64,
    /// From the time a request was due to its answer, in nanoseconds. This includes the wait for a place in the
    /// controller's queues, which main memory's own latencies exclude. A write is answered when it is accepted.
    pub delay_ns: Latency,
}

impl BackgroundResult {
    /// What `source` did in a run of `plan` whose last transformer was finished at `ended`.
    #[must_use]
    pub fn new(source: &BackgroundPlan, counts: &BackgroundCounts, plan: &Plan, ended: Tick) -> Self {
        let bytes = counts.requests * BLOCK.0;
        let end = source.stop().map_or(ended, |stop| stop.min(ended));
        let seconds = match end > source.start() {
            true => plan.timebase.seconds(end.since(source.start())),
            false => 0.0,
        };
        Self {
            name: source.name.clone(),
            requests: counts.requests,
            bytes,
            achieved_gb_s: if seconds > 0.0 {
                bytes as f64 / seconds / 1e9
            } else {
                0.0
            },
            delay_ns: Latency::of(&counts.delay, plan.timebase.nanoseconds(Ticks(1))),
        }
    }
}
