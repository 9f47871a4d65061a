//! When operations run: units are handed to runs in program order, as operations' rows and weights come.
//!
//! The control block's rules applied to rows of tiles instead of tiles: a row of an operation is a bundle of equal runs;
//! it can be issued once the rows and weights it needs are there, and takes as many free units as it has runs. Main memory
//! moves one tensor after another. Nothing is known of banks, buses, requests or tiles here; their cost is in the numbers.

mod activations;
mod pieces;
mod weights;

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};

use components::control_block::SchedulingPolicy;
use components::operation::RowAccess;
use scenarios::system::MachinePlan;

use super::cost::{Timing, Unit};
use super::memory::Memory;
use super::step::{Move, Steps};
use activations::{ActivationRoom, Motion, SliceId};
use pieces::Pieces;
use weights::WeightRoom;

/// Fractions of a cycle in which time is counted, so that order does not hang on rounding.
const FRACTIONS: f64 = 256.0;

/// What the schedule came to, in cycles of the accelerator.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Timeline {
    /// When the last operation has finished.
    pub(super) cycles: f64,
    /// When each operation has.
    pub(super) finished: Vec<f64>,
    /// Time in which main memory moved data.
    pub(super) memory_busy: f64,
    /// Weights loaded more than once count as often.
    pub(super) blocks_read: f64,
    pub(super) blocks_written: f64,
    /// Blocks that the DMA moved to and from the activation, weight and mask buffers.
    pub(super) buffer_blocks: [f64; 3],
    /// Cycles with a run in a PE, summed over PEs. Runs go to the unit that is idle longest, so they spread over PEs.
    pub(super) pes_active: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// Units of a class are free again.
    Free {
        class: usize,
        count: u64,
    },
    /// A piece of an operation's result is complete.
    Piece {
        step: usize,
        piece: usize,
    },
    /// A weight has arrived.
    Arrived {
        weight: usize,
    },
    /// A slice of an activation was pushed out, or is back.
    Out {
        step: usize,
        batch: usize,
    },
    Back {
        step: usize,
        batch: usize,
    },
    /// Some of a weight has.
    Part,
    /// Main memory can begin with the next transfer.
    Pipe,
}

/// How far an operation is.
#[derive(Clone, Debug, Default)]
struct Progress {
    /// The piece whose runs are handed out next.
    next: usize,
    /// Runs of it that are left, by kind.
    left: Vec<u64>,
    /// When the runs of it that were handed out are all done.
    done_at: f64,
    done: Vec<bool>,
    missing: usize,
    /// Pieces missing of each slice.
    missing_of: Vec<usize>,
    weights_missing: usize,
    /// The piece whose slices it holds.
    pinned: Option<usize>,
}

/// What the DMA does before weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transfer {
    /// For a piece of an operation that only moves data.
    Data { step: usize, piece: usize },
    /// Of a slice.
    Slice(Motion),
}

/// A schedule in the making.
struct Schedule<'a> {
    steps: &'a Steps,
    memory: &'a Memory,
    pieces: Pieces,
    window: usize,
    in_turn: bool,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    sent: u64,
    now: u64,
    free: [u64; 3],
    units: [u64; 3],
    issuable: [BTreeSet<usize>; 3],
    turn: [usize; 3],
    progress: Vec<Progress>,
    admitted: usize,
    oldest: usize,
    room: WeightRoom,
    activations: ActivationRoom,
    /// Operations that have all they need but room, or slices that were pushed out.
    blocked: BTreeSet<usize>,
    /// The oldest operation with work to issue.
    leader: usize,
    moving: VecDeque<Transfer>,
    /// The weight that is being loaded, and blocks of it that are left.
    loading: Option<(usize, f64)>,
    /// Blocks of weights that are asked for at once.
    part: f64,
    pipe_busy: bool,
    timeline: Timeline,
}

