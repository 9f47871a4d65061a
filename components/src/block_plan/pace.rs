//! How long a plan takes, roughly: what blockings are ranked by.
//!
//! Steps take their room in order, as in the control block. Loads and writes go through one pipe at the memory's peak bandwidth,
//! and each class of units is a pool: both take one thing after another, as soon as what it needs is there, and fill the gaps
//! that something left which had to wait. A step takes no less time than its longest run, which one unit walks alone, and than its
//! operands and sums take on the buses of all PEs. Nothing below that is seen: no rows, no banks.

use std::collections::VecDeque;

pub(super) use ahead::{Goal, LeastWork, Rank};
use pool::Pool;
use repeats::Mark;
use stays::{Stay, Stays};
use work::TilePace;

use super::account::PlanAccount;
use super::stage_plan::BlockPlan;
use super::step::{Begin, End, Room, StayNumber, Step};
use crate::runs::Tiling;
use crate::tile::LoopOrder;
use crate::units::{BLOCK, Bytes};

mod ahead;
mod pool;
mod repeats;
mod stays;
mod work;

/// How fast a machine is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Peak bandwidth of main memory, in bytes per cycle of the accelerator.
    pub bytes_per_cycle: f64,
    /// Cycles that a load takes beside its transfer.
    pub load_latency: f64,
    /// Cycles that a run takes beside the work of its tiles.
    pub run_latency: f64,
    /// MAC lanes, softmax modules and layer-norm modules of the machine.
    pub units: [u64; 3],
    /// The order of the tiles of a part, whose innermost loop a unit walks alone.
    pub order: LoopOrder,
}

/// How long a plan takes, and what it moves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paced {
    /// Cycles; infinite if the walk was given up.
    pub(super) cycles: f64,
    pub(super) account: PlanAccount,
    /// What it has done of what any way has to do.
    pub(super) work: LeastWork,
    /// Whether all steps were walked, so that the account is exact.
    pub(super) is_whole: bool,
}

/// A walk over a plan that finds how long it takes.
pub(super) struct Pacer {
    rates: Rates,
    tiling: Tiling,
    capacity: Room,
    taken: Room,
    /// Room that comes back, in the order of steps: when, and how much.
    coming: VecDeque<(f64, Room)>,
    /// When the last step got its room.
    reserved: f64,
    /// The memory pipe.
    memory: Pool,
    units: [Pool; 3],
    stays: Stays,
    /// Of the operations seen last, by their numbers.
    tiles: Box<[TilePace]>,
    ended: f64,
    account: PlanAccount,
    /// Cycles of all units of each class for the tiles so far.
    worked: [f64; 3],
    /// Bytes evicted that had been loaded or made, and will be loaded again.
    evicted: Bytes,
    /// The segment and the stage of the step seen last, and when they began.
    place: [u32; 2],
    segment: Mark,
    layer: Mark,
    /// Whether what is left of the program is more than layers like those that were walked.
    has_other_stages: bool,
}

/// Operations whose tiles' time is kept: in waves, steps of several alternate.
const OPERATIONS_KNOWN: usize = 64;

impl Pacer {
    /// A walk over a plan of a machine.
    pub(super) fn new(rates: Rates, tiling: Tiling, capacity: Room) -> Self {
        Self {
            rates,
            tiling,
            capacity,
            taken: Room::default(),
            coming: VecDeque::new(),
            reserved: 0.0,
            memory: Pool::default(),
            units: [(); 3].map(|()| Pool::default()),
            stays: Stays::default(),
            tiles: [TilePace::NONE; OPERATIONS_KNOWN].into(),
            ended: 0.0,
            account: PlanAccount::default(),
            worked: [0.0; 3],
            evicted: Bytes(0),
            place: [0; 2],
            segment: Mark::default(),
            layer: Mark::default(),
            has_other_stages: false,
        }
    }

    /// Walks `plan` until it ends, cannot meet the goal any more or has more than so many steps. Of many segments the first ones are
    /// walked, as all others are like the last of them.
    pub(super) fn walk(
        mut self,
        plan: &mut BlockPlan,
        segments: u32,
        goal: Option<&Goal>,
        most_steps: u64,
    ) -> Paced {
        let mut before = Mark::default();
        let mut left = 0;
        while let Some(step) = plan.next() {
            if let Some((mark, times)) = self.rest_like(plan, segments) {
                (before, left) = (mark, times);
                break;
            }
            self.account.add(&step);
            self.pass(&step);
            plan.take_back(step);
            let is_lost = goal.is_some_and(|goal| !goal.is_met_by(&self.at_least(goal)));
            if is_lost || plan.steps_made() > most_steps {
                return Paced {
                    cycles: f64::INFINITY,
                    account: self.account,
                    work: LeastWork::default(),
                    is_whole: false,
                };
            }
        }
        self.account.spill_room = Bytes(plan.spill_bytes());
        // The slowest of what goes on side by side sets the pace.
        let pace = self
            .times()
            .iter()
            .zip(before.times)
            .map(|(now, before)| now - before)
            .fold(0.0, f64::max);
        Paced {
            cycles: self.so_far() + pace * left as f64,
            account: self.account.extended(&before.account, left),
            work: self.work_done().extended(&before.work, left),
            is_whole: left == 0,
        }
    }

    /// The time so far, and that for which the memory pipe and each class of units were busy.
    fn times(&self) -> [f64; 5] {
        let [lanes, softmax, layer_norm] = [0, 1, 2].map(|class: usize| self.units[class].busy);
        [self.so_far(), self.memory.busy, lanes, softmax, layer_norm]
    }

