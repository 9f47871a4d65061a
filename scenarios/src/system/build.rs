//! From a plan to actors, and their run.

use std::ops::ControlFlow;

use components::Component;
use components::memory::{MemoryMessage, MemoryRoute, RequestorId};
use components::message::Message;
use sim_core::{ActorId, Engine, Simulation, Tick, TraceSink};

use super::machine_build::{CONTROL_ACTORS, MachinePlaces};
use super::{Measurements, Plan, RunError, requestors};
use crate::values::{Computation, Trained};

/// A machine ready to run.
///
/// Actors are registered in this order: control block, DMA and buffers of the scenario's own machine, main memory, its
/// PEs; control block, DMA, buffers and PEs of each tenant; sources of background traffic.
pub struct System {
    simulation: Simulation<Component>,
    places: Places,
    computations: Vec<Option<Computation>>,
}

/// Where the actors of a system are.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// Of each machine, the scenario's own first.
    pub(super) machines: Vec<MachinePlaces>,
    /// The channels of main memory.
    channels: Vec<ActorId>,
    /// Of each source of background traffic; none if it never asks for anything.
    pub(super) background: Vec<Option<ActorId>>,
}

impl Plan {
    /// Makes the machine.
    ///
    /// # Errors
    /// The engine is not part of this build, or a trace of background traffic is not there any more.
    pub fn build(&self, engine: Engine, sink: Option<Box<dyn TraceSink>>) -> Result<System, RunError> {
        self.build_after(engine, sink, None)
    }

    /// As [`Self::build`], for the step of training that follows the one that left `trained`.
    ///
    /// # Errors
    /// As [`Self::build`].
    pub fn build_after(
        &self,
        engine: Engine,
        sink: Option<Box<dyn TraceSink>>,
        trained: Option<&Trained>,
    ) -> Result<System, RunError> {
        let mut simulation = Simulation::new(engine)?.with_digest();
        if let Some(sink) = sink {
            simulation = simulation.with_trace(sink);
        }
        let (memory, route) = self.memory.build(self.memory_clock, ActorId(CONTROL_ACTORS));
        let places = self.places(memory.len() as u32, &route);
        let computations = self.machines().enumerate().map(|(index, machine)| {
            let own = trained.filter(|_| index == 0);
            Computation::new(machine, own)
        });
        let computations: Vec<Option<Computation>> = computations.collect();
        let numbers = |machine: usize| computations[machine].as_ref().map(|numbers| &numbers.values);
        let own = requestors::first_of_machine(0);
        self.machine.add_control(
            &mut simulation,
            places.machines[0],
            &route,
            RequestorId(own),
            numbers(0),
        );
        for actor in memory {
            simulation.add(actor);
        }
        for (index, (machine, &at)) in self.machines().zip(&places.machines).enumerate() {
            if index > 0 {
                let first_requestor = RequestorId(requestors::first_of_machine(index));
                machine.add_control(&mut simulation, at, &route, first_requestor, numbers(index));
            }
            machine.add_pes(&mut simulation, at, numbers(index));
            simulation.post(at.control_block, machine.start, Message::Start);
        }
        self.add_background(&mut simulation, &places, &route)?;
        Ok(System {
            simulation,
            places,
            computations,
        })
    }

    fn add_background(
        &self,
        simulation: &mut Simulation<Component>,
        places: &Places,
        route: &MemoryRoute,
    ) -> Result<(), RunError> {
        let machines = places.machines.len();
        for (index, (source, place)) in self.background.iter().zip(&places.background).enumerate() {
            let Some(place) = *place else { continue };
            let requestor = RequestorId(requestors::of_source(machines, index));
            let actor = source
                .build(self, index, requestor, route)
                .map_err(RunError::Background)?;
            simulation.add(Component::Background(Box::new(actor)));
            simulation.post(place, source.start(), Message::Start);
        }
        Ok(())
    }

