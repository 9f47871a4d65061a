//! Whole machines for tests and benches: a shipped scenario with changes, planned and run.

pub mod band;
pub mod bounds;
pub mod pairs;
pub mod resources;
pub mod shipped;
pub mod space;
pub mod traced;

use components::memory::{MemoryDescription, MemoryPlan};
use scenarios::load::library::Shelf;
use scenarios::schema::Reference;
use scenarios::system::{MainMemory, Measurements, Plan, RunError};
use scenarios::{Loaded, Scenario};
use sim_core::{Engine, Tick};

/// A finished run, with the plan that it followed.
#[derive(Clone, Debug)]
pub struct Run {
    /// What was to be done, and on which machine.
    pub plan: Plan,
    /// What was measured.
    pub measured: Measurements,
}

impl Run {
    /// Cycles of the accelerator from the start to the end of the last operation.
    #[must_use]
    pub fn cycles(&self) -> u64 {
        self.plan
            .machine
            .clock
            .cycles_spanning(self.measured.machine.finished.since(Tick::ZERO))
            .0
    }

    /// Simulated seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.plan
            .timebase
            .seconds(self.measured.machine.finished.since(Tick::ZERO))
    }
}

/// The names of all shipped scenarios.
pub fn shipped_names() -> impl Iterator<Item = &'static str> {
    Shelf::Scenarios.names()
}

/// A shipped scenario with `change` made to it.
///
/// # Panics
/// There is no such scenario, or what it is changed to cannot be.
#[must_use]
pub fn shipped(name: &str, change: impl FnOnce(&mut Scenario)) -> Loaded {
    Scenario::shipped(name)
        .and_then(|loaded| loaded.with(change))
        .unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// A shipped scenario small enough for a test: of those on the server accelerator, one layer and two sequences.
///
/// # Panics
/// There is no such scenario.
#[must_use]
pub fn shipped_small(name: &str) -> Loaded {
    shipped(name, |scenario| {
        if is_large(scenario) {
            scenario.workload.transformer.layers.truncate(1);
            scenario.workload.batch = 2;
        }
    })
}

/// Whether a shipped scenario takes a minute or more, so that tests cut it: those on the server accelerator do.
#[must_use]
pub fn is_large(scenario: &Scenario) -> bool {
    scenario.accelerator.processing_elements >= 512
}

/// The main memory called `name` in the library.
#[must_use]
pub fn memory(name: &str) -> Reference {
    Reference::Preset(name.to_owned())
}

/// The plan of a scenario that is known to fit.
///
/// # Panics
/// It does not fit.
#[must_use]
pub fn plan(loaded: &Loaded) -> Plan {
    Plan::load(loaded).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// The plan of a scenario whose main memory has `change` made to it.
///
/// # Panics
/// Scenario and memory do not go together.
#[must_use]
pub fn plan_on_memory(loaded: &Loaded, change: impl FnOnce(&mut MemoryDescription)) -> Plan {
    let document = loaded
        .memory::<MemoryDescription>()
        .unwrap_or_else(|wrong| panic!("{wrong}"));
    let mut description = document.value.clone();
    change(&mut description);
    let memory = MemoryPlan::new(description).unwrap_or_else(|problems| panic!("{problems:?}"));
    Plan::on_memory(loaded, MainMemory::Banked(Box::new(memory))).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// Runs `plan` on `engine`.
///
/// # Errors
/// The engine stopped, or the machine deadlocked.
pub fn try_run(plan: Plan, engine: Engine) -> Result<Run, RunError> {
    let measured = plan.build(engine)?.run(&plan)?;
    Ok(Run { plan, measured })
}

/// Runs `plan`, which is known to finish, on the default engine.
///
/// # Panics
/// It does not.
#[must_use]
pub fn run(plan: Plan) -> Run {
    try_run(plan, Engine::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// The engines of this build that give the same order.
#[must_use]
pub fn engines() -> Vec<Engine> {
    Engine::available().to_vec()
}

/// The engines of this build but the default one.
#[must_use]
pub fn other_engines() -> Vec<Engine> {
    let mut engines = engines();
    engines.retain(|&engine| engine != Engine::default());
    engines
}