/// The schedule of `steps` on the machine of `plan`.
pub(super) fn schedule(plan: &MachinePlan, steps: &Steps, memory: &Memory) -> Timeline {
    let accelerator = &plan.scenario.accelerator;
    let pes = u64::from(accelerator.processing_elements);
    let units = [
        accelerator.lanes(),
        pes * u64::from(accelerator.softmax_per_pe),
        pes,
    ];
    let pieces = Pieces::new(steps);
    let mut schedule = Schedule {
        steps,
        memory,
        window: accelerator.prefetch_operations as usize,
        in_turn: plan.policy == SchedulingPolicy::EqualPriority,
        events: BinaryHeap::new(),
        sent: 0,
        now: 0,
        free: units,
        units,
        issuable: Default::default(),
        turn: [0; 3],
        progress: vec![Progress::default(); steps.steps.len()],
        admitted: 0,
        oldest: 0,
        room: WeightRoom::new(plan.weight_space, &steps.weights),
        activations: ActivationRoom::new(plan.activation_space, steps, &pieces),
        blocked: BTreeSet::new(),
        leader: 0,
        moving: VecDeque::new(),
        loading: None,
        part: f64::from(accelerator.dma.outstanding_requests).max(all_blocks(steps) / PARTS),
        pipe_busy: false,
        timeline: Timeline {
            cycles: 0.0,
            finished: vec![0.0; steps.steps.len()],
            memory_busy: 0.0,
            blocks_read: 0.0,
            blocks_written: 0.0,
            buffer_blocks: [0.0; 3],
            pes_active: 0.0,
        },
        pieces,
    };
    schedule.run();
    schedule.timeline
}

/// Blocks of all weights.
fn all_blocks(steps: &Steps) -> f64 {
    let blocks = steps
        .weights
        .iter()
        .map(|weight| weight.data.blocks() + weight.mask.blocks());
    blocks.sum::<u64>() as f64
}

/// Parts of all weights together, at most, so that the time of an estimate does not grow with them.
const PARTS: f64 = 20_000.0;

