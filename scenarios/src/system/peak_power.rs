//! Power of a machine of which all parts work.

use components::units::Milliwatts;

use super::MachineSizes;
use crate::schema::CostTable;

/// The power of a machine while all its modules work, and everything leaks.
///
/// A module's dynamic power is stated at the cost table's clock, and goes with the machine's. What accesses to the buffers take is
/// stated for each access, not as a power, and is left out, as is main memory.
#[must_use]
pub fn peak_power(sizes: &MachineSizes, costs: &CostTable) -> Milliwatts {
    let speed = sizes.clock_mhz / costs.clock_mhz;
    let modules = sizes.modules(costs).into_iter();
    let modules = modules.map(|module| {
        let one = module.cost.dynamic_mw * speed + module.cost.leakage_mw;
        one * module.count
    });
    let buffers = sizes.buffer_modules(costs).into_iter();
    let buffers = buffers.map(|buffer| buffer.cost.leakage_mw_per_mb * buffer.megabytes);
    Milliwatts(modules.chain(buffers).sum())
}
