//! From a plan to a system of actors, and its run.

use std::ops::ControlFlow;
use std::sync::Arc;

use components::Component;
use components::memory::{MemoryMessage, MemoryRoute, RequestorId};
use components::message::Message;
use sim_core::{Engine, SimError, Simulation, Tick, TraceSink};

use super::directory::{Directory, SystemActor};
use super::machine_build::Surroundings;
use super::watchdog::Watchdog;
use super::{MachinePlan, Measurements, Plan, RunError, requestors};
use crate::values::{Computation, Trained};

/// A system ready to run. It can be moved to another thread, but for a build with the engine `desim`, whose processes stay on
/// theirs.
pub struct System {
    pub(super) simulation: Simulation<Component>,
    directory: Arc<Directory>,
    computations: Vec<Option<Computation>>,
}

#[cfg(not(feature = "desim"))]
const _: () = {
    const fn can_be_sent<T: Send>() {}
    can_be_sent::<System>();
};

impl Plan {
    /// Makes the system: every actor that the directory lists, in its order.
    ///
    /// # Errors
    /// The engine is not part of this build, or a trace of background traffic is not there any more.
    pub fn build(&self, engine: Engine) -> Result<System, RunError> {
        self.build_after(engine, None)
    }

    /// As [`Self::build`], for the step of training that follows the one that left `trained`.
    ///
    /// # Errors
    /// As [`Self::build`].
    pub fn build_after(&self, engine: Engine, trained: Option<&Trained>) -> Result<System, RunError> {
        let directory = Arc::new(Directory::new(self));
        let named = Arc::clone(&directory);
        let name = move |actor| named.entry(actor).map(|entry| named.name(entry));
        let mut simulation = Simulation::new(engine)?.with_digest().with_names(name);
        let computations = self.machines().enumerate().map(|(index, machine)| {
            let own = trained.filter(|_| index == 0);
            Computation::new(machine, own)
        });
        let computations: Vec<Option<Computation>> = computations.collect();
        self.add_actors(&directory, &computations, &mut simulation)?;
        for (machine, addresses) in self.machines().zip(directory.machines()) {
            simulation.post(addresses.control_block, machine.start, Message::Start);
        }
        let sources = self.background.iter().filter(|source| !source.is_silent());
        for (source, &address) in sources.zip(&**directory.background()) {
            simulation.post(address, source.start(), Message::Start);
        }
        Ok(System {
            simulation,
            directory,
            computations,
        })
    }

    fn add_actors(
        &self,
        directory: &Directory,
        computations: &[Option<Computation>],
        simulation: &mut Simulation<Component>,
    ) -> Result<(), RunError> {
        let (memory, route) = self.memory.build(self.memory_clock, directory.memory());
        let mut memory = memory.into_iter();
        let machines: Vec<&MachinePlan> = self.machines().collect();
        let around = directory.machines().iter().enumerate();
        let around = around.map(|(index, addresses)| Surroundings {
            addresses,
            background: directory.background(),
            memory: &route,
            first_requestor: RequestorId(requestors::first_of_machine(index)),
            values: computations[index].as_ref().map(|numbers| &numbers.values),
        });
        let around: Vec<Surroundings<'_>> = around.collect();
        for entry in directory.entries() {
            let machine = usize::from(entry.machine);
            let actor = match entry.actor {
                SystemActor::Machine(actor) => machines[machine].component(actor, &around[machine]),
                SystemActor::Memory(_) | SystemActor::IdealMemory => memory
                    .next()
                    .expect("the directory lists the parts of this memory"),
                SystemActor::Background { source } => self.source(usize::from(source), &route)?,
            };
            simulation.add(actor);
        }
        Ok(())
    }

    /// Makes source number `source` of background traffic.
    fn source(&self, source: usize, route: &MemoryRoute) -> Result<Component, RunError> {
        let requestor = RequestorId(requestors::of_source(self.machines().count(), source));
        let actor = self.background[source].build(self, source, requestor, route);
        Ok(Component::Background(Box::new(
            actor.map_err(RunError::Background)?,
        )))
    }
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Tile operations that all transformers together have finished.
    pub done: u64,
    /// All tile operations of all transformers.
    pub planned: u64,
    /// Messages delivered.
    pub events: u64,
}

/// Messages delivered between two looks at who makes progress.
const EVENTS_BETWEEN_LOOKS: u64 = 1 << 15;

/// Looks between two calls of `watch`: a fraction of a second.
const LOOKS_BETWEEN_CALLS: u64 = 32;

impl System {
    /// The numbers of the scenario's own machine; `None` if it does not compute with any.
    #[must_use]
    pub fn computation(&self) -> Option<Computation> {
        self.computations.first().cloned().flatten()
    }

    fn progress(&self, plan: &Plan) -> Progress {
        let actors = self.simulation.actors();
        let machines = self.directory.machines().iter();
        let done = machines.filter_map(|machine| match actors.get(machine.control_block.index()) {
            Some(Component::ControlBlock(control)) => {
                Some(control.roles().values().map(|counts| counts.retired).sum::<u64>())
            }
            _ => None,
        });
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
    /// The engine stopped, the machine came to a standstill before a transformer was finished, or somebody made no progress
    /// for the time that the scenario states.
    pub fn run(self, plan: &Plan) -> Result<Measurements, RunError> {
        self.run_watched(plan, None, &mut |_| ControlFlow::Continue(()))
    }

    /// As [`Self::run`], recording the run into `sink`.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_traced(self, plan: &Plan, sink: &mut dyn TraceSink) -> Result<Measurements, RunError> {
        self.run_watched(plan, Some(sink), &mut |_| ControlFlow::Continue(()))
    }

    /// As [`Self::run`], recording the run into `sink` if there is one; `watch` is told every so often how far the run is, and may
    /// break it off.
    ///
    /// # Errors
    /// As [`Self::run`], or `watch` broke it off.
    pub fn run_watched(
        mut self,
        plan: &Plan,
        mut sink: Option<&mut dyn TraceSink>,
        watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Measurements, RunError> {
        let mut watchdog = Watchdog::new(plan, &self.directory);
        let mut looks: u64 = 0;
        while self.run_some(EVENTS_BETWEEN_LOOKS, &mut sink)? {
            watchdog.look(plan, self.simulation.actors(), self.simulation.now())?;
            looks += 1;
            if looks.is_multiple_of(LOOKS_BETWEEN_CALLS) && watch(self.progress(plan)).is_break() {
                return Err(RunError::Interrupted);
            }
        }
        // An idle memory keeps no clock: it accounts for its refreshes up to now when told that the run is over.
        let now: Tick = self.simulation.now();
        for &channel in self.directory.channels() {
            self.simulation
                .post(channel, now, Message::Memory(MemoryMessage::Halt));
        }
        while self.run_some(EVENTS_BETWEEN_LOOKS, &mut sink)? {}
        let mut measurements = Measurements::of(&self.simulation, plan, &self.directory)?;
        let checks = self
            .computations
            .iter()
            .map(|numbers| numbers.as_ref().map(Computation::check));
        for (measured, check) in measurements.machines_mut().zip(checks) {
            measured.values = check;
        }
        Ok(measurements)
    }

    /// Runs for about so many `events`; says whether any message may be left.
    fn run_some(&mut self, events: u64, sink: &mut Option<&mut dyn TraceSink>) -> Result<bool, SimError> {
        match sink {
            Some(sink) => self.simulation.traced(&mut **sink).run_some(events),
            None => self.simulation.run_some(events),
        }
    }
}
