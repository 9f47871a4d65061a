//! When operations run: runs get units in program order, as operations' rows and weights arrive.
//!
//! The control block's rules are applied to rows of tiles instead of tiles. A row of an operation is a bundle of equal
//! runs. It can be issued once the rows and weights it needs have arrived, and takes as many free units as it has runs.
//! Main memory moves one tensor after another. This module knows nothing of banks, buses, requests or tiles; their cost is
//! in the numbers.

mod activations;
mod completion;
mod issue;
mod transfers;
mod units;
mod weights;

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};

use components::control_block::SchedulingPolicy;
use components::operation::RowAccess;
use scenarios::system::MachinePlan;

use super::cost::Unit;
use super::memory::Memory;
use super::pieces::Pieces;
use super::step::Steps;
use crate::EstimateError;
use activations::{ActivationRoom, Motion};
use transfers::Background;
use units::FreeUnits;
use weights::WeightRoom;

/// Fractions of a cycle in which time is counted, so that order does not depend on rounding.
const FRACTIONS: f64 = 256.0;

/// The result of a schedule, in cycles of the accelerator.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Timeline {
    /// When the last operation has finished.
    pub(super) cycles: f64,
    /// When each operation has finished.
    pub(super) finished: Vec<f64>,
    /// Time in which main memory moved data.
    pub(super) memory_busy: f64,
    /// Weights loaded more than once count each time.
    pub(super) blocks_read: f64,
    pub(super) blocks_written: f64,
    /// Blocks that the DMA moved to and from the activation, weight and mask buffers.
    pub(super) buffer_blocks: [f64; 3],
    pub(super) slices_pushed_out: u64,
    /// Cycles in which a PE has a run, summed over PEs. Runs go to the unit that has been idle longest, so they
    /// spread over PEs.
    pub(super) pes_active: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// Units of a class are free again.
    Free {
        class: usize,
        count: u64,
        /// When they finish their last tile.
        ready: u64,
    },
    /// Runs have left their PEs.
    Left {
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
    /// A slice of an activation has been spilled, or is back.
    Out {
        step: usize,
        batch: usize,
    },
    Back {
        step: usize,
        batch: usize,
    },
    /// An operation's updated tensors are back in main memory.
    WrittenBack {
        step: usize,
    },
    /// Part of a transfer is done.
    Part,
    /// Main memory can begin the next transfer.
    Pipe,
}

/// The progress of an operation.
#[derive(Clone, Debug, Default)]
struct Progress {
    /// The piece whose runs are issued next.
    next: usize,
    /// Its remaining runs, by kind.
    left: Vec<u64>,
    /// When all its issued runs are done.
    done_at: f64,
    done: Vec<bool>,
    missing: usize,
    /// Whether it is finished, including the write-back of what it updated.
    finished: bool,
    /// Missing pieces of each slice.
    missing_of: Vec<usize>,
    weights_missing: usize,
    /// The piece whose slices it holds.
    pinned: Option<usize>,
}

/// Transfers that go ahead of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transfer {
    /// Of the slice that begins with `piece` of a `step` that only moves data.
    Data { step: usize, piece: usize },
    /// Of a slice.
    Slice(Motion),
}

/// A schedule under construction.
struct Schedule<'a> {
    steps: &'a Steps,
    memory: &'a Memory,
    window: usize,
    in_turn: bool,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    sent: u64,
    now: u64,
    free: [FreeUnits; 3],
    /// Runs issued and not yet written back; several on one unit count once.
    in_pes: u64,
    units: [u64; 3],
    issuable: [BTreeSet<usize>; 3],
    turn: [usize; 3],
    progress: Vec<Progress>,
    admitted: usize,
    oldest: usize,
    room: WeightRoom,
    activations: ActivationRoom,
    /// Operations that lack only room, or slices that were spilled.
    blocked: BTreeSet<usize>,
    /// The oldest operation with work to issue.
    leader: usize,
    moving: VecDeque<Transfer>,
    /// What main memory does when nothing more urgent waits: loads of weights, and the loads and write-backs of updates.
    background: VecDeque<Background>,
    /// Blocks of these that are requested at once.
    part: f64,
    pipe_busy: bool,
    /// Since when main memory has been idle.
    pipe_idle_since: u64,
    /// Cycles that main memory needs for writes accepted but not yet written.
    write_debt: f64,
    timeline: Timeline,
}

/// The schedule of `steps` on the machine of `plan`.
///
/// # Errors
/// An operation never gets the room it needs.
pub(super) fn schedule(
    plan: &MachinePlan,
    steps: &Steps,
    memory: &Memory,
) -> Result<Timeline, EstimateError> {
    let accelerator = &plan.scenario.accelerator;
    let pes = u64::from(accelerator.processing_elements);
    let units = [
        accelerator.lanes(),
        pes * u64::from(accelerator.softmax_per_pe),
        pes,
    ];
    let mut schedule = Schedule {
        steps,
        memory,
        window: accelerator.prefetch_operations as usize,
        in_turn: plan.policy == SchedulingPolicy::EqualPriority,
        events: BinaryHeap::new(),
        sent: 0,
        now: 0,
        free: units.map(FreeUnits::new),
        in_pes: 0,
        units,
        issuable: Default::default(),
        turn: [0; 3],
        progress: vec![Progress::default(); steps.steps.len()],
        admitted: 0,
        oldest: 0,
        room: WeightRoom::new(plan.weight_space, &steps.weights),
        activations: ActivationRoom::new(plan.activation_space, steps),
        blocked: BTreeSet::new(),
        leader: 0,
        moving: VecDeque::new(),
        background: VecDeque::new(),
        part: f64::from(accelerator.dma.outstanding_requests).max(all_blocks(steps) / PARTS),
        pipe_busy: false,
        pipe_idle_since: 0,
        write_debt: 0.0,
        timeline: Timeline {
            cycles: 0.0,
            finished: vec![0.0; steps.steps.len()],
            memory_busy: 0.0,
            blocks_read: 0.0,
            blocks_written: 0.0,
            buffer_blocks: [0.0; 3],
            slices_pushed_out: 0,
            pes_active: 0.0,
        },
    };
    schedule.run();
    match steps.steps.get(schedule.oldest) {
        Some(stuck) => Err(EstimateError::Standstill { layer: stuck.layer }),
        None => Ok(schedule.timeline),
    }
}

