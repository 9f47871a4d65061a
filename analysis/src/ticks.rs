//! Ticks in units of wall-clock time.

use scenarios::system::Plan;

/// Ticks in a microsecond, over which bandwidth and power are counted.
pub fn ticks_per_microsecond(plan: &Plan) -> u64 {
    (ticks_per_second(plan) / 1_000_000).max(1)
}

/// Ticks in a second.
pub fn ticks_per_second(plan: &Plan) -> u64 {
    plan.timebase.frequency().hertz().round() as u64
}
