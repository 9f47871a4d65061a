//! What an operation uses of the machine in closed form, from its runs by class: units, buses, buffers.
//!
//! Not modelled: that a run along i is issued for the rows that are ready, so that runs can be shorter than those counted here.

mod operands;
mod timing;

use crate::buffer::BufferKind;
use crate::energy_part::{Action, ByAction};
use crate::operation::Operation;
use crate::runs::{Densities, Grouping, Run, RunClass, RunClasses};
use crate::tile::Dimension;
use crate::units::Bytes;
pub use crate::work::UnitClass as Unit;

pub use timing::Timing;
use timing::{HOP, LaneTiming};

/// The actions of runs that take energy: cycles summed over modules, or counts.
pub type Actions = ByAction<f64>;

/// Adds `times` as much as `other` to `actions`.
pub fn add_actions(actions: &mut Actions, other: &Actions, times: f64) {
    for (action, sum) in actions.iter_mut() {
        *sum += other[action] * times;
    }
}

/// The action that a unit's work is charged as.
const fn work_of(unit: Unit) -> Action {
    match unit {
        Unit::Lane => Action::MacLane,
        Unit::Softmax => Action::Softmax,
        Unit::LayerNorm => Action::LayerNorm,
    }
}

/// How an operation keeps the machine busy.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// The units that take its runs.
    pub unit: Unit,
    /// All runs, with those that lanes of a group without a tile could have had.
    pub runs: u64,
    /// Its runs by cost; at least one kind.
    pub kinds: Vec<Kind>,
    /// Whether the rows of the result complete one after another.
    pub by_rows: bool,
    /// What they do at a price.
    pub actions: Actions,
}

/// Equal runs of an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kind {
    /// How many there are.
    pub count: u64,
    /// The times of each.
    pub timing: Timing,
    /// Accesses of each to the activation, weight and mask buffer.
    pub accesses: [f64; 3],
}

impl Cost {
    /// Unit-cycles of all runs, while `sharing` units work in each PE.
    #[must_use]
    pub fn occupied(&self, sharing: f64) -> f64 {
        let kinds = self.kinds.iter();
        kinds
            .map(|kind| kind.timing.occupancy(sharing) * kind.count as f64)
            .sum()
    }

    /// The most unit-cycles of one of its runs, while `sharing` units work in each PE.
    #[must_use]
    pub fn occupancy(&self, sharing: f64) -> f64 {
        let kinds = self.kinds.iter();
        kinds
            .map(|kind| kind.timing.occupancy(sharing))
            .fold(0.0, f64::max)
    }

    /// Units per PE that work on it if it has all `units` to itself.
    #[must_use]
    pub fn sharing(&self, units: [f64; 3]) -> f64 {
        let pes = units[Unit::LayerNorm as usize];
        let of_pe = (units[self.unit as usize] / pes).max(1.0);
        (self.runs as f64 / pes).ceil().clamp(1.0, of_pe)
    }

    /// The longest latency of its runs.
    #[must_use]
    pub fn latency(&self, sharing: f64) -> f64 {
        let kinds = self.kinds.iter();
        kinds.map(|kind| kind.timing.latency(sharing)).fold(0.0, f64::max)
    }

    /// The most cycles that one of its runs takes of a bus of its PE.
    #[must_use]
    pub fn on_buses(&self) -> f64 {
        let buses = self.kinds.iter().flat_map(|kind| kind.timing.buses());
        buses.fold(0.0, f64::max)
    }

    /// Accesses of all runs to the three buffers.
    #[must_use]
    pub fn accesses(&self) -> [f64; 3] {
        BufferKind::ALL.map(|kind| self.actions[Action::access(kind)])
    }

    fn add(&mut self, timing: Timing, accesses: [f64; 3], count: u64) {
        let same = |kind: &&mut Kind| kind.timing == timing && kind.accesses == accesses;
        match self.kinds.iter_mut().find(same) {
            Some(kind) => kind.count += count,
            None => self.kinds.push(Kind {
                count,
                timing,
                accesses,
            }),
        }
    }
}

/// The machine as runs see it. Times in cycles of the accelerator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CostModel {
    /// Multipliers of a lane.
    pub multipliers: u32,
    /// Tiles that a lane's operand FIFO holds.
    pub fifo: f64,
    /// Bytes per cycle of each of a PE's two buses.
    pub bus_bytes: u32,
    /// Cycles per tile of run-time pruning; 0 without it.
    pub dynaprop: f64,
    /// Cycles per tile of the module that picks pairs.
    pub pre_compute: f64,
    /// Cycles per result tile of the module that compresses results.
    pub post_compute: f64,
    /// The mask of a tile.
    pub tile_mask: Bytes,
    /// What one access to a buffer moves at most.
    pub access: Bytes,
    /// Mean densities of tensors.
    pub densities: Densities,
}

