//! How long transfers took.

use std::collections::BTreeMap;

use analysis::result::memory::Latency;
use serde::{Deserialize, Serialize};
use sim_core::Ticks;
use sim_core::statistics::Latencies;

use crate::{Entry, Form, Header};

/// Transfers of one direction and purpose.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TransferUse {
    /// Into a buffer (`load`) or out of it (`store`).
    pub direction: String,
    /// What it carries.
    pub traffic: String,
    /// How many.
    pub transfers: u64,
    /// Bytes of all of them.
    pub bytes: u64,
    /// From the order to the last answer.
    pub latency_ns: Latency,
    /// The part of it before the first request.
    pub queued_ns: Latency,
}

#[derive(Default)]
struct Class {
    bytes: u64,
    latency: Latencies,
    queued: Latencies,
}

/// Measures transfers.
#[derive(Default)]
pub(super) struct Collector {
    classes: BTreeMap<(String, String), Class>,
    /// The transfer that each place in a DMA has moved since last, and how long it was queued.
    queued: BTreeMap<String, (u32, u64)>,
}

impl Collector {
    pub(super) fn add(&mut self, entry: &Entry<'_>) {
        let (Form::Span, Some(transfer), Some(bytes)) = (entry.record, entry.transfer, entry.bytes) else {
            return;
        };
        let took = entry.end_tick - entry.start_tick;
        if entry.kind.ends_with("_queued") {
            self.queued.insert(entry.track.to_string(), (transfer, took));
            return;
        }
        let queued = match self.queued.get(&*entry.track) {
            Some(&(queued, ticks)) if queued == transfer => ticks,
            _ => 0,
        };
        let traffic = entry.detail.as_deref().unwrap_or("?").to_owned();
        let class = self.classes.entry((entry.kind.to_string(), traffic)).or_default();
        class.bytes = class.bytes.saturating_add(bytes);
        class.latency.record(Ticks(queued.saturating_add(took)));
        class.queued.record(Ticks(queued));
    }

    pub(super) fn finish(self, header: &Header) -> Vec<TransferUse> {
        let tick = header.nanoseconds(1);
        let classes = self.classes.into_iter();
        let used = classes.map(|((direction, traffic), class)| TransferUse {
            direction,
            traffic,
            transfers: class.latency.count(),
            bytes: class.bytes,
            latency_ns: Latency::of(&class.latency, tick),
            queued_ns: Latency::of(&class.queued, tick),
        });
        used.collect()
    }
}

#[cfg(test)]
mod tests;
