//! Area of the machine.

use components::units::SquareMillimetres;

use super::MachinePlan;
use crate::schema::costs::ModuleCost;

/// Area by part.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Area {
    /// MAC lanes.
    pub mac_lanes: SquareMillimetres,
    /// Softmax modules.
    pub softmax: SquareMillimetres,
    /// Layer-norm modules.
    pub layer_norm: SquareMillimetres,
    /// Pre- and post-compute sparsity modules.
    pub sparsity: SquareMillimetres,
    /// The three buffers.
    pub buffers: SquareMillimetres,
    /// Stochastic rounding modules, one a lane, of a machine that trains.
    pub stochastic_rounding: SquareMillimetres,
    /// FIFOs, DMA ports, dataflow.
    pub other: SquareMillimetres,
}

impl Area {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> SquareMillimetres {
        self.mac_lanes
            + self.softmax
            + self.layer_norm
            + self.sparsity
            + self.stochastic_rounding
            + self.buffers
            + self.other
    }
}

/// The area of the machine of `plan`: modules times their number, buffers by their size, as in the published figures of
/// arXiv:2303.14882 (PUBLISHED: PEs·(lanes·(lane + pre + post + fifo) + softmax + dataflow + dma + layer norm) + buffers).
/// Main memory is not part of it.
#[must_use]
pub fn area(plan: &MachinePlan) -> Area {
    let accelerator = &plan.scenario.accelerator;
    let parts = plan.module_costs();
    let pes = f64::from(accelerator.processing_elements);
    let lanes = accelerator.lanes() as f64;
    let square = |cost: ModuleCost, count: f64| SquareMillimetres(cost.area_um2 * count * 1e-6);
    let sizes = &accelerator.buffers;
    let buffers = plan.costs.activation_buffer.area_um2_per_mb * sizes.activation_mb
        + plan.costs.weight_buffer.area_um2_per_mb * sizes.weight_mb
        + plan.costs.mask_buffer.area_um2_per_mb * sizes.mask_mb;
    Area {
        mac_lanes: square(parts.lane, lanes),
        softmax: square(parts.softmax, pes * f64::from(accelerator.softmax_per_pe)),
        layer_norm: square(parts.layer_norm, pes),
        sparsity: square(plan.costs.pre_compute_sparsity, lanes)
            + square(plan.costs.post_compute_sparsity, lanes),
        stochastic_rounding: square(plan.rounding(), lanes),
        buffers: SquareMillimetres(buffers * 1e-6),
        other: square(plan.costs.operand_fifo, lanes)
            + square(plan.costs.dataflow, pes)
            + square(plan.costs.dma, pes),
    }
}
