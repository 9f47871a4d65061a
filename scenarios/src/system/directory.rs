//! The directory of a system: address, name and machine of every actor, in one place.
//!
//! An actor's address follows from its place in the order of registration, and that order stands here: [`Directory::new`]
//! lists the actors one after another, gives each the next address, and keeps the addresses that others need. Registration
//! ([`Plan::build`]), the names in traces and errors ([`Plan::tracks`], `SimError`) and the measurements go through the list.
//! Since it is made before the first actor, an actor can be given the address of one that is registered after it.

use std::fmt;
use std::sync::Arc;

use components::Component;
use components::buffer::BufferKind;
use components::memory::MemoryPart;
use components::pe::{LaneAddresses, PeAddresses};
use sim_core::ActorId;

use super::{MachinePlan, MainMemory, Plan};

/// A lane of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LaneNumber {
    /// The number of its PE.
    pub pe: u16,
    /// Its number within the PE.
    pub lane: u16,
}

/// An actor of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MachineActor {
    /// The control block.
    ControlBlock,
    /// The DMA.
    Dma,
    /// A buffer.
    Buffer(BufferKind),
    /// A processing element.
    ProcessingElement {
        /// Its number.
        pe: u16,
    },
    /// A MAC lane.
    MacLane(LaneNumber),
    /// A lane's DynaProp module.
    DynaProp(LaneNumber),
    /// A lane's pre-compute sparsity module.
    PreCompute(LaneNumber),
    /// A lane's post-compute sparsity module.
    PostCompute(LaneNumber),
    /// A softmax module.
    Softmax {
        /// The number of its PE.
        pe: u16,
        /// Its number within the PE.
        unit: u16,
    },
    /// A layer-norm module.
    LayerNorm {
        /// The number of its PE.
        pe: u16,
    },
}

/// An actor of a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SystemActor {
    /// A part of a machine.
    Machine(MachineActor),
    /// A channel, rank or bank of main memory.
    Memory(MemoryPart),
    /// A main memory without limits.
    IdealMemory,
    /// A source of background traffic.
    Background {
        /// Its number, silent sources included.
        source: u16,
    },
}

/// What a track belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrackKind {
    /// A control block.
    ControlBlock,
    /// A DMA.
    Dma,
    /// A buffer.
    Buffer,
    /// A channel of main memory.
    Channel,
    /// A rank of a channel.
    Rank,
    /// A bank of a channel.
    Bank,
    /// A main memory without limits.
    IdealMemory,
    /// A processing element.
    ProcessingElement,
    /// A MAC lane.
    MacLane,
    /// A sparsity module of a lane.
    Sparsity,
    /// A softmax module.
    Softmax,
    /// A layer-norm module.
    LayerNorm,
    /// A source of background traffic.
    Background,
    /// Not an actor: the chain of what decided the latency of the scenario's own transformer.
    CriticalPath,
    /// Not an actor: the power of a machine, a sum over all its actors.
    Power,
}

impl fmt::Display for LaneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pe[{}].mac[{}]", self.pe, self.lane)
    }
}

/// The actor's name within its machine.
impl fmt::Display for MachineActor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ControlBlock => f.write_str("control_block"),
            Self::Dma => f.write_str("dma"),
            Self::Buffer(kind) => write!(f, "buffer.{}", kind.name()),
            Self::ProcessingElement { pe } => write!(f, "pe[{pe}]"),
            Self::MacLane(lane) => lane.fmt(f),
            Self::DynaProp(lane) => write!(f, "{lane}.dynaprop"),
            Self::PreCompute(lane) => write!(f, "{lane}.pre_compute"),
            Self::PostCompute(lane) => write!(f, "{lane}.post_compute"),
            Self::Softmax { pe, unit } => write!(f, "pe[{pe}].softmax[{unit}]"),
            Self::LayerNorm { pe } => write!(f, "pe[{pe}].layer_norm"),
        }
    }
}

impl SystemActor {
    /// The kind of the actor's track.
    #[must_use]
    pub(super) fn kind(self) -> TrackKind {
        match self {
            Self::Machine(actor) => match actor {
                MachineActor::ControlBlock => TrackKind::ControlBlock,
                MachineActor::Dma => TrackKind::Dma,
                MachineActor::Buffer(_) => TrackKind::Buffer,
                MachineActor::ProcessingElement { .. } => TrackKind::ProcessingElement,
                MachineActor::MacLane(_) => TrackKind::MacLane,
                MachineActor::DynaProp(_) | MachineActor::PreCompute(_) | MachineActor::PostCompute(_) => {
                    TrackKind::Sparsity
                }
                MachineActor::Softmax { .. } => TrackKind::Softmax,
                MachineActor::LayerNorm { .. } => TrackKind::LayerNorm,
            },
            Self::Memory(MemoryPart::Channel { .. }) => TrackKind::Channel,
            Self::Memory(MemoryPart::Rank { .. }) => TrackKind::Rank,
            Self::Memory(MemoryPart::Bank { .. }) => TrackKind::Bank,
            Self::IdealMemory => TrackKind::IdealMemory,
            Self::Background { .. } => TrackKind::Background,
        }
    }
}

/// An actor and its machine. Main memory and background traffic count as parts of the scenario's own machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// By number, the scenario's own first.
    pub(super) machine: u16,
    pub(super) actor: SystemActor,
}

/// The addresses of a machine that its actors need.
#[derive(Clone, Debug)]
pub(super) struct MachineAddresses {
    pub(super) control_block: ActorId,
    pub(super) dma: ActorId,
    /// Activation, weight and mask buffer.
    pub(super) buffers: [ActorId; 3],
    /// By number.
    pub(super) pes: Arc<[PeAddresses]>,
}