    fn so_far(&self) -> f64 {
        self.ended.max(self.memory.free)
    }

    fn pass(&mut self, step: &Step) {
        // A step begins once what leaves for it may leave, even if there is room beside it.
        let mut may_begin = 0.0_f64;
        for begin in &step.begins {
            match begin {
                Begin::Evict { stay, write } => {
                    let Some(&left) = self.stays.get(*stay) else {
                        continue;
                    };
                    let used = left.used.max(left.ready);
                    may_begin = may_begin.max(used);
                    let written = write.map_or(Bytes(0), |write| BLOCK * write.accesses());
                    self.evicted += left.loaded.max(written);
                    let gone = match written {
                        Bytes(0) => used,
                        written => self.transfer(used, written),
                    };
                    self.give_back(*stay, gone, left.room);
                }
                Begin::Load {
                    stay,
                    read,
                    footprint,
                    block,
                    ..
                } => {
                    let room = Room::of(*footprint, block.is_weight);
                    self.take(room);
                    let loaded = BLOCK * read.accesses();
                    let ready = self.transfer(self.reserved, loaded) + self.rates.load_latency;
                    let stay_begins = Stay {
                        loaded,
                        ..Stay::new(ready, room)
                    };
                    self.stays.begin(*stay, stay_begins);
                }
                Begin::Make {
                    stay,
                    footprint,
                    block,
                } => {
                    let room = Room::of(*footprint, block.is_weight);
                    self.take(room);
                    self.stays.begin(*stay, Stay::new(self.reserved, room));
                }
            }
        }
        let done = self.work(step, may_begin);
        self.ended = self.ended.max(done);
        for &stay in step
            .operands
            .iter()
            .flat_map(|operand| &operand.stays)
            .chain(&step.result.stays)
        {
            if let Some(stay) = self.stays.get_mut(stay) {
                stay.used = stay.used.max(done);
            }
        }
        for &stay in &step.result.stays {
            if let Some(stay) = self.stays.get_mut(stay) {
                stay.ready = stay.ready.max(done);
            }
        }
        for end in &step.ends {
            match end {
                End::Compact { stay, footprint } => {
                    let before = self.stays.get(*stay).map(|stay| stay.room).unwrap_or_default();
                    let after = Room([footprint.data, Bytes(0), footprint.mask]);
                    if let Some(stay) = self.stays.get_mut(*stay) {
                        stay.room = after;
                    }
                    self.coming.push_back((done, less(before, after)));
                }
                End::WriteBack { stay, write } => {
                    let written = self.transfer(done, BLOCK * write.accesses());
                    if let Some(stay) = self.stays.get_mut(*stay) {
                        stay.used = stay.used.max(written);
                    }
                }
                End::Drop { stay } => {
                    let (used, room) = self
                        .stays
                        .get(*stay)
                        .map_or((done, Room::default()), |stay| (stay.used, stay.room));
                    self.give_back(*stay, used, room);
                }
            }
        }
    }

    /// When the work of a step is done that begins at `may_begin` or later.
    fn work(&mut self, step: &Step, may_begin: f64) -> f64 {
        let operands = step.operands.iter().flat_map(|operand| &operand.stays);
        let ready = operands
            .filter_map(|&stay| self.stays.get(stay))
            .map(|stay| stay.ready)
            .fold(self.reserved.max(may_begin), f64::max);
        let profile = step.operation.work.profile();
        let Some(kind) = profile.run_kind() else {
            let bytes = self.moved(step);
            return self.transfer(ready, bytes);
        };
        let tile = &mut self.tiles[step.operation.id.0 as usize % OPERATIONS_KNOWN];
        *tile = tile.of(step, kind, &self.tiling, &self.rates);
        let [share, least] = tile.of_step(step);
        self.worked[kind.unit() as usize] += tile.of_units(step);
        let pool = &mut self.units[kind.unit() as usize];
        pool.run(ready, least, share)
    }

    fn moved(&self, step: &Step) -> Bytes {
        let rows = crate::data_order::DataOrder::of(&step.operation, &step.tiles, &self.tiling);
        rows.iter()
            .map(|order| {
                let times = order
                    .pattern
                    .token_rows()
                    .map_or(1, |rows| u64::from(rows.tokens));
                BLOCK * order.moved.accesses() * times
            })
            .sum()
    }

    /// When a transfer is done that may begin at `from`.
    fn transfer(&mut self, from: f64, bytes: Bytes) -> f64 {
        let time = bytes.0 as f64 / self.rates.bytes_per_cycle;
        self.memory.run(from, time, time)
    }

    fn take(&mut self, room: Room) {
        for (taken, more) in self.taken.0.iter_mut().zip(room.0) {
            *taken += more;
        }
        while !self.taken.fits(&self.capacity) {
            let Some((when, room)) = self.coming.pop_front() else {
                return;
            };
            self.reserved = self.reserved.max(when);
            self.taken = less(self.taken, room);
        }
    }

    fn give_back(&mut self, number: StayNumber, when: f64, room: Room) {
        self.coming.push_back((when, room));
        self.stays.end(number);
    }
}

fn less(room: Room, gone: Room) -> Room {
    let [a, w, m] = [0, 1, 2].map(|buffer| Bytes(room.0[buffer].0.saturating_sub(gone.0[buffer].0)));
    Room([a, w, m])
}
