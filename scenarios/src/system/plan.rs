//! A scenario resolved into the parameters of every actor, and checked for what the machine cannot hold.

use std::iter;

use components::memory::RequestorName;
use components::message::Traffic;
use sim_core::{Clock, Tick, Timebase};

use super::MachinePlan;
use super::background_plan::{self, BackgroundPlan};
use super::clocks::Clocks;
use super::fit::Depth;
use super::layout::check_sizes;
use super::machine_plan::Machine;
use super::main_memory::MainMemory;
use super::requestors;
use crate::diagnostics::Diagnostics;
use crate::loaded::Loaded;

/// Something in a scenario that no machine can do, at the field that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// Index of the tenant whose scenario is wrong; `None` for the main scenario.
    pub(super) tenant: Option<usize>,
    /// The field, such as `accelerator.tile.x`.
    pub(super) field: String,
    /// What is wrong.
    pub(super) message: String,
    /// What would be accepted.
    pub(super) help: String,
}

impl Problem {
    pub(super) fn new(field: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            tenant: None,
            field: field.into(),
            message: message.into(),
            help: help.into(),
        }
    }

    fn of_tenant(mut self, tenant: usize) -> Self {
        self.tenant = Some(tenant);
        self
    }
}

/// A scenario with every part resolved: ready to be built.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The transformer and its accelerator.
    pub machine: MachinePlan,
    /// The other transformers on the same main memory.
    pub tenants: Vec<MachinePlan>,
    /// Other traffic on it.
    pub background: Vec<BackgroundPlan>,
    /// Main memory.
    pub memory: MainMemory,
    /// The tick.
    pub timebase: Timebase,
    /// Main memory's clock.
    pub memory_clock: Clock,
    /// Requestors of main memory, by number.
    pub requestors: Vec<RequestorName>,
}

impl Plan {
    /// Resolves a loaded scenario, with the main memory, the tenants and the traces that it names.
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place in the file that states it.
    pub fn load(loaded: &Loaded) -> Result<Self, Diagnostics> {
        Self::on_memory(loaded, MainMemory::load(loaded)?)
    }

    /// As [`Plan::load`], with this main memory in place of the one that the scenario names.
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place in the file that states it.
    pub fn on_memory(loaded: &Loaded, memory: MainMemory) -> Result<Self, Diagnostics> {
        Self::to_depth(loaded, memory, Depth::Whole)
    }

    /// Whether the scenario's machine can run its program at all: all that is refused is found here, in a few milliseconds, without
    /// choosing how the program is cut.
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place in the file that states it.
    pub fn fits(loaded: &Loaded) -> Result<(), Diagnostics> {
        Self::to_depth(loaded, MainMemory::load(loaded)?, Depth::Fits).map(drop)
    }

    fn to_depth(loaded: &Loaded, memory: MainMemory, depth: Depth) -> Result<Self, Diagnostics> {
        let tenants = 0..loaded.scenario().contention.tenants.len();
        let tenants = tenants
            .map(|index| loaded.tenant(index))
            .collect::<Result<Vec<_>, _>>()?;
        let machines = tenants.iter().map(Machine::of).collect::<Result<_, _>>()?;
        let traces = background_plan::find_traces(loaded)?;
        let own = Machine::of(loaded)?;
        Self::resolve(own, machines, &traces, memory, depth).map_err(|problems| {
            let problems = problems.into_iter();
            problems
                .map(|problem| {
                    let source = problem.tenant.map_or(loaded, |tenant| &tenants[tenant]);
                    source.problem(&problem.field, problem.message, problem.help)
                })
                .collect()
        })
    }

    fn resolve(
        own: Machine,
        tenants: Vec<Machine>,
        traces: &[Option<background_plan::Trace>],
        memory: MainMemory,
        depth: Depth,
    ) -> Result<Self, Vec<Problem>> {
        let contention = own.scenario.contention.clone();
        let clocks = Clocks::new(&own, &tenants, &memory)?;
        check_sizes(&own, &tenants)?;
        let requestors = requestors::names(&contention, tenants.len())?;
        let memory = memory.for_requestors(&contention.arbitration, &requestors)?;
        let seed = own.scenario.seed;
        let pace = memory.pace();
        let machine = MachinePlan::new(own, clocks.own, Tick::ZERO, pace, depth)?;
        let mut plan = Self {
            machine,
            tenants: Vec::new(),
            background: Vec::new(),
            memory,
            timebase: clocks.timebase,
            memory_clock: clocks.memory,
            requestors,
        };
        for (index, (tenant, clock)) in tenants.into_iter().zip(clocks.tenants).enumerate() {
            let stated = &contention.tenants[index];
            let start = clock.edge_at_or_after(plan.instant(stated.start_us));
            let mut machine = MachinePlan::new(tenant, clock, start, pace, depth).map_err(|problems| {
                problems
                    .into_iter()
                    .map(|problem| problem.of_tenant(index))
                    .collect::<Vec<_>>()
            })?;
            machine.scenario.name.clone_from(&stated.name);
            plan.tenants.push(machine);
        }
        plan.background = background_plan::resolve(&plan, &contention.background, traces, seed)?;
        let problems = plan.lay_out();
        if problems.is_empty() {
            Ok(plan)
        } else {
            Err(problems)
        }
    }

    /// The instant so many microseconds after the beginning.
    pub(super) fn instant(&self, microseconds: f64) -> Tick {
        Tick((microseconds * 1e-6 * self.timebase.frequency().hertz()).round() as u64)
    }

    /// All machines, the scenario's own first.
    pub fn machines(&self) -> impl Iterator<Item = &MachinePlan> {
        iter::once(&self.machine).chain(&self.tenants)
    }

    /// Whether anybody else uses main memory.
    #[must_use]
    pub fn has_contention(&self) -> bool {
        !self.tenants.is_empty() || !self.background.is_empty()
    }

    /// The same machine with main memory for itself.
    #[must_use]
    pub fn alone(&self) -> Self {
        Self {
            tenants: Vec::new(),
            background: Vec::new(),
            requestors: self.requestors[..Traffic::ALL.len()].to_vec(),
            ..self.clone()
        }
    }
}
