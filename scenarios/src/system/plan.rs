//! A scenario resolved into the parameters of every actor, and checked for what the machine cannot hold.

use sim_core::{Clock, Timebase};

use super::MachinePlan;
use super::main_memory::MainMemory;
use crate::diagnostics::Diagnostics;
use crate::load::{Loaded, Resolver};
use crate::schema::{CostTable, Scenario};

/// Something in a scenario that no machine can do, at the field that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field, such as `accelerator.tile.x`.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What would be accepted.
    pub help: String,
}

impl Problem {
    pub(super) fn new(field: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            message: message.into(),
            help: help.into(),
        }
    }
}

/// A scenario with every part resolved: ready to be built.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The transformer and its accelerator.
    pub machine: MachinePlan,
    /// Main memory.
    pub memory: MainMemory,
    /// The tick.
    pub timebase: Timebase,
    /// Main memory's clock.
    pub memory_clock: Clock,
}

impl Plan {
    /// Resolves a loaded scenario, with the main memory that it names.
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place in the file that states it.
    pub fn load(loaded: &Loaded, resolver: &dyn Resolver) -> Result<Self, Diagnostics> {
        let memory = MainMemory::load(loaded, resolver)?;
        Self::new(loaded.scenario.clone(), memory, loaded.costs.clone()).map_err(|problems| {
            let mut diagnostics = Diagnostics::default();
            for Problem { field, message, help } in problems {
                diagnostics.push(loaded.problem(&field, message, help));
            }
            diagnostics
        })
    }

    /// Resolves `scenario` with its main memory and its costs.
    ///
    /// # Errors
    /// Everything that the machine cannot hold or do, each at its field.
    pub fn new(scenario: Scenario, memory: MainMemory, costs: CostTable) -> Result<Self, Vec<Problem>> {
        let core = scenario.accelerator.clock();
        let bus = memory.clock().unwrap_or(core);
        let clocks = Timebase::of(&[core, bus])
            .and_then(|timebase| Ok((timebase, timebase.clock(core)?, timebase.clock(bus)?)));
        let (timebase, clock, memory_clock) = match clocks {
            Ok(clocks) => clocks,
            Err(error) => {
                let help = "choose a frequency that has a larger common divisor with the memory's";
                return Err(vec![Problem::new(
                    "accelerator.clock_mhz",
                    error.to_string(),
                    help,
                )]);
            }
        };
        let machine = MachinePlan::new(scenario, costs, clock)?;
        let plan = Self {
            machine,
            memory,
            timebase,
            memory_clock,
        };
        let problems = plan.problems();
        if problems.is_empty() {
            Ok(plan)
        } else {
            Err(problems)
        }
    }

    /// What main memory cannot hold or do.
    fn problems(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self.memory.problem().into_iter().collect();
        let (used, capacity) = (self.machine.memory_used, self.memory.capacity());
        if used > capacity {
            problems.push(Problem::new(
                "memory",
                format!("the weights take {used}, but main memory holds {capacity}"),
                "choose a larger memory or a smaller transformer",
            ));
        }
        problems
    }
}
