//! Plots over time, from the timeline of a run.

use analysis::over_time::{Quantity, Rates, Timeline};
use analysis::result::RunResult;
use components::control_block::StallCause;
use maud::{Markup, html};
use scenarios::system::Plan;

use super::charts::{Line, activity_map, greatest, lines, stacked};
use super::plot::{Axis, TimeUnit, figure};

/// The data of the plots over time.
pub(super) struct OverTime<'a> {
    rates: Rates<'a>,
    unit: TimeUnit,
}

impl<'a> OverTime<'a> {
    pub(super) fn new(plan: &'a Plan, result: &'a RunResult, timeline: &'a Timeline) -> Self {
        let rates = Rates {
            plan,
            result,
            timeline,
        };
        Self {
            rates,
            unit: TimeUnit::of(rates.nanoseconds(rates.end())),
        }
    }

    pub(super) fn all(&self) -> Markup {
        html! {
            (self.utilization())
            (self.lanes())
            @if self.rates.has_buses() { (self.bandwidth()) }
            (self.buffers())
            (self.power())
            (self.activity())
        }
    }

    fn time_of(&self, tick: u64) -> f64 {
        self.unit.of_nanoseconds(self.rates.nanoseconds(tick))
    }

    pub(super) fn time_axis(&self) -> Axis {
        self.unit.axis(self.rates.nanoseconds(self.rates.end()))
    }

    /// The starts of the bins, and the end of the last one.
    pub(super) fn edges(&self) -> Vec<f64> {
        let ends = {
            let timeline = self.rates.timeline;
            (0..timeline.bins()).map(|bin| self.time_of(timeline.span_of(bin).1))
        };
        std::iter::once(0.0).chain(ends).collect()
    }

