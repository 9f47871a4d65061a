//! The derivatives of everything but products, on matrices with bounds.

use components::values::NonLinearFunction;

use super::matrix::{Bounded, Matrix};

/// The steepest slope of the derivative of x·Φ(x): 2·φ(0).
const GELU_CURVATURE: f64 = 0.8;

impl Matrix {
    /// This gradient times the slope of `function` at `inputs`, element by element.
    pub(super) fn through_slope(&self, inputs: &Self, function: NonLinearFunction) -> Self {
        self.with(inputs, |gradient, input| {
            let x = input.number;
            let (slope, slope_error) = match function {
                NonLinearFunction::Gelu => {
                    let half = libm::erfc(-x / std::f64::consts::SQRT_2) / 2.0;
                    let bell = libm::exp(-x * x / 2.0) / (2.0 * std::f64::consts::PI).sqrt();
                    (half + x * bell, GELU_CURVATURE * input.error)
                }
                NonLinearFunction::Relu => {
                    let is_open = x.abs() <= input.error && input.error > 0.0;
                    (f64::from(x > 0.0), f64::from(is_open))
                }
            };
            let error = gradient.error * (slope.abs() + slope_error) + gradient.number.abs() * slope_error;
            Bounded {
                number: gradient.number * slope,
                error: error + 16.0 * f64::EPSILON * gradient.number.abs(),
            }
        })
    }

    /// The gradient of a softmax's input, row by row; this is the softmax's result, `gradient` that of the result.
    pub(super) fn softmax_gradient(&self, gradient: &Self) -> Self {
        let mut result = self.clone();
        let rows = self
            .numbers
            .chunks(self.columns)
            .zip(gradient.numbers.chunks(self.columns));
        for ((shares, gradient), results) in rows.zip(result.numbers.chunks_mut(self.columns)) {
            let sum = dot(shares, gradient);
            for ((share, d), result) in shares.iter().zip(gradient).zip(results) {
                let distance = Bounded {
                    number: d.number - sum.number,
                    error: d.error + sum.error,
                };
                *result = product(*share, distance);
            }
        }
        result
    }

    /// The gradient of a normalisation's input, row by row; this is that input, `gradient` that of the result.
    pub(super) fn normalised_gradient(&self, gradient: &Self, epsilon: f64) -> Self {
        let normed = self.normalised(epsilon);
        let mut result = self.clone();
        for (row, results) in result.numbers.chunks_mut(self.columns).enumerate() {
            let here = row * self.columns..(row + 1) * self.columns;
            let (inputs, normed, gradient) = (
                &self.numbers[here.clone()],
                &normed.numbers[here.clone()],
                &gradient.numbers[here],
            );
            let count = self.columns as f64;
            let scale = inverse_deviation(inputs, epsilon);
            let mean = Bounded {
                number: gradient.iter().map(|d| d.number).sum::<f64>() / count,
                error: gradient.iter().map(|d| d.error).sum::<f64>() / count,
            };
            let projection = dot(normed, gradient);
            let projection = Bounded {
                number: projection.number / count,
                error: projection.error / count,
            };
            for ((d, n), result) in gradient.iter().zip(normed).zip(results) {
                let along = product(*n, projection);
                let rest = Bounded {
                    number: d.number - mean.number - along.number,
                    error: d.error + mean.error + along.error,
                };
                *result = product(rest, scale);
            }
        }
        result
    }

    /// The gradient of the `taps` x columns kernels that this matrix was convolved with; `gradient` is that of the result.
    /// Both are already pruned.
    pub(super) fn kernel_gradient(&self, gradient: &Self, taps: usize) -> Self {
        let mut result = Self {
            rows: taps,
            columns: self.columns,
            numbers: vec![Bounded::default(); taps * self.columns],
        };
        for tap in 0..taps {
            for row in 0..self.rows {
                let Some(from) = (row + tap).checked_sub(taps / 2).filter(|&from| from < self.rows) else {
                    continue;
                };
                for column in 0..self.columns {
                    let word = self.numbers[from * self.columns + column];
                    let term = product(word, gradient.numbers[row * self.columns + column]);
                    let sum = &mut result.numbers[tap * self.columns + column];
                    sum.number += term.number;
                    sum.error += term.error;
                }
            }
        }
        result
    }
}

/// One over the deviation of a row, whose error is at most the root mean square of the errors of x - mean.
fn inverse_deviation(row: &[Bounded], epsilon: f64) -> Bounded {
    let count = row.len() as f64;
    let mean = row.iter().map(|x| x.number).sum::<f64>() / count;
    let mean_error = row.iter().map(|x| x.error).sum::<f64>() / count;
    let squares: f64 = row.iter().map(|x| (x.number - mean) * (x.number - mean)).sum();
    let offs: f64 = row
        .iter()
        .map(|x| (x.error + mean_error) * (x.error + mean_error))
        .sum();
    let (deviation, off) = ((squares / count + epsilon).sqrt(), (offs / count).sqrt());
    let number = 1.0 / deviation;
    let error = match off < deviation {
        true => off / (deviation * (deviation - off)),
        false => f64::INFINITY,
    };
    Bounded {
        number,
        error: error + 64.0 * f64::EPSILON * number,
    }
}

fn dot(left: &[Bounded], right: &[Bounded]) -> Bounded {
    let products = left.iter().zip(right).map(|(a, b)| product(*a, *b));
    products.fold(Bounded::default(), |sum, term| Bounded {
        number: sum.number + term.number,
        error: sum.error + term.error,
    })
}

/// A product; nothing times a bound without limit is nothing.
fn product(a: Bounded, b: Bounded) -> Bounded {
    let times = |x: f64, y: f64| if x == 0.0 || y == 0.0 { 0.0 } else { x * y };
    let number = a.number * b.number;
    Bounded {
        number,
        error: times(a.number.abs(), b.error)
            + times(a.error, b.number.abs() + b.error)
            + 8.0 * f64::EPSILON * number.abs(),
    }
}
