//! What an operation takes of the machine, from its runs by class: units, buses, buffers.

mod operands;
mod timing;

use components::operation::Operation;
use components::runs::Run;
use components::runs::{RunClass, RunClasses};
use components::tile::Dimension;
use components::units::Bytes;
use components::word;
pub(super) use components::work::UnitClass as Unit;
use scenarios::system::MachinePlan;

pub(super) use timing::Timing;
use timing::{HOP, LaneTiming};

/// Work and accesses of all runs of an operation; cycles summed over modules.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counts {
    /// Multipliers at work, or a row module.
    pub(super) busy: [f64; 3],
    pub(super) pre_compute: f64,
    pub(super) post_compute: f64,
    /// Result tiles of lanes, each rounded stochastically in training.
    pub(super) result_tiles: f64,
    /// Fetches of operands, each through a FIFO.
    pub(super) fetches: f64,
    /// Cycles of the activation and the weight buses.
    pub(super) buses: [f64; 2],
    /// Accesses of 64 bytes to the activation, weight and mask buffers.
    pub(super) accesses: [f64; 3],
}

impl Counts {
    pub(super) fn add(&mut self, other: &Self, times: f64) {
        for unit in 0..3 {
            self.busy[unit] += other.busy[unit] * times;
            self.accesses[unit] += other.accesses[unit] * times;
        }
        self.buses[0] += other.buses[0] * times;
        self.buses[1] += other.buses[1] * times;
        self.pre_compute += other.pre_compute * times;
        self.post_compute += other.post_compute * times;
        self.fetches += other.fetches * times;
        self.result_tiles += other.result_tiles * times;
    }
}

/// How an operation keeps the machine busy.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cost {
    pub(super) unit: Unit,
    pub(super) runs: u64,
    /// Its runs by what they take; at least one kind.
    pub(super) kinds: Vec<Kind>,
    /// Whether rows of the result are completed one after another.
    pub(super) by_rows: bool,
    pub(super) counts: Counts,
}

/// Equal runs of an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Kind {
    pub(super) count: u64,
    pub(super) timing: Timing,
}

impl Cost {
    /// Cycles that all runs keep units, `sharing` of which work in a PE.
    pub(super) fn occupied(&self, sharing: f64) -> f64 {
        let kinds = self.kinds.iter();
        kinds
            .map(|kind| kind.timing.occupancy(sharing) * kind.count as f64)
            .sum()
    }

    /// The longest latency of its runs.
    pub(super) fn latency(&self, sharing: f64) -> f64 {
        let kinds = self.kinds.iter();
        kinds.map(|kind| kind.timing.latency(sharing)).fold(0.0, f64::max)
    }

    fn add(&mut self, timing: Timing, count: u64) {
        match self.kinds.iter_mut().find(|kind| kind.timing == timing) {
            Some(kind) => kind.count += count,
            None => self.kinds.push(Kind { count, timing }),
        }
    }
}

/// The machine as runs meet it.
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
        }
    }

    /// What `operation` costs, whose runs are `runs`; `None` if it only moves data.
    pub(super) fn cost(&self, operation: &Operation, runs: &RunClasses) -> Option<Cost> {
        let unit = operation.work.profile().unit()?;
        let mut cost = Cost {
            unit,
            runs: runs.runs(),
            kinds: Vec::new(),
            by_rows: by_rows(operation, &runs.loops),
            counts: Counts::default(),
        };
        for RunClass { run, count } in &runs.classes {
            let (timing, counts) = match unit {
                Unit::Lane => self.on_lane(run),
                _ => self.on_module(run, unit),
            };
            cost.add(timing, *count);
            cost.counts.add(&counts, *count as f64);
        }
        Some(cost)
    }

    fn bus_cycles(&self, bytes: u32) -> f64 {
        f64::from(bytes.div_ceil(self.bus_bytes))
    }

    fn on_lane(&self, run: &Run) -> (Timing, Counts) {
        let tiles = f64::from(run.length);
        let cycles = |dense: u32| {
            let pairs = run.left_density.of_pairs(run.right_density, dense);
            f64::from(pairs.div_ceil(self.multipliers))
        };
        let (whole, last) = (cycles(run.work), cycles(run.last_work));
        let fetched = self.fetched(run);
        let result = self.bus_cycles(run.result_bytes);
        // What is updated in place goes back over the bus of the weight buffer.
        let result_bus = usize::from(run.sources.result_is_weight);
        let (mut buses, mut accessed) = (fetched.cycles, fetched.blocks);
        buses[result_bus] += result;
        accessed[result_bus] += blocks(run.result_bytes);
        let stages = self.dynaprop + self.pre_compute;
        let post = self.post_compute * f64::from(run.result_tiles());
        let tree = f64::from(self.multipliers.next_power_of_two().trailing_zeros());
        let timing = Timing::Lane(LaneTiming {
            tiles,
            whole,
            last,
            // The slowest stage, and the FIFO's round trip.
            pace: self
                .dynaprop
                .max(self.pre_compute)
                .max((fetched.first + stages) / self.fifo),
            buses: buses[0].max(buses[1]),
            first: fetched.first,
            begin: 2.0 * HOP + fetched.first + stages,
            ahead: self.fifo.min(tiles),
            back: tree + post + result + HOP,
        });
        let counts = Counts {
            busy: [(tiles - 1.0) * whole + last, 0.0, 0.0],
            pre_compute: tiles * self.pre_compute,
            post_compute: post,
            fetches: tiles,
            result_tiles: f64::from(run.result_tiles()),
            buses,
            accesses: [
                accessed[0],
                accessed[1],
                self.masks(fetched.tiles + f64::from(run.result_tiles())),
            ],
        };
        (timing, counts)
    }

    fn on_module(&self, run: &Run, unit: Unit) -> (Timing, Counts) {
        let tiles = f64::from(run.length);
        let work = (tiles - 1.0) * f64::from(run.work) + f64::from(run.last_work);
        // Gradients read two rows: what went in or came out, and the gradient of what came out.
        let operands = 1.0 + f64::from(u8::from(run.right_bytes > 0));
        let row = (run.left_bytes + run.right_bytes).saturating_mul(u32::from(run.length));
        let (read, write) = (self.bus_cycles(row), self.bus_cycles(run.result_bytes));
        let timing = Timing::Module { work, read, write };
        let mut counts = Counts {
            buses: [read + write, 0.0],
            accesses: [
                blocks(row) + blocks(run.result_bytes),
                0.0,
                self.masks(tiles * operands + f64::from(run.result_tiles())),
            ],
            ..Counts::default()
        };
        counts.busy[unit as usize] = work;
        (timing, counts)
    }

    fn masks(&self, tiles: f64) -> f64 {
        tiles * self.tile_mask.blocks() as f64
    }
}

fn blocks(bytes: u32) -> f64 {
    Bytes(u64::from(bytes)).blocks() as f64
}

/// Whether rows are outside columns and sums, so that they get ready one by one.
fn by_rows(operation: &Operation, loops: &[Dimension; 4]) -> bool {
    let place = |dimension| loops.iter().position(|&found| found == dimension);
    let sums = operation.grid.tiles(Dimension::K) == 1 || place(Dimension::I) < place(Dimension::K);
    sums && place(Dimension::I) < place(Dimension::J)
}
