//! Why MAC lanes idled.
//!
//! Between two tiles a lane either has a run in hand, whose operands are on their way to it (`pipeline`) or wait for the
//! bandwidth of a buffer (`buffer_bandwidth`, which lanes record themselves), or it has none. Then it waits for what the control block waited for at that time, or, if the control block knew of no idle lane,
//! for the run that is on its way from there (`issue`).
//!
//! A trace holds a stall once it is over. What a gap was waited for is therefore known when the first stall after it
//! has been seen; until then the gap is pending. Only the latest stalls are held: before they are forgotten, they are
//! added to what each idle lane and each pending gap has waited for. So memory depends on the machine, not on the trace.

mod answer;
mod machines;
mod stalls;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use analysis::longest::Longest;

use self::answer::{Explained, gaps, shares};
use self::stalls::{Parts, Stalls, part_of};
use super::Window;
use crate::{Entry, Form, Header};

pub use self::answer::{Gap, IdleCause, IdleLanes};
pub(super) use self::machines::Machines;

/// A gap that is over, and when the run came that ended it, if that was within it.
struct Pause {
    lane: u32,
    start: u64,
    end: u64,
    handed: u64,
    /// For how long operands of a run in hand waited for a buffer.
    waited: u64,
    /// What is known of it.
    parts: Parts,
}

/// Where a lane is.
struct Lane {
    name: String,
    free_at: u64,
    run: u64,
    /// For how long operands have waited for a buffer since then.
    waited: u64,
    /// What of the gap since `free_at` was in stalls that have been forgotten.
    parts: Parts,
}

impl Lane {
    /// When the lane got the run that it has in hand, if that was after its last tile.
    fn handed(&self) -> u64 {
        if self.run > self.free_at {
            self.run
        } else {
            u64::MAX
        }
    }
}

/// Explains gaps.
pub(super) struct Collector {
    window: Window,
    stalls: Stalls,
    places: BTreeMap<String, u32>,
    lanes: Vec<Lane>,
    /// What a lane has waited for that has not been seen yet.
    unseen: Parts,
    pending: VecDeque<Pause>,
    totals: Vec<u64>,
    /// By start and lane.
    gaps: Longest<(u64, u32), Explained>,
}

const PIPELINE: usize = 0;
const ISSUE: usize = 1;
const BANDWIDTH: usize = 2;
/// Stalls that are held one by one: enough that adding them to what all lanes wait for is rare.
const HELD: usize = 4096;
/// Pending gaps. Only a stall in which more runs are handed out could be missed as the cause of the oldest ones.
const MOST_PENDING: usize = 1 << 17;

impl Collector {
    pub(super) fn new(window: Window, top: usize) -> Self {
        Self {
            window,
            stalls: Stalls::new(&["pipeline", "issue", "buffer_bandwidth"], HELD),
            places: BTreeMap::new(),
            lanes: Vec::new(),
            unseen: Parts::new(),
            pending: VecDeque::new(),
            totals: Vec::new(),
            gaps: Longest::new(top),
        }
    }

    /// Notes a stall of the control block.
    pub(super) fn add_reason(&mut self, entry: &Entry<'_>) {
        if entry.kind != "stall" {
            return;
        }
        let Some(part) = self.window.clip(entry) else {
            return;
        };
        self.stalls.push(entry, part);
        while let Some(pause) = self.pending.pop_front() {
            if pause.handed > self.stalls.known_to() {
                self.pending.push_front(pause);
                break;
            }
            self.explain(pause);
        }
        if self.stalls.are_many() {
            self.forget_stalls();
        }
    }

    /// Adds the stalls to all gaps that they may be in, and forgets them.
    fn forget_stalls(&mut self) {
        for pause in &mut self.pending {
            self.stalls.divide(pause.start, pause.handed, &mut pause.parts);
        }
        for lane in &mut self.lanes {
            self.stalls.divide(lane.free_at, lane.handed(), &mut lane.parts);
        }
        self.stalls.divide(self.window.from, u64::MAX, &mut self.unseen);
        self.stalls.forget();
    }

    /// Notes what a lane did.
    pub(super) fn add(&mut self, entry: &Entry<'_>) {
        if entry.kind == "operands_awaited" {
            return self.add_wait(entry);
        }
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
        let parts = std::mem::take(&mut lane.parts);
        let (free_at, run, waited) = (lane.free_at, lane.run, std::mem::take(&mut lane.waited));
        lane.free_at = end;
        if start > free_at {
            self.end_pause(place, (free_at, start), run, waited, parts);
        }
    }

