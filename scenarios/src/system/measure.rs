//! What the actors of a system report after a run.

use components::Component;
use components::background::BackgroundCounts;
use components::memory::MemoryReport;
use sim_core::{Digest, Simulation, Tick};

use super::directory::{Directory, SystemActor};
use super::{MachineMeasurements, Plan, RunError};

/// Everything measured in one run.
#[derive(Clone, Debug)]
pub struct Measurements {
    /// The scenario's own transformer.
    pub machine: MachineMeasurements,
    /// The other transformers.
    pub tenants: Vec<MachineMeasurements>,
    /// Background traffic.
    pub background: Vec<BackgroundCounts>,
    /// Main memory.
    pub memory: MemoryReport,
    /// When the last transformer finished.
    pub ended: Tick,
    /// Messages delivered.
    pub events: u64,
    /// The run's digest.
    pub digest: Digest,
}

impl Measurements {
    /// Collects the reports of the actors of a system that has run; they are registered as in `directory`.
    pub(super) fn of(
        simulation: &Simulation<Component>,
        plan: &Plan,
        directory: &Directory,
    ) -> Result<Self, RunError> {
        let actors = simulation.actors();
        let machines = plan.machines().enumerate();
        let mut machines = machines
            .map(|(index, machine)| MachineMeasurements::of(directory.of_machine(index, actors), machine))
            .collect::<Result<Vec<_>, _>>()?;
        let ended = machines
            .iter()
            .map(|machine| machine.finished)
            .max()
            .unwrap_or_default();
        let mut background = vec![BackgroundCounts::default(); plan.background.len()];
        for (entry, actor) in directory.entries().iter().zip(actors) {
            if let (SystemActor::Background { source }, Component::Background(traffic)) = (entry.actor, actor)
            {
                background[usize::from(source)] = traffic.counts().clone();
            }
        }
        Ok(Self {
            background,
            memory: plan.memory.report(actors, plan.memory_clock, ended),
            machine: machines.remove(0),
            tenants: machines,
            ended,
            events: simulation.events(),
            digest: simulation.digest().unwrap_or_default(),
        })
    }

    pub(super) fn machines_mut(&mut self) -> impl Iterator<Item = &mut MachineMeasurements> {
        std::iter::once(&mut self.machine).chain(&mut self.tenants)
    }

    /// The measurements of all transformers, the scenario's own first.
    pub fn machines(&self) -> impl Iterator<Item = &MachineMeasurements> {
        std::iter::once(&self.machine).chain(&self.tenants)
    }
}
