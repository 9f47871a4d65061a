//! A run's quantities over time in plotting units, one value per bin of its timeline.

use scenarios::system::{MainMemory, Plan};
use sim_core::Ticks;

use super::timeline::{Quantity, Timeline};
use crate::result::RunResult;

/// A timeline with the plan and the result that turn its sums into rates.
#[derive(Clone, Copy)]
pub struct Rates<'a> {
    /// The plan that ran.
    pub plan: &'a Plan,
    /// The result of the whole run.
    pub result: &'a RunResult,
    /// What happened when.
    pub timeline: &'a Timeline,
}

impl Rates<'_> {
    /// Nanoseconds from the start to a tick.
    pub fn nanoseconds(&self, tick: u64) -> f64 {
        self.plan.timebase.nanoseconds(Ticks(tick))
    }

    /// The last recorded tick; 0 if nothing was recorded.
    pub fn end(&self) -> u64 {
        let bins = self.timeline.bins();
        bins.checked_sub(1)
            .map_or(0, |last| self.timeline.span_of(last).1)
    }

    /// The share, 0 to 1, of `units` that were busy.
    pub fn shares(&self, quantity: Quantity, units: f64) -> Vec<f64> {
        let rate = self.timeline.rate(quantity);
        rate.into_iter().map(|busy| busy / units.max(1.0)).collect()
    }

    /// Numbers of MAC lanes, softmax and layer-norm modules of the accelerator.
    pub fn units(&self) -> [f64; 3] {
        let accelerator = &self.plan.machine.scenario.accelerator;
        let pes = f64::from(accelerator.processing_elements);
        [
            accelerator.lanes() as f64,
            pes * f64::from(accelerator.softmax_per_pe),
            pes,
        ]
    }

    /// Busy MAC lanes, in percent.
    pub fn lanes(&self) -> Vec<f64> {
        let shares = self.shares(Quantity::MacLanes, self.units()[0]);
        shares.into_iter().map(|share| share * 100.0).collect()
    }

    /// Whether main memory has data buses, whose bursts are recorded. The ideal memory has none.
    pub fn has_buses(&self) -> bool {
        !matches!(self.plan.memory, MainMemory::Ideal)
    }

    /// GB/s on main memory's data buses, read or written.
    pub fn bandwidth(&self, quantity: Quantity) -> Vec<f64> {
        let tick = self.nanoseconds(1);
        // Bytes per nanosecond are GB/s.
        let rate = self.timeline.rate(quantity);
        rate.into_iter().map(|a_tick| a_tick / tick).collect()
    }

    /// Fill of a buffer (activation, weight, mask), in percent of its capacity.
    pub fn fill(&self, buffer: usize) -> Vec<f64> {
        let capacity = self.result.machine.buffers.get(buffer);
        let capacity = capacity.map_or(1, |buffer| buffer.capacity_bytes.max(1)) as f64;
        let held = self.timeline.rate(Quantity::Buffer(buffer));
        held.into_iter().map(|bytes| bytes / capacity * 100.0).collect()
    }

    /// Watts of the scenario's own machine and of main memory: what the power meter charges in each bin.
    pub fn watts(&self) -> Vec<f64> {
        let energies = self.timeline.energies().into_iter().enumerate();
        let watts = energies.map(|(bin, nanojoules)| {
            let (start, end) = self.timeline.span_of(bin);
            // nJ per ns are W.
            nanojoules / ((end - start).max(1) as f64 * self.nanoseconds(1))
        });
        watts.collect()
    }
}
