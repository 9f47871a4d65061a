//! Area of the machine.

use components::energy_part::{ByPart, EnergyPart};
use components::units::SquareMillimetres;

use super::{MachinePlan, MachineSizes};
use crate::schema::CostTable;

/// The area of the machine of `plan` by part: [`area_of`] its sizes.
#[must_use]
pub fn area(plan: &MachinePlan) -> ByPart<SquareMillimetres> {
    area_of(&MachineSizes::of(&plan.scenario), &plan.costs)
}

/// The area of a machine by part: modules times their number, buffers by their size, as in the published figures
/// of arXiv:2303.14882 (PUBLISHED: PEs·(lanes·(lane + pre + post + fifo) + softmax + dataflow + dma + layer norm) + buffers).
/// Main memory is not part of it.
#[must_use]
pub fn area_of(sizes: &MachineSizes, costs: &CostTable) -> ByPart<SquareMillimetres> {
    let mut area = ByPart::<SquareMillimetres>::default();
    for module in sizes.modules(costs) {
        area[module.part] += SquareMillimetres(module.cost.area_um2 * module.count * 1e-6);
    }
    for buffer in sizes.buffer_modules(costs) {
        let um2 = buffer.cost.area_um2_per_mb * buffer.megabytes;
        area[EnergyPart::Buffers] += SquareMillimetres(um2 * 1e-6);
    }
    area
}