/// All actors of a system, in order of registration.
#[derive(Debug)]
pub(super) struct Directory {
    entries: Vec<Entry>,
    /// The scenario's own machine first.
    machines: Vec<MachineAddresses>,
    /// What the names of a machine's actors begin with.
    prefixes: Vec<String>,
    /// In order of registration.
    memory: Vec<ActorId>,
    channels: Vec<ActorId>,
    /// Of the sources of background traffic, except silent ones.
    background: Arc<[ActorId]>,
    /// Names of all sources.
    sources: Vec<String>,
}

impl Directory {
    /// Lists the actors of `plan`.
    ///
    /// Control block, DMA and buffers of the scenario's own machine come first, then main memory, then its PEs; then control
    /// block, DMA, buffers and PEs of each tenant; then sources of background traffic. Digests depend on this order.
    pub(super) fn new(plan: &Plan) -> Self {
        let mut directory = Self {
            entries: Vec::new(),
            machines: Vec::new(),
            prefixes: Vec::new(),
            memory: Vec::new(),
            channels: Vec::new(),
            background: Arc::new([]),
            sources: plan.background.iter().map(|source| source.name.clone()).collect(),
        };
        for (number, machine) in (0..).zip(plan.machines()) {
            directory.prefixes.push(match number {
                0 => String::new(),
                _ => format!("{}.", machine.scenario.name),
            });
            let mut add = |actor| directory.add(number, SystemActor::Machine(actor));
            let control_block = add(MachineActor::ControlBlock);
            let dma = add(MachineActor::Dma);
            let buffers = [BufferKind::Activation, BufferKind::Weight, BufferKind::Mask]
                .map(|kind| add(MachineActor::Buffer(kind)));
            if number == 0 {
                directory.add_memory(&plan.memory);
            }
            let pes = directory.add_pes(number, machine);
            directory.machines.push(MachineAddresses {
                control_block,
                dma,
                buffers,
                pes,
            });
        }
        let sources = (0..)
            .zip(&plan.background)
            .filter(|(_, source)| !source.is_silent());
        directory.background = sources
            .map(|(source, _)| directory.add(0, SystemActor::Background { source }))
            .collect();
        directory
    }

    /// Adds an actor and gives it the next address.
    fn add(&mut self, machine: u16, actor: SystemActor) -> ActorId {
        let address = ActorId(self.entries.len() as u32);
        self.entries.push(Entry { machine, actor });
        address
    }

    fn add_memory(&mut self, memory: &MainMemory) {
        let MainMemory::Banked(plan) = memory else {
            let address = self.add(0, SystemActor::IdealMemory);
            return self.memory.push(address);
        };
        for part in plan.parts() {
            let address = self.add(0, SystemActor::Memory(part));
            self.memory.push(address);
            if matches!(part, MemoryPart::Channel { .. }) {
                self.channels.push(address);
            }
        }
    }

    fn add_pes(&mut self, number: u16, machine: &MachinePlan) -> Arc<[PeAddresses]> {
        let (layout, pes) = (machine.layout, machine.scenario.accelerator.processing_elements);
        let mut add = |actor| self.add(number, SystemActor::Machine(actor));
        let pes = (0..pes as u16).map(|pe| PeAddresses {
            pe: add(MachineActor::ProcessingElement { pe }),
            lanes: (0..layout.lanes as u16)
                .map(|lane| LaneNumber { pe, lane })
                .map(|lane| LaneAddresses {
                    mac: add(MachineActor::MacLane(lane)),
                    dynaprop: add(MachineActor::DynaProp(lane)),
                    pre_compute: add(MachineActor::PreCompute(lane)),
                    post_compute: add(MachineActor::PostCompute(lane)),
                })
                .collect(),
            softmax: (0..layout.softmax as u16)
                .map(|unit| add(MachineActor::Softmax { pe, unit }))
                .collect(),
            layer_norm: add(MachineActor::LayerNorm { pe }),
        });
        pes.collect()
    }

    /// All actors, in order of registration.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The addresses of each machine, the scenario's own first.
    pub(super) fn machines(&self) -> &[MachineAddresses] {
        &self.machines
    }

    /// The parts of main memory, in order of registration.
    pub(super) fn memory(&self) -> &[ActorId] {
        &self.memory
    }

    /// The channels of main memory; an ideal one has none.
    pub(super) fn channels(&self) -> &[ActorId] {
        &self.channels
    }

    /// The sources of background traffic, except silent ones.
    pub(super) fn background(&self) -> &Arc<[ActorId]> {
        &self.background
    }

    /// The actor at this address; `None` if there is not any.
    pub(super) fn entry(&self, address: ActorId) -> Option<Entry> {
        self.entries.get(address.index()).copied()
    }

    /// The name of an actor, as traces and errors call it; those of other transformers begin with their names.
    pub(super) fn name(&self, entry: Entry) -> String {
        match entry.actor {
            SystemActor::Machine(actor) => format!("{}{actor}", self.prefixes[usize::from(entry.machine)]),
            SystemActor::Memory(part) => format!("memory.{part}"),
            SystemActor::IdealMemory => "memory".to_owned(),
            SystemActor::Background { source } => {
                format!("background.{}", self.sources[usize::from(source)])
            }
        }
    }

    /// The actors of `machine`, of all `actors` of a simulation.
    pub(super) fn of_machine<'a>(
        &self,
        machine: usize,
        actors: &'a [Component],
    ) -> impl Iterator<Item = &'a Component> + Clone {
        let entries = self.entries.iter().zip(actors);
        entries
            .filter(move |(entry, _)| usize::from(entry.machine) == machine)
            .map(|(_, actor)| actor)
    }
}

#[cfg(test)]
mod tests;
