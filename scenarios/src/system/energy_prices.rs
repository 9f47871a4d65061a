//! Unit prices of a machine's actions, for energy accounting during a run.

use components::energy_part::{ByAction, ByPart};
use components::memory::{EnergyTable, RefreshSchedule};
use components::units::NanoJoules;
use sim_core::{Ticks, Timebase};

use super::{MachinePlan, MainMemory, Plan, energy};

/// Prices of the actions of the machine of `plan`, by part, per tick or per piece. They are those of [`energy`] itself, which
/// is linear in the actions: a price is the energy of one unit and nothing else.
#[must_use]
pub fn energy_prices(plan: &MachinePlan, timebase: Timebase) -> ByAction<ByPart<NanoJoules>> {
    ByAction::new(|action| {
        let mut one = ByAction::default();
        one[action] = 1.0;
        energy(plan, timebase, &one).by_part()
    })
}

/// Prices of what main memory does.
#[derive(Clone, Copy, Debug)]
pub struct MemoryPrices {
    /// Of commands and of standby, of one rank.
    pub table: EnergyTable,
    /// Banks of a rank: the first banks of a channel are those of its first rank.
    pub banks_per_rank: u32,
    /// All ranks of all channels.
    pub ranks: u32,
    /// Ticks of a cycle of the memory's clock.
    pub cycle: Ticks,
    /// Ticks from one refresh of a rank, or of a bank, to the next while the memory is idle.
    pub refresh_round: Ticks,
}

impl MemoryPrices {
    /// The prices of the main memory of `plan`; the ideal one takes no energy.
    #[must_use]
    pub fn new(plan: &Plan) -> Option<Self> {
        let MainMemory::Banked(memory) = &plan.memory else {
            return None;
        };
        let description = memory.description();
        let organisation = &description.organisation;
        let banks_per_rank = organisation.banks_per_rank();
        let ranks = organisation.ranks;
        let round = RefreshSchedule::new(description).map_or(0, |schedule| schedule.round());
        let cycle = plan.memory_clock.period();
        Some(Self {
            table: EnergyTable::new(description),
            banks_per_rank,
            ranks: ranks * organisation.channels,
            cycle,
            refresh_round: cycle * round,
        })
    }
}
