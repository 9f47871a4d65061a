//! What the actors of one machine say of themselves after a run.

use std::collections::BTreeMap;

use components::Component;
use components::buffer::BufferKind;
use components::control_block::{ControlBlock, PhaseAccount, RoleCounts, StallAccount};
use components::message::Traffic;
use components::operation::{Phase, Role};
use components::pe::BufferAccesses;
use components::pe::row_module::RowFunction;
use sim_core::{Tick, Ticks};

use super::machine_build::{CONTROL_ACTORS, MachinePlaces};
use super::{MachinePlan, RunError};
use crate::values::ValueCheck;

/// All MAC lanes together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneTotals {
    /// Tile operations finished.
    pub tiles: u64,
    /// Multiplications, zeros counted.
    pub dense_multiplications: u64,
    /// Multiplications of two non-zero words.
    pub multiplications: u64,
    /// Time at work, summed over lanes.
    pub busy: Ticks,
    /// Use of the DynaProp modules.
    pub dynaprop_busy: Ticks,
    /// Use of the pre-compute sparsity modules.
    pub pre_compute_busy: Ticks,
    /// Use of the post-compute sparsity modules.
    pub post_compute_busy: Ticks,
    /// Result tiles that left the lanes.
    pub result_tiles: u64,
}

/// All PEs together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeTotals {
    /// Blocks moved between PEs and buffers.
    pub accesses: BufferAccesses,
    /// Time with work in the PE, summed over PEs.
    pub active: Ticks,
    /// Use of the activation buses and of the weight buses, summed over PEs.
    pub bus_busy: [Ticks; 2],
    /// Operand fetches.
    pub fetches: u64,
    /// Runs never written back.
    pub runs_in_flight: u64,
}

/// A buffer over the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BufferUse {
    /// Which.
    pub kind: BufferKind,
    /// What it can hold, in bytes.
    pub capacity: u64,
    /// The most it held, in bytes.
    pub peak: u64,
    /// What it held on average, in bytes.
    pub mean: f64,
    /// What it held at the end, in bytes.
    pub last: u64,
    /// Blocks moved by the DMA.
    pub blocks_moved: u64,
    /// How often it was over its capacity.
    pub overflows: u64,
}

/// What one transformer did on its machine.
#[derive(Clone, Debug)]
pub struct MachineMeasurements {
    /// When it started.
    pub started: Tick,
    /// When the last operation was finished.
    pub finished: Tick,
    /// Tile operations by role.
    pub roles: BTreeMap<Role, RoleCounts>,
    /// Runs issued and retired.
    pub runs: (u64, u64),
    /// Slices pushed out to main memory.
    pub spills: u64,
    /// Idle lane time by cause.
    pub stalls: StallAccount,
    /// When each phase began.
    pub phases: PhaseAccount,
    /// MAC lanes.
    pub lanes: LaneTotals,
    /// Softmax tiles, and time at work summed over modules.
    pub softmax: (u64, Ticks),
    /// Layer-norm tiles, and time at work summed over modules.
    pub layer_norm: (u64, Ticks),
    /// PEs.
    pub pes: PeTotals,
    /// Buffers: activation, weight, mask.
    pub buffers: Vec<BufferUse>,
    /// Requests of the DMA, by kind of traffic.
    pub dma_requests: [u64; Traffic::ALL.len()],
    /// Blocks that the DMA read for its own adders.
    pub dma_blocks_added: u64,
    /// Requests of the DMA that were never answered.
    pub dma_outstanding: u32,
    /// Time with a request under way.
    pub dma_busy: Ticks,
    /// Whether the numbers were right, if it computed with any.
    pub values: Option<ValueCheck>,
}

impl MachineMeasurements {
    /// What the machine of `plan`, registered at `places`, did.
    pub(super) fn of(
        actors: &[Component],
        plan: &MachinePlan,
        places: MachinePlaces,
    ) -> Result<Self, RunError> {
        let control_actors = slice(actors, places.control_block.0, CONTROL_ACTORS);
        let control = control_block(control_actors)?;
        let finished = control.finished_at().ok_or_else(|| {
            RunError::Standstill(
                control
                    .stuck_on()
                    .unwrap_or_else(|| "no operation is left in the window".to_owned()),
            )
        })?;
        let mut measurements = Self {
            started: plan.start,
            finished,
            roles: control.roles().clone(),
            runs: control.runs(),
            spills: control.spills(),
            stalls: *control.stalls(),
            phases: *control.phases(),
            lanes: LaneTotals::default(),
            softmax: (0, Ticks::ZERO),
            layer_norm: (0, Ticks::ZERO),
            pes: PeTotals::default(),
            buffers: Vec::new(),
            dma_requests: [0; Traffic::ALL.len()],
            dma_blocks_added: 0,
            dma_outstanding: 0,
            dma_busy: Ticks::ZERO,
            values: None,
        };
        let pes = slice(actors, places.first_pe.0, plan.pe_actors());
        control_actors
            .iter()
            .chain(pes)
            .for_each(|actor| measurements.add(actor));
        Ok(measurements)
    }

