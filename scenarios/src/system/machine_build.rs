//! The actors of one machine: control block, DMA, buffers and PEs.

use std::sync::Arc;

use components::Component;
use components::buffer::{Bandwidth, Buffer, BufferKind};
use components::control_block::{ControlBlock, ControlBlockParameters, LookAhead};
use components::dma::{Dma, DmaParameters};
use components::memory::{MemoryRoute, RequestorId};
use components::message::Traffic;
use components::pe::ProcessingElement;
use components::pe::dynaprop::DynaProp;
use components::pe::mac_lane::{LaneParameters, MacLane};
use components::pe::post_compute::PostComputeSparsity;
use components::pe::pre_compute::PreComputeSparsity;
use components::pe::row_module::{ModulePlace, RowFunction, RowModule};
use components::units::Bytes;
use components::values::Values;
use components::word;
use components::words::Words;
use sim_core::{ActorId, Cycles};

use super::MachinePlan;
use super::directory::{LaneNumber, MachineActor, MachineAddresses};
use crate::schema::Phase;
use crate::weights::{self, Precision, SeededConstants};

/// What a machine's actors are given that is not the machine's own.
pub(super) struct Surroundings<'a> {
    /// Addresses of the machine's actors.
    pub(super) addresses: &'a MachineAddresses,
    /// The sources of background traffic, which end with the last transformer.
    pub(super) background: &'a Arc<[ActorId]>,
    /// The way to main memory.
    pub(super) memory: &'a MemoryRoute,
    /// Main memory's number for the first kind of the machine's traffic.
    pub(super) first_requestor: RequestorId,
    /// The numbers that the machine computes with.
    pub(super) values: Option<&'a Values>,
}

/// Tile operations that the control block looks ahead, for each lane.
const WINDOW_TILES_PER_LANE: u64 = 16;

/// Steps whose loads the control block looks ahead to.
const WINDOW_STEPS: usize = 16_384;

impl MachinePlan {
    /// Makes an actor.
    pub(super) fn component(&self, actor: MachineActor, around: &Surroundings<'_>) -> Component {
        let stages = &self.scenario.accelerator.stages;
        let cycles = |count: u32| self.clock.span(Cycles(u64::from(count)));
        let addresses = around.addresses;
        let pe_of = |lane: LaneNumber| &addresses.pes[usize::from(lane.pe)];
        let lane_of = |lane: LaneNumber| pe_of(lane).lanes[usize::from(lane.lane)];
        let values = || around.values.cloned();
        match actor {
            MachineActor::ControlBlock => {
                let control = self.control_block(around).with_values(values());
                Component::ControlBlock(Box::new(control))
            }
            MachineActor::Dma => Component::Dma(Box::new(self.dma(around))),
            MachineActor::Buffer(kind) => Component::Buffer(Box::new(self.buffer(kind, addresses))),
            MachineActor::ProcessingElement { pe } => {
                let pe = ProcessingElement::new(
                    addresses.pes[usize::from(pe)].clone(),
                    self.clock,
                    addresses.control_block,
                    self.tiling.supply.bus_bytes,
                    word::mask(self.tiling.tile.elements()),
                    self.buffer_access(),
                );
                let pe = pe.with_groups(self.layout.group);
                Component::ProcessingElement(Box::new(pe.with_limited_buffers(self.limited(addresses))))
            }
            MachineActor::MacLane(place) => {
                let parameters = self.lane_parameters(addresses.control_block);
                let lane = MacLane::new(parameters, pe_of(place), place.pe, place.lane);
                Component::MacLane(lane.with_values(values()))
            }
            MachineActor::DynaProp(lane) => {
                let pruning = if self.scenario.sparsity.dynaprop {
                    stages.dynaprop_cycles
                } else {
                    0
                };
                let next = lane_of(lane).pre_compute;
                Component::DynaProp(DynaProp::new(cycles(pruning), next, self.density_source))
            }
            MachineActor::PreCompute(lane) => {
                let module = PreComputeSparsity::new(cycles(stages.pre_compute_cycles), lane_of(lane).mac);
                Component::PreCompute(module.with_values(values()))
            }
            MachineActor::PostCompute(lane) => {
                let module = PostComputeSparsity::new(cycles(stages.post_compute_cycles), pe_of(lane).pe);
                Component::PostCompute(module.with_values(values()))
            }
            MachineActor::Softmax { pe, unit } => {
                let module = RowModule::new(self.module_place(addresses, pe, unit), RowFunction::Softmax);
                Component::RowModule(Box::new(module.with_values(values())))
            }
            MachineActor::LayerNorm { pe } => {
                let module = RowModule::new(self.module_place(addresses, pe, 0), RowFunction::LayerNorm);
                Component::RowModule(Box::new(module.with_values(values())))
            }
        }
    }

    fn control_block(&self, around: &Surroundings<'_>) -> ControlBlock {
        ControlBlock::new(
            self.control_parameters(around.addresses.dma, around.addresses.buffers),
            Arc::clone(&around.addresses.pes),
            Arc::clone(around.background),
            self.words(),
            self.block_plan(self.blocks.blocking),
        )
    }

