//! Axes that several runs share, and their curves on them.

use analysis::over_time::{Curves, Measure};

use super::charts::{Line, greatest};
use super::compared::Compared;
use super::plot::{Axis, TimeUnit};
use crate::number::scaled;

/// Slices of time along an axis: fewer than the bins of any run as long as the axis.
const SLICES: f64 = 120.0;

/// A run with its curves.
pub(super) struct Curve<'a> {
    pub(super) run: &'a Compared,
    pub(super) curves: &'a Curves,
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
    pub(super) fn slice(self) -> f64 {
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

/// The axis that fits all of `lines` of a measure.
pub(super) fn value_axis(measure: Measure, lines: &[Line]) -> Axis {
    let top = match measure {
        Measure::Lanes | Measure::ActivationBuffer => greatest(lines).min(100.0),
        Measure::Bandwidth | Measure::Power => greatest(lines),
    };
    Axis::linear(names(measure).1, top)
}
