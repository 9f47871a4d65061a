//! A simulation with a trace sink, which is lent to it.

use crate::{Actor, SimError, Simulation, Tick, TraceSink};

/// A simulation whose runs are recorded into a sink. Both are lent: the caller reads its sink when the run is over, and may
/// lend the same or another one to the next part of the run.
pub struct Traced<'a, A: Actor> {
    simulation: &'a mut Simulation<A>,
    sink: &'a mut dyn TraceSink,
}

impl<'a, A: Actor> Traced<'a, A> {
    pub(super) fn new(simulation: &'a mut Simulation<A>, sink: &'a mut dyn TraceSink) -> Self {
        Self { simulation, sink }
    }

    /// As [`Simulation::run`].
    ///
    /// # Errors
    /// As [`Simulation::run`].
    pub fn run(&mut self) -> Result<(), SimError> {
        self.run_until(Tick::LAST)
    }

    /// As [`Simulation::run_until`].
    ///
    /// # Errors
    /// As [`Simulation::run`].
    pub fn run_until(&mut self, limit: Tick) -> Result<(), SimError> {
        self.simulation
            .deliver(limit, u64::MAX, Some(self.sink))
            .map(drop)
    }

    /// As [`Simulation::run_some`].
    ///
    /// # Errors
    /// As [`Simulation::run`].
    pub fn run_some(&mut self, events: u64) -> Result<bool, SimError> {
        self.simulation.deliver(Tick::LAST, events, Some(self.sink))
    }
}
