//! The operations that took longest.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Window;
use crate::trace::{Entry, Form, Header};

/// An operation in the trace.
#[derive(Clone, Debug, Serialize)]
pub struct OperationUse {
    /// The transformer that it belongs to, if it is not the scenario's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transformer: Option<String>,
    /// Its number.
    pub operation: u32,
    /// What it is for.
    pub role: String,
    /// Its layer.
    pub layer: Option<u32>,
    /// Its head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<u32>,
    /// Tiles that were worked on.
    pub tiles: u64,
    /// First cycle of its first tile.
    pub from_cycle: f64,
    /// End of its last tile.
    pub to_cycle: f64,
    /// From the first to the last tile.
    pub cycles: f64,
    /// Cycles at work on its tiles, summed over lanes and modules.
    pub busy_cycles: f64,
}

struct Seen {
    role: String,
    layer: Option<u32>,
    head: Option<u32>,
    tiles: u64,
    start: u64,
    end: u64,
    busy: u64,
}

/// Adds tiles up.
#[derive(Default)]
pub(super) struct Collector {
    operations: BTreeMap<(Option<String>, u32), Seen>,
}

/// The name in front of another transformer's tracks.
fn transformer(track: &str) -> Option<String> {
    let own = track.rfind("pe[")?;
    let name = track[..own].strip_suffix('.')?;
    Some(name.to_owned())
}

impl Collector {
    pub(super) fn add(&mut self, entry: &Entry<'_>, window: Window) {
        let (Some(operation), Form::Span, Some(_)) = (entry.operation, entry.record, entry.tile) else {
            return;
        };
        let Some((start, end)) = window.clip(entry) else {
            return;
        };
        let key = (transformer(&entry.track), operation);
        let seen = self.operations.entry(key).or_insert_with(|| Seen {
            role: entry.role.as_deref().unwrap_or("?").to_owned(),
            layer: entry.layer,
            head: entry.head,
            tiles: 0,
            start,
            end,
            busy: 0,
        });
        seen.tiles += 1;
        seen.start = seen.start.min(start);
        seen.end = seen.end.max(end);
        seen.busy += end - start;
    }

    pub(super) fn finish(self, top: usize, header: &Header) -> Vec<OperationUse> {
        let cycle = |tick: u64| tick as f64 / header.ticks_per_cycle as f64;
        let mut operations: Vec<_> = self.operations.into_iter().collect();
        operations.sort_by_key(|(key, seen)| (u64::MAX - (seen.end - seen.start), key.clone()));
        operations.truncate(top);
        let used = operations
            .into_iter()
            .map(|((transformer, operation), seen)| OperationUse {
                transformer,
                operation,
                role: seen.role,
                layer: seen.layer,
                head: seen.head,
                tiles: seen.tiles,
                from_cycle: cycle(seen.start),
                to_cycle: cycle(seen.end),
                cycles: cycle(seen.end - seen.start),
                busy_cycles: cycle(seen.busy),
            });
        used.collect()
    }
}
