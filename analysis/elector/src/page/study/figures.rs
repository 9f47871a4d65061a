//! The figures of a design as people read them.

use search::objective::{Metric, Objective, Scale};

use crate::number::scaled;

/// What a figure is called, and its unit.
pub(super) const fn named(metric: Metric) -> (&'static str, &'static str) {
    match metric {
        Metric::Latency => ("latency", "s"),
        Metric::DynamicEnergy => ("dynamic energy", "J"),
        Metric::LeakageEnergy => ("leakage energy", "J"),
        Metric::Energy => ("energy", "J"),
        Metric::BatchLatency => ("latency of a batch", "s"),
        Metric::Area => ("area", "mm²"),
        Metric::PeakPower => ("peak power", "W"),
        Metric::MeanPower => ("mean power", "W"),
        Metric::Accuracy => ("accuracy", "%"),
    }
}

/// A figure with its unit.
pub(super) fn text(metric: Metric, value: f64) -> String {
    match metric {
        Metric::Area => format!("{value:.1} mm²"),
        Metric::Accuracy => format!("{value:.2} %"),
        _ => scaled(value, named(metric).1).replace(" u", " µ"),
    }
}

/// The figures of the objective, in its order, and whether a scale of logarithms suits each. There are at least two.
pub(super) fn objectives(objective: &Objective) -> Vec<(Metric, bool)> {
    let of_scale = |scale: Scale| (scale.metric, scale.log);
    let mut found: Vec<(Metric, bool)> = match objective {
        Objective::Scalar(terms) => terms.iter().map(|term| of_scale(term.scale())).collect(),
        Objective::Front(terms) => terms.iter().map(|term| of_scale(term.scale())).collect(),
        Objective::Published => vec![
            (Metric::Accuracy, false),
            (Metric::Latency, true),
            (Metric::DynamicEnergy, true),
            (Metric::LeakageEnergy, true),
            (Metric::Area, true),
        ],
    };
    for metric in [Metric::Latency, Metric::Energy] {
        if found.len() < 2 && found.iter().all(|&(known, _)| known != metric) {
            found.push((metric, true));
        }
    }
    found
}
