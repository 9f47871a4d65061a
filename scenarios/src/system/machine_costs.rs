//! What runs cost on a machine in closed form, and in which order operations' tiles are walked for that.

use components::loop_orders::{LoopOrders, OrderCosts};
use components::run_cost::CostModel;
use components::word;

use super::MachinePlan;

impl MachinePlan {
    /// The machine as its runs see it.
    #[must_use]
    pub fn cost_model(&self) -> CostModel {
        let accelerator = &self.scenario.accelerator;
        let stages = &accelerator.stages;
        let pruning = if self.scenario.sparsity.dynaprop {
            stages.dynaprop_cycles
        } else {
            0
        };
        CostModel {
            multipliers: accelerator.multipliers_per_lane,
            fifo: f64::from(accelerator.operand_fifo_tiles),
            bus_bytes: self.tiling.supply.bus_bytes,
            dynaprop: f64::from(pruning),
            pre_compute: f64::from(stages.pre_compute_cycles),
            post_compute: f64::from(stages.post_compute_cycles),
            tile_mask: word::mask(self.tiling.tile.elements()),
            access: self.buffer_access(),
            densities: self.tiling.densities,
        }
    }

    /// In which order each operation's tiles are walked.
    #[must_use]
    pub fn loop_orders(&self) -> LoopOrders {
        let costs = OrderCosts {
            model: self.cost_model(),
            access_energy: self
                .buffer_modules()
                .map(|buffer| buffer.cost.access_nj(buffer.megabytes)),
            units: self.units().map(|units| units as f64),
        };
        LoopOrders::new(
            self.scenario.accelerator.loop_order,
            self.tiling,
            self.blocks.blocking,
            costs,
        )
    }
}
