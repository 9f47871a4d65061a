//! Area of the chip.

use super::PublishedAccelerator;
use super::constants::Constants;

/// The area of `accelerator`, in mm^2: the sum over modules, and buffers by size. Main memory is not included.
#[must_use]
pub fn area_mm2(accelerator: &PublishedAccelerator, constants: &Constants) -> f64 {
    let lane = constants.lane.area_um2
        + constants.pre_compute.area_um2
        + constants.post_compute.area_um2
        + constants.fifo.area_um2;
    let element = f64::from(accelerator.lanes_per_pe) * lane
        + f64::from(accelerator.softmax_per_pe) * constants.softmax.area_um2
        + constants.dataflow.area_um2
        + constants.dma.area_um2
        + constants.layer_norm.area_um2;
    (f64::from(accelerator.processing_elements) * element + constants.buffers_um2) * 1e-6
}