/// All blocks moved in the background.
fn all_blocks(steps: &Steps) -> f64 {
    let blocks = steps
        .weights
        .iter()
        .map(|weight| weight.data.blocks() + weight.mask.blocks());
    let written = steps.steps.iter().filter_map(|step| step.written_back);
    blocks.sum::<u64>() as f64 + written.map(|[data, masks]| data + masks).sum::<f64>()
}

/// Most parts of all these together, so that the time of an estimate does not grow with them.
const PARTS: f64 = 20_000.0;

/// `cycles` in fractions of a cycle.
fn fractions(cycles: f64) -> u64 {
    (cycles * FRACTIONS).round() as u64
}

impl Schedule<'_> {
    fn run(&mut self) {
        self.admit();
        self.proceed();
        while let Some(Reverse((at, _, event))) = self.events.pop() {
            let elapsed = (at - self.now) as f64 / FRACTIONS;
            self.timeline.pes_active +=
                elapsed * self.in_pes.min(self.units[Unit::LayerNorm as usize]) as f64;
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
    }

    fn send(&mut self, after: f64, event: Event) {
        let at = self.now + fractions(after);
        self.events.push(Reverse((at, self.sent, event)));
        self.sent += 1;
    }

    fn on(&mut self, event: Event) {
        match event {
            Event::Free { class, count, ready } => self.free[class].put(count, ready),
            Event::Left { count } => self.in_pes -= count,
            Event::Piece { step, piece } => self.piece_done(step, piece),
            Event::Arrived { weight } => self.weight_arrived(weight),
            Event::Out { step, batch } => self.slice_moved(Motion::Out((step, batch))),
            Event::Back { step, batch } => self.slice_moved(Motion::Back((step, batch))),
            Event::WrittenBack { step } => self.finish(step),
            Event::Part => {}
            Event::Pipe => {
                self.pipe_busy = false;
                self.pipe_idle_since = self.now;
            }
        }
    }

    fn proceed(&mut self) {
        for index in std::mem::take(&mut self.blocked) {
            self.consider(index);
        }
        for class in 0..Unit::ALL.len() {
            self.issue(class);
        }
        self.load_weights();
        self.use_pipe();
    }

    fn pieces(&self, index: usize) -> &Pieces {
        &self.steps.steps[index].pieces
    }

    /// Admits operations into the window.
    fn admit(&mut self) {
        while self.admitted < self.steps.steps.len() && self.admitted - self.oldest < self.window {
            let index = self.admitted;
            let step = &self.steps.steps[index];
            let pieces = step.pieces.count();
            let missing = self.room.want(&step.weights, index, step.after);
            self.progress[index] = Progress {
                next: 0,
                left: self.runs_of(index, 0),
                done_at: 0.0,
                done: vec![false; pieces],
                missing: pieces,
                finished: false,
                missing_of: vec![step.pieces.of_slice(); step.pieces.slices()],
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
            .map(|kind| self.pieces(index).share(kind.count, piece))
            .collect()
    }

    /// Adds an operation to those that can issue, if its next piece has all it needs.
    fn consider(&mut self, index: usize) {
        if index >= self.admitted || !self.is_ready(index) {
            return;
        }
        match &self.steps.steps[index].cost {
            Some(cost) => {
                self.issuable[cost.unit as usize].insert(index);
            }
            None if self.steps.steps[index]
                .after
                .is_some_and(|after| after >= self.oldest) =>
            {
                self.blocked.insert(index);
            }
            None => {
                while self.is_ready(index) && self.acquire(index) {
                    let piece = self.progress[index].next;
                    self.move_data(index, piece);
                    self.progress[index].next = self.pieces(index).end_of_batch(piece);
                }
                self.advance_leader();
            }
        }
    }

    fn is_ready(&self, index: usize) -> bool {
        let (step, progress) = (&self.steps.steps[index], &self.progress[index]);
        let piece = progress.next;
        if piece >= step.pieces.count() || progress.weights_missing > 0 {
            return false;
        }
        let by_rows = step.cost.as_ref().is_none_or(|cost| cost.by_rows);
        step.inputs.iter().all(|&(maker, access)| {
            let access = if by_rows { access } else { RowAccess::AllRows };
            let needed = step.pieces.needed(piece, access, &self.steps.steps[maker].pieces);
            let made = &self.progress[maker];
            made.missing == 0 || self.progress[maker].done[needed].iter().all(|&done| done)
        })
    }
}