    /// Notes that operands of a lane's run waited for the bandwidth of a buffer while it was idle.
    fn add_wait(&mut self, entry: &Entry<'_>) {
        let Some((start, end)) = self.window.clip(entry) else {
            return;
        };
        let place = self.place(&entry.track);
        let lane = &mut self.lanes[place as usize];
        lane.waited += end - start.max(lane.free_at).min(end);
    }

    fn end_pause(&mut self, lane: u32, (start, end): (u64, u64), run: u64, waited: u64, parts: Parts) {
        let handed = run.clamp(start, end);
        let pause = Pause {
            lane,
            start,
            end,
            handed,
            waited: waited.min(end - handed),
            parts,
        };
        // Without a run to wait for no stall matters.
        if handed == start || handed <= self.stalls.known_to() {
            self.explain(pause);
            return;
        }
        self.pending.push_back(pause);
        if self.pending.len() > MOST_PENDING
            && let Some(oldest) = self.pending.pop_front()
        {
            self.explain(oldest);
        }
    }

    fn place(&mut self, track: &str) -> u32 {
        if let Some(&place) = self.places.get(track) {
            return place;
        }
        let place = self.lanes.len() as u32;
        self.places.insert(track.to_owned(), place);
        self.lanes.push(Lane {
            name: track.to_owned(),
            free_at: self.window.from,
            run: 0,
            waited: 0,
            parts: self.unseen.clone(),
        });
        place
    }

    /// Divides a gap into causes.
    fn explain(&mut self, pause: Pause) {
        let Pause {
            lane,
            start,
            end,
            handed,
            waited,
            mut parts,
        } = pause;
        if handed == start {
            self.explain_by_pipeline(lane, start, end, waited);
            return;
        }
        self.stalls.divide(start, handed, &mut parts);
        let explained = parts
            .iter()
            .fold(0_u64, |sum, part| sum.saturating_add(part.ticks));
        part_of(&mut parts, PIPELINE).ticks = end - handed - waited;
        part_of(&mut parts, BANDWIDTH).ticks = waited;
        part_of(&mut parts, ISSUE).ticks = (handed - start).saturating_sub(explained);
        for (cause, part) in parts.iter().enumerate() {
            self.charge(cause, part.ticks);
        }
        self.gaps.offer(end - start, (start, lane), || {
            let longest = parts.into_iter().enumerate().max_by_key(|(_, part)| part.ticks);
            let (cause, part) = longest.unwrap_or_default();
            Explained {
                end,
                cause,
                ticks: part.ticks,
                operation: part.operation,
            }
        });
    }

    /// A gap in which the lane had a run in hand: the most frequent one. Stalls may have been added to it before that was known.
    fn explain_by_pipeline(&mut self, lane: u32, start: u64, end: u64, waited: u64) {
        let in_pipeline = end - start - waited;
        self.charge(PIPELINE, in_pipeline);
        self.charge(BANDWIDTH, waited);
        let longest = match waited > in_pipeline {
            true => BANDWIDTH,
            false => PIPELINE,
        };
        self.gaps.offer(end - start, (start, lane), || Explained {
            end,
            cause: longest,
            ticks: waited.max(in_pipeline),
            operation: None,
        });
    }

    fn charge(&mut self, cause: usize, ticks: u64) {
        if self.totals.len() <= cause {
            self.totals.resize(cause + 1, 0);
        }
        self.totals[cause] = self.totals[cause].saturating_add(ticks);
    }

    pub(super) fn finish(mut self, window: Window, header: &Header) -> Option<IdleLanes> {
        if self.lanes.is_empty() {
            return None;
        }
        for pause in std::mem::take(&mut self.pending) {
            self.explain(pause);
        }
        for place in 0..self.lanes.len() {
            let lane = &mut self.lanes[place];
            if lane.free_at < window.to {
                let pause = Pause {
                    lane: place as u32,
                    start: lane.free_at,
                    end: window.to,
                    handed: lane.handed().min(window.to),
                    waited: 0,
                    parts: std::mem::take(&mut lane.parts),
                };
                self.explain(pause);
            }
        }
        let names: Vec<&str> = self.lanes.iter().map(|lane| &*lane.name).collect();
        let whole = (window.to - window.from)
            .max(1)
            .saturating_mul(self.lanes.len() as u64);
        Some(IdleLanes {
            lanes: self.lanes.len() as u64,
            causes: shares(&self.stalls.causes, &self.totals, whole, header),
            gaps: gaps(self.gaps, &names, &self.stalls.causes, header),
        })
    }
}
