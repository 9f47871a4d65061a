//! From a plan to actors, and their run.

use components::Component;
use components::buffer::{Buffer, BufferKind};
use components::control_block::{ControlBlock, ControlBlockParameters};
use components::dma::{Dma, DmaParameters, MemoryRoute};
use components::memory::MemoryMessage;
use components::message::Message;
use components::pe::ProcessingElement;
use components::pe::layer_norm::LayerNorm;
use components::pe::mac_lane::{LaneParameters, MacLane};
use components::pe::row_module::ModulePlace;
use components::pe::softmax::Softmax;
use components::sparsity::dynaprop::DynaProp;
use components::sparsity::post_compute::PostComputeSparsity;
use components::sparsity::pre_compute::PreComputeSparsity;
use components::units::Bytes;
use components::word;
use sim_core::{ActorId, Cycles, Engine, SimError, Simulation, Tick, TraceSink};

use super::{Measurements, Plan, RunError};

/// The actors of a machine, in the order of their addresses: control block, DMA, three buffers, main memory, PEs.
const CONTROL_BLOCK: ActorId = ActorId(0);
const DMA: ActorId = ActorId(1);
const BUFFERS: [ActorId; 3] = [ActorId(2), ActorId(3), ActorId(4)];
const FIRST_MEMORY: ActorId = ActorId(5);

/// A machine ready to run.
pub struct System {
    simulation: Simulation<Component>,
    channels: Vec<ActorId>,
}

impl Plan {
    /// Makes the machine.
    ///
    /// # Errors
    /// The engine is not part of this build.
    pub fn build(&self, engine: Engine, sink: Option<Box<dyn TraceSink>>) -> Result<System, SimError> {
        let mut simulation = Simulation::new(engine)?.with_digest();
        if let Some(sink) = sink {
            simulation = simulation.with_trace(sink);
        }
        let (memory, route) = self.memory.build(self.memory_clock, FIRST_MEMORY);
        let first_pe = FIRST_MEMORY.offset(memory.len() as u32);
        let channels = match &route {
            MemoryRoute::Channels { channels, .. } => channels.clone(),
            MemoryRoute::Ideal(_) => Vec::new(),
        };
        simulation.add(Component::ControlBlock(Box::new(self.control_block(first_pe))));
        simulation.add(Component::Dma(Box::new(Dma::new(DmaParameters {
            clock: self.clock,
            outstanding_requests: self.scenario.accelerator.dma.outstanding_requests,
            memory: route,
            seed: self.scenario.seed,
        }))));
        for buffer in self.buffers() {
            simulation.add(Component::Buffer(Box::new(buffer)));
        }
        for actor in memory {
            simulation.add(actor);
        }
        for index in 0..self.scenario.accelerator.processing_elements {
            self.add_pe(&mut simulation, index as u16, first_pe);
        }
        simulation.post(CONTROL_BLOCK, Tick::ZERO, Message::Start);
        Ok(System { simulation, channels })
    }

    fn control_block(&self, first_pe: ActorId) -> ControlBlock {
        let capacity = self.memory.capacity().0;
        let used = self.memory_used.0.next_multiple_of(64).min(capacity);
        let parameters = ControlBlockParameters {
            clock: self.clock,
            loop_order: self.loop_order,
            tile: self.mapper.tile,
            word: self.mapper.word,
            activation_density: self.mapper.activation_density,
            weight_density: self.mapper.weight_density,
            activation_space: self.activation_space,
            weight_space: self.weight_space,
            policy: self.policy,
            window: self.scenario.accelerator.prefetch_operations,
            pes: self.scenario.accelerator.processing_elements as u16,
            layout: self.layout,
            first_pe,
            dma: DMA,
            buffers: BUFFERS,
            spill_region: (used, capacity - used),
        };
        ControlBlock::new(parameters, Box::new(self.program()))
    }

    fn buffers(&self) -> [Buffer; 3] {
        let sizes = &self.scenario.accelerator.buffers;
        // DMA side: 370 GB/s (the buffers' `ddr_bandwidth` in the 14 nm table of arXiv:2302.14705), in whole blocks.
        let ports = (370e9 / (64.0 * self.clock.frequency().hertz()))
            .floor()
            .clamp(1.0, 1e6) as u32;
        let buffer = |kind, bytes| Buffer::new(kind, Bytes(bytes), self.clock, ports, CONTROL_BLOCK);
        [
            buffer(BufferKind::Activation, sizes.activation_bytes()),
            buffer(BufferKind::Weight, sizes.weight_bytes()),
            buffer(BufferKind::Mask, sizes.mask_bytes()),
        ]
    }

    fn add_pe(&self, simulation: &mut Simulation<Component>, index: u16, first_pe: ActorId) {
        let accelerator = &self.scenario.accelerator;
        let stages = &accelerator.stages;
        let cycles = |count: u32| self.clock.span(Cycles(u64::from(count)));
        let me = first_pe.offset(u32::from(index) * self.layout.actors());
        let mask = word::mask(self.mapper.tile.elements());
        let pe = ProcessingElement::new(
            self.layout,
            self.clock,
            CONTROL_BLOCK,
            self.operand_bus_bytes,
            mask,
        );
        simulation.add(Component::ProcessingElement(Box::new(pe)));
        let lane_parameters = LaneParameters {
            clock: self.clock,
            multipliers: accelerator.multipliers_per_lane,
            operand_fifo_tiles: accelerator.operand_fifo_tiles.min(u32::from(u16::MAX)) as u16,
            control_block: CONTROL_BLOCK,
        };
        let pruning = if self.scenario.sparsity.dynaprop {
            stages.dynaprop_cycles
        } else {
            0
        };
        for lane in 0..accelerator.lanes_per_pe as u16 {
            let id = simulation.add(Component::MacLane(MacLane::new(lane_parameters, me, index, lane)));
            simulation.add(Component::DynaProp(DynaProp::new(
                cycles(pruning),
                self.density_source,
            )));
            simulation.add(Component::PreCompute(PreComputeSparsity::new(
                cycles(stages.pre_compute_cycles),
                id,
            )));
            simulation.add(Component::PostCompute(PostComputeSparsity::new(
                cycles(stages.post_compute_cycles),
                me,
            )));
        }
        let place = |unit| ModulePlace {
            clock: self.clock,
            control_block: CONTROL_BLOCK,
            pe: me,
            pe_index: index,
            unit,
        };
        for unit in 0..accelerator.softmax_per_pe as u16 {
            simulation.add(Component::Softmax(Box::new(Softmax::new(place(unit)))));
        }
        simulation.add(Component::LayerNorm(Box::new(LayerNorm::new(place(0)))));
    }
}

impl System {
    /// Runs to the end and collects what was measured.
    ///
    /// # Errors
    /// The engine stopped, or the machine came to a standstill before the transformer was finished.
    pub fn run(mut self, plan: &Plan) -> Result<(Measurements, Option<Box<dyn TraceSink>>), RunError> {
        self.simulation.run()?;
        // An idle memory keeps no clock: it accounts for its refreshes up to now when told that the run is over.
        let now = self.simulation.now();
        for &channel in &self.channels {
            self.simulation
                .post(channel, now, Message::Memory(MemoryMessage::Halt));
        }
        self.simulation.run()?;
        let (events, digest) = (
            self.simulation.events(),
            self.simulation.digest().unwrap_or_default(),
        );
        let (actors, sink) = self.simulation.into_parts();
        let measurements = Measurements::of(&actors, plan, events, digest)?;
        Ok((measurements, sink))
    }
}
