//! The main memory of a scenario: channels, ranks and banks, or an ideal one.

use components::Component;
use components::memory::description::{self, Scheduling};
use components::memory::{
    IdealMemory, Location, MemoryDescription, MemoryPlan, MemoryReport, MemoryRoute, RequestorName,
    RequestorReport, build_memory, collect,
};
use components::units::{BLOCK, Bytes};
use sim_core::{ActorId, Clock, Frequency, Tick};

use super::{Problem, requestors};
use crate::diagnostics::Diagnostics;
use crate::loaded::Loaded;
use crate::schema::{Arbitration, Reference};

/// A main memory, checked and ready to be built.
#[derive(Clone, Debug, PartialEq)]
pub enum MainMemory {
    /// Channels, ranks and banks.
    Banked(Box<MemoryPlan>),
    /// Infinite bandwidth, no latency, no energy.
    Ideal,
}

/// How fast a memory is.
#[derive(Clone, Copy, Debug)]
pub(super) struct MemoryPace {
    /// Bytes per second at most.
    pub(super) bytes_per_second: f64,
    /// Seconds from a request until the data, if nothing else is asked for and no row is open.
    pub(super) read_seconds: f64,
}

impl MainMemory {
    /// The main memory that a scenario names: the preset `ideal`, or a description in RON.
    ///
    /// # Errors
    /// The file is not there, is not a memory description, or describes a memory that cannot be.
    pub fn load(loaded: &Loaded) -> Result<Self, Diagnostics> {
        if loaded.scenario().memory == Reference::Preset("ideal".to_owned()) {
            return Ok(Self::Ideal);
        }
        let document = loaded.memory::<MemoryDescription>()?;
        MemoryPlan::new(document.value.clone())
            .map(|plan| Self::Banked(Box::new(plan)))
            .map_err(|problems| {
                let mut diagnostics = Diagnostics::default();
                for problem in problems {
                    diagnostics.push(document.problem(problem.field, problem.message, problem.remedy));
                }
                diagnostics
            })
    }

