//! The modules and buffers of an accelerator: which part each belongs to, how many there are, and what makes them work.

use components::energy_part::{Action, EnergyPart};

use super::MachinePlan;
use crate::schema::costs::{BufferCost, ModuleCost};

/// All modules of one kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Module {
    /// Where its area and dynamic energy are accounted.
    pub(super) part: EnergyPart,
    /// What one of them costs.
    pub(super) cost: ModuleCost,
    /// How many there are.
    pub(super) count: f64,
    /// What they work on: a tick of it is a tick of work, one of a number is a cycle.
    pub(super) works: Action,
    /// What they leak for with power gating, counted in the same way.
    pub(super) switched_on: Action,
}

/// One of the buffers. They hold data and are never gated.
#[derive(Clone, Copy, Debug)]
pub(super) struct BufferModule {
    pub(super) cost: BufferCost,
    pub(super) megabytes: f64,
    pub(super) access: Action,
}

impl MachinePlan {
    /// All modules but buffers.
    ///
    /// DynaProp has no entry of its own: its comparators are part of the lane's pre-compute module. In training every lane
    /// has a stochastic rounding module before its post-compute module. It takes every result tile of every phase, forward
    /// pass included, and works for a cycle on it, in which it delays nothing.
    pub(super) fn modules(&self) -> [Module; 9] {
        let (accelerator, costs) = (&self.scenario.accelerator, &self.costs);
        let function = self.scenario.workload.activation_function;
        let lanes = accelerator.lanes() as f64;
        let pes = f64::from(accelerator.processing_elements);
        let rounding = if self.trains() {
            costs.stochastic_rounding
        } else {
            ModuleCost::default()
        };
        let module = |part, cost, count, works| Module {
            part,
            cost,
            count,
            works,
            switched_on: works,
        };
        let lane = costs.lane_cost(accelerator.multipliers_per_lane, function);
        let softmax = costs.softmax_cost(self.tiling.tile);
        let softmaxes = pes * f64::from(accelerator.softmax_per_pe);
        let layer_norm = costs.layer_norm_cost(self.tiling.tile);
        let (pre_compute, post_compute) = (costs.pre_compute_sparsity, costs.post_compute_sparsity);
        [
            module(EnergyPart::MacLanes, lane, lanes, Action::MacLane),
            module(EnergyPart::Softmax, softmax, softmaxes, Action::Softmax),
            module(EnergyPart::LayerNorm, layer_norm, pes, Action::LayerNorm),
            module(EnergyPart::Sparsity, pre_compute, lanes, Action::PreCompute),
            module(EnergyPart::Sparsity, post_compute, lanes, Action::PostCompute),
            module(
                EnergyPart::StochasticRounding,
                rounding,
                lanes,
                Action::ResultTile,
            ),
            Module {
                switched_on: Action::MacLane,
                ..module(EnergyPart::Other, costs.operand_fifo, lanes, Action::OperandFetch)
            },
            Module {
                switched_on: Action::ActivePe,
                ..module(EnergyPart::Other, costs.dma, pes, Action::Bus)
            },
            module(EnergyPart::Other, costs.dataflow, pes, Action::ActivePe),
        ]
    }

    /// The activation, the weight and the mask buffer.
    pub(super) fn buffer_modules(&self) -> [BufferModule; 3] {
        let (costs, sizes) = (&self.costs, &self.scenario.accelerator.buffers);
        let buffer = |cost, megabytes, access| BufferModule {
            cost,
            megabytes,
            access,
        };
        [
            buffer(
                costs.activation_buffer,
                sizes.activation_mb,
                Action::ActivationAccess,
            ),
            buffer(costs.weight_buffer, sizes.weight_mb, Action::WeightAccess),
            buffer(costs.mask_buffer, sizes.mask_mb, Action::MaskAccess),
        ]
    }
}
