//! What a schedule amounts to: time, blocks moved and actions of the whole machine, and bounds by layer.

use components::block_plan::{Begin, End, Step};
use components::data_order::DataOrder;
use components::message::{Traffic, TransferPattern};
use components::units::{BLOCK, Bytes};
use components::words::Words;
use scenarios::system::MachinePlan;

use super::bounds::{Bounds, LayerEstimate, Limit};
use super::chain::Chain;
use super::memory::Memory;
use super::ports::AccessTimes;
use super::pricing::Prices;
use components::run_cost::{Actions, Cost, Unit, add_actions};

/// The result of a schedule; times in cycles of the accelerator.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Timeline {
    /// When the last step has finished.
    pub(super) cycles: f64,
    /// Blocks of 64 bytes that main memory reads and writes.
    pub(super) blocks_read: u64,
    pub(super) blocks_written: u64,
    /// The same by kind of traffic, reads and writes together.
    pub(super) requests: [u64; Traffic::ALL.len()],
    /// Blocks that the DMA moved to and from the activation, weight and mask buffers.
    pub(super) buffer_blocks: [u64; 3],
    /// Blocks of tensors written to main memory to make room.
    pub(super) blocks_pushed_out: u64,
    /// Blocks of 64 bytes written for that, and read again that left as main memory holds them.
    pub(super) accesses_pushed_out: u64,
    pub(super) accesses_loaded_again: u64,
    /// Cycles in which a PE has a run, summed over PEs. Runs go to the unit that has been idle longest, so they
    /// spread over PEs.
    pub(super) pes_active: f64,
    /// Cycles of the buses of a PE to the activation and to the weight buffer, on average over PEs.
    pub(super) buses_busy: [f64; 2],
    /// Cycles of the ports of buffers of limited bandwidth.
    pub(super) ports_busy: [f64; 3],
    /// Actions of all runs.
    pub(super) actions: Actions,
}

/// Accesses of a transfer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moved {
    /// Of data and of masks, through the buffers.
    pub(super) blocks: [u64; 2],
    /// Read for the adders of the DMA, past the buffers.
    pub(super) added: u64,
    pub(super) is_write: bool,
    /// The number of the buffer of the data.
    pub(super) buffer: usize,
}

impl Timeline {
    pub(super) fn count(&mut self, moved: &Moved) {
        let [data, masks] = moved.blocks;
        self.buffer_blocks[moved.buffer] += data;
        self.buffer_blocks[2] += masks;
        match moved.is_write {
            true => self.blocks_written += data + masks,
            false => self.blocks_read += data + masks,
        }
        self.blocks_read += moved.added;
    }

    pub(super) fn add_actions(&mut self, cost: &Cost) {
        add_actions(&mut self.actions, &cost.actions, 1.0);
    }
}

/// The bounds of each layer, as its steps are admitted.
#[derive(Debug)]
pub(super) struct Account {
    layers: Vec<LayerEstimate>,
    /// For each layer, cycles of the ports of the buffers.
    ports: Vec<[f64; 3]>,
    access_times: AccessTimes,
    /// The row of layers of the last step.
    last: usize,
    chain: Chain,
    /// Units of each class, and PEs.
    units: [f64; 3],
    memory: Memory,
    words: Words,
    tiling: components::runs::Tiling,
}

impl Account {
    pub(super) fn of(plan: &MachinePlan, memory: &Memory) -> Self {
        Self {
            layers: Vec::new(),
            ports: Vec::new(),
            access_times: AccessTimes::of(plan),
            last: 0,
            chain: Chain::default(),
            units: plan.units().map(|units| units as f64),
            memory: *memory,
            words: plan.words(),
            tiling: plan.tiling,
        }
    }

    /// Adds a step; the number of the row that it belongs to.
    pub(super) fn admit(&mut self, step: &Step, cost: Option<&Cost>, prices: &mut Prices) -> usize {
        let place = self.row_of(step);
        if step.is_first {
            let whole = prices.of_operation(&step.operation);
            let end = self
                .chain
                .end_of(&step.operation, whole.as_deref(), cost, self.units);
            let bounds = &mut self.layers[place].bounds;
            bounds.dependences = bounds.dependences.max(end);
        }
        let time = self.time_of_moves(step);
        let bounds = &mut self.layers[place].bounds;
        bounds.memory += time;
        if let Some(cost) = cost {
            let all = self.units[cost.unit as usize];
            let time = cost.occupied(cost.sharing(self.units)) / all;
            match cost.unit {
                Unit::Lane => bounds.compute += time,
                Unit::Softmax => bounds.softmax += time,
                Unit::LayerNorm => bounds.layer_norm += time,
            }
            self.use_ports(place, cost.accesses());
        }
        place
    }

