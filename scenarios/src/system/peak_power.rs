//! Power of a machine of which all parts work, and of one of which none does.

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
    let dynamic: f64 = modules
        .map(|module| module.cost.dynamic_mw * speed * module.count)
        .sum();
    Milliwatts(dynamic + leakage_power(sizes, costs).0)
}

/// The power of a machine that is switched on and does nothing: what everything leaks, without power gating.
#[must_use]
pub fn leakage_power(sizes: &MachineSizes, costs: &CostTable) -> Milliwatts {
    let modules = sizes.modules(costs).into_iter();
    let modules = modules.map(|module| module.cost.leakage_mw * module.count);
    let buffers = sizes.buffer_modules(costs).into_iter();
    let buffers = buffers.map(|buffer| buffer.cost.leakage_mw_per_mb * buffer.megabytes);
    Milliwatts(modules.chain(buffers).sum())
}
