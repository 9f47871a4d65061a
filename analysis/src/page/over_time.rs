//! Plots over time, from the timeline of a run.

use components::control_block::StallCause;
use maud::{Markup, html};
use scenarios::system::Plan;
use sim_core::Ticks;

use super::charts::{Line, activity_map, lines, stacked};
use super::plot::{Axis, figure};
use super::timeline::{Quantity, Timeline};
use crate::result::RunResult;

/// What the plots over time need.
pub(super) struct OverTime<'a> {
    plan: &'a Plan,
    result: &'a RunResult,
    timeline: &'a Timeline,
    /// The unit of the time axis, in ns.
    unit: (f64, &'static str),
}

impl<'a> OverTime<'a> {
    pub(super) fn new(plan: &'a Plan, result: &'a RunResult, timeline: &'a Timeline) -> Self {
        let nanoseconds = plan
            .timebase
            .nanoseconds(Ticks(timeline.span_of(timeline.bins() - 1).1));
        let unit = match nanoseconds {
            _ if nanoseconds >= 2e6 => (1e6, "ms"),
            _ if nanoseconds >= 2e3 => (1e3, "µs"),
            _ => (1.0, "ns"),
        };
        Self {
            plan,
            result,
            timeline,
            unit,
        }
    }

    pub(super) fn all(&self) -> Markup {
        html! {
            (self.utilization())
            (self.lanes())
            (self.bandwidth())
            (self.buffers())
            (self.power())
            (self.activity())
        }
    }

    fn time_of(&self, tick: u64) -> f64 {
        self.plan.timebase.nanoseconds(Ticks(tick)) / self.unit.0
    }

    pub(super) fn time_axis(&self) -> Axis {
        let end = self.timeline.span_of(self.timeline.bins() - 1).1;
        Axis::linear(&format!("time, {}", self.unit.1), self.time_of(end))
    }

    /// Where bins begin, and where the last one ends.
    pub(super) fn edges(&self) -> Vec<f64> {
        let ends = (0..self.timeline.bins()).map(|bin| self.time_of(self.timeline.span_of(bin).1));
        std::iter::once(0.0).chain(ends).collect()
    }

    /// Adds what the ticks from `start` to `end` are of each bin, in percent.
    pub(super) fn spread(&self, start: u64, end: u64, bins: &mut [f64]) {
        let width = self.timeline.span_of(0).1.max(1);
        for (bin, share) in bins.iter_mut().enumerate().skip((start / width) as usize) {
            let (from, to) = self.timeline.span_of(bin);
            if from >= end {
                return;
            }
            let here = end.min(to).saturating_sub(start.max(from));
            *share += here as f64 / (to - from).max(1) as f64 * 100.0;
        }
    }

    /// A line through the middles of the bins.
    fn line(&self, name: &str, values: &[f64]) -> Line {
        let points = values.iter().enumerate().map(|(bin, &value)| {
            let (start, end) = self.timeline.span_of(bin);
            (self.time_of(start + (end - start) / 2), value)
        });
        Line {
            name: name.to_owned(),
            points: points.collect(),
            dashed: false,
        }
    }

    fn limit(&self, name: &str, value: f64) -> Line {
        let end = self.timeline.span_of(self.timeline.bins() - 1).1;
        Line {
            name: name.to_owned(),
            points: vec![(0.0, value), (self.time_of(end), value)],
            dashed: true,
        }
    }

    fn shares(&self, quantity: Quantity, units: f64) -> Vec<f64> {
        let rate = self.timeline.rate(quantity);
        rate.into_iter().map(|busy| busy / units.max(1.0)).collect()
    }

    fn units(&self) -> [f64; 3] {
        let accelerator = &self.plan.machine.scenario.accelerator;
        let pes = f64::from(accelerator.processing_elements);
        [
            accelerator.lanes() as f64,
            pes * f64::from(accelerator.softmax_per_pe),
            pes,
        ]
    }

