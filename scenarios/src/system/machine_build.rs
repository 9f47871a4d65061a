//! The actors of one machine: control block, DMA, buffers and PEs.

use components::Component;
use components::buffer::{Buffer, BufferKind};
use components::control_block::{ControlBlock, ControlBlockParameters};
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
use sim_core::{ActorId, Cycles, Simulation};

use super::MachinePlan;
use crate::schema::Phase;

/// Where the actors of a machine are registered.
#[derive(Clone, Copy, Debug)]
pub(super) struct MachinePlaces {
    /// Control block, DMA, and three buffers follow each other from here.
    pub(super) control_block: ActorId,
    /// The PEs follow each other from here.
    pub(super) first_pe: ActorId,
    /// The sources of background traffic that end with the last transformer: the first, and how many.
    pub(super) background: (ActorId, u32),
}

/// Control block, DMA and buffers.
pub(super) const CONTROL_ACTORS: u32 = 5;

impl MachinePlaces {
    pub(super) fn dma(&self) -> ActorId {
        self.control_block.offset(1)
    }

    fn buffers(&self) -> [ActorId; 3] {
        [2, 3, 4].map(|place| self.control_block.offset(place))
    }
}

impl MachinePlan {
    /// Actors of all PEs.
    pub(super) fn pe_actors(&self) -> u32 {
        self.scenario.accelerator.processing_elements * self.layout.actors()
    }

    /// Registers control block, DMA and buffers.
    pub(super) fn add_control(
        &self,
        simulation: &mut Simulation<Component>,
        places: MachinePlaces,
        memory: &MemoryRoute,
        first_requestor: RequestorId,
        values: Option<&Values>,
    ) {
        let control = self.control_block(places).with_values(values.cloned());
        simulation.add(Component::ControlBlock(Box::new(control)));
        simulation.add(Component::Dma(Box::new(Dma::new(DmaParameters {
            clock: self.clock,
            outstanding_requests: self.scenario.accelerator.dma.outstanding_requests,
            memory: memory.for_requestors(Traffic::ALL.len()),
            words: self.words(),
            first_requestor,
        }))));
        for buffer in self.buffers(places) {
            simulation.add(Component::Buffer(Box::new(buffer)));
        }
    }

    /// Registers the PEs.
    pub(super) fn add_pes(
        &self,
        simulation: &mut Simulation<Component>,
        places: MachinePlaces,
        values: Option<&Values>,
    ) {
        for index in 0..self.scenario.accelerator.processing_elements {
            self.add_pe(simulation, index as u16, places, values);
        }
    }

    fn control_block(&self, places: MachinePlaces) -> ControlBlock {
        ControlBlock::new(
            self.control_parameters(places),
            self.words(),
            Box::new(self.program()),
        )
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

    fn control_parameters(&self, places: MachinePlaces) -> ControlBlockParameters {
        let (start, size) = self.region;
        let used = self.memory_used.0.next_multiple_of(64).min(size);
        ControlBlockParameters {
            clock: self.clock,
            tiling: self.tiling,
            activation_space: self.activation_space,
            weight_space: self.weight_space,
            policy: self.policy,
            window: self.scenario.accelerator.prefetch_operations,
            pes: self.scenario.accelerator.processing_elements as u16,
            layout: self.layout,
            first_pe: places.first_pe,
            dma: places.dma(),
            buffers: places.buffers(),
            background: places.background,
            spill_region: (start + used, size - used),
        }
    }

    /// Blocks of 64 bytes that the DMA side of a buffer moves in a cycle: 370 GB/s (the buffers' `ddr_bandwidth` in the
    /// 14 nm table of arXiv:2302.14705), in whole blocks.
    #[must_use]
    pub fn buffer_ports(&self) -> u32 {
        (370e9 / (64.0 * self.clock.frequency().hertz()))
            .floor()
            .clamp(1.0, 1e6) as u32
    }

    fn buffers(&self, places: MachinePlaces) -> [Buffer; 3] {
        let sizes = &self.scenario.accelerator.buffers;
        let ports = self.buffer_ports();
        let buffer = |kind, bytes| Buffer::new(kind, Bytes(bytes), self.clock, ports, places.control_block);
        [
            buffer(BufferKind::Activation, sizes.activation_bytes()),
            buffer(BufferKind::Weight, sizes.weight_bytes()),
            buffer(BufferKind::Mask, sizes.mask_bytes()),
        ]
    }

    fn add_pe(
        &self,
        simulation: &mut Simulation<Component>,
        index: u16,
        places: MachinePlaces,
        values: Option<&Values>,
    ) {
        let accelerator = &self.scenario.accelerator;
        let stages = &accelerator.stages;
        let cycles = |count: u32| self.clock.span(Cycles(u64::from(count)));
        let me = places.first_pe.offset(u32::from(index) * self.layout.actors());
        let mask = word::mask(self.tiling.tile.elements());
        let pe = ProcessingElement::new(
            self.layout,
            self.clock,
            places.control_block,
            self.operand_bus_bytes,
            mask,
        );
        simulation.add(Component::ProcessingElement(Box::new(pe)));
        let lane_parameters = LaneParameters {
            clock: self.clock,
            multipliers: accelerator.multipliers_per_lane,
            operand_fifo_tiles: accelerator.operand_fifo_tiles.min(u32::from(u16::MAX)) as u16,
            control_block: places.control_block,
        };
        let pruning = if self.scenario.sparsity.dynaprop {
            stages.dynaprop_cycles
        } else {
            0
        };
        for lane in 0..accelerator.lanes_per_pe as u16 {
            let id = simulation.add(Component::MacLane(
                MacLane::new(lane_parameters, me, index, lane).with_values(values.cloned()),
            ));
            simulation.add(Component::DynaProp(DynaProp::new(
                cycles(pruning),
                self.density_source,
            )));
            simulation.add(Component::PreCompute(
                PreComputeSparsity::new(cycles(stages.pre_compute_cycles), id).with_values(values.cloned()),
            ));
            simulation.add(Component::PostCompute(
                PostComputeSparsity::new(cycles(stages.post_compute_cycles), me).with_values(values.cloned()),
            ));
        }
        let place = |unit| ModulePlace {
            clock: self.clock,
            control_block: places.control_block,
            pe: me,
            pe_index: index,
            unit,
        };
        let modules = (0..accelerator.softmax_per_pe as u16).map(|unit| (unit, RowFunction::Softmax));
        for (unit, function) in modules.chain([(0, RowFunction::LayerNorm)]) {
            simulation.add(Component::RowModule(Box::new(
                RowModule::new(place(unit), function).with_values(values.cloned()),
            )));
        }
    }
}
