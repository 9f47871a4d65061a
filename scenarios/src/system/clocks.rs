//! The clocks of a plan, whose periods are whole numbers of ticks.

use sim_core::{Clock, ClockError, Frequency, Timebase};

use super::Problem;
use super::machine_plan::Machine;
use super::main_memory::MainMemory;

/// The clocks of a plan.
pub(super) struct Clocks {
    pub(super) timebase: Timebase,
    pub(super) memory: Clock,
    pub(super) own: Clock,
    pub(super) tenants: Vec<Clock>,
}

impl Clocks {
    pub(super) fn new(own: &Machine, tenants: &[Machine], memory: &MainMemory) -> Result<Self, Vec<Problem>> {
        let core = own.scenario.accelerator.clock();
        let bus = memory.clock().unwrap_or(core);
        let others: Vec<Frequency> = tenants
            .iter()
            .map(|tenant| tenant.scenario.accelerator.clock())
            .collect();
        Self::of(core, bus, &others).map_err(|error| {
            vec![Problem::new(
                "accelerator.clock_mhz",
                error.to_string(),
                "choose frequencies that have a larger common divisor",
            )]
        })
    }

    fn of(core: Frequency, bus: Frequency, others: &[Frequency]) -> Result<Self, ClockError> {
        let all: Vec<Frequency> = [core, bus].into_iter().chain(others.iter().copied()).collect();
        let timebase = Timebase::of(&all)?;
        Ok(Self {
            timebase,
            memory: timebase.clock(bus)?,
            own: timebase.clock(core)?,
            tenants: others
                .iter()
                .map(|&clock| timebase.clock(clock))
                .collect::<Result<_, _>>()?,
        })
    }
}