    fn utilization(&self) -> Markup {
        let names = ["MAC lanes", "softmax", "layer norm"];
        let quantities = [Quantity::MacLanes, Quantity::Softmax, Quantity::LayerNorm];
        let all = names.iter().zip(quantities).zip(self.units());
        let all: Vec<Line> = all
            .map(|((name, quantity), units)| {
                let shares = self.shares(quantity, units);
                let percent: Vec<f64> = shares.iter().map(|share| share * 100.0).collect();
                self.line(name, &percent)
            })
            .collect();
        let used = &self.result.machine.utilization;
        let description = format!(
            "On average MAC lanes work {:.1}% of the time, softmax modules {:.1}%, layer-norm modules {:.1}%.",
            used.mac_lanes * 100.0,
            used.softmax * 100.0,
            used.layer_norm * 100.0
        );
        let greatest = greatest(&all).min(100.0);
        let y = Axis::linear("at work, %", greatest);
        let drawing = lines("Utilisation over time", &description, self.time_axis(), y, &all);
        figure("Utilisation", &description, &names, &drawing)
    }

    /// Lanes at work, and why the others are not: idle lanes are put down to what the control block waited for meanwhile.
    fn lanes(&self) -> Markup {
        let busy = self.shares(Quantity::MacLanes, self.units()[0]);
        let causes: Vec<(StallCause, Vec<f64>)> = StallCause::ALL
            .into_iter()
            .map(|cause| (cause, self.timeline.rate(Quantity::Stalled(cause as usize))))
            .filter(|(_, rate)| rate.iter().any(|&share| share > 0.0))
            .collect();
        let mut layers = vec![(
            "busy".to_owned(),
            busy.iter().map(|share| share * 100.0).collect(),
        )];
        for (cause, rate) in &causes {
            let of_cause = (0..busy.len()).map(|bin| {
                let all: f64 = causes.iter().map(|(_, rate)| rate[bin]).sum();
                let idle = 100.0 * (1.0 - busy[bin]).max(0.0);
                if all > 0.0 { idle * rate[bin] / all } else { 0.0 }
            });
            layers.push((cause.name().replace('_', " "), of_cause.collect::<Vec<f64>>()));
        }
        let caption = "Share of the MAC lanes at work, and what the others waited for: in each slice of time idle lanes are put \
                       down to what the oldest operation with work to issue waited for.";
        let names: Vec<&str> = layers.iter().map(|(name, _)| name.as_str()).collect();
        let y = Axis::linear("of the lanes, %", 100.0);
        let drawing = stacked(
            "What lanes did over time",
            caption,
            self.time_axis(),
            y,
            &self.edges(),
            &layers,
        );
        figure("Stalls by cause", caption, &names, &drawing)
    }

    fn bandwidth(&self) -> Markup {
        let second = 1e9 / self.plan.timebase.nanoseconds(Ticks(1));
        let rate = |quantity| -> Vec<f64> {
            let rate = self.timeline.rate(quantity);
            rate.into_iter().map(|a_tick| a_tick * second / 1e9).collect()
        };
        let mut all = vec![
            self.line("read", &rate(Quantity::Read)),
            self.line("written", &rate(Quantity::Written)),
        ];
        let mut names = vec!["read", "written"];
        if let Some(peak) = self.result.memory.peak_gb_s {
            all.push(self.limit("peak", peak));
            names.push("peak");
        }
        let caption = format!(
            "{} carried {:.2} GB/s on average, all requestors together.",
            self.result.memory.technology, self.result.memory.achieved_gb_s
        );
        let y = Axis::linear("GB/s", greatest(&all));
        let drawing = lines(
            "Bandwidth of main memory over time",
            &caption,
            self.time_axis(),
            y,
            &all,
        );
        figure("Main memory", &caption, &names, &drawing)
    }

