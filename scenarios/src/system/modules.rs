//! The modules and buffers of an accelerator: which part each belongs to, how many there are, and what makes them work.

use components::energy_part::{Action, EnergyPart};

use components::tile::TileShape;

use super::MachinePlan;
use crate::schema::costs::{BufferCost, ModuleCost};
use crate::schema::{ActivationFunction, CostTable, Phase, Scenario};

/// The sizes that decide which modules an accelerator has and what each costs: enough for its area and its power, without a
/// plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MachineSizes {
    /// The tile.
    pub tile: TileShape,
    /// PEs.
    pub processing_elements: u32,
    /// MAC lanes per PE.
    pub lanes_per_pe: u32,
    /// Multipliers per MAC lane.
    pub multipliers_per_lane: u32,
    /// Softmax modules per PE.
    pub softmax_per_pe: u32,
    /// The activation buffer, in MB.
    pub activation_mb: f64,
    /// The weight buffer, in MB.
    pub weight_mb: f64,
    /// The mask buffer, in MB.
    pub mask_mb: f64,
    /// The non-linearity of the lanes.
    pub activation_function: ActivationFunction,
    /// Whether it runs training steps.
    pub trains: bool,
    /// Its clock, in MHz.
    pub clock_mhz: f64,
}

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

impl MachineSizes {
    /// The sizes of the accelerator of a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let (accelerator, workload) = (&scenario.accelerator, &scenario.workload);
        Self {
            tile: accelerator.tile.shape(),
            processing_elements: accelerator.processing_elements,
            lanes_per_pe: accelerator.lanes_per_pe,
            multipliers_per_lane: accelerator.multipliers_per_lane,
            softmax_per_pe: accelerator.softmax_per_pe,
            activation_mb: accelerator.buffers.activation_mb,
            weight_mb: accelerator.buffers.weight_mb,
            mask_mb: accelerator.buffers.mask_mb,
            activation_function: workload.activation_function,
            trains: workload.phase == Phase::Training,
            clock_mhz: accelerator.clock_mhz,
        }
    }

    /// All modules but buffers, at the costs of `costs`.
    ///
    /// DynaProp has no entry of its own: its comparators are part of the lane's pre-compute module. In training every lane
    /// has a stochastic rounding module before its post-compute module. It takes every result tile of every phase, forward
    /// pass included, and works for a cycle on it, in which it delays nothing.
    pub(super) fn modules(&self, costs: &CostTable) -> [Module; 9] {
        let pes = f64::from(self.processing_elements);
        let lanes = pes * f64::from(self.lanes_per_pe);
        let rounding = if self.trains {
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
        let lane = costs.lane_cost(self.multipliers_per_lane, self.activation_function);
        let softmax = costs.softmax_cost(self.tile);
        let softmaxes = pes * f64::from(self.softmax_per_pe);
        let layer_norm = costs.layer_norm_cost(self.tile);
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
    pub(super) fn buffer_modules(&self, costs: &CostTable) -> [BufferModule; 3] {
        let buffer = |cost, megabytes, access| BufferModule {
            cost,
            megabytes,
            access,
        };
        [
            buffer(
                costs.activation_buffer,
                self.activation_mb,
                Action::ActivationAccess,
            ),
            buffer(costs.weight_buffer, self.weight_mb, Action::WeightAccess),
            buffer(costs.mask_buffer, self.mask_mb, Action::MaskAccess),
        ]
    }
}

impl MachinePlan {
    /// All modules but buffers.
    pub(super) fn modules(&self) -> [Module; 9] {
        MachineSizes::of(&self.scenario).modules(&self.costs)
    }

    /// The activation, the weight and the mask buffer.
    pub(super) fn buffer_modules(&self) -> [BufferModule; 3] {
        MachineSizes::of(&self.scenario).buffer_modules(&self.costs)
    }
}
