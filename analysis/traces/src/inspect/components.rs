//! How much components were busy.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Window;
use crate::{Entry, Form, Header, track_class};

/// How much a component, or all of a kind, was busy with one kind of thing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ComponentUse {
    /// The track, or the kind of track with `*` for its numbers.
    pub component: String,
    /// What it did.
    pub kind: String,
    /// Tracks of the kind, those included that did nothing.
    pub tracks: u64,
    /// Spans.
    pub spans: u64,
    /// Cycles of the accelerator, summed over tracks.
    pub busy_cycles: f64,
    /// Busy share of the time, averaged over tracks.
    pub utilization: f64,
    /// That of the least busy track.
    pub least: f64,
    /// That of the busiest track.
    pub most: f64,
}

/// Spans of one kind on one track.
#[derive(Clone, Copy, Default)]
struct Busy {
    spans: u64,
    ticks: u64,
}

/// Adds spans up.
pub(super) struct Collector {
    each: bool,
    busy: BTreeMap<String, BTreeMap<String, Busy>>,
}

impl Collector {
    /// A collector of each track by itself, or of kinds of tracks.
    pub(super) fn new(each: bool) -> Self {
        Self {
            each,
            busy: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, entry: &Entry<'_>, window: Window) {
        // Waiting is not being busy.
        if entry.record != Form::Span || entry.kind.ends_with("_queued") {
            return;
        }
        let ticks = window.clip(entry).map_or(0, |(start, end)| end - start);
        let busy = match self.busy.get_mut(&*entry.track) {
            Some(kinds) => kinds,
            None => self.busy.entry(entry.track.to_string()).or_default(),
        };
        let busy = match busy.get_mut(&*entry.kind) {
            Some(busy) => busy,
            None => busy.entry(entry.kind.to_string()).or_default(),
        };
        busy.spans += 1;
        busy.ticks = busy.ticks.saturating_add(ticks);
    }

    pub(super) fn finish(self, window: Window, header: &Header) -> Vec<ComponentUse> {
        let mut groups: BTreeMap<(String, String), Vec<Busy>> = BTreeMap::new();
        for (track, kinds) in self.busy {
            let component = if self.each { track } else { track_class(&track) };
            for (kind, busy) in kinds {
                groups.entry((component.clone(), kind)).or_default().push(busy);
            }
        }
        let whole = (window.to - window.from).max(1) as f64;
        let uses = groups.into_iter().map(|((component, kind), busy)| {
            let seen = busy.len() as u64;
            let known = header.tracks.get(&component).copied().filter(|_| !self.each);
            let tracks = known.unwrap_or(seen).max(seen);
            let ticks = busy
                .iter()
                .fold(0_u64, |sum, busy| sum.saturating_add(busy.ticks));
            let shares = || busy.iter().map(|busy| busy.ticks as f64 / whole);
            ComponentUse {
                component,
                kind,
                tracks,
                spans: busy.iter().map(|busy| busy.spans).sum(),
                busy_cycles: ticks as f64 / header.ticks_per_cycle as f64,
                utilization: ticks as f64 / whole / tracks as f64,
                least: if tracks > seen {
                    0.0
                } else {
                    shares().fold(f64::INFINITY, f64::min)
                },
                most: shares().fold(0.0, f64::max),
            }
        });
        uses.collect()
    }
}
