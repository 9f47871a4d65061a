//! A run over time in a few thousand numbers, small enough to keep for each of many runs.

use scenarios::system::Plan;

use super::TimelineSink;
use super::rates::Rates;
use super::timeline::Quantity;
use crate::result::RunResult;

/// A quantity over time by which several runs are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Busy MAC lanes, in percent.
    Lanes,
    /// GB/s of main memory, for all requestors.
    Bandwidth,
    /// Fill of the activation buffer, in percent.
    ActivationBuffer,
    /// Watts of the accelerator and of main memory.
    Power,
}

impl Measure {
    /// All measures, in display order.
    pub const ALL: [Self; 4] = [Self::Lanes, Self::Bandwidth, Self::ActivationBuffer, Self::Power];
}

/// A run's curves over time: a few thousand numbers, however long it was. They hold no reference to the plan, so they can be
/// sent to other threads.
#[derive(Clone, Debug)]
pub struct Curves {
    /// Nanoseconds at the ends of its bins.
    edges: Vec<f64>,
    /// The value of each measure in each bin; empty if unknown.
    values: [Vec<f64>; Measure::ALL.len()],
    /// The mean of each measure as the run itself reports it.
    means: [f64; Measure::ALL.len()],
}

impl Curves {
    /// The curves of a run of `plan` that was recorded in `timeline`.
    #[must_use]
    pub fn new(plan: &Plan, result: &RunResult, timeline: &TimelineSink) -> Self {
        let timeline = &timeline.timeline();
        let rates = Rates {
            plan,
            result,
            timeline,
        };
        let bandwidth = match rates.has_buses() {
            true => {
                let written = rates.bandwidth(Quantity::Written);
                let read = rates.bandwidth(Quantity::Read);
                read.iter()
                    .zip(written)
                    .map(|(read, written)| read + written)
                    .collect()
            }
            false => Vec::new(),
        };
        let watts = rates.watts();
        let machine = &result.machine;
        let held = machine.buffers.first();
        let held = held.map_or(0.0, |buffer| {
            buffer.mean_bytes / buffer.capacity_bytes.max(1) as f64
        });
        let end = rates.nanoseconds(rates.end()).max(f64::MIN_POSITIVE);
        Self {
            means: [
                machine.utilization.mac_lanes * 100.0,
                result.memory.achieved_gb_s,
                held * 100.0,
                machine.energy_nj.total / end,
            ],
            edges: (0..timeline.bins())
                .map(|bin| rates.nanoseconds(timeline.span_of(bin).1))
                .collect(),
            values: [rates.lanes(), bandwidth, rates.fill(0), watts],
        }
    }

    /// Time of the last event, in ns.
    pub fn end(&self) -> f64 {
        self.edges.last().copied().unwrap_or(0.0)
    }

    /// A measure in slices of `width` ns. Use the same width for all runs: peaks over slices of different widths cannot
    /// be compared. The last slice ends with the run. Each item is the middle of a slice and the mean of the measure in
    /// it.
    pub fn sliced(&self, measure: Measure, width: f64) -> Vec<(f64, f64)> {
        let values = &self.values[measure as usize];
        let end = self.end();
        if values.is_empty() || end <= 0.0 || width <= 0.0 {
            return Vec::new();
        }
        let slices = ((end / width).ceil() as usize).max(1);
        let mut sums = vec![0.0; slices];
        let mut from = 0.0;
        for (&to, value) in self.edges.iter().zip(values) {
            let touched = ((from / width) as usize)..=((to / width) as usize);
            for slice in touched.filter(|&slice| slice < slices) {
                let (start, end) = (slice as f64 * width, (slice + 1) as f64 * width);
                sums[slice] += (to.min(end) - from.max(start)).max(0.0) * value;
            }
            from = to;
        }
        let means = sums.into_iter().enumerate().map(|(slice, sum)| {
            let (start, end) = (slice as f64 * width, ((slice + 1) as f64 * width).min(end));
            ((start + end) / 2.0, sum / (end - start).max(f64::MIN_POSITIVE))
        });
        means.collect()
    }

    /// The mean of a measure as the run reports it: for lanes and buffer over the time of its own transformer, for main
    /// memory and power until the last transformer has ended.
    pub fn mean(&self, measure: Measure) -> Option<f64> {
        let known = !self.values[measure as usize].is_empty();
        known.then(|| self.means[measure as usize])
    }
}

#[cfg(test)]
mod tests {
    use scenarios::Scenario;
    use sim_core::Engine;

    use super::*;

    /// The curves of a run add up to what the run reports, including its energy.
    #[test]
    fn curves_integrate_to_the_means_of_the_run() {
        for name in ["tiny-trace", "bert-tiny-train", "contention"] {
            let plan = Plan::load(&Scenario::shipped(name).unwrap()).unwrap();
            let mut sink = TimelineSink::new(&plan);
            let watch = &mut |_| std::ops::ControlFlow::Continue(());
            let result =
                crate::run::run_watched(&plan, Engine::Wheel, false, Some(&mut sink), watch).unwrap();
            let curves = Curves::new(&plan, &result, &sink);
            let own = result.machine.seconds * 1e9;
            for (measure, time) in [
                (Measure::Lanes, own),
                (Measure::ActivationBuffer, own),
                (Measure::Power, curves.end()),
            ] {
                let whole = curves.sliced(measure, curves.end())[0].1 * curves.end();
                let expected = curves.mean(measure).unwrap() * time;
                assert!(
                    (whole / expected - 1.0).abs() < 1e-6,
                    "{name}, {measure:?}: {whole} of {expected}"
                );
            }
        }
    }

    #[test]
    fn slices_keep_the_integral_and_end_with_the_run() {
        let curves = Curves {
            edges: vec![2.0, 4.0, 6.0, 7.0],
            values: [vec![1.0, 3.0, 5.0, 8.0], vec![], vec![0.0; 4], vec![1.0; 4]],
            means: [26.0 / 7.0, 0.0, 0.0, 1.0],
        };
        let sliced = curves.sliced(Measure::Lanes, 3.0);
        assert_eq!(sliced, [(1.5, 5.0 / 3.0), (4.5, 13.0 / 3.0), (6.5, 8.0)]);
        assert_eq!(curves.sliced(Measure::Lanes, 7.0), [(3.5, 26.0 / 7.0)]);
        assert_eq!(curves.mean(Measure::Bandwidth), None);
        assert!(curves.sliced(Measure::Bandwidth, 3.0).is_empty());
        // Slices narrower than bins repeat their value.
        assert_eq!(curves.sliced(Measure::Lanes, 1.0)[3], (3.5, 3.0));
    }
}
