//! What an operation uses of the machine, from its runs by class: units, buses, buffers.

mod operands;
mod timing;

use components::buffer::BufferKind;
use components::energy_part::{Action, ByAction};
use components::operation::Operation;
use components::runs::{Densities, Grouping, Run, RunClass, RunClasses};
use components::tile::Dimension;
use components::units::Bytes;
use components::word;
pub(super) use components::work::UnitClass as Unit;
use scenarios::system::MachinePlan;

pub(super) use timing::Timing;
use timing::{HOP, LaneTiming};

/// The actions of runs that take energy: cycles summed over modules, or counts.
pub(super) type Actions = ByAction<f64>;

/// Adds `times` as much as `other` to `actions`.
pub(super) fn add_actions(actions: &mut Actions, other: &Actions, times: f64) {
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
pub(super) struct Cost {
    pub(super) unit: Unit,
    pub(super) runs: u64,
    /// Its runs by cost; at least one kind.
    pub(super) kinds: Vec<Kind>,
    /// Whether the rows of the result complete one after another.
    pub(super) by_rows: bool,
    pub(super) actions: Actions,
}

/// Equal runs of an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Kind {
    pub(super) count: u64,
    pub(super) timing: Timing,
    /// Accesses of a run to the activation, weight and mask buffer.
    pub(super) accesses: [f64; 3],
}

impl Cost {
    /// Unit-cycles of all runs, while `sharing` units work in each PE.
    pub(super) fn occupied(&self, sharing: f64) -> f64 {
        let kinds = self.kinds.iter();
        kinds
            .map(|kind| kind.timing.occupancy(sharing) * kind.count as f64)
            .sum()
    }

    /// Units per PE that work on it if it has all `units` to itself.
    pub(super) fn sharing(&self, units: [f64; 3]) -> f64 {
        let pes = units[Unit::LayerNorm as usize];
        let of_pe = (units[self.unit as usize] / pes).max(1.0);
        (self.runs as f64 / pes).ceil().clamp(1.0, of_pe)
    }

    /// The longest latency of its runs.
    pub(super) fn latency(&self, sharing: f64) -> f64 {
        let kinds = self.kinds.iter();
        kinds.map(|kind| kind.timing.latency(sharing)).fold(0.0, f64::max)
    }

    /// The most cycles that one of its runs takes of a bus of its PE.
    pub(super) fn on_buses(&self) -> f64 {
        let buses = self.kinds.iter().flat_map(|kind| kind.timing.buses());
        buses.fold(0.0, f64::max)
    }

    /// Accesses of all runs to the three buffers.
    pub(super) fn accesses(&self) -> [f64; 3] {
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

/// The machine as runs see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine {
    multipliers: u32,
    fifo: f64,
    bus_bytes: u32,
    /// Cycles of the stages before the multipliers: DynaProp, pre-compute.
    dynaprop: f64,
    pre_compute: f64,
    post_compute: f64,
    tile_mask: Bytes,
    /// Bytes of one access to a buffer.
    access: Bytes,
    densities: Densities,
}

impl Machine {
    pub(super) fn of(plan: &MachinePlan) -> Self {
        let accelerator = &plan.scenario.accelerator;
        let stages = &accelerator.stages;
        let pruning = if plan.scenario.sparsity.dynaprop {
            stages.dynaprop_cycles
        } else {
            0
        };
        Self {
            multipliers: accelerator.multipliers_per_lane,
            fifo: f64::from(accelerator.operand_fifo_tiles),
            bus_bytes: plan.operand_bus_bytes,
            dynaprop: f64::from(pruning),
            pre_compute: f64::from(stages.pre_compute_cycles),
            post_compute: f64::from(stages.post_compute_cycles),
            tile_mask: word::mask(plan.tiling.tile.elements()),
            access: plan.buffer_access(),
            densities: plan.tiling.densities,
        }
    }

    /// The cost of a part of `operation`, of so many `tiles` along b, i, j and k, whose runs are `runs`; `None` if it only moves data.
    pub(super) fn cost(&self, operation: &Operation, runs: &RunClasses, tiles: [u16; 4]) -> Option<Cost> {
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

    fn bus_cycles(&self, bytes: u32) -> f64 {
        f64::from(bytes.div_ceil(self.bus_bytes))
    }

    fn on_lane(&self, run: &Run, grouping: &Grouping) -> (Timing, Actions) {
        let tiles = f64::from(run.length);
        let [left, right] = self.densities.of_operands(run.skipped);
        let cycles = |dense: u32| f64::from(left.of_pairs(right, dense).div_ceil(self.multipliers));
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
