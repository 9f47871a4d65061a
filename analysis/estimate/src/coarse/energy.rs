//! Energy: the simulator's own prices, applied to actions and a time from formulas.

use components::energy_part::{Action, ByAction, EnergyPart, Measure};
use components::units::{BLOCK, NanoJoules};
use scenarios::system::{self, MachinePlan};
use sim_core::Timebase;

use super::account::Timeline;
use crate::{Energy, Power};

/// The energy of `actions` on the machine of `plan`, in the groups of the published figures, including that of `main_memory`.
///
/// Prices are those of a run: given the actions that a run counted, this returns the run's energy. `buffer` includes the
/// leakage of the buffers.
#[must_use]
pub fn energy_by_group(
    plan: &MachinePlan,
    timebase: Timebase,
    actions: &ByAction<f64>,
    main_memory: NanoJoules,
) -> Energy {
    let machine = system::energy(plan, timebase, actions);
    let mut energy = Energy {
        main_memory: main_memory.0,
        ..Energy::default()
    };
    for part in EnergyPart::ALL {
        let spent = machine.of_modules(part);
        let group = match part {
            EnergyPart::Buffers => {
                energy.buffer += spent.dynamic.0 + spent.leakage.0;
                continue;
            }
            EnergyPart::MacLanes => &mut energy.mac_lanes,
            EnergyPart::Softmax => &mut energy.softmax,
            EnergyPart::LayerNorm => &mut energy.layer_norm,
            EnergyPart::Sparsity => &mut energy.sparsity,
            _ => &mut energy.others,
        };
        *group = Power {
            dynamic: group.dynamic + spent.dynamic.0,
            leakage: group.leakage + spent.leakage.0,
        };
    }
    energy
}

/// Leakage of the buffers, in nJ.
pub(super) fn buffer_leakage_nj(plan: &MachinePlan, timebase: Timebase, actions: &ByAction<f64>) -> f64 {
    let machine = system::energy(plan, timebase, actions);
    machine.of_modules(EnergyPart::Buffers).leakage.0
}

/// The actions of the whole program that take energy: ticks, or counts.
pub(super) fn actions(plan: &MachinePlan, timeline: &Timeline) -> ByAction<f64> {
    let mut cycles = timeline.actions;
    // What the DMA moves, block by block.
    let per_block = BLOCK.accesses(plan.buffer_access()) as f64;
    let [activation, weight, mask] = timeline.buffer_blocks.map(|blocks| blocks as f64 * per_block);
    cycles[Action::ActivationAccess] += activation;
    cycles[Action::WeightAccess] += weight;
    cycles[Action::MaskAccess] += mask;
    cycles[Action::ActivePe] += timeline.pes_active;
    cycles[Action::SwitchedOn] = timeline.cycles;
    let period = plan.clock.period().0 as f64;
    ByAction::new(|action| match action.measure() {
        Measure::Time => cycles[action] * period,
        Measure::Number => cycles[action],
    })
}
