//! Why MAC lanes idled.
//!
//! Between two tiles a lane either has a run in hand, whose operands are on their way to it (`pipeline`), or it has
//! none. Then it waits for what the control block waited for at that time, or, if the control block knew of no idle lane,
//! for the run that is on its way from there (`issue`).

use std::collections::BTreeMap;

use serde::Serialize;

use super::Window;
use crate::trace::{Entry, Form, Header};

/// Idle time of the lanes that were asked for.
#[derive(Clone, Debug, Serialize)]
pub struct IdleLanes {
    /// Lanes that were asked for and that did anything.
    pub lanes: u64,
    /// Idle cycles by cause, summed over lanes; the largest first.
    pub causes: Vec<IdleCause>,
    /// The longest gaps.
    pub gaps: Vec<Gap>,
}

/// Idle time for one cause.
#[derive(Clone, Debug, Serialize)]
pub struct IdleCause {
    /// The cause, as the stalls of a run's result name it, `pipeline` or `issue`.
    pub cause: String,
    /// Cycles, summed over lanes.
    pub cycles: f64,
    /// Their share of all the lanes' time.
    pub share: f64,
}

/// A time in which a lane did nothing.
#[derive(Clone, Debug, Serialize)]
pub struct Gap {
    /// The lane.
    pub track: String,
    /// First cycle.
    pub from_cycle: f64,
    /// The end.
    pub to_cycle: f64,
    /// How long it was.
    pub cycles: f64,
    /// The cause of the largest part of it.
    pub cause: String,
    /// The share of that part.
    pub share: f64,
    /// The operation that could not go on, if the cause is the control block's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
}

/// A time in which the control block had idle lanes.
struct Stall {
    start: u64,
    end: u64,
    cause: usize,
    operation: Option<u32>,
}

/// A gap, and when the run came that ended it, if that was within it.
struct Pause {
    lane: u32,
    start: u64,
    end: u64,
    run: u64,
}

/// Where a lane is.
#[derive(Clone, Copy)]
struct Lane {
    free_at: u64,
    run: u64,
}

/// Collects gaps and reasons for them.
pub(super) struct Collector {
    window: Window,
    causes: Vec<String>,
    stalls: Vec<Stall>,
    /// Names of the operations that stalls name.
    operations: BTreeMap<u32, String>,
    names: Vec<String>,
    places: BTreeMap<String, u32>,
    lanes: Vec<Lane>,
    pauses: Vec<Pause>,
    busy: u64,
}

const PIPELINE: &str = "pipeline";
const ISSUE: &str = "issue";

impl Collector {
    pub(super) fn new(window: Window) -> Self {
        Self {
            window,
            causes: vec![PIPELINE.to_owned(), ISSUE.to_owned()],
            stalls: Vec::new(),
            operations: BTreeMap::new(),
            names: Vec::new(),
            places: BTreeMap::new(),
            lanes: Vec::new(),
            pauses: Vec::new(),
            busy: 0,
        }
    }

    /// Notes a stall of the control block, whatever tracks were asked for.
    pub(super) fn add_reason(&mut self, entry: &Entry<'_>) {
        if entry.kind != "stall" || entry.track != "control_block" {
            return;
        }
        let Some((start, end)) = self.window.clip(entry) else {
            return;
        };
        let cause = entry.detail.as_deref().unwrap_or("?");
        let place = self.causes.iter().position(|known| known == cause);
        let cause = place.unwrap_or_else(|| {
            self.causes.push(cause.to_owned());
            self.causes.len() - 1
        });
        if let Some(operation) = entry.operation {
            self.operations
                .entry(operation)
                .or_insert_with(|| operation_name(entry, operation));
        }
        self.stalls.push(Stall {
            start,
            end,
            cause,
            operation: entry.operation,
        });
    }

    /// Notes what a lane did.
    pub(super) fn add(&mut self, entry: &Entry<'_>) {
        let tile = entry.record == Form::Span && entry.kind == "mac_tile";
        if !tile && entry.kind != "run_started" {
            return;
        }
        let place = self.place(&entry.track);
        let lane = &mut self.lanes[place as usize];
        if !tile {
            lane.run = entry.start_tick;
            return;
        }
        let Some((start, end)) = self.window.clip(entry) else {
            return;
        };
        if start > lane.free_at {
            self.pauses.push(Pause {
                lane: place,
                start: lane.free_at,
                end: start,
                run: lane.run,
            });
        }
        self.busy += end - start;
        lane.free_at = end;
    }