    fn buffers(&self) -> Markup {
        let buffers = &self.result.machine.buffers;
        let share = |buffer: usize| -> Vec<f64> {
            let capacity = buffers[buffer].capacity_bytes.max(1) as f64;
            let held = self.timeline.rate(Quantity::Buffer(buffer));
            held.into_iter().map(|bytes| bytes / capacity * 100.0).collect()
        };
        let names: Vec<&str> = buffers.iter().map(|buffer| buffer.name).collect();
        let all: Vec<Line> = (0..buffers.len())
            .map(|buffer| self.line(names[buffer], &share(buffer)))
            .collect();
        let peaks = buffers.iter().map(|buffer| {
            let share = buffer.peak_bytes as f64 / buffer.capacity_bytes.max(1) as f64;
            format!("{} {:.1}%", buffer.name, share * 100.0)
        });
        let caption = format!("Highest fill: {}.", peaks.collect::<Vec<_>>().join(", "));
        let y = Axis::linear("of the capacity, %", greatest(&all).min(100.0));
        let drawing = lines(
            "Fill of the buffers over time",
            &caption,
            self.time_axis(),
            y,
            &all,
        );
        figure("Buffers", &caption, &names, &drawing)
    }

    /// Energy is known for the run as a whole, by part; each part's is spread in proportion of what that part did.
    fn power(&self) -> Markup {
        let energy = &self.result.machine.energy_nj;
        let background = self.result.memory.energy_nj.background.min(energy.main_memory);
        let constant = energy.leakage + background + energy.other;
        let shares: [(f64, &[Quantity]); 4] = [
            (
                energy.mac_lanes
                    + energy.sparsity
                    + energy.stochastic_rounding.unwrap_or(0.0)
                    + energy.buffers,
                &[Quantity::MacLanes],
            ),
            (energy.softmax, &[Quantity::Softmax]),
            (energy.layer_norm, &[Quantity::LayerNorm]),
            (
                energy.main_memory - background,
                &[Quantity::Read, Quantity::Written],
            ),
        ];
        let bins = self.timeline.bins();
        let end = self.timeline.span_of(bins - 1).1 as f64;
        let tick = self.plan.timebase.nanoseconds(Ticks(1));
        let watts: Vec<f64> = (0..bins)
            .map(|bin| {
                // nJ a tick.
                let moving: f64 = shares
                    .iter()
                    .map(|(energy, quantities)| {
                        let all: f64 = quantities.iter().map(|&q| self.timeline.total(q)).sum();
                        let here: f64 = quantities.iter().map(|&q| self.timeline.rate(q)[bin]).sum();
                        if all > 0.0 { energy * here / all } else { 0.0 }
                    })
                    .sum();
                (moving + constant / end) / tick
            })
            .collect();
        let all = [self.line("power", &watts)];
        let mean = energy.total / (end * tick);
        let caption = format!(
            "{mean:.2} W on average. Energies of lanes (with sparsity modules and buffers), modules and main memory are spread over \
             time as these worked; leakage, standby and the rest evenly."
        );
        let y = Axis::linear("W", greatest(&all));
        let drawing = lines("Power over time", &caption, self.time_axis(), y, &all);
        figure("Power", &caption, &["power"], &drawing)
    }

    fn activity(&self) -> Markup {
        let (rows, pes_a_row) = (self.timeline.rows(), self.timeline.pes_a_row);
        let accelerator = &self.plan.machine.scenario.accelerator;
        let pes = accelerator.processing_elements as usize;
        let lanes = f64::from(accelerator.lanes_per_pe);
        let shares: Vec<Vec<f64>> = (0..rows)
            .map(|row| {
                let here = pes_a_row.min(pes - row * pes_a_row) as f64;
                self.shares(Quantity::Row(row), here * lanes)
            })
            .collect();
        let names: Vec<String> = (0..rows).map(|row| format!("PE {}", row * pes_a_row)).collect();
        let caption = match pes_a_row {
            1 => format!(
                "Each row is one of {pes} PEs, time goes to the right; the stronger the colour, the more of its lanes are at work."
            ),
            _ => format!(
                "Each row is {pes_a_row} of {pes} PEs, time goes to the right; the stronger the colour, the more of their lanes are at work."
            ),
        };
        figure(
            "Activity of the PEs",
            &caption,
            &[],
            &activity_map("Activity of the PEs", &caption, &shares, &names),
        )
    }
}

fn greatest(lines: &[Line]) -> f64 {
    let values = lines.iter().flat_map(|line| &line.points).map(|&(_, y)| y);
    values.fold(0.0, f64::max) * 1.05
}