    fn add(&mut self, actor: &Component) {
        match actor {
            Component::MacLane(lane) => {
                let counts = lane.counts();
                self.lanes.tiles += counts.tiles;
                self.lanes.dense_multiplications += counts.dense_multiplications;
                self.lanes.multiplications += counts.multiplications;
                self.lanes.busy += counts.busy;
            }
            Component::DynaProp(module) => self.lanes.dynaprop_busy += module.stage().busy(),
            Component::PreCompute(module) => self.lanes.pre_compute_busy += module.stage().busy(),
            Component::PostCompute(module) => {
                self.lanes.post_compute_busy += module.stage().busy();
                self.lanes.result_tiles += module.tiles();
            }
            Component::RowModule(module) => {
                let totals = match module.function() {
                    RowFunction::Softmax => &mut self.softmax,
                    RowFunction::LayerNorm => &mut self.layer_norm,
                };
                totals.0 += module.tiles();
                totals.1 += module.busy();
            }
            Component::ProcessingElement(pe) => self.add_pe(pe),
            Component::Buffer(buffer) => self.buffers.push(BufferUse {
                kind: buffer.kind(),
                capacity: buffer.capacity().0,
                peak: buffer.occupancy().peak(),
                mean: buffer.occupancy().mean_since(self.started, self.finished),
                last: buffer.occupancy().value(),
                blocks_moved: buffer.blocks_moved(),
                overflows: buffer.overflows(),
            }),
            Component::Dma(dma) => {
                self.dma_requests = dma.requests();
                self.dma_blocks_added = dma.blocks_added();
                self.dma_outstanding = dma.outstanding();
                self.dma_busy = dma.busy();
            }
            Component::ControlBlock(_)
            | Component::Memory(_)
            | Component::IdealMemory(_)
            | Component::Background(_) => {}
        }
    }

    fn add_pe(&mut self, pe: &components::pe::ProcessingElement) {
        let (accesses, bus_busy) = (pe.accesses(), pe.bus_busy());
        self.pes.accesses.activation += accesses.activation;
        self.pes.accesses.weight += accesses.weight;
        self.pes.accesses.mask += accesses.mask;
        self.pes.active += pe.active();
        self.pes.bus_busy[0] += bus_busy[0];
        self.pes.bus_busy[1] += bus_busy[1];
        self.pes.fetches += pe.fetches();
        self.pes.runs_in_flight += u64::from(pe.runs_in_flight());
    }

    /// How long it took.
    #[must_use]
    pub fn duration(&self) -> Ticks {
        self.finished.since(self.started)
    }

    /// How long `phase` lasted: from its beginning to that of the next phase, or to the end.
    #[must_use]
    pub fn phase_span(&self, phase: Phase) -> Option<(Tick, Tick)> {
        let start = self.phases.began(phase)?;
        let later = Phase::ALL.into_iter().filter(|&other| other > phase);
        let end = later.filter_map(|other| self.phases.began(other)).min();
        Some((start, end.unwrap_or(self.finished)))
    }

    /// Tile operations finished, additions left out: what the mapper's program has without them.
    #[must_use]
    pub fn tile_operations(&self) -> u64 {
        self.roles
            .iter()
            .filter(|(role, _)| !role.is_add())
            .map(|(_, counts)| counts.retired)
            .sum()
    }

    /// Tile operations that added tensors.
    #[must_use]
    pub fn add_tile_operations(&self) -> u64 {
        self.roles
            .iter()
            .filter(|(role, _)| role.is_add())
            .map(|(_, counts)| counts.retired)
            .sum()
    }
}

fn control_block(actors: &[Component]) -> Result<&ControlBlock, RunError> {
    match actors.first() {
        Some(Component::ControlBlock(control)) => Ok(control),
        _ => Err(RunError::Standstill(
            "the machine has no control block".to_owned(),
        )),
    }
}

fn slice(actors: &[Component], first: u32, count: u32) -> &[Component] {
    let first = first as usize;
    actors.get(first..first + count as usize).unwrap_or_default()
}
