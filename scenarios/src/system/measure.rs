//! What the actors of a system say of themselves after a run.

use components::Component;
use components::background::BackgroundCounts;
use components::memory::MemoryReport;
use sim_core::{Digest, Tick};

use super::build::Places;
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
    /// When the last transformer was finished.
    pub ended: Tick,
    /// Messages delivered.
    pub events: u64,
    /// The run's digest.
    pub digest: Digest,
}

impl Measurements {
    pub(super) fn of(
        actors: &[Component],
        plan: &Plan,
        places: &Places,
        events: u64,
        digest: Digest,
    ) -> Result<Self, RunError> {
        let mut machines = plan
            .machines()
            .zip(&places.machines)
            .map(|(machine, &at)| MachineMeasurements::of(actors, machine, at))
            .collect::<Result<Vec<_>, _>>()?;
        let ended = machines
            .iter()
            .map(|machine| machine.finished)
            .max()
            .unwrap_or_default();
        let background = places
            .background
            .iter()
            .map(|place| source(actors, place.map(|id| id.0)));
        Ok(Self {
            background: background.collect(),
            memory: plan.memory.report(actors, plan.memory_clock, ended),
            machine: machines.remove(0),
            tenants: machines,
            ended,
            events,
            digest,
        })
    }

    pub(super) fn machines_mut(&mut self) -> impl Iterator<Item = &mut MachineMeasurements> {
        std::iter::once(&mut self.machine).chain(&mut self.tenants)
    }

    /// What all transformers did, the scenario's own first.
    pub fn machines(&self) -> impl Iterator<Item = &MachineMeasurements> {
        std::iter::once(&self.machine).chain(&self.tenants)
    }
}

fn source(actors: &[Component], place: Option<u32>) -> BackgroundCounts {
    match place.and_then(|place| actors.get(place as usize)) {
        Some(Component::Background(source)) => source.counts().clone(),
        _ => BackgroundCounts::default(),
    }
}