    fn places(&self, memory_actors: u32, route: &MemoryRoute) -> Places {
        let mut next = ActorId(CONTROL_ACTORS + memory_actors);
        let mut machines = Vec::new();
        for (index, machine) in self.machines().enumerate() {
            // The scenario's own machine has its control actors before main memory.
            let (control_block, first_pe) = match index {
                0 => (ActorId(0), next),
                _ => (next, next.offset(CONTROL_ACTORS)),
            };
            next = first_pe.offset(machine.pe_actors());
            machines.push(MachinePlaces {
                control_block,
                first_pe,
                background: (next, 0),
            });
        }
        let first = next;
        let background: Vec<Option<ActorId>> = self
            .background
            .iter()
            .map(|source| {
                let place = (!source.is_silent()).then_some(next);
                next = next.offset(u32::from(place.is_some()));
                place
            })
            .collect();
        let sources = next.0 - first.0;
        for machine in &mut machines {
            machine.background = (first, sources);
        }
        let channels = match route {
            MemoryRoute::Channels { channels, .. } => channels.clone(),
            MemoryRoute::Ideal(_) => Vec::new(),
        };
        Places {
            machines,
            channels,
            background,
        }
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Tile operations that are done, of all transformers.
    pub done: u64,
    /// All their tile operations.
    pub planned: u64,
    /// Messages delivered.
    pub events: u64,
}

/// Messages delivered between two looks at a run: a fraction of a second.
const EVENTS_BETWEEN_LOOKS: u64 = 1 << 20;

impl System {
    /// The numbers of the scenario's own machine, if it computes with any.
    #[must_use]
    pub fn computation(&self) -> Option<Computation> {
        self.computations.first().cloned().flatten()
    }

    fn progress(&self, plan: &Plan) -> Progress {
        let places = self.places.machines.iter();
        let done =
            places.filter_map(
                |place| match self.simulation.actors().get(place.control_block.index()) {
                    Some(Component::ControlBlock(control)) => {
                        Some(control.roles().values().map(|counts| counts.retired).sum::<u64>())
                    }
                    _ => None,
                },
            );
        let programs = plan.machines().map(|machine| &machine.program);
        Progress {
            done: done.sum(),
            planned: programs
                .map(|program| program.tile_operations + program.add_tile_operations)
                .sum(),
            events: self.simulation.events(),
        }
    }

    /// Runs to the end and collects what was measured.
    ///
    /// # Errors
    /// The engine stopped, or the machine came to a standstill before a transformer was finished.
    pub fn run(self, plan: &Plan) -> Result<(Measurements, Option<Box<dyn TraceSink>>), RunError> {
        self.run_watched(plan, &mut |_| ControlFlow::Continue(()))
    }

    /// As [`Self::run`]; `watch` is told every so often how far it is, and may break the run off.
    ///
    /// # Errors
    /// As [`Self::run`], or `watch` broke it off.
    pub fn run_watched(
        mut self,
        plan: &Plan,
        watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(Measurements, Option<Box<dyn TraceSink>>), RunError> {
        while self.simulation.run_some(EVENTS_BETWEEN_LOOKS)? {
            if watch(self.progress(plan)).is_break() {
                return Err(RunError::Interrupted);
            }
        }
        // An idle memory keeps no clock: it accounts for its refreshes up to now when told that the run is over.
        let now: Tick = self.simulation.now();
        for &channel in &self.places.channels {
            self.simulation
                .post(channel, now, Message::Memory(MemoryMessage::Halt));
        }
        self.simulation.run()?;
        let (events, digest) = (
            self.simulation.events(),
            self.simulation.digest().unwrap_or_default(),
        );
        let (actors, sink) = self.simulation.into_parts();
        let mut measurements = Measurements::of(&actors, plan, &self.places, events, digest)?;
        let checks = self
            .computations
            .iter()
            .map(|numbers| numbers.as_ref().map(Computation::check));
        for (measured, check) in measurements.machines_mut().zip(checks) {
            measured.values = check;
        }
        Ok((measurements, sink))
    }
}
