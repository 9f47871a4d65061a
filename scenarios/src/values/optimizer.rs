//! The optimisers' formulas on matrices, written down a second time, with bounds.

use components::values::UpdateRule;

use super::matrix::{Bounded, Matrix};

/// New weights and new states, as one operation makes them: the weights from states that are not rounded yet.
pub(super) fn updated_in_place(
    rule: UpdateRule,
    gradient: &Matrix,
    old: &Matrix,
    states: &[Matrix],
) -> Vec<Matrix> {
    let states = states.iter().enumerate();
    let states: Vec<Matrix> = states
        .map(|(index, state)| gradient.with(state, |g, s| new_state(rule, index, g, s)))
        .collect();
    let from: Vec<&Matrix> = match states.len() {
        0 => vec![gradient],
        _ => states.iter().collect(),
    };
    let new = new_weights(rule, old, &from);
    std::iter::once(new).chain(states).collect()
}

/// New weights from the new states, or from the gradient if there are none.
pub(super) fn new_weights(rule: UpdateRule, old: &Matrix, from: &[&Matrix]) -> Matrix {
    let step = match (rule, from) {
        (UpdateRule::Sgd { rate, .. }, [step, ..]) => step.with(step, |step, _| Bounded {
            number: rate * step.number,
            error: rate * step.error + slack(rate * step.number),
        }),
        (UpdateRule::Adam { rate }, [mean, square, ..]) => {
            mean.with(square, |mean, square| adam_step(rate, mean, square))
        }
        _ => return old.clone(),
    };
    old.minus(&step)
}

/// A new state: SGD's 0.9·v + g (with another momentum), Adam's 0.9·m + 0.1·g and 0.999·v + 0.001·g².
pub(super) fn new_state(rule: UpdateRule, index: usize, gradient: Bounded, old: Bounded) -> Bounded {
    let (kept, taken, squared) = match (rule, index) {
        (UpdateRule::Sgd { momentum, .. }, _) => (momentum, 1.0, false),
        (UpdateRule::Adam { .. }, 0) => (0.9, 1.0 - 0.9, false),
        (UpdateRule::Adam { .. }, _) => (0.999, 1.0 - 0.999, true),
    };
    let Bounded { number, error } = gradient;
    let (number, error) = match squared {
        true => (number * number, error * (2.0 * number.abs() + error)),
        false => (number, error),
    };
    let number = kept * old.number + taken * number;
    Bounded {
        number,
        error: kept * old.error + taken * error + slack(kept * old.number) + slack(number),
    }
}

/// rate·m / (sqrt(v) + 1e-8), and the furthest that any m and v within their bounds can be from it.
fn adam_step(rate: f64, mean: Bounded, square: Bounded) -> Bounded {
    let at = |mean: f64, square: f64| rate * mean / (square.max(0.0).sqrt() + 1e-8);
    let number = at(mean.number, square.number);
    let mut furthest = 0.0f64;
    for (m, v) in [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)] {
        let corner = at(mean.number + m * mean.error, square.number + v * square.error);
        furthest = furthest.max((corner - number).abs());
    }
    Bounded {
        number,
        error: furthest + slack(number),
    }
}

/// What double precision itself loses.
fn slack(number: f64) -> f64 {
    16.0 * f64::EPSILON * number.abs()
}
