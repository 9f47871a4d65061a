//! Energy of a run.

use components::units::{Milliwatts, NanoJoules};
use sim_core::{Ticks, Timebase};

use super::{MachineMeasurements, MachinePlan};
use crate::schema::costs::ModuleCost;

/// Energy of a machine by part, main memory left out. All but `leakage` is dynamic: spent only while a part works.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Energy {
    /// Accesses to the three buffers.
    pub buffers: NanoJoules,
    /// MAC lanes: products, additions, non-linearities.
    pub mac_lanes: NanoJoules,
    /// Softmax modules.
    pub softmax: NanoJoules,
    /// Layer-norm modules.
    pub layer_norm: NanoJoules,
    /// Pre- and post-compute sparsity modules.
    pub sparsity: NanoJoules,
    /// Stochastic rounding modules, in training.
    pub stochastic_rounding: NanoJoules,
    /// FIFOs, DMA ports, dataflow.
    pub other: NanoJoules,
    /// Leakage of everything on the chip.
    pub leakage: NanoJoules,
}

impl Energy {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> NanoJoules {
        self.buffers
            + self.mac_lanes
            + self.softmax
            + self.layer_norm
            + self.sparsity
            + self.stochastic_rounding
            + self.other
            + self.leakage
    }
}

/// The energy of a run of `plan`.
///
/// A module's dynamic power holds at the cost table's clock, so each busy cycle costs power / that clock, whatever the
/// scenario's clock. A buffer access of 64 bytes costs its energy at 1 MB times the square root of the size in MB
/// (arXiv:2302.14705, CACTI). Leakage is charged for all the run's time, or with power gating for the time a module works;
/// buffers hold data and are never gated. DynaProp has no entry of its own: its comparators are part of the lane's
/// pre-compute module.
///
/// In training every lane has a stochastic rounding module before its post-compute module. It takes every result tile of
/// every phase, forward pass included, and works for a cycle on it, in which it delays nothing.
#[must_use]
pub fn energy(plan: &MachinePlan, timebase: Timebase, measured: &MachineMeasurements) -> Energy {
    let parts = plan.module_costs();
    let account = Account { plan, timebase };
    let pes = &measured.pes;
    let lanes = &measured.lanes;
    Energy {
        buffers: account.buffers(measured),
        mac_lanes: account.dynamic(parts.lane, lanes.busy),
        softmax: account.dynamic(parts.softmax, measured.softmax.1),
        layer_norm: account.dynamic(parts.layer_norm, measured.layer_norm.1),
        sparsity: account.dynamic(plan.costs.pre_compute_sparsity, lanes.pre_compute_busy)
            + account.dynamic(plan.costs.post_compute_sparsity, lanes.post_compute_busy),
        stochastic_rounding: account.dynamic(plan.rounding(), account.rounding(measured)),
        other: account.dynamic(plan.costs.operand_fifo, plan.clock.period() * pes.fetches)
            + account.dynamic(plan.costs.dma, pes.bus_busy[0] + pes.bus_busy[1])
            + account.dynamic(plan.costs.dataflow, pes.active),
        leakage: account.leakage(measured),
    }
}

struct Account<'a> {
    plan: &'a MachinePlan,
    timebase: Timebase,
}

impl Account<'_> {
    /// Dynamic energy of `busy` summed over modules.
    fn dynamic(&self, cost: ModuleCost, busy: Ticks) -> NanoJoules {
        let cycles = busy.0 as f64 / self.plan.clock.period().0 as f64;
        // mW / MHz = nJ a cycle.
        NanoJoules(cost.dynamic_mw / self.plan.costs.clock_mhz * cycles)
    }

    /// Time at work of all stochastic rounding modules.
    fn rounding(&self, measured: &MachineMeasurements) -> Ticks {
        self.plan.clock.period() * measured.lanes.result_tiles
    }

    fn buffers(&self, measured: &MachineMeasurements) -> NanoJoules {
        let sizes = &self.plan.scenario.accelerator.buffers;
        let costs = &self.plan.costs;
        let accesses = &measured.pes.accesses;
        let dma: Vec<u64> = measured
            .buffers
            .iter()
            .map(|buffer| buffer.blocks_moved)
            .collect();
        let moved = |index: usize| dma.get(index).copied().unwrap_or(0);
        let total = costs.activation_buffer.access_nj(sizes.activation_mb)
            * (accesses.activation + moved(0)) as f64
            + costs.weight_buffer.access_nj(sizes.weight_mb) * (accesses.weight + moved(1)) as f64
            + costs.mask_buffer.access_nj(sizes.mask_mb) * (accesses.mask + moved(2)) as f64;
        NanoJoules(total)
    }

    fn leakage(&self, measured: &MachineMeasurements) -> NanoJoules {
        let accelerator = &self.plan.scenario.accelerator;
        let costs = &self.plan.costs;
        let parts = self.plan.module_costs();
        let (pes, lanes) = (
            f64::from(accelerator.processing_elements),
            accelerator.lanes() as f64,
        );
        let run = self.timebase.seconds(measured.duration());
        let of = |cost: ModuleCost, count: f64, busy: Ticks| {
            let seconds = if accelerator.power_gating {
                self.timebase.seconds(busy)
            } else {
                run * count
            };
            Milliwatts(cost.leakage_mw).over_seconds(seconds)
        };
        let sizes = &accelerator.buffers;
        let buffers = costs.activation_buffer.leakage_mw_per_mb * sizes.activation_mb
            + costs.weight_buffer.leakage_mw_per_mb * sizes.weight_mb
            + costs.mask_buffer.leakage_mw_per_mb * sizes.mask_mb;
        let measured_lanes = &measured.lanes;
        of(parts.lane, lanes, measured_lanes.busy)
            + of(costs.pre_compute_sparsity, lanes, measured_lanes.pre_compute_busy)
            + of(
                costs.post_compute_sparsity,
                lanes,
                measured_lanes.post_compute_busy,
            )
            + of(self.plan.rounding(), lanes, self.rounding(measured))
            + of(costs.operand_fifo, lanes, measured_lanes.busy)
            + of(
                parts.softmax,
                pes * f64::from(accelerator.softmax_per_pe),
                measured.softmax.1,
            )
            + of(parts.layer_norm, pes, measured.layer_norm.1)
            + of(costs.dataflow, pes, measured.pes.active)
            + of(costs.dma, pes, measured.pes.active)
            + Milliwatts(buffers).over_seconds(run)
    }
}
