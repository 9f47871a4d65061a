//! Designs that are weighed by what is believed of them.

use std::cmp::Ordering;

use super::super::standing;
use super::beliefs::{Belief, Beliefs};
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

/// The candidates that `designs` are, with hopes `optimism` standard deviations below what is expected.
pub(super) fn candidates(beliefs: &Beliefs<'_>, designs: &[Design], optimism: f64) -> Vec<Candidate> {
    let beliefs_about = beliefs.about(designs);
    let both = designs.iter().zip(&beliefs_about);
    both.map(|(design, belief)| candidate(beliefs.problem, *design, belief, optimism))
        .collect()
}

fn candidate(problem: &Problem<'_>, design: Design, belief: &Belief, optimism: f64) -> Candidate {
    let expected = belief.expected();
    let mut hoped = standing::values(problem, &expected);
    let mut variances = vec![0.0; hoped.len()];
    for shifted in belief.shifted() {
        let values = standing::values(problem, &shifted);
        for (variance, (value, expected)) in variances.iter_mut().zip(values.iter().zip(&hoped)) {
            let apart = value - expected;
            *variance += if apart.is_finite() { apart * apart } else { 0.0 };
        }
    }
    for (value, variance) in hoped.iter_mut().zip(&variances) {
        *value -= optimism * variance.sqrt();
    }
    Candidate {
        design,
        broken: standing::violation(problem.limits, &expected),
        hoped,
        unsure: variances.iter().sum::<f64>().sqrt(),
    }
}
