//! A run's quantities over time in the units in which they are plotted, one value a bin of its timeline.

use scenarios::system::{MainMemory, Plan};
use sim_core::{Tick, Ticks};

use super::timeline::{Quantity, Timeline};
use crate::result::RunResult;

/// A timeline with what its sums are to be held against.
#[derive(Clone, Copy)]
pub struct Rates<'a> {
    /// What ran.
    pub plan: &'a Plan,
    /// What the run as a whole amounts to.
    pub result: &'a RunResult,
    /// What happened when.
    pub timeline: &'a Timeline,
}

impl Rates<'_> {
    /// Nanoseconds at a tick.
    pub fn nanoseconds(&self, tick: u64) -> f64 {
        self.plan.timebase.nanoseconds(Ticks(tick))
    }

    /// First and last tick of all that was recorded; of no records nothing.
    pub fn end(&self) -> u64 {
        let bins = self.timeline.bins();
        bins.checked_sub(1)
            .map_or(0, |last| self.timeline.span_of(last).1)
    }

    /// The share, 0 to 1, of `units` that were at work.
    pub fn shares(&self, quantity: Quantity, units: f64) -> Vec<f64> {
        let rate = self.timeline.rate(quantity);
        rate.into_iter().map(|busy| busy / units.max(1.0)).collect()
    }

    /// How many MAC lanes, softmax and layer-norm modules the accelerator has.
    pub fn units(&self) -> [f64; 3] {
        let accelerator = &self.plan.machine.scenario.accelerator;
        let pes = f64::from(accelerator.processing_elements);
        [
            accelerator.lanes() as f64,
            pes * f64::from(accelerator.softmax_per_pe),
            pes,
        ]
    }

    /// MAC lanes at work, in percent.
    pub fn lanes(&self) -> Vec<f64> {
        let shares = self.shares(Quantity::MacLanes, self.units()[0]);
        shares.into_iter().map(|share| share * 100.0).collect()
    }

    /// Whether main memory has data buses, whose bursts were recorded: the ideal one has none.
    pub fn has_buses(&self) -> bool {
        !matches!(self.plan.memory, MainMemory::Ideal)
    }

    /// GB/s on main memory's data buses, read or written.
    pub fn bandwidth(&self, quantity: Quantity) -> Vec<f64> {
        let tick = self.nanoseconds(1);
        // Bytes a nanosecond are GB/s.
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

    /// Watts. Energy is known for the run as a whole, by part; each part's is spread in proportion of what that part did,
    /// standby of main memory evenly, leakage of the chip and the rest evenly over the time of its own transformer.
    pub fn watts(&self) -> Vec<f64> {
        let energy = &self.result.machine.energy_nj;
        let standby = self.result.memory.energy_nj.background.min(energy.main_memory);
        let of_lanes =
            energy.mac_lanes + energy.sparsity + energy.stochastic_rounding.unwrap_or(0.0) + energy.buffers;
        let parts: [(f64, &[Quantity]); 4] = [
            (of_lanes, &[Quantity::MacLanes]),
            (energy.softmax, &[Quantity::Softmax]),
            (energy.layer_norm, &[Quantity::LayerNorm]),
            (energy.main_memory - standby, &[Quantity::Read, Quantity::Written]),
        ];
        let mut watts = self.even(energy.leakage + energy.other, self.own_time());
        let mut add = |part: Vec<f64>| {
            for (sum, own) in watts.iter_mut().zip(part) {
                *sum += own;
            }
        };
        add(self.even(standby, (0, self.end())));
        for (energy, did) in parts {
            add(self.in_proportion(energy, did));
        }
        watts
    }

    /// From the start of the scenario's own transformer to its end.
    fn own_time(&self) -> (u64, u64) {
        let start = self.plan.machine.start.since(Tick::ZERO).0;
        let length = (self.result.machine.seconds * 1e9 / self.nanoseconds(1)).round() as u64;
        (start, start + length)
    }

    /// `nanojoules` spread evenly from one tick to another, in watts.
    fn even(&self, nanojoules: f64, (from, to): (u64, u64)) -> Vec<f64> {
        // Records may end before the transformer does: what is charged is charged within them.
        let to = to.min(self.end()).max(from + 1);
        let a_tick = nanojoules / (to - from) as f64;
        (0..self.timeline.bins())
            .map(|bin| {
                let (start, end) = self.timeline.span_of(bin);
                let within = end.min(to).saturating_sub(start.max(from)) as f64;
                a_tick * within / ((end - start).max(1) as f64 * self.nanoseconds(1))
            })
            .collect()
    }

    /// `nanojoules` spread as `did` is, in watts; evenly if nothing was done.
    fn in_proportion(&self, nanojoules: f64, did: &[Quantity]) -> Vec<f64> {
        let all: f64 = did.iter().map(|&quantity| self.timeline.total(quantity)).sum();
        if all <= 0.0 {
            return self.even(nanojoules, (0, self.end()));
        }
        let mut watts = vec![0.0; self.timeline.bins()];
        for &quantity in did {
            for (sum, rate) in watts.iter_mut().zip(self.timeline.rate(quantity)) {
                *sum += nanojoules * rate / all / self.nanoseconds(1);
            }
        }
        watts
    }
}
