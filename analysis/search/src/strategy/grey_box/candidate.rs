//! Designs that are weighed by what is believed of them.

use std::cmp::Ordering;

use super::super::standing;
use super::beliefs::{Belief, Beliefs};
use crate::objective::{Limit, Metrics};
use crate::problem::Problem;
use crate::space::Design;

/// A design that is weighed.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// The design.
    pub(super) design: Design,
    /// By how much it is expected to break limits; 0 if it keeps to all.
    pub(super) broken: f64,
    /// What is minimised, as good as one may hope.
    pub(super) hoped: Vec<f64>,
    /// The standard deviation of all that is minimised.
    pub(super) unsure: f64,
}

impl AsRef<[f64]> for Candidate {
    fn as_ref(&self) -> &[f64] {
        &self.hoped
    }
}

impl Candidate {
    /// The better one first: limits, then what may be hoped.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let hopes = self.hoped.iter().zip(&other.hoped);
        let hopes = hopes.fold(Ordering::Equal, |order, (a, b)| order.then(a.total_cmp(b)));
        self.broken.total_cmp(&other.broken).then(hopes)
    }
}

/// How far from what is expected designs are weighed, in standard deviations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hopes {
    /// How much better what is minimised may be.
    pub(super) optimism: f64,
    /// How much worse what limits hold for may be.
    pub(super) caution: f64,
}

/// The candidates that `designs` are.
pub(super) fn candidates(beliefs: &Beliefs<'_>, designs: &[Design], hopes: Hopes) -> Vec<Candidate> {
    let beliefs_about = beliefs.about(designs);
    let both = designs.iter().zip(&beliefs_about);
    both.map(|(design, belief)| candidate(beliefs.problem, *design, belief, hopes))
        .collect()
}

fn candidate(problem: &Problem<'_>, design: Design, belief: &Belief, hopes: Hopes) -> Candidate {
    let expected = belief.expected();
    let shifted: Vec<Metrics> = belief.shifted().collect();
    let values = standing::values(problem, &expected);
    let of_shifted: Vec<Vec<f64>> = (shifted.iter())
        .map(|metrics| standing::values(problem, metrics))
        .collect();
    let sds: Vec<f64> = (values.iter().enumerate())
        .map(|(term, value)| deviation(*value, of_shifted.iter().map(|values| values[term])))
        .collect();
    let hoped = values.iter().zip(&sds);
    Candidate {
        design,
        broken: broken(problem, &expected, &shifted, hopes.caution),
        hoped: hoped.map(|(value, sd)| value - hopes.optimism * sd).collect(),
        unsure: sds.iter().map(|sd| sd * sd).sum::<f64>().sqrt(),
    }
}

/// By how much limits are broken if every figure is `caution` standard deviations worse than expected.
fn broken(problem: &Problem<'_>, expected: &Metrics, shifted: &[Metrics], caution: f64) -> f64 {
    let of_limit = |limit: &Limit| {
        let value = limit.metric.of(expected);
        let of_shifted = shifted.iter().filter_map(|metrics| limit.metric.of(metrics));
        let sd = value.map_or(0.0, |value| deviation(value, of_shifted));
        standing::broken_by(limit, value, caution * sd)
    };
    problem.limits.iter().map(of_limit).sum()
}

/// The standard deviation of what is `expected`, from what it is if one independent number after the other is a standard
/// deviation off.
fn deviation(expected: f64, shifted: impl Iterator<Item = f64>) -> f64 {
    let apart = shifted
        .map(|value| value - expected)
        .filter(|apart| apart.is_finite());
    apart.map(|apart| apart * apart).sum::<f64>().sqrt()
}