    fn dma(&self, around: &Surroundings<'_>) -> Dma {
        Dma::new(DmaParameters {
            clock: self.clock,
            outstanding_requests: self.scenario.accelerator.dma.outstanding_requests,
            memory: around.memory.for_requestors(Traffic::ALL.len()),
            words: self.words(),
            first_requestor: around.first_requestor,
        })
    }

    /// The transformer's weights and inputs: those that its file of weights states, all others from its seed.
    #[must_use]
    pub fn seeded_constants(&self) -> SeededConstants {
        let seeded = SeededConstants::new(self.scenario.seed, &self.scenario.workload);
        seeded.with_stated(self.constants.clone())
    }

    /// A `.safetensors` file with [`Self::seeded_constants`] and the words of the tokens.
    ///
    /// # Errors
    /// The format cannot hold them.
    pub fn weights_file(&self, precision: Precision) -> Result<Vec<u8>, String> {
        let (constants, words) = (self.seeded_constants(), self.words());
        weights::weights_file(&self.scenario.workload, &constants, &words, precision)
    }

    /// The words of the batch's tokens.
    #[must_use]
    pub fn words(&self) -> Words {
        let (seed, workload) = (self.scenario.seed, &self.scenario.workload);
        let tokens = self.constants.as_ref().and_then(|stated| stated.tokens());
        let words = match tokens {
            Some(tokens) => Words::stated(tokens, workload.vocabulary),
            None => Words::new(seed, workload.vocabulary),
        };
        match workload.phase {
            Phase::Inference => words,
            Phase::Training => words.with_repeats(workload.batch * workload.sequence_length),
        }
    }

    /// How far the control block looks ahead in the plan.
    #[must_use]
    pub fn look_ahead(&self) -> LookAhead {
        LookAhead {
            tiles: WINDOW_TILES_PER_LANE * self.tiling.supply.lanes,
            steps: WINDOW_STEPS,
            operations: self.scenario.accelerator.prefetch_operations as usize,
        }
    }

    fn control_parameters(&self, dma: ActorId, buffers: [ActorId; 3]) -> ControlBlockParameters {
        ControlBlockParameters {
            clock: self.clock,
            tiling: self.tiling,
            orders: self.loop_orders(),
            capacity: self.plan_parameters().capacity,
            policy: self.policy,
            look_ahead: self.look_ahead(),
            pes: self.scenario.accelerator.processing_elements as u16,
            layout: self.layout,
            dma,
            buffers,
        }
    }

    /// Blocks of 64 bytes that the DMA side of a buffer moves per cycle: 370 GB/s (the buffers' `ddr_bandwidth` in the
    /// 14 nm table of arXiv:2302.14705), in whole blocks.
    #[must_use]
    pub fn buffer_ports(&self) -> u32 {
        (370e9 / (64.0 * self.clock.frequency().hertz()))
            .floor()
            .clamp(1.0, 1e6) as u32
    }

    /// What one access to a buffer moves at most.
    #[must_use]
    pub fn buffer_access(&self) -> Bytes {
        Bytes(self.costs.block_bytes.into())
    }

    /// The bandwidth of a buffer; `None` if it has no limit.
    #[must_use]
    pub fn bandwidth(&self, kind: BufferKind) -> Option<Bandwidth> {
        let stated = &self.scenario.accelerator.buffer_bandwidth;
        stated.of(kind).bandwidth()
    }

    /// The buffers whose bandwidth is limited.
    fn limited(&self, addresses: &MachineAddresses) -> [Option<ActorId>; 3] {
        BufferKind::ALL.map(|kind| {
            let buffer = addresses.buffers[kind as usize];
            self.bandwidth(kind).map(|_| buffer)
        })
    }

    fn buffer(&self, kind: BufferKind, addresses: &MachineAddresses) -> Buffer {
        let sizes = &self.scenario.accelerator.buffers;
        let bytes = match kind {
            BufferKind::Activation => sizes.activation_bytes(),
            BufferKind::Weight => sizes.weight_bytes(),
            BufferKind::Mask => sizes.mask_bytes(),
        };
        Buffer::new(
            kind,
            Bytes(bytes),
            self.clock,
            self.buffer_ports(),
            self.buffer_access(),
            addresses.control_block,
        )
        .with_bandwidth(self.bandwidth(kind))
    }

    fn lane_parameters(&self, control_block: ActorId) -> LaneParameters {
        let accelerator = &self.scenario.accelerator;
        LaneParameters {
            clock: self.clock,
            multipliers: accelerator.multipliers_per_lane,
            operand_fifo_tiles: accelerator.operand_fifo_tiles.min(u32::from(u16::MAX)) as u16,
            densities: self.tiling.densities,
            control_block,
        }
    }

    fn module_place(&self, addresses: &MachineAddresses, pe: u16, unit: u16) -> ModulePlace {
        ModulePlace {
            clock: self.clock,
            control_block: addresses.control_block,
            pe: addresses.pes[usize::from(pe)].pe,
            pe_index: pe,
            unit,
        }
    }
}