impl Schedule<'_> {
    fn run(&mut self) {
        self.admit();
        self.proceed();
        while let Some(Reverse((at, _, event))) = self.events.pop() {
            let busy: u64 = self
                .units
                .iter()
                .zip(self.free)
                .map(|(all, free)| all - free)
                .sum();
            let elapsed = (at - self.now) as f64 / FRACTIONS;
            self.timeline.pes_active += elapsed * busy.min(self.units[Unit::LayerNorm as usize]) as f64;
            self.now = at;
            self.on(event);
            while let Some(&Reverse((next, _, event))) = self.events.peek() {
                if next != at {
                    break;
                }
                self.events.pop();
                self.on(event);
            }
            self.proceed();
        }
        debug_assert_eq!(self.oldest, self.steps.steps.len(), "the schedule stands still");
    }

    fn send(&mut self, after: f64, event: Event) {
        let at = self.now + (after * FRACTIONS).round() as u64;
        self.events.push(Reverse((at, self.sent, event)));
        self.sent += 1;
    }

    fn on(&mut self, event: Event) {
        match event {
            Event::Free { class, count } => self.free[class] += count,
            Event::Piece { step, piece } => self.piece_done(step, piece),
            Event::Arrived { weight } => self.weight_arrived(weight),
            Event::Out { step, batch } => self.slice_moved(Motion::Out((step, batch))),
            Event::Back { step, batch } => self.slice_moved(Motion::Back((step, batch))),
            Event::Part => {}
            Event::Pipe => self.pipe_busy = false,
        }
    }

    fn proceed(&mut self) {
        for index in std::mem::take(&mut self.blocked) {
            self.consider(index);
        }
        for class in 0..Unit::ALL.len() {
            self.issue(class);
        }
        self.use_pipe();
    }

    /// Takes operations into the window.
    fn admit(&mut self) {
        while self.admitted < self.steps.steps.len() && self.admitted - self.oldest < self.window {
            let index = self.admitted;
            let pieces = self.pieces.count();
            let missing = self.room.want(&self.steps.steps[index].weights, index);
            self.progress[index] = Progress {
                next: 0,
                left: self.runs_of(index, 0),
                done_at: 0.0,
                done: vec![false; pieces],
                missing: pieces,
                missing_of: vec![self.pieces.of_slice(); self.pieces.slices()],
                weights_missing: missing,
                pinned: None,
            };
            self.admitted += 1;
            self.consider(index);
        }
    }

    fn runs_of(&self, index: usize, piece: usize) -> Vec<u64> {
        let cost = self.steps.steps[index].cost.as_ref();
        let kinds = cost.map_or(&[][..], |cost| &cost.kinds);
        kinds
            .iter()
            .map(|kind| self.pieces.share(kind.count, piece))
            .collect()
    }

    /// Puts an operation among those that can issue, if its next piece has all it needs.
    fn consider(&mut self, index: usize) {
        if index >= self.admitted || !self.is_ready(index) {
            return;
        }
        match &self.steps.steps[index].cost {
            Some(cost) => {
                self.issuable[cost.unit as usize].insert(index);
            }
            None => {
                while self.progress[index].next < self.pieces.count()
                    && self.is_ready(index)
                    && self.acquire(index)
                {
                    let piece = self.progress[index].next;
                    let end = self.pieces.end_of_batch(piece);
                    self.moving.push_back(Transfer::Data { step: index, piece });
                    self.progress[index].next = end;
                }
                self.advance_leader();
            }
        }
    }

    fn is_ready(&self, index: usize) -> bool {
        let (step, progress) = (&self.steps.steps[index], &self.progress[index]);
        let piece = progress.next;
        if piece >= self.pieces.count() || progress.weights_missing > 0 {
            return false;
        }
        let by_rows = step.cost.as_ref().is_none_or(|cost| cost.by_rows);
        step.inputs.iter().all(|&(maker, access)| {
            let needed = if by_rows {
                self.pieces.needed(piece, access)
            } else {
                self.pieces.needed(piece, RowAccess::AllRows)
            };
            let made = &self.progress[maker];
            made.missing == 0 || self.progress[maker].done[needed].iter().all(|&done| done)
        })
    }

    /// Hands free units to runs.
    fn issue(&mut self, class: usize) {
        while self.free[class] > 0 {
            let from = if self.in_turn { self.turn[class] } else { 0 };
            let ready = &self.issuable[class];
            let Some(&index) = ready.range(from..).next().or_else(|| ready.first()) else {
                return;
            };
            self.turn[class] = index + 1;
            self.issue_runs(class, index);
        }
    }

    /// The slices that the next piece of an operation reads and writes.
    fn slices(&self, index: usize, piece: usize) -> Vec<SliceId> {
        let batch = self.pieces.slice_of(piece);
        let step = &self.steps.steps[index];
        let inputs = step.inputs.iter().map(|&(maker, _)| (maker, batch));
        inputs.chain(step.output.map(|_| (index, batch))).collect()
    }

    /// Takes room for the next piece of an operation, if it has not begun; if there is none, the operation is blocked.
    fn acquire(&mut self, index: usize) -> bool {
        let piece = self.progress[index].next;
        if self.progress[index].pinned == Some(piece) {
            return true;
        }
        let slices = self.slices(index, piece);
        let acquired = self.activations.acquire(&slices, index == self.leader);
        for motion in std::mem::take(&mut self.activations.motions) {
            self.moving.push_back(Transfer::Slice(motion));
        }
        if acquired {
            self.activations.pin(&slices);
            self.progress[index].pinned = Some(piece);
        } else {
            self.blocked.insert(index);
        }
        acquired
    }

    fn advance_leader(&mut self) {
        while self.leader < self.admitted && self.progress[self.leader].next >= self.pieces.count() {
            self.leader += 1;
        }
    }

    fn slice_moved(&mut self, motion: Motion) {
        self.activations.moved(motion);
    }

    /// Hands out runs of the next piece of an operation, as many as there are units free.
    fn issue_runs(&mut self, class: usize, index: usize) {
        let steps = self.steps;
        let Some(cost) = &steps.steps[index].cost else {
            return;
        };
        if !self.acquire(index) {
            self.issuable[class].remove(&index);
            return;
        }
        let sharing = self.sharing(class);
        let left: u64 = self.progress[index].left.iter().sum();
        // Far more runs than units: each unit gets several at once.
        let rounds = (left / (2 * self.units[class])).max(1);
        let mut taken = self.free[class].min(left.div_ceil(rounds));
        let mut of_left = left;
        for (place, kind) in cost.kinds.iter().enumerate() {
            let of_kind = self.progress[index].left[place];
            // Kinds are mixed in program order: each gets its share of the units.
            let units = (u128::from(taken) * u128::from(of_kind)).div_ceil(u128::from(of_left.max(1))) as u64;
            (taken, of_left) = (taken - units, of_left - of_kind);
            let runs = (units * rounds).min(of_kind);
            if runs > 0 {
                self.hand_out(class, index, units, runs, &kind.timing, sharing);
                self.progress[index].left[place] -= runs;
            }
        }
        if self.progress[index].left.iter().all(|&left| left == 0) {
            self.all_issued(class, index);
        }
    }

    /// `runs` runs to `units` units, one after another where there are more.
    fn hand_out(&mut self, class: usize, index: usize, units: u64, runs: u64, timing: &Timing, sharing: f64) {
        let units = units.min(runs);
        self.free[class] -= units;
        let each = timing.occupancy(sharing);
        let rounds = runs as f64 / units as f64;
        self.send(each * rounds, Event::Free { class, count: units });
        let now = self.now as f64 / FRACTIONS;
        let done = now + each * (rounds.ceil() - 1.0) + timing.latency(sharing);
        let progress = &mut self.progress[index];
        progress.done_at = progress.done_at.max(done);
    }

    /// All runs of an operation's next piece are handed out.
    fn all_issued(&mut self, class: usize, index: usize) {
        let piece = self.progress[index].next;
        let wait = self.progress[index].done_at - self.now as f64 / FRACTIONS;
        self.progress[index].next += 1;
        self.progress[index].done_at = 0.0;
        self.advance_leader();
        self.send(wait, Event::Piece { step: index, piece });
        self.progress[index].left = self.runs_of(index, piece + 1);
        if !self.is_ready(index) {
            self.issuable[class].remove(&index);
        }
    }

    /// Units of a PE that will work at once, now that runs are handed out: they share its buses.
    fn sharing(&self, class: usize) -> f64 {
        let waiting = self.issuable[class].iter();
        let waiting: u64 = waiting
            .map(|&index| self.progress[index].left.iter().sum::<u64>())
            .sum();
        let busy = self.units[class] - self.free[class] + waiting.min(self.free[class]);
        let pes = self.units[Unit::LayerNorm as usize];
        busy.div_ceil(pes).max(1) as f64
    }

    fn piece_done(&mut self, index: usize, piece: usize) {
        let count = self.pieces.count();
        let step = &self.steps.steps[index];
        let progress = &mut self.progress[index];
        let end = match step.cost {
            Some(_) => piece + 1,
            None => self.pieces.end_of_batch(piece),
        };
        progress.missing -= end - piece;
        if step.cost.as_ref().is_none_or(|cost| cost.by_rows) {
            progress.done[piece..end].fill(true);
        } else if progress.missing == 0 {
            progress.done[..count].fill(true);
        }
        let of_slice = &mut progress.missing_of[self.pieces.slice_of(piece)];
        *of_slice -= end - piece;
        let (slice_complete, finished) = (*of_slice == 0, progress.missing == 0);
        self.free_slices(index, piece, slice_complete);
        if finished {
            self.finish(index);
        }
        let readers: Vec<usize> = self.steps.steps[index].readers.clone();
        readers.into_iter().for_each(|reader| self.consider(reader));
    }

    /// A piece is over: what it read is needed no longer with the last piece of its batch tile.
    fn free_slices(&mut self, index: usize, piece: usize, slice_complete: bool) {
        let slices = self.slices(index, piece);
        self.activations.unpin(&slices);
        if !slice_complete {
            return;
        }
        let step = &self.steps.steps[index];
        let batch = self.pieces.slice_of(piece);
        if let Some(output) = step.output {
            self.activations.compact((index, batch), output.data);
        }
        for &(maker, _) in &step.inputs {
            self.activations.release((maker, batch));
        }
    }

    fn finish(&mut self, index: usize) {
        let now = self.now as f64 / FRACTIONS;
        self.timeline.finished[index] = now;
        self.timeline.cycles = self.timeline.cycles.max(now);
        self.room.release(&self.steps.steps[index].weights, index);
        while self.oldest < self.admitted && self.progress[self.oldest].missing == 0 {
            self.oldest += 1;
        }
        self.admit();
    }

    fn weight_arrived(&mut self, weight: usize) {
        for user in self.room.arrived(weight) {
            self.progress[user].weights_missing -= 1;
            self.consider(user);
        }
    }

    /// Begins the next transfer if main memory is free: data of operations first, then weights as they find room.
    fn use_pipe(&mut self) {
        if self.pipe_busy {
            return;
        }
        let (time, event, delay) = if let Some(transfer) = self.moving.pop_front() {
            self.transfer(transfer)
        } else if let Some((weight, blocks)) = self.next_of_weights() {
            let event = match self.loading {
                Some(_) => Event::Part,
                None => Event::Arrived { weight },
            };
            (blocks * self.memory.read, event, self.memory.latency)
        } else {
            return;
        };
        self.pipe_busy = true;
        self.timeline.memory_busy += time;
        self.send(time, Event::Pipe);
        self.send(time + delay, event);
    }

    /// The next blocks of weights, as many as the DMA has under way: what comes meanwhile waits for no more.
    fn next_of_weights(&mut self) -> Option<(usize, f64)> {
        let (weight, left) = match self.loading.take() {
            Some(loading) => loading,
            None => {
                let weight = self.next_weight()?;
                let size = &self.steps.weights[weight];
                let blocks = self.read([0.0, size.data.blocks() as f64, size.mask.blocks() as f64]);
                (weight, blocks)
            }
        };
        let part = left.min(self.part);
        if left > part {
            self.loading = Some((weight, left - part));
        }
        Some((weight, part))
    }

    fn next_weight(&mut self) -> Option<usize> {
        let mut losers = Vec::new();
        let progress = &self.progress;
        let next = self
            .room
            .next_load(|user| progress[user].pinned.is_some(), &mut losers);
        for loser in losers {
            self.progress[loser].weights_missing += 1;
            self.issuable.iter_mut().for_each(|ready| {
                ready.remove(&loser);
            });
        }
        next
    }

    /// How long a transfer holds main memory, what comes of it, and how long after its end.
    fn transfer(&mut self, transfer: Transfer) -> (f64, Event, f64) {
        let memory = self.memory;
        match transfer {
            Transfer::Data { step, piece } => {
                let event = Event::Piece { step, piece };
                let batches = self.pieces.batches_of(piece);
                match self.steps.steps[step].moves {
                    Move::Gather { data, masks } => {
                        let blocks = self.read([data * batches, 0.0, masks * batches]);
                        (blocks * memory.gather, event, memory.latency)
                    }
                    Move::Store { data, masks } => {
                        self.written([data * batches, 0.0, masks * batches], event)
                    }
                    Move::Nothing => (0.0, event, 0.0),
                }
            }
            Transfer::Slice(motion) => {
                let (Motion::Out(slice) | Motion::Back(slice)) = motion;
                let size = self.activations.size(slice);
                let blocks = [size.data.blocks() as f64, 0.0, size.mask.blocks() as f64];
                let (step, batch) = slice;
                match motion {
                    Motion::Out(_) => self.written(blocks, Event::Out { step, batch }),
                    Motion::Back(_) => {
                        let blocks = self.read(blocks);
                        (blocks * memory.read, Event::Back { step, batch }, memory.latency)
                    }
                }
            }
        }
    }

    /// Counts blocks read into the three buffers; all of them.
    fn read(&mut self, blocks: [f64; 3]) -> f64 {
        let all = blocks.iter().sum::<f64>();
        self.timeline.blocks_read += all;
        self.count(blocks);
        all
    }

    /// A write is over for the DMA once main memory has taken it in.
    fn written(&mut self, blocks: [f64; 3], event: Event) -> (f64, Event, f64) {
        let all = blocks.iter().sum::<f64>();
        self.timeline.blocks_written += all;
        self.count(blocks);
        let waits = (all - self.memory.posted_writes).max(0.0);
        (waits * self.memory.write, event, WRITE_DELAY)
    }

    fn count(&mut self, blocks: [f64; 3]) {
        for (total, blocks) in self.timeline.buffer_blocks.iter_mut().zip(blocks) {
            *total += blocks;
        }
    }
}

/// Cycles from the order of a write to its end, beside the time for its blocks: to the DMA, into main memory's queue, and
/// through a port of the buffer.
const WRITE_DELAY: f64 = 3.0;