    /// Adds the share of each bin that the ticks from `start` to `end` cover, in percent.
    pub(super) fn spread(&self, start: u64, end: u64, bins: &mut [f64]) {
        let width = self.rates.timeline.span_of(0).1.max(1);
        for (bin, share) in bins.iter_mut().enumerate().skip((start / width) as usize) {
            let (from, to) = self.rates.timeline.span_of(bin);
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
            let (start, end) = self.rates.timeline.span_of(bin);
            (self.time_of(start + (end - start) / 2), value)
        });
        Line {
            name: name.to_owned(),
            points: points.collect(),
            dashed: false,
        }
    }

    fn limit(&self, name: &str, value: f64) -> Line {
        let end = self.rates.end();
        Line {
            name: name.to_owned(),
            points: vec![(0.0, value), (self.time_of(end), value)],
            dashed: true,
        }
    }

    fn utilization(&self) -> Markup {
        let names = ["MAC lanes", "softmax", "layer norm"];
        let quantities = [Quantity::MacLanes, Quantity::Softmax, Quantity::LayerNorm];
        let all = names.iter().zip(quantities).zip(self.rates.units());
        let all: Vec<Line> = all
            .map(|((name, quantity), units)| {
                let shares = self.rates.shares(quantity, units);
                let percent: Vec<f64> = shares.iter().map(|share| share * 100.0).collect();
                self.line(name, &percent)
            })
            .collect();
        let used = &self.rates.result.machine.utilization;
        let description = format!(
            "On average, MAC lanes are busy {:.1}% of the time, softmax modules {:.1}%, layer-norm modules {:.1}%.",
            used.mac_lanes * 100.0,
            used.softmax * 100.0,
            used.layer_norm * 100.0
        );
        let greatest = greatest(&all).min(100.0);
        let y = Axis::linear("at work, %", greatest);
        let drawing = lines("Utilisation over time", &description, self.time_axis(), y, &all);
        figure("Utilisation", &description, &names, &drawing)
    }

    /// Busy lanes, and why the others are idle: their time is attributed to what the control block waited for.
    fn lanes(&self) -> Markup {
        let busy = self.rates.shares(Quantity::MacLanes, self.rates.units()[0]);
        let causes: Vec<(StallCause, Vec<f64>)> = StallCause::ALL
            .into_iter()
            .map(|cause| (cause, self.rates.timeline.rate(Quantity::Stalled(cause as usize))))
            .filter(|(_, rate)| rate.iter().any(|&share| share > 0.0))
            .collect();
        let mut layers = vec![(
            "busy".to_owned(),
            busy.iter().map(|share| share * 100.0).collect(),
        )];
        // Lanes wait for buffers with a run in hand, one by one; all others for what the control block waits for.
        let of_buffers = causes
            .iter()
            .find(|(cause, _)| *cause == StallCause::BufferBandwidth);
        let of_buffers = of_buffers.map(|(_, rate)| rate.clone());
        for (cause, rate) in &causes {
            let of_cause = (0..busy.len()).map(|bin| {
                let waits = of_buffers.as_ref().map_or(0.0, |rate| rate[bin]);
                if *cause == StallCause::BufferBandwidth {
                    return 100.0 * waits;
                }
                let all = causes.iter().map(|(_, rate)| rate[bin]).sum::<f64>() - waits;
                let idle = 100.0 * (1.0 - busy[bin] - waits).max(0.0);
                if all > 0.0 { idle * rate[bin] / all } else { 0.0 }
            });
            layers.push((cause.name().replace('_', " "), of_cause.collect::<Vec<f64>>()));
        }
        let caption = "Share of busy MAC lanes, and what the others waited for: in each slice of time, idle lanes are \
                       attributed to what the oldest operation with work to issue waited for.";
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
        let mut all = vec![
            self.line("read", &self.rates.bandwidth(Quantity::Read)),
            self.line("written", &self.rates.bandwidth(Quantity::Written)),
        ];
        let mut names = vec!["read", "written"];
        if let Some(peak) = self.rates.result.memory.peak_gb_s {
            all.push(self.limit("peak", peak));
            names.push("peak");
        }
        let caption = format!(
            "{} carried {:.2} GB/s on average, all requestors together.",
            self.rates.result.memory.technology, self.rates.result.memory.achieved_gb_s
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
        let buffers = &self.rates.result.machine.buffers;
        let names: Vec<&str> = buffers.iter().map(|buffer| buffer.name.as_ref()).collect();
        let all: Vec<Line> = (0..buffers.len())
            .map(|buffer| self.line(names[buffer], &self.rates.fill(buffer)))
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

    fn power(&self) -> Markup {
        let all = [self.line("power", &self.rates.watts())];
        let mean = self.rates.result.machine.energy_nj.total / self.rates.nanoseconds(self.rates.end());
        let caption = format!(
            "{mean:.2} W on average, of the accelerator and all of main memory. Every tile, access and command is charged when it \
             happens, leakage and standby all the time."
        );
        let y = Axis::linear("W", greatest(&all));
        let drawing = lines("Power over time", &caption, self.time_axis(), y, &all);
        figure("Power", &caption, &["power"], &drawing)
    }

    fn activity(&self) -> Markup {
        let (rows, pes_per_row) = (self.rates.timeline.rows(), self.rates.timeline.pes_per_row);
        let accelerator = &self.rates.plan.machine.scenario.accelerator;
        let pes = accelerator.processing_elements as usize;
        let lanes = f64::from(accelerator.lanes_per_pe);
        let shares: Vec<Vec<f64>> = (0..rows)
            .map(|row| {
                let here = pes_per_row.min(pes - row * pes_per_row) as f64;
                self.rates.shares(Quantity::Row(row), here * lanes)
            })
            .collect();
        let names: Vec<String> = (0..rows).map(|row| format!("PE {}", row * pes_per_row)).collect();
        let caption = match pes_per_row {
            1 => format!(
                "Each row is one of {pes} PEs, time runs to the right; the stronger the colour, the more of its lanes are busy."
            ),
            _ => format!(
                "Each row is {pes_per_row} of {pes} PEs, time runs to the right; the stronger the colour, the more of their lanes are busy."
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