    /// The technology's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Banked(plan) => &plan.description().name,
            Self::Ideal => "ideal",
        }
    }

    /// The memory's clock; an ideal memory has none.
    #[must_use]
    pub fn clock(&self) -> Option<Frequency> {
        match self {
            Self::Banked(plan) => Some(plan.frequency()),
            Self::Ideal => None,
        }
    }

    /// Number of channels.
    #[must_use]
    pub fn channels(&self) -> u32 {
        match self {
            Self::Banked(plan) => plan.description().organisation.channels,
            Self::Ideal => 0,
        }
    }

    /// What it can hold.
    #[must_use]
    pub fn capacity(&self) -> Bytes {
        match self {
            Self::Banked(plan) => Bytes(plan.capacity_bytes()),
            Self::Ideal => Bytes(1 << 62),
        }
    }

    /// Distance of two addresses that differ in their row alone; an ideal memory has no rows.
    #[must_use]
    pub fn row_span(&self) -> u64 {
        match self {
            Self::Banked(plan) => plan.address_map().row_span(),
            Self::Ideal => BLOCK.0,
        }
    }

    /// How far behind a multiple of [`Self::row_span`] region `number` of several begins, so that each has a first bank of its
    /// own.
    #[must_use]
    pub fn first_bank_of_region(&self, number: u64) -> u64 {
        match self {
            Self::Banked(plan) => plan.address_map().first_bank_of_region(number),
            Self::Ideal => 0,
        }
    }

    /// Where `address` lies; an ideal memory has no banks.
    #[must_use]
    pub fn locate(&self, address: u64) -> Option<Location> {
        match self {
            Self::Banked(plan) => Some(plan.address_map().locate(address)),
            Self::Ideal => None,
        }
    }

    /// Bytes per second at most; infinite for an ideal memory.
    #[must_use]
    pub fn peak_bytes_per_second(&self) -> f64 {
        match self {
            Self::Banked(plan) => plan.peak_bytes_per_second(),
            Self::Ideal => f64::INFINITY,
        }
    }

    /// Its bandwidth, and how long a read takes.
    pub(super) fn pace(&self) -> MemoryPace {
        MemoryPace {
            bytes_per_second: self.peak_bytes_per_second(),
            read_seconds: match self {
                Self::Banked(plan) => {
                    plan.constraints().idle_read_latency() as f64 / plan.frequency().hertz()
                }
                Self::Ideal => 0.0,
            },
        }
    }

    /// What keeps the DMA from using it.
    pub(super) fn problem(&self) -> Option<Problem> {
        let Self::Banked(plan) = self else { return None };
        (u64::from(plan.request_bytes()) != BLOCK.0).then(|| {
            Problem::new(
                "memory",
                format!(
                    "the DMA asks for blocks of {}, but an access of this memory has {} B",
                    BLOCK,
                    plan.request_bytes()
                ),
                "bus_width / 8 x burst_length of 64 bytes is accepted",
            )
        })
    }

    /// The same memory, for these requestors, with the arbitration that the scenario states.
    pub(super) fn for_requestors(
        self,
        arbitration: &Arbitration,
        requestors: &[RequestorName],
    ) -> Result<Self, Vec<Problem>> {
        let Self::Banked(plan) = self else { return Ok(self) };
        if let Some(unknown) = requestors::unknown(arbitration, requestors) {
            return Err(vec![Problem::new(
                "contention.arbitration",
                format!("no requestor of main memory is called {unknown:?}"),
                format!("known are {}", requestors::listing(requestors)),
            )]);
        }
        let mut description = plan.description().clone();
        let controller = &mut description.controller;
        match arbitration {
            Arbitration::AsMemory => {}
            Arbitration::InTurn => controller.arbitration = description::Arbitration::InTurn,
            Arbitration::Priority(names) => controller.scheduling = Scheduling::Priority(names.clone()),
            Arbitration::Shares(shares) => {
                controller.arbitration = description::Arbitration::Shares(shares.clone());
            }
        }
        MemoryPlan::new(description)
            .map(|plan| Self::Banked(Box::new(plan.for_requestors(requestors))))
            .map_err(|problems| {
                let problems = problems.into_iter();
                problems
                    .map(|problem| Problem::new("memory", problem.message, problem.remedy))
                    .collect()
            })
    }

    /// Its actors, to be registered at these addresses, and the DMA's way to them.
    pub(super) fn build(&self, clock: Clock, addresses: &[ActorId]) -> (Vec<Component>, MemoryRoute) {
        let Self::Banked(plan) = self else {
            return (
                vec![Component::IdealMemory(Box::default())],
                MemoryRoute::Ideal(addresses[0]),
            );
        };
        let mut actors = Vec::new();
        let ports = build_memory(plan, clock, &mut |actor| {
            actors.push(Component::Memory(actor));
            addresses[actors.len() - 1]
        });
        (
            actors,
            MemoryRoute::Channels {
                map: plan.address_map(),
                channels: ports.channels,
                credits: vec![plan.credits()],
            },
        )
    }

    /// What it did, gathered from all actors of a machine that has run.
    pub(super) fn report(&self, actors: &[Component], clock: Clock, now: Tick) -> MemoryReport {
        match self {
            Self::Banked(plan) => {
                let parts = actors.iter().filter_map(|actor| match actor {
                    Component::Memory(part) => Some(part),
                    _ => None,
                });
                collect(plan, clock, parts, now)
            }
            Self::Ideal => actors
                .iter()
                .find_map(|actor| match actor {
                    Component::IdealMemory(memory) => Some(ideal_report(memory)),
                    _ => None,
                })
                .unwrap_or_default(),
        }
    }
}

fn ideal_report(memory: &IdealMemory) -> MemoryReport {
    let mut report = MemoryReport::default();
    for (reads, writes) in memory.requests() {
        report.reads += reads;
        report.writes += writes;
        let bytes = (reads + writes) * BLOCK.0;
        report.requestors.push(RequestorReport {
            reads,
            writes,
            bytes,
            ..RequestorReport::default()
        });
    }
    report.read_bytes = report.reads * BLOCK.0;
    report.write_bytes = report.writes * BLOCK.0;
    report
}
