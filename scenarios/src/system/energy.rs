//! Energy of a machine: actions at the prices of the cost table.

use components::energy_part::{Action, ByAction, ByPart, EnergyPart, Measure};
use components::units::{Milliwatts, NanoJoules};
use sim_core::Timebase;

use super::MachinePlan;

/// Energy of the modules of one part.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// For working.
    pub dynamic: NanoJoules,
    /// For being switched on.
    pub leakage: NanoJoules,
}

/// Energy of a machine by part, main memory left out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Energy(ByPart<Spent>);

impl Energy {
    /// What the modules of a part spent, and what they leaked.
    #[must_use]
    pub fn of_modules(&self, part: EnergyPart) -> Spent {
        self.0[part]
    }

    /// The energies that results state: the dynamic energy of each part, and all leakage as a part of its own. That of main
    /// memory is 0.
    #[must_use]
    pub fn by_part(&self) -> ByPart<NanoJoules> {
        let mut parts = ByPart::new(|part| self.0[part].dynamic);
        parts[EnergyPart::Leakage] = self.0.iter().map(|(_, spent)| spent.leakage).sum();
        parts
    }

    /// All of it.
    #[must_use]
    pub fn total(&self) -> NanoJoules {
        self.by_part().total()
    }
}

/// The energy of `actions` on the machine of `plan`, in ticks or numbers as [`Action::measure`] says: those that a run
/// counted, or an estimate.
///
/// A module's dynamic power holds at the cost table's clock, so each busy cycle costs power / that clock, whatever the
/// scenario's clock. A buffer access, of the cost table's block, costs its energy at 1 MB times the square root of the size in MB
/// (arXiv:2302.14705, CACTI). Leakage is charged for all the time from start to end, or with power gating for the time a
/// module works; buffers hold data and are never gated.
#[must_use]
pub fn energy(plan: &MachinePlan, timebase: Timebase, actions: &ByAction<f64>) -> Energy {
    let period = plan.clock.period().0 as f64;
    let seconds = |ticks: f64| ticks / timebase.frequency().hertz();
    let ticks = |action: Action| match action.measure() {
        Measure::Time => actions[action],
        Measure::Number => actions[action] * period,
    };
    let mut energy = Energy::default();
    for module in plan.modules() {
        // mW / MHz = nJ per cycle.
        let cycle = module.cost.dynamic_mw / plan.costs.clock_mhz;
        let leaks = if plan.scenario.accelerator.power_gating {
            seconds(ticks(module.switched_on))
        } else {
            seconds(ticks(Action::SwitchedOn)) * module.count
        };
        let spent = &mut energy.0[module.part];
        spent.dynamic += NanoJoules(cycle * (ticks(module.works) / period));
        spent.leakage += Milliwatts(module.cost.leakage_mw).over_seconds(leaks);
    }
    for buffer in plan.buffer_modules() {
        let access = buffer.cost.access_nj(buffer.megabytes);
        let leakage = Milliwatts(buffer.cost.leakage_mw_per_mb * buffer.megabytes);
        let spent = &mut energy.0[EnergyPart::Buffers];
        spent.dynamic += NanoJoules(access * actions[buffer.access]);
        spent.leakage += leakage.over_seconds(seconds(ticks(Action::SwitchedOn)));
    }
    energy
}
