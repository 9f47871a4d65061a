//! How designs stand: what is minimised, and by how much limits are broken.

use crate::objective::{Comparison, Limit, Metrics, Objective};
use crate::problem::{Evaluated, Problem};
use crate::space::Design;

/// What is minimised of a design with these figures, one number or several, smaller is better. Infinite where it is not known.
/// `metrics` counts the accuracy as the study wants it: see [`at_risk`].
pub(super) fn values(problem: &Problem<'_>, metrics: &Metrics) -> Vec<f64> {
    let values = match problem.objective {
        Objective::Front(terms) => terms.iter().map(|term| term.value(metrics)).collect(),
        Objective::Scalar(_) | Objective::Published => {
            vec![problem.objective.value(metrics, sequences(metrics))]
        }
    };
    let known = |value: Option<f64>| value.filter(|value| !value.is_nan()).unwrap_or(f64::INFINITY);
    values.into_iter().map(known).collect()
}

/// What is minimised of a row.
pub(super) fn values_of(problem: &Problem<'_>, row: &Evaluated) -> Vec<f64> {
    match row.objective {
        Some(value) if !value.is_nan() => vec![value],
        _ => values(problem, &at_risk(problem, &row.design, &row.metrics)),
    }
}

/// One number for what is minimised: of a front the sum of its terms.
pub(super) fn scalar_of(problem: &Problem<'_>, row: &Evaluated) -> f64 {
    values_of(problem, row).iter().sum()
}

/// How many sequences run at once.
pub(super) fn sequences(metrics: &Metrics) -> u32 {
    (metrics.batch_latency_s / metrics.latency_s).round() as u32
}

/// The figures with the accuracy less the study's risk.
pub(super) fn at_risk(problem: &Problem<'_>, design: &Design, metrics: &Metrics) -> Metrics {
    let mut metrics = *metrics;
    if problem.risk != 0.0
        && let (Some(model), Some(accuracy)) = (problem.accuracy, &mut metrics.accuracy)
        && let Ok((_, sd)) = model.predict(problem.space, design)
    {
        *accuracy -= problem.risk * sd;
    }
    metrics
}

/// By how much a row breaks the limits; 0 if it keeps to all.
pub(super) fn broken(problem: &Problem<'_>, row: &Evaluated) -> f64 {
    match row.keeps_limits {
        true => 0.0,
        false => violation(problem.limits, &row.metrics).max(f64::MIN_POSITIVE),
    }
}

/// By how much `metrics` break the limits, as shares of them, summed up; 0 if they keep to all.
pub(super) fn violation(limits: &[Limit], metrics: &Metrics) -> f64 {
    let broken = |limit: &Limit| broken_by(limit, limit.metric.of(metrics), 0.0);
    limits.iter().map(broken).sum()
}

/// By how much `value`, if it is `margin` worse, breaks a limit, as a share of the limit.
pub(super) fn broken_by(limit: &Limit, value: Option<f64>, margin: f64) -> f64 {
    let Some(value) = value.filter(|value| !value.is_nan()) else {
        return f64::INFINITY;
    };
    let is_most = matches!(limit.comparison, Comparison::AtMost | Comparison::Below);
    let value = if is_most { value + margin } else { value - margin };
    if limit.holds_for(value) {
        return 0.0;
    }
    let excess = if is_most {
        value - limit.value
    } else {
        limit.value - value
    };
    // A strict limit may be met exactly, which breaks it.
    (excess / limit.value.abs().max(f64::MIN_POSITIVE)).max(f64::EPSILON)
}
