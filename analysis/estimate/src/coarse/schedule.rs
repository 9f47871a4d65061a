//! When the plan's steps run: they get room in their order, and units as their blocks and rows arrive.
//!
//! A step is issued in pieces, each some rows of tiles: a bundle of equal runs, which takes as many free units as it has runs
//! once the rows that it reads are final. Main memory moves one block after another. This module knows nothing of banks, buses,
//! requests or tiles; their cost is in the numbers.

mod admit;
mod agenda;
mod fetch;
mod issue;
mod moves;
mod ports;
mod reserve;
mod retire;
mod stays;
mod units;
mod window;

use std::collections::{BTreeMap, BTreeSet};

use components::block_plan::{BlockPlan, Choice, Ledger, PlanError, Step};
use components::control_block::SchedulingPolicy;
use components::words::Words;
use scenarios::system::{MachinePlan, Plan};

use super::account::{Account, Timeline};
use super::memory::Memory;
use super::ports::AccessTimes;
use super::pricing::Prices;
use super::queues::Queues;
use crate::EstimateError;
use agenda::Agenda;
use components::run_cost::Unit;
use moves::{Pipe, Purpose};
use stays::{Stays, StepNumber};
use units::{FreeUnits, Ready};
use window::Window;

/// Fractions of a cycle in which time is counted, so that order does not depend on rounding.
const FRACTIONS: f64 = 256.0;

/// Pieces of all steps together, at most, so that the time of an estimate does not grow with them; and of one step.
const ALL_PIECES: u64 = 200_000;
const MOST_PIECES: u64 = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// Units of a class are free again.
    Free {
        class: usize,
        count: u64,
        /// When they finish their last tile, and the modules after them its result.
        ready: Ready,
    },
    /// Runs have left their PEs.
    Left { count: u64 },
    /// A piece of a step is done.
    Piece { step: StepNumber, piece: u32 },
    /// A transfer has ended.
    Moved(Purpose),
    /// Main memory can begin the next transfer, unless the end of the last one has changed since.
    Pipe { version: u32 },
}

/// A schedule under construction.
struct Schedule<'a> {
    plan: &'a MachinePlan,
    memory: &'a Memory,
    steps: BlockPlan,
    /// A step of more operations than the window takes.
    next_step: Option<Step>,
    plan_ended: bool,
    words: Words,
    most_pieces: u32,
    in_turn: bool,
    prices: Prices,
    account: Account,
    agenda: Agenda,
    now: u64,
    window: Window,
    stays: Stays,
    room: Ledger,
    /// The next step, and which of its begins, that a load may come early for.
    fetched: StepNumber,
    fetch_place: usize,
    /// Addresses of blocks on their way to main memory.
    writing: BTreeSet<u64>,
    /// Steps whose loads have not begun, by the address that they read.
    unread: BTreeMap<u64, BTreeSet<StepNumber>>,
    room_changed: bool,
    awaiting_older: Vec<StepNumber>,
    free: [FreeUnits; 3],
    units: [u64; 3],
    /// When the buses of a PE have moved what was asked of them, on average over PEs.
    buses_free: [u64; 2],
    /// Cycles of an access to each buffer, and when the buffers have served what was asked of them.
    access_times: AccessTimes,
    ports_free: [u64; 3],
    /// Steps by class whose next piece has all it needs, and the runs of those pieces.
    issuable: [BTreeSet<StepNumber>; 3],
    waiting_runs: [u64; 3],
    turns: [StepNumber; 3],
    /// Runs issued and not yet written back; several on one unit count once.
    in_pes: u64,
    pipe: Pipe,
    queues: Queues<'a>,
    timeline: Timeline,
}

/// The schedule of the machine's plan, and what bounds it.
///
/// # Errors
/// A step never gets the room it needs.
pub(super) fn schedule(whole: &Plan, memory: &Memory) -> Result<(Timeline, Account), EstimateError> {
    let plan = &whole.machine;
    let accelerator = &plan.scenario.accelerator;
    let pes = u64::from(accelerator.processing_elements);
    let units = [
        accelerator.lanes(),
        pes * u64::from(accelerator.softmax_per_pe),
        pes,
    ];
    let Choice {
        blocking, account, ..
    } = plan.blocks;
    let mut schedule = Schedule {
        plan,
        memory,
        steps: plan.block_plan(blocking),
        next_step: None,
        plan_ended: false,
        words: plan.words(),
        most_pieces: (ALL_PIECES / account.steps.max(1)).clamp(1, MOST_PIECES) as u32,
        in_turn: plan.policy == SchedulingPolicy::EqualPriority,
        prices: Prices::of(plan),
        account: Account::of(plan, memory),
        agenda: Agenda::new(),
        now: 0,
        window: Window::default(),
        stays: Stays::default(),
        room: Ledger::new(plan.plan_parameters().capacity),
        fetched: 0,
        fetch_place: 0,
        writing: BTreeSet::new(),
        unread: BTreeMap::new(),
        room_changed: false,
        awaiting_older: Vec::new(),
        free: units.map(FreeUnits::new),
        units,
        buses_free: [0; 2],
        access_times: AccessTimes::of(plan),
        ports_free: [0; 3],
        issuable: Default::default(),
        waiting_runs: [0; 3],
        turns: [0; 3],
        in_pes: 0,
        pipe: Pipe::default(),
        queues: Queues::of(whole, memory),
        timeline: Timeline::default(),
    };
    schedule.run();
    let stuck_in = match schedule.steps.error() {
        Some(PlanError::NoRoom { layer, .. }) => Some(*layer),
        Some(PlanError::TooManySteps | PlanError::Fault(_)) => Some(0),
        None => schedule
            .window
            .iter()
            .next()
            .map(|entry| entry.step.operation.layer),
    };
    match stuck_in {
        Some(layer) => Err(EstimateError::Standstill { layer }),
        None => Ok((schedule.timeline, schedule.account)),
    }
}

/// `cycles` in fractions of a cycle.
fn fractions(cycles: f64) -> u64 {
    (cycles * FRACTIONS).round() as u64
}

impl Schedule<'_> {
    fn run(&mut self) {
        self.admit();
        self.proceed();
        while let Some(at) = self.agenda.go_on() {
            let elapsed = (at - self.now) as f64 / FRACTIONS;
            self.timeline.pes_active +=
                elapsed * self.in_pes.min(self.units[Unit::LayerNorm as usize]) as f64;
            self.now = at;
            while let Some(event) = self.agenda.take_current() {
                self.on(event);
            }
            self.proceed();
        }
    }

    fn send(&mut self, after: u64, event: Event) {
        self.agenda.add(self.now + after, event);
    }

    fn on(&mut self, event: Event) {
        match event {
            Event::Free { class, count, ready } => self.free[class].put(count, ready),
            Event::Left { count } => self.in_pes -= count,
            Event::Piece { step, piece } => self.piece_done(step, piece),
            Event::Moved(purpose) => self.moved(purpose),
            Event::Pipe { version } => self.pipe_free(version),
        }
    }

    /// Does everything that has become possible.
    fn proceed(&mut self) {
        let mut fetches = self.room_changed;
        loop {
            if std::mem::take(&mut self.room_changed) {
                self.reserve();
            }
            for class in 0..Unit::ALL.len() {
                self.issue(class);
            }
            if !self.room_changed && std::mem::take(&mut fetches) {
                self.fetch_ahead();
            } else if !self.room_changed {
                break;
            }
        }
    }
}
