//! What an operation takes of the machine, from its runs by class: units, buses, buffers.

use components::control_block::{RunClass, RunClasses};
use components::operation::{Operation, Work};
use components::run::Run;
use components::tile::Dimension;
use components::units::Bytes;
use components::word;
use scenarios::system::MachinePlan;

/// The units that take runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Lane,
    Softmax,
    LayerNorm,
}

impl Unit {
    pub(super) const ALL: [Self; 3] = [Self::Lane, Self::Softmax, Self::LayerNorm];
}

/// Work and accesses of all runs of an operation; cycles summed over modules.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counts {
    /// Multipliers at work, or a row module.
    pub(super) busy: [f64; 3],
    pub(super) pre_compute: f64,
    pub(super) post_compute: f64,
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
    }
}

/// How an operation keeps the machine busy. Times in cycles of the accelerator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cost {
    pub(super) unit: Unit,
    pub(super) runs: u64,
    /// From the issue of a run to a unit until the unit can be issued the next, on average over the runs.
    pub(super) occupancy: f64,
    /// From the issue of a run until its result has been written and the control block knows.
    pub(super) latency: f64,
    /// Whether rows of the result are completed one after another.
    pub(super) by_rows: bool,
    pub(super) counts: Counts,
}

/// The machine as runs meet it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine {
    multipliers: u32,
    lanes_per_pe: u64,
    softmax_per_pe: u64,
    pub(super) pes: u64,
    fifo: f64,
    bus_bytes: u32,
    /// Cycles of the stages before the multipliers: DynaProp, pre-compute.
    dynaprop: f64,
    pre_compute: f64,
    post_compute: f64,
    tile_mask: Bytes,
}