    /// Runs of row `place` make so many accesses to the buffers. Those of the DMA are few, and left out of the bound.
    fn use_ports(&mut self, place: usize, accesses: [f64; 3]) {
        let cycles = self.access_times.of_accesses(accesses);
        for (sum, cycles) in self.ports[place].iter_mut().zip(cycles) {
            *sum += cycles;
        }
    }

    /// A step of row `place` has finished.
    pub(super) fn finished(&mut self, place: usize, now: f64) {
        if let Some(row) = self.layers.get_mut(place) {
            row.finished = row.finished.max(now);
        }
    }

    /// The row for the phase and layer of `step`, added if missing.
    fn row_of(&mut self, step: &Step) -> usize {
        let (phase, layer) = (step.operation.role.phase(), step.operation.layer);
        let same = |row: &LayerEstimate| (row.phase, row.layer) == (phase, layer);
        if !self.layers.get(self.last).is_some_and(same) {
            self.last = self.layers.iter().position(same).unwrap_or(self.layers.len());
        }
        if self.last == self.layers.len() {
            self.ports.push([0.0; 3]);
            self.layers.push(LayerEstimate {
                phase,
                layer,
                finished: 0.0,
                bounds: Bounds::default(),
                bound_by: Limit::Compute,
            });
        }
        self.last
    }

    /// Main memory's time for what is moved around a step: blocks x pace.
    fn time_of_moves(&self, step: &Step) -> f64 {
        let memory = &self.memory;
        let mut time = 0.0;
        for begin in &step.begins {
            time += match begin {
                Begin::Load { read, .. } => read.accesses() as f64 * memory.read,
                Begin::Evict {
                    write: Some(write), ..
                } => write.accesses() as f64 * memory.write,
                Begin::Evict { write: None, .. } | Begin::Make { .. } => 0.0,
            };
        }
        for end in &step.ends {
            if let End::WriteBack { write, .. } = end {
                time += write.accesses() as f64 * memory.write;
            }
        }
        let orders = DataOrder::of(&step.operation, &step.tiles, &self.tiling);
        time + orders.iter().map(|order| self.time_of_data(order)).sum::<f64>()
    }

    fn time_of_data(&self, order: &DataOrder) -> f64 {
        let memory = &self.memory;
        let blocks = |pattern: TransferPattern| {
            let parts = [
                (order.moved.data, order.moved.footprint.data),
                (order.moved.masks, order.moved.footprint.mask),
            ];
            let present = parts.into_iter().filter(|(_, bytes)| *bytes > Bytes(0));
            let touched =
                present.map(|(address, bytes)| pattern.bytes_touched(address, bytes, &self.words).0);
            touched.sum::<u64>() as f64 / BLOCK.0 as f64
        };
        match order.pattern {
            TransferPattern::Load => blocks(order.pattern) * memory.read,
            TransferPattern::Store => blocks(order.pattern) * memory.write,
            TransferPattern::Gather(_) => blocks(order.pattern) * memory.gather,
            TransferPattern::Scatter(_) => blocks(order.pattern) * memory.scatter,
            TransferPattern::Accumulate(rows) => {
                let written = blocks(TransferPattern::Scatter(rows));
                written * memory.scatter + (blocks(order.pattern) - written) * memory.gather
            }
        }
    }

    /// Bus cycles of the chain of operations that has most of them, one run of each.
    pub(super) fn chain_on_buses(&self) -> f64 {
        self.chain.on_buses
    }

    /// The bounds of the whole program, and of each layer.
    pub(super) fn bounds(self) -> (Bounds, Vec<LayerEstimate>) {
        let mut layers = self.layers;
        for (row, ports) in layers.iter_mut().zip(&self.ports) {
            row.bounds.buffers = ports.iter().copied().fold(0.0, f64::max);
        }
        let mut whole = super::bounds::whole(&mut layers);
        let of_buffer = |buffer: usize| self.ports.iter().map(|ports| ports[buffer]).sum::<f64>();
        whole.buffers = [0, 1, 2].map(of_buffer).into_iter().fold(0.0, f64::max);
        (whole, layers)
    }
}
