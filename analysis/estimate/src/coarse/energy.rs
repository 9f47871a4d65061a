//! Energy: the simulator's own accounts, fed with counts and a time that come from formulas.

use scenarios::schema::costs::ModuleCost;
use scenarios::system::MachinePlan;

use super::cost::{Counts, Unit};
use super::memory::Memory;
use super::schedule::Timeline;
use crate::{Energy, Power};

/// The energy of all `counts` over the time of `timeline`.
///
/// Dynamic powers hold at the cost table's clock, so a busy cycle costs power / that clock. Leakage is charged for all the
/// time, or with power gating for busy cycles; that of the buffers is part of `buffer`.
pub(super) fn energy(plan: &MachinePlan, counts: &Counts, memory: &Memory, timeline: &Timeline) -> Energy {
    let account = Account {
        plan,
        cycles: timeline.cycles,
    };
    let accelerator = &plan.scenario.accelerator;
    let (parts, costs) = (plan.module_costs(), &plan.costs);
    let (pes, lanes) = (
        f64::from(accelerator.processing_elements),
        accelerator.lanes() as f64,
    );
    let softmax = pes * f64::from(accelerator.softmax_per_pe);
    let lanes_busy = counts.busy[Unit::Lane as usize];
    let active = timeline.pes_active;
    let buses = counts.buses[0] + counts.buses[1];
    Energy {
        buffer: account.buffers(counts, timeline) + buffers_leakage_nj(plan, timeline.cycles),
        main_memory: memory.energy_nj(timeline.blocks_read, timeline.blocks_written, timeline.cycles),
        mac_lanes: account.power(parts.lane, lanes, lanes_busy, lanes_busy),
        softmax: {
            let busy = counts.busy[Unit::Softmax as usize];
            account.power(parts.softmax, softmax, busy, busy)
        },
        layer_norm: {
            let busy = counts.busy[Unit::LayerNorm as usize];
            account.power(parts.layer_norm, pes, busy, busy)
        },
        sparsity: sum([
            account.power(
                costs.pre_compute_sparsity,
                lanes,
                counts.pre_compute,
                counts.pre_compute,
            ),
            account.power(
                costs.post_compute_sparsity,
                lanes,
                counts.post_compute,
                counts.post_compute,
            ),
        ]),
        others: sum([
            account.power(plan.rounding(), lanes, counts.result_tiles, counts.result_tiles),
            account.power(costs.operand_fifo, lanes, counts.fetches, lanes_busy),
            account.power(costs.dma, pes, buses, active),
            account.power(costs.dataflow, pes, active, active),
        ]),
    }
}

fn sum<const N: usize>(powers: [Power; N]) -> Power {
    Power {
        dynamic: powers.iter().map(|power| power.dynamic).sum(),
        leakage: powers.iter().map(|power| power.leakage).sum(),
    }
}

struct Account<'a> {
    plan: &'a MachinePlan,
    cycles: f64,
}

impl Account<'_> {
    /// Energy of `modules` that work for `working` cycles in all; with power gating they leak for `switched_on` cycles.
    fn power(&self, cost: ModuleCost, modules: f64, working: f64, switched_on: f64) -> Power {
        let on = if self.plan.scenario.accelerator.power_gating {
            switched_on
        } else {
            modules * self.cycles
        };
        Power {
            dynamic: cost.dynamic_mw / self.plan.costs.clock_mhz * working,
            // mW / MHz = nJ a cycle.
            leakage: cost.leakage_mw / self.clock_mhz() * on,
        }
    }

    fn clock_mhz(&self) -> f64 {
        self.plan.scenario.accelerator.clock_mhz
    }

    /// Accesses of the PEs, and the DMA's blocks: each goes in or out once.
    fn buffers(&self, counts: &Counts, timeline: &Timeline) -> f64 {
        let (sizes, costs) = (&self.plan.scenario.accelerator.buffers, &self.plan.costs);
        let [activation, weight, mask] = timeline.buffer_blocks;
        costs.activation_buffer.access_nj(sizes.activation_mb) * (counts.accesses[0] + activation)
            + costs.weight_buffer.access_nj(sizes.weight_mb) * (counts.accesses[1] + weight)
            + costs.mask_buffer.access_nj(sizes.mask_mb) * (counts.accesses[2] + mask)
    }
}

/// Leakage of the three buffers over `cycles`, in nJ. They hold data and are never switched off.
pub(super) fn buffers_leakage_nj(plan: &MachinePlan, cycles: f64) -> f64 {
    let (accelerator, costs) = (&plan.scenario.accelerator, &plan.costs);
    let sizes = &accelerator.buffers;
    let leakage_mw = costs.activation_buffer.leakage_mw_per_mb * sizes.activation_mb
        + costs.weight_buffer.leakage_mw_per_mb * sizes.weight_mb
        + costs.mask_buffer.leakage_mw_per_mb * sizes.mask_mb;
    // mW / MHz = nJ a cycle.
    leakage_mw / accelerator.clock_mhz * cycles
}
