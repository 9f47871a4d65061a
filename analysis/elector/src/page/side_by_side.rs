//! Several runs over time: in one plot if their lines can be told apart, otherwise in many small ones.

use analysis::over_time::{Curves, Measure};
use maud::{Markup, html};

use super::charts::{Line, greatest};
use super::comparison::Compared;
use super::markers::{MARKERS, key, marked};
use super::multiples::Multiples;
use super::plot::{Axis, Frame, TimeUnit};
use crate::number::scaled;

/// Slices of time along an axis: fewer than the bins of any run as long as the axis.
const SLICES: f64 = 120.0;

/// A run with its curves.
pub(super) struct Curve<'a> {
    pub(super) run: &'a Compared,
    pub(super) curves: &'a Curves,
}

/// All measures of all runs that have curves.
pub(super) fn over_time(runs: &[Compared]) -> Option<Markup> {
    let curves = runs.iter().filter_map(|run| {
        let curves = run.curves.as_ref()?;
        Some(Curve { run, curves })
    });
    let curves: Vec<Curve<'_>> = curves.filter(|curve| curve.curves.end() > 0.0).collect();
    let small = (curves.len() > MARKERS).then(|| Multiples::new(&curves));
    let slice = scaled(TimeAxis::of(&curves).slice() * 1e-9, "s");
    let note = match &small {
        Some(small) if small.has_own_axes() => {
            "Runs differ too much in length for one time axis: each plot has its own, and each of its points is the mean over the same \
             share of it. A line ends with the last transformer of its run."
                .to_owned()
        }
        _ => format!("Every point is the mean over {slice}, the same for all runs. A line ends with the last transformer of its run."),
    };
    (!curves.is_empty()).then(|| {
        html! {
            h2 { "Over time" }
            p class="note" { (note) }
            @for measure in Measure::ALL { (figure(measure, &curves, small.as_ref())) }
        }
    })
}

/// An axis of time from 0 on, and its slices.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeAxis {
    /// In ns.
    pub(super) end: f64,
    pub(super) unit: TimeUnit,
}

impl TimeAxis {
    /// The axis that fits all of `curves`.
    pub(super) fn of(curves: &[Curve<'_>]) -> Self {
        let end = curves.iter().map(|curve| curve.curves.end()).fold(0.0, f64::max);
        Self {
            end,
            unit: TimeUnit::of(end),
        }
    }

    /// The width of a slice, in ns.
    fn slice(self) -> f64 {
        self.end / SLICES
    }

    pub(super) fn axis(self) -> Axis {
        self.unit.axis(self.end)
    }

    /// A run on this axis.
    pub(super) fn line(self, curve: &Curve<'_>, measure: Measure) -> Line {
        let slices = curve.curves.sliced(measure, self.slice()).into_iter();
        let points = slices.map(|(at, value)| (self.unit.of_nanoseconds(at), value));
        Line {
            name: curve.run.name.clone(),
            points: points.collect(),
            dashed: false,
        }
    }

    /// A line described in words.
    pub(super) fn described(self, curve: &Curve<'_>, measure: Measure) -> String {
        let unit = names(measure).2;
        let mean = curve.curves.mean(measure).unwrap_or(0.0);
        let points = self.line(curve, measure).points;
        let most = points.iter().map(|&(_, value)| value).fold(0.0, f64::max);
        let end = scaled(curve.curves.end() * 1e-9, "s");
        format!("{mean:.1}{unit} on average and at most {most:.1}{unit}, until {end}")
    }
}

/// The names of a measure: heading, axis label, unit after numbers.
pub(super) fn names(measure: Measure) -> (&'static str, &'static str, &'static str) {
    match measure {
        Measure::Lanes => ("MAC lanes at work", "of the lanes, %", "%"),
        Measure::Bandwidth => ("Bandwidth of main memory", "GB/s", " GB/s"),
        Measure::ActivationBuffer => ("Fill of the activation buffer", "of the capacity, %", "%"),
        Measure::Power => ("Power", "W", " W"),
    }
}

/// The caption of a measure.
fn caption(measure: Measure) -> &'static str {
    match measure {
        Measure::Lanes => "Share of the MAC lanes that multiply, add, or apply the non-linearity.",
        Measure::Bandwidth => "Read and written, for all requestors together.",
        Measure::ActivationBuffer => "Allocated room, whether its data have arrived or not.",
        Measure::Power => {
            "Of the accelerator and all of main memory. Every tile, access and command is charged when it happens, leakage and \
             standby all the time."
        }
    }
}

/// The axis that fits all of `lines` of a measure.
pub(super) fn value_axis(measure: Measure, lines: &[Line]) -> Axis {
    let top = match measure {
        Measure::Lanes | Measure::ActivationBuffer => greatest(lines).min(100.0),
        Measure::Bandwidth | Measure::Power => greatest(lines),
    };
    Axis::linear(names(measure).1, top)
}

fn figure(measure: Measure, curves: &[Curve<'_>], small: Option<&Multiples<'_>>) -> Markup {
    let telling = curves.iter().filter(|curve| curve.curves.mean(measure).is_some());
    let telling = telling.count();
    html! {
        @if telling > 0 {
            figure {
                h3 { (names(measure).0) }
                @match small {
                    Some(small) => (small.drawn(measure)),
                    None => (together(measure, curves)),
                }
                figcaption {
                    (caption(measure))
                    @if telling < curves.len() { " Memory without limits has no data bus, so it has no line." }
                }
            }
        }
    }
}

/// All lines in one plot.
fn together(measure: Measure, curves: &[Curve<'_>]) -> Markup {
    let time = TimeAxis::of(curves);
    let lines: Vec<Line> = curves.iter().map(|curve| time.line(curve, measure)).collect();
    let frame = Frame::whole(time.axis(), value_axis(measure, &lines));
    // A run keeps its colour and its marker even if another has no line.
    let shown = || {
        lines
            .iter()
            .enumerate()
            .filter(|(_, line)| !line.points.is_empty())
    };
    let described: Vec<String> = shown()
        .map(|(index, line)| format!("{}: {}.", line.name, time.described(&curves[index], measure)))
        .collect();
    let marks = html! { @for (index, line) in shown() { (marked(&frame, index, line)) } };
    let called: Vec<(usize, &str)> = shown().map(|(index, line)| (index, line.name.as_str())).collect();
    let title = format!("{} over time", names(measure).0);
    html! {
        (key(&called))
        (frame.draw(&title, &described.join(" "), &marks))
    }
}
