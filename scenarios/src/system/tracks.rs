//! The actors of a machine by name, as traces call them.

use components::Component;
use components::buffer::BufferKind;
use components::memory::MemoryActor;
use sim_core::ActorId;

use super::machine_build::CONTROL_ACTORS;
use super::{MachinePlan, Plan};

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
    /// No actor: the chain of what decided the latency of the scenario's own transformer.
    CriticalPath,
    /// The power of a machine: no actor, but a sum over all.
    Power,
}

/// An actor, as traces call it, or what is computed of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// Its name: `pe[3].mac[2]`, `memory.channel[0].bank[5]`, `dma`; those of other transformers begin with their name.
    pub name: String,
    /// What it is.
    pub kind: TrackKind,
    /// The machine that it belongs to, the scenario's own first.
    pub machine: usize,
}

impl Plan {
    /// All actors, in order of their addresses, and after them what is computed from what they do.
    #[must_use]
    pub fn tracks(&self) -> Vec<Track> {
        let mut tracks = Vec::new();
        for (index, machine) in self.machines().enumerate() {
            let mut names = Names {
                prefix: match index {
                    0 => String::new(),
                    _ => format!("{}.", machine.scenario.name),
                },
                machine: index,
                tracks: &mut tracks,
            };
            names.control();
            if index == 0 {
                names.memory(self);
            }
            names.processing_elements(machine);
        }
        let sources = self.background.iter().filter(|source| !source.is_silent());
        tracks.extend(sources.map(|source| Track {
            name: format!("background.{}", source.name),
            kind: TrackKind::Background,
            machine: 0,
        }));
        tracks.push(Track {
            name: "critical_path".to_owned(),
            kind: TrackKind::CriticalPath,
            machine: 0,
        });
        tracks.extend(self.machines().enumerate().map(|(machine, plan)| Track {
            name: match machine {
                0 => "power".to_owned(),
                _ => format!("{}.power", plan.scenario.name),
            },
            kind: TrackKind::Power,
            machine,
        }));
        tracks
    }
}

struct Names<'a> {
    prefix: String,
    machine: usize,
    tracks: &'a mut Vec<Track>,
}

impl Names<'_> {
    fn add(&mut self, kind: TrackKind, name: &str) {
        self.tracks.push(Track {
            name: format!("{}{name}", self.prefix),
            kind,
            machine: self.machine,
        });
    }

    fn control(&mut self) {
        self.add(TrackKind::ControlBlock, "control_block");
        self.add(TrackKind::Dma, "dma");
        for buffer in [BufferKind::Activation, BufferKind::Weight, BufferKind::Mask] {
            self.add(TrackKind::Buffer, &format!("buffer.{}", buffer.name()));
        }
    }

    /// Banks and ranks come before their channel.
    fn memory(&mut self, plan: &Plan) {
        let (actors, _) = plan.memory.build(plan.memory_clock, ActorId(CONTROL_ACTORS));
        let [mut channel, mut rank, mut bank] = [0; 3];
        for actor in &actors {
            match actor {
                Component::Memory(MemoryActor::Bank(_)) => {
                    self.add(
                        TrackKind::Bank,
                        &format!("memory.channel[{channel}].bank[{bank}]"),
                    );
                    bank += 1;
                }
                Component::Memory(MemoryActor::Rank(_)) => {
                    self.add(
                        TrackKind::Rank,
                        &format!("memory.channel[{channel}].rank[{rank}]"),
                    );
                    rank += 1;
                }
                Component::Memory(MemoryActor::Channel(_)) => {
                    self.add(TrackKind::Channel, &format!("memory.channel[{channel}]"));
                    channel += 1;
                    (rank, bank) = (0, 0);
                }
                _ => self.add(TrackKind::IdealMemory, "memory"),
            }
        }
    }

    fn processing_elements(&mut self, machine: &MachinePlan) {
        for pe in 0..machine.scenario.accelerator.processing_elements {
            self.add(TrackKind::ProcessingElement, &format!("pe[{pe}]"));
            for lane in 0..machine.layout.lanes {
                let lane = format!("pe[{pe}].mac[{lane}]");
                self.add(TrackKind::MacLane, &lane);
                for module in ["dynaprop", "pre_compute", "post_compute"] {
                    self.add(TrackKind::Sparsity, &format!("{lane}.{module}"));
                }
            }
            for unit in 0..machine.layout.softmax {
                self.add(TrackKind::Softmax, &format!("pe[{pe}].softmax[{unit}]"));
            }
            self.add(TrackKind::LayerNorm, &format!("pe[{pe}].layer_norm"));
        }
    }
}
