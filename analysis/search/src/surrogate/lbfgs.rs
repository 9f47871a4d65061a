//! Minimisation of smooth functions: L-BFGS (Nocedal, Updating quasi-Newton matrices with limited storage, Mathematics of
//! Computation 35, 1980; two-loop recursion as Nocedal and Wright, Numerical Optimization, algorithm 7.4).

use std::collections::VecDeque;

/// Pairs of steps and changes of the gradient that are remembered.
const MEMORY: usize = 10;
/// The share of the decrease promised by the slope that a step must bring (Armijo).
const DECREASE: f64 = 1e-4;
/// The share of the slope that a step may leave (weak Wolfe).
const SLOPE_LEFT: f64 = 0.9;
/// Tries of one line search.
const TRIES: usize = 20;
/// The farthest that any variable moves before anything is known of the curvature.
const FIRST_STEP: f64 = 0.5;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    /// Steps at most.
    pub(super) iterations: usize,
    /// A step that brings less than this is the last.
    pub(super) decrease: f64,
}

/// A point, the value there, and the gradient.
#[derive(Clone, Debug)]
pub(super) struct At {
    pub(super) x: Vec<f64>,
    pub(super) value: f64,
    gradient: Vec<f64>,
}

/// A local minimum of `function` found downhill from `start`. The function gives the value at a point and writes the
/// gradient; a value that is not finite marks where it is not defined. Nothing if that is so at the start.
pub(super) fn minimise(
    start: &[f64],
    stop: Stop,
    mut function: impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Option<At> {
    let mut at = evaluate(start.to_vec(), &mut function)?;
    let mut memory = VecDeque::with_capacity(MEMORY);
    for _ in 0..stop.iterations {
        let mut direction = two_loops(&memory, &at.gradient);
        if dot(&direction, &at.gradient) >= 0.0 {
            memory.clear();
            direction = two_loops(&memory, &at.gradient);
        }
        let Some(next) = search_line(&at, &direction, &mut function) else {
            break;
        };
        let gained = at.value - next.value;
        if memory.len() == MEMORY {
            memory.pop_front();
        }
        memory.extend(Pair::between(&at, &next));
        at = next;
        if gained < stop.decrease {
            break;
        }
    }
    Some(at)
}

fn evaluate(x: Vec<f64>, function: &mut impl FnMut(&[f64], &mut [f64]) -> f64) -> Option<At> {
    let mut gradient = vec![0.0; x.len()];
    let value = function(&x, &mut gradient);
    (value.is_finite() && gradient.iter().all(|slope| slope.is_finite())).then_some(At { x, value, gradient })
}

/// What one step showed of the curvature.
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// Step times change, positive.
    product: f64,
}

impl Pair {
    /// Nothing if the slope along the step did not rise.
    fn between(from: &At, to: &At) -> Option<Self> {
        let step = subtract(&to.x, &from.x);
        let change = subtract(&to.gradient, &from.gradient);
        let product = dot(&step, &change);
        (product > f64::EPSILON * dot(&change, &change)).then_some(Self {
            step,
            change,
            product,
        })
    }
}

/// Downhill, bent by the approximate inverse Hessian.
fn two_loops(memory: &VecDeque<Pair>, gradient: &[f64]) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    let mut shares = Vec::with_capacity(memory.len());
    for pair in memory.iter().rev() {
        let share = dot(&pair.step, &direction) / pair.product;
        add(&mut direction, -share, &pair.change);
        shares.push(share);
    }
    let scale = memory.back().map_or_else(
        || {
            FIRST_STEP
                / gradient
                    .iter()
                    .fold(FIRST_STEP, |most, slope| most.max(slope.abs()))
        },
        |pair| pair.product / dot(&pair.change, &pair.change),
    );
    direction.iter_mut().for_each(|x| *x *= scale);
    for (pair, share) in memory.iter().zip(shares.into_iter().rev()) {
        let back = dot(&pair.change, &direction) / pair.product;
        add(&mut direction, share - back, &pair.step);
    }
    direction
}

/// A point along `direction` that satisfies the weak Wolfe conditions, by bisection and doubling (Lewis and Overton, Nonsmooth
/// optimization via quasi-Newton methods, Mathematical Programming 141, 2013); the best that at least descends if there is
/// none within the tries.
fn search_line(
    from: &At,
    direction: &[f64],
    function: &mut impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Option<At> {
    let slope = dot(direction, &from.gradient);
    let (mut short, mut long, mut length) = (0.0, f64::INFINITY, 1.0);
    let mut best: Option<At> = None;
    for _ in 0..TRIES {
        let mut x = from.x.clone();
        add(&mut x, length, direction);
        match evaluate(x, function).filter(|at| at.value <= from.value + DECREASE * length * slope) {
            None => long = length,
            Some(at) => {
                let satisfied = dot(direction, &at.gradient) >= SLOPE_LEFT * slope;
                if best.as_ref().is_none_or(|best| at.value < best.value) {
                    best = Some(at);
                }
                if satisfied {
                    break;
                }
                short = length;
            }
        }
        length = if long.is_finite() {
            0.5 * (short + long)
        } else {
            2.0 * length
        };
    }
    best.filter(|best| best.value < from.value)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn subtract(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// a += scale b.
fn add(a: &mut [f64], scale: f64, b: &[f64]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += scale * b);
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Stop = Stop {
        iterations: 200,
        decrease: 0.0,
    };

    /// Rosenbrock's valley in pairs of variables, with its minimum of 0 at (1, 1, ..).
    fn rosenbrock(x: &[f64], gradient: &mut [f64]) -> f64 {
        let mut value = 0.0;
        for at in (0..x.len()).step_by(2) {
            let (a, b) = (1.0 - x[at], x[at + 1] - x[at] * x[at]);
            value += a * a + 100.0 * b * b;
            gradient[at] = -2.0 * a - 400.0 * x[at] * b;
            gradient[at + 1] = 200.0 * b;
        }
        value
    }

    #[test]
    fn finds_the_end_of_the_valley() {
        let start = [-1.2, 1.0, 3.0, -2.0, 0.0, 0.0];
        let mut calls = 0;
        let end = minimise(&start, LONG, |x, gradient| {
            calls += 1;
            rosenbrock(x, gradient)
        });
        let end = end.unwrap();
        assert!(
            end.value < 1e-16 && end.x.iter().all(|x| (x - 1.0).abs() < 1e-7),
            "{end:?}"
        );
        assert!(calls < 150, "{calls}");
    }

    #[test]
    fn stays_where_the_function_is_defined() {
        let barrier = |x: &[f64], gradient: &mut [f64]| {
            gradient[0] = 1.0 - 1.0 / x[0];
            if x[0] > 0.0 { x[0] - x[0].ln() } else { f64::NAN }
        };
        let end = minimise(&[0.01], LONG, barrier).unwrap();
        assert!((end.x[0] - 1.0).abs() < 1e-6, "{end:?}");
        assert!(minimise(&[-1.0], LONG, barrier).is_none());
    }

    #[test]
    fn rests_at_a_minimum_and_without_variables() {
        let end = minimise(&[1.0, 1.0], LONG, rosenbrock).unwrap();
        assert_eq!(end.x, [1.0, 1.0]);
        assert!(minimise(&[], LONG, rosenbrock).is_some());
    }
}