    fn place(&mut self, track: &str) -> u32 {
        if let Some(&place) = self.places.get(track) {
            return place;
        }
        let place = self.names.len() as u32;
        self.places.insert(track.to_owned(), place);
        self.names.push(track.to_owned());
        self.lanes.push(Lane {
            free_at: self.window.from,
            run: 0,
        });
        place
    }

    pub(super) fn finish(mut self, window: Window, top: usize, header: &Header) -> Option<IdleLanes> {
        if self.lanes.is_empty() {
            return None;
        }
        for (place, lane) in self.lanes.iter().enumerate() {
            if lane.free_at < window.to {
                self.pauses.push(Pause {
                    lane: place as u32,
                    start: lane.free_at,
                    end: window.to,
                    // Nothing came that would have ended it.
                    run: window.to,
                });
            }
        }
        self.stalls.sort_by_key(|stall| stall.start);
        let mut totals = vec![0_u64; self.causes.len()];
        let pauses = std::mem::take(&mut self.pauses);
        let mut explained: Vec<(&Pause, usize, u64, Option<u32>)> = Vec::with_capacity(pauses.len());
        for pause in &pauses {
            let parts = self.explain(pause);
            for (&(_, ticks), total) in parts.iter().zip(&mut totals) {
                *total += ticks;
            }
            let (cause, &(operation, ticks)) =
                parts.iter().enumerate().max_by_key(|(_, (_, ticks))| *ticks)?;
            explained.push((pause, cause, ticks, operation));
        }
        explained.sort_by_key(|(pause, ..)| (u64::MAX - (pause.end - pause.start), pause.start, pause.lane));
        explained.truncate(top);
        let gaps = explained.into_iter().map(|gap| self.gap(gap, header)).collect();
        let whole = (window.to - window.from).max(1) * self.lanes.len() as u64;
        Some(IdleLanes {
            lanes: self.lanes.len() as u64,
            causes: self.shares(&totals, whole, header),
            gaps,
        })
    }

    /// How a gap divides into causes, with the operation of the longest part of each.
    fn explain(&self, pause: &Pause) -> Vec<(Option<u32>, u64)> {
        let mut parts = vec![(None, 0); self.causes.len()];
        let mut longest = vec![0; self.causes.len()];
        let handed = pause.run.clamp(pause.start, pause.end);
        parts[0].1 = pause.end - handed;
        let first = self.stalls.partition_point(|stall| stall.end <= pause.start);
        let mut explained = 0;
        for stall in self.stalls[first..]
            .iter()
            .take_while(|stall| stall.start < handed)
        {
            let ticks = stall.end.min(handed).saturating_sub(stall.start.max(pause.start));
            parts[stall.cause].1 += ticks;
            explained += ticks;
            if ticks > longest[stall.cause] {
                longest[stall.cause] = ticks;
                parts[stall.cause].0 = stall.operation;
            }
        }
        parts[1].1 = (handed - pause.start).saturating_sub(explained);
        parts
    }

    fn gap(
        &self,
        (pause, cause, ticks, operation): (&Pause, usize, u64, Option<u32>),
        header: &Header,
    ) -> Gap {
        let cycle = |tick: u64| tick as f64 / header.ticks_per_cycle as f64;
        Gap {
            track: self.names[pause.lane as usize].clone(),
            from_cycle: cycle(pause.start),
            to_cycle: cycle(pause.end),
            cycles: cycle(pause.end - pause.start),
            cause: self.causes[cause].clone(),
            share: ticks as f64 / (pause.end - pause.start) as f64,
            waiting: operation.and_then(|operation| self.operations.get(&operation).cloned()),
        }
    }

    fn shares(&self, totals: &[u64], whole: u64, header: &Header) -> Vec<IdleCause> {
        let mut causes: Vec<IdleCause> = self
            .causes
            .iter()
            .zip(totals)
            .filter(|(_, ticks)| **ticks > 0)
            .map(|(cause, &ticks)| IdleCause {
                cause: cause.clone(),
                cycles: ticks as f64 / header.ticks_per_cycle as f64,
                share: ticks as f64 / whole as f64,
            })
            .collect();
        causes.sort_by(|left, right| right.cycles.total_cmp(&left.cycles));
        causes
    }
}

fn operation_name(entry: &Entry<'_>, operation: u32) -> String {
    let head = entry.head.map(|head| format!(" H{head}")).unwrap_or_default();
    match (entry.role.as_deref(), entry.layer) {
        (Some(role), Some(layer)) => format!("{role} L{layer}{head} (operation {operation})"),
        _ => format!("operation {operation}"),
    }
}
