//! The figures of several workloads as one.

use crate::objective::{Metric, Metrics};
use crate::study::Study;

/// A share of a workload: what it counts, what it came to, and what was minimised.
pub(super) struct Part {
    pub(super) weight: f64,
    pub(super) metrics: Metrics,
    pub(super) objective: Option<f64>,
}

/// The figures of all parts, of which there is at least one: the weighted mean of each, or the worst of each.
pub(super) fn together(study: &Study, parts: &[Part]) -> Option<(Metrics, Option<f64>)> {
    let first = parts.first()?;
    if let [only] = parts {
        return Some((only.metrics, only.objective));
    }
    let over = |value: &dyn Fn(&Part) -> Option<f64>| -> Option<f64> {
        let values = parts.iter().map(|part| Some((part.weight, value(part)?)));
        let values = values.collect::<Option<Vec<_>>>()?;
        if study.takes_worst() {
            return values.into_iter().map(|(_, value)| value).reduce(f64::max);
        }
        let weights: f64 = values.iter().map(|(weight, _)| weight).sum();
        Some(values.iter().map(|(weight, value)| weight * value).sum::<f64>() / weights)
    };
    let mut metrics = first.metrics;
    for metric in Metric::ALL
        .into_iter()
        .filter(|&metric| metric != Metric::Accuracy)
    {
        if let Some(value) = over(&|part: &Part| metric.of(&part.metrics)) {
            metric.set(&mut metrics, value);
        }
    }
    Some((metrics, over(&|part: &Part| part.objective)))
}