impl CostModel {
    /// The cost of a part of `operation`, of so many `tiles` along b, i, j and k, whose runs are `runs`; `None` if it only moves data.
    #[must_use]
    pub fn cost(&self, operation: &Operation, runs: &RunClasses, tiles: [u16; 4]) -> Option<Cost> {
        let unit = operation.work.profile().unit()?;
        let mut cost = Cost {
            unit,
            runs: runs.runs(),
            kinds: Vec::new(),
            by_rows: by_rows(tiles, &runs.loops),
            actions: Actions::default(),
        };
        for RunClass { run, count } in &runs.classes {
            let (timing, actions) = match unit {
                Unit::Lane => self.on_lane(run, &runs.grouping),
                _ => self.on_module(run, unit),
            };
            let accesses = BufferKind::ALL.map(|kind| actions[Action::access(kind)]);
            cost.add(timing, accesses, *count);
            add_actions(&mut cost.actions, &actions, *count as f64);
        }
        // Lanes without a tile are idle as long as those of their group work.
        let missing = runs.grouping.missing(cost.runs);
        if let Some(kind) = cost.kinds.first_mut().filter(|_| unit == Unit::Lane) {
            let share = kind.count as f64 / (kind.count + missing).max(1) as f64;
            kind.accesses = kind.accesses.map(|accesses| accesses * share);
            kind.count += missing;
            cost.runs += missing;
        }
        Some(cost)
    }

    /// Cycles that a run takes beside the work of its tiles and its time on the buses: messages, stages, and the adder tree.
    #[must_use]
    pub fn run_latency(&self) -> f64 {
        let tree = f64::from(self.multipliers.next_power_of_two().trailing_zeros());
        3.0 * HOP + self.dynaprop + self.pre_compute + tree + self.post_compute
    }

    fn bus_cycles(&self, bytes: u32) -> f64 {
        f64::from(bytes.div_ceil(self.bus_bytes))
    }

    fn on_lane(&self, run: &Run, grouping: &Grouping) -> (Timing, Actions) {
        let tiles = f64::from(run.length);
        let cycles = |dense: u32| f64::from(self.densities.cycles(run.skipped, dense, self.multipliers));
        let (whole, last) = (cycles(run.work), cycles(run.last_work));
        let fetched = self.fetched(run, grouping);
        let result = self.bus_cycles(run.result_bytes);
        // Operands updated in place go back over the weight buffer's bus.
        let result_bus = usize::from(run.sources.result_is_weight);
        let (mut buses, mut accessed) = (fetched.cycles, fetched.accesses);
        buses[result_bus] += result;
        accessed[result_bus] += self.accesses(run.result_bytes);
        let stages = self.dynaprop + self.pre_compute;
        let post = self.post_compute * f64::from(run.result_tiles());
        let tree = f64::from(self.multipliers.next_power_of_two().trailing_zeros());
        let timing = Timing::Lane(LaneTiming {
            tiles,
            whole,
            last,
            // The slowest stage, or the FIFO's round trip.
            pace: self
                .dynaprop
                .max(self.pre_compute)
                .max((fetched.first + stages) / self.fifo),
            buses,
            first: fetched.first / f64::from(grouping.group.lanes()),
            begin: 2.0 * HOP + fetched.first + stages,
            ahead: self.fifo.min(tiles),
            tree,
            post,
            back: result + HOP,
        });
        let results = f64::from(run.result_tiles());
        let actions = Actions::new(|action| match action {
            Action::MacLane => (tiles - 1.0) * whole + last,
            Action::PreCompute => tiles * self.pre_compute,
            Action::PostCompute => post,
            Action::ResultTile => results,
            Action::OperandFetch => tiles,
            Action::Bus => buses[0] + buses[1],
            Action::ActivationAccess => accessed[0],
            Action::WeightAccess => accessed[1],
            Action::MaskAccess => self.masks(fetched.tiles + results),
            Action::Softmax | Action::LayerNorm | Action::ActivePe | Action::SwitchedOn => 0.0,
        });
        (timing, actions)
    }

    fn on_module(&self, run: &Run, unit: Unit) -> (Timing, Actions) {
        let tiles = f64::from(run.length);
        let work = (tiles - 1.0) * f64::from(run.work) + f64::from(run.last_work);
        // Gradients read two rows: the input or output, and the gradient of the output.
        let operands = 1.0 + f64::from(u8::from(run.right_bytes > 0));
        let row = (run.left_bytes + run.right_bytes).saturating_mul(u32::from(run.length));
        let (read, write) = (self.bus_cycles(row), self.bus_cycles(run.result_bytes));
        let timing = Timing::Module { work, read, write };
        let mut actions = Actions::default();
        actions[Action::Bus] = read + write;
        actions[Action::ActivationAccess] = self.accesses(row) + self.accesses(run.result_bytes);
        actions[Action::MaskAccess] = self.masks(tiles * operands + f64::from(run.result_tiles()));
        actions[work_of(unit)] = work;
        (timing, actions)
    }

    fn accesses(&self, bytes: u32) -> f64 {
        Bytes(u64::from(bytes)).accesses(self.access) as f64
    }

    fn masks(&self, tiles: f64) -> f64 {
        tiles * self.tile_mask.accesses(self.access) as f64
    }
}

/// Whether the loop over rows is outside all others, so that rows become ready one by one.
fn by_rows(tiles: [u16; 4], loops: &[Dimension; 4]) -> bool {
    let outside = loops.iter().take_while(|&&dimension| dimension != Dimension::I);
    outside
        .into_iter()
        .all(|&dimension| tiles[dimension as usize] == 1)
}