/// Messages between control block, PE and unit take a cycle each.
const HOP: f64 = 1.0;

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
            lanes_per_pe: u64::from(accelerator.lanes_per_pe),
            softmax_per_pe: u64::from(accelerator.softmax_per_pe),
            pes: u64::from(accelerator.processing_elements),
            fifo: f64::from(accelerator.operand_fifo_tiles),
            bus_bytes: plan.operand_bus_bytes,
            dynaprop: f64::from(pruning),
            pre_compute: f64::from(stages.pre_compute_cycles),
            post_compute: f64::from(stages.post_compute_cycles),
            tile_mask: word::mask(plan.mapper.tile.elements()),
        }
    }

    /// Units of a kind in a PE.
    pub(super) fn per_pe(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Lane => self.lanes_per_pe,
            Unit::Softmax => self.softmax_per_pe,
            Unit::LayerNorm => 1,
        }
    }

    /// What `operation` costs, whose runs are `runs`; none if it only moves data.
    pub(super) fn cost(&self, operation: &Operation, runs: &RunClasses) -> Option<Cost> {
        let unit = match operation.work {
            Work::Gather { .. } | Work::Store { .. } => return None,
            Work::Softmax => Unit::Softmax,
            Work::LayerNorm => Unit::LayerNorm,
            _ => Unit::Lane,
        };
        let count = runs.runs();
        // Units of a PE that are at work at once, and share its buses.
        let side_by_side = count * u64::from(operation.siblings);
        let sharing = side_by_side.div_ceil(self.pes).clamp(1, self.per_pe(unit)) as f64;
        let mut cost = Cost {
            unit,
            runs: count,
            occupancy: 0.0,
            latency: 0.0,
            by_rows: by_rows(operation, &runs.loops),
            counts: Counts::default(),
        };
        for RunClass { run, count: times } in &runs.classes {
            let times = *times as f64;
            let (occupancy, latency, counts) = match unit {
                Unit::Lane => self.on_lane(run, sharing),
                _ => self.on_module(run, sharing, unit),
            };
            cost.occupancy += occupancy * times / count as f64;
            cost.latency = cost.latency.max(latency);
            cost.counts.add(&counts, times);
        }
        Some(cost)
    }

    fn bus_cycles(&self, bytes: u32) -> f64 {
        f64::from(bytes.div_ceil(self.bus_bytes))
    }

    /// Occupancy, latency and counts of a run on a lane, `sharing` of which share the PE's buses.
    fn on_lane(&self, run: &Run, sharing: f64) -> (f64, f64, Counts) {
        let tiles = f64::from(run.length);
        let cycles = |dense: u32| {
            let pairs = run.left_density.of_pairs(run.right_density, dense);
            f64::from(pairs.div_ceil(self.multipliers))
        };
        let (whole, last) = (cycles(run.work), cycles(run.last_work));
        let fetched = self.fetched(run);
        let result = self.bus_cycles(run.result_bytes);
        let buses = [fetched.cycles[0] + result, fetched.cycles[1]];
        // The first tile's operands, which the next run has to wait for.
        let first = fetched.first;
        let stages = self.dynaprop + self.pre_compute;
        let begin = 2.0 * HOP + first + stages;
        // Between two tiles: the slowest of multipliers, stages, the FIFO's round trip, and the PE's buses.
        let round_trip = (first + stages) / self.fifo;
        let shared_buses = sharing * buses[0].max(buses[1]) / tiles;
        let pace = self.dynaprop.max(self.pre_compute).max(round_trip);
        let step = whole.max(pace).max(shared_buses);
        let final_step = last.max(pace).max(shared_buses).max(begin + HOP);
        let occupancy = (tiles - 1.0) * step + final_step;
        // All lanes that begin together ask for as many tiles as their FIFOs hold.
        let crowd = (sharing - 1.0) * first * self.fifo.min(tiles);
        let crowd = if shared_buses > whole { 0.0 } else { crowd };
        let post = self.post_compute * f64::from(run.result_tiles());
        let tree = f64::from(self.multipliers.next_power_of_two().trailing_zeros());
        let back = tree + post + result + HOP;
        let latency = begin + HOP + crowd + (tiles - 1.0) * step + last + back - HOP;
        let counts = Counts {
            busy: [(tiles - 1.0) * whole + last, 0.0, 0.0],
            pre_compute: tiles * self.pre_compute,
            post_compute: post,
            fetches: tiles,
            buses,
            accesses: [
                fetched.blocks[0] + blocks(run.result_bytes),
                fetched.blocks[1],
                self.masks(fetched.tiles + f64::from(run.result_tiles())),
            ],
        };
        (occupancy, latency, counts)
    }

    /// The same of a row on a module.
    fn on_module(&self, run: &Run, sharing: f64, unit: Unit) -> (f64, f64, Counts) {
        let tiles = f64::from(run.length);
        let work = (tiles - 1.0) * f64::from(run.work) + f64::from(run.last_work);
        let row = run.left_bytes.saturating_mul(u32::from(run.length));
        let (read, write) = (self.bus_cycles(row), self.bus_cycles(run.result_bytes));
        let alone = 3.0 * HOP + read + work;
        let occupancy = alone.max(sharing * (read + write));
        let latency = 2.0 * HOP + sharing * read + work + write + HOP;
        let mut counts = Counts {
            buses: [read + write, 0.0],
            accesses: [
                blocks(row) + blocks(run.result_bytes),
                0.0,
                self.masks(tiles + f64::from(run.result_tiles())),
            ],
            ..Counts::default()
        };
        counts.busy[unit as usize] = work;
        (occupancy, latency, counts)
    }

    fn masks(&self, tiles: f64) -> f64 {
        tiles * self.tile_mask.blocks() as f64
    }

    /// What a run's operands take on the buses, given what the lane's registers keep from tile to tile.
    fn fetched(&self, run: &Run) -> Fetched {
        let (first, second) = (run.tile(0), run.tile(u16::from(run.length > 1)));
        let times = |kept: bool| if kept { 1.0 } else { f64::from(run.length) };
        let sources = run.sources;
        let operands = [
            (
                run.left_bytes,
                sources.left_is_weight,
                times(sources.left_place(first) == sources.left_place(second)),
            ),
            (
                run.right_bytes,
                sources.right_is_weight,
                times(sources.right_place(first) == sources.right_place(second)),
            ),
        ];
        let mut fetched = Fetched::default();
        let mut first = [0_u32; 2];
        for (bytes, is_weight, times) in operands {
            let bus = usize::from(is_weight);
            first[bus] += bytes;
            if bytes > 0 {
                fetched.tiles += times;
            }
        }
        // Two operands of one bus come in one transfer, as far as both are fetched.
        for bus in 0..2 {
            let of_bus = operands
                .iter()
                .filter(|(bytes, is_weight, _)| *bytes > 0 && usize::from(*is_weight) == bus);
            let least = of_bus
                .clone()
                .map(|&(_, _, times)| times)
                .fold(f64::INFINITY, f64::min);
            if least.is_finite() {
                fetched.cycles[bus] += least * self.bus_cycles(first[bus]);
                fetched.blocks[bus] += least * blocks(first[bus]);
            }
            for &(bytes, _, times) in of_bus {
                if times > least {
                    fetched.cycles[bus] += (times - least) * self.bus_cycles(bytes);
                    fetched.blocks[bus] += (times - least) * blocks(bytes);
                }
            }
        }
        fetched.first = self.bus_cycles(first[0]).max(self.bus_cycles(first[1]));
        fetched
    }
}

/// Operands of a run.
#[derive(Clone, Copy, Debug, Default)]
struct Fetched {
    /// Cycles of the activation bus and of the weight bus.
    cycles: [f64; 2],
    blocks: [f64; 2],
    tiles: f64,
    /// Until the first tile's are there.
    first: f64,
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
