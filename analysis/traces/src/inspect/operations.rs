//! The operations that took longest.

use std::collections::BTreeMap;

use analysis::longest::Longest;
use serde::{Deserialize, Serialize};

use super::Window;
use crate::{Entry, Form, Header};

/// An operation in the trace.
#[derive(Clone, Debug, Serialize, Deserialize)]
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

/// Operations of a transformer that are added up at once: as many as a control block can have in flight
/// (`prefetch_operations` at most). Older ones are complete.
const MOST_OPEN: usize = 1 << 16;

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
pub(super) struct Collector {
    /// By transformer and number.
    open: BTreeMap<Option<String>, BTreeMap<u32, Seen>>,
    longest: Longest<(Option<String>, u32), Seen>,
}

/// The name in front of another transformer's tracks.
fn transformer(track: &str) -> Option<String> {
    let own = track.rfind("pe[")?;
    let name = track[..own].strip_suffix('.')?;
    Some(name.to_owned())
}

impl Collector {
    /// A collector that names so many.
    pub(super) fn new(top: usize) -> Self {
        Self {
            open: BTreeMap::new(),
            longest: Longest::new(top),
        }
    }

    pub(super) fn add(&mut self, entry: &Entry<'_>, window: Window) {
        let (Some(operation), Form::Span, Some(_)) = (entry.operation, entry.record, entry.tile) else {
            return;
        };
        let Some((start, end)) = window.clip(entry) else {
            return;
        };
        let transformer = transformer(&entry.track);
        let open = self.open.entry(transformer.clone()).or_default();
        let seen = open.entry(operation).or_insert_with(|| Seen {
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
        seen.busy = seen.busy.saturating_add(end - start);
        if open.len() > MOST_OPEN
            && let Some((oldest, seen)) = open.pop_first()
        {
            self.longest
                .offer(seen.end - seen.start, (transformer, oldest), || seen);
        }
    }

    pub(super) fn finish(mut self, header: &Header) -> Vec<OperationUse> {
        let cycle = |tick: u64| tick as f64 / header.ticks_per_cycle as f64;
        for (transformer, open) in self.open {
            for (operation, seen) in open {
                let key = (transformer.clone(), operation);
                self.longest.offer(seen.end - seen.start, key, || seen);
            }
        }
        let used = self
            .longest
            .finish()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_operations_than_are_open_at_once_are_all_seen() {
        let (mut collector, window) = (
            Collector::new(3),
            Window {
                from: 0,
                to: u64::MAX,
            },
        );
        let header: Header = serde_json::from_str(
            r#"{"version":1,"scenario":"","seed":0,"ticks_per_second":1,"ticks_per_cycle":1,
                "ticks_per_memory_cycle":1,"from_tick":0,"sample":1}"#,
        )
        .unwrap();
        let operations = MOST_OPEN as u64 * 2;
        for operation in 0..operations {
            // The fourth and the last one but four are long, and each has two tiles.
            let length = if [4, operations - 5].contains(&operation) {
                100 + operation
            } else {
                7
            };
            for (start, end) in [
                (operation, operation + 1),
                (operation + length - 1, operation + length),
            ] {
                let line = format!(
                    r#"{{"record":"span","track":"pe[0].mac[0]","kind":"mac_tile","start_tick":{start},"end_tick":{end},
                        "start_ns":0,"duration_ns":0,"operation":{operation},"tile":[0,0,0,0]}}"#
                );
                collector.add(&serde_json::from_str(&line).unwrap(), window);
            }
        }
        let longest = collector.finish(&header);
        let found: Vec<_> = longest
            .iter()
            .map(|used| (u64::from(used.operation), used.cycles, used.tiles))
            .collect();
        let last = operations - 5;
        assert_eq!(
            found,
            [(last, 100.0 + last as f64, 2), (4, 104.0, 2), (0, 7.0, 2)]
        );
    }
}
