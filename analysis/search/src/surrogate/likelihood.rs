//! The logarithm of the marginal likelihood, and its gradient by the logarithms of the hyperparameters (R&W eqs. 2.30 and 5.9).

use super::matern::{Points, correlation_and_slope};
use super::triangle::{self, padded};
use crate::rows::Rows;

/// What is added to the diagonal, in output variances, one after the other until the covariance can be factored.
const JITTERS: [f64; 5] = [0.0, 1e-10, 1e-8, 1e-6, 1e-4];

/// The likelihood of targets at points, as a function of the logarithms of the hyperparameters. Also the memory for it, which is
/// kept from one evaluation to the next.
pub(super) struct Likelihood<'a> {
    /// Standardised inputs.
    rows: &'a Rows,
    /// Standardised targets, then zeros.
    targets: Vec<f64>,
    /// Rows of the matrices below, [`padded`].
    size: usize,
    covariance: Vec<f64>,
    /// Derivatives of covariances by the logarithm of a lengthscale, but for that input's share of the squared distance.
    slopes: Vec<f64>,
    lower: Vec<f64>,
    inverse: Vec<f64>,
    /// The transposed inverse of the factor of the covariance.
    pub(super) upper: Vec<f64>,
    /// The inverse of the covariance times the targets.
    pub(super) weights: Vec<f64>,
}

impl<'a> Likelihood<'a> {
    pub(super) fn new(rows: &'a Rows, targets: &[f64]) -> Self {
        let size = padded(rows.len());
        let mut targets = targets.to_vec();
        targets.resize(size, 0.0);
        Self {
            rows,
            targets,
            size,
            covariance: vec![0.0; size * size],
            slopes: vec![0.0; size * size],
            lower: Vec::new(),
            inverse: Vec::new(),
            upper: Vec::new(),
            weights: vec![0.0; size],
        }
    }

    /// The logarithm of the likelihood at `logarithms` of lengthscales, output variance and noise variance; leaves
    /// [`upper`](Self::upper) and [`weights`](Self::weights). Nothing if the covariance cannot be factored.
    pub(super) fn at(&mut self, logarithms: &[f64]) -> Option<f64> {
        let scaled = scale(self.rows, logarithms);
        let (output, noise) = variances(logarithms);
        self.fill(&scaled, output);
        self.factor(output, noise).then(|| self.solve())
    }

    /// As [`at`](Self::at), and writes the gradient.
    pub(super) fn with_gradient(&mut self, logarithms: &[f64], gradient: &mut [f64]) -> Option<f64> {
        let scaled = scale(self.rows, logarithms);
        let (output, noise) = variances(logarithms);
        self.fill(&scaled, output);
        if !self.factor(output, noise) {
            return None;
        }
        let value = self.solve();
        triangle::inverse(&self.upper, self.size, &mut self.inverse);
        self.differentiate(&scaled, noise, gradient);
        Some(value)
    }

    /// Covariances without noise, and slopes.
    fn fill(&mut self, scaled: &Rows, output: f64) {
        let points = Points::new(scaled);
        let mut squares = vec![0.0; self.size];
        for (place, row) in scaled.iter().enumerate() {
            let end = padded(place + 1);
            points.squared_distances(row, &mut squares[..end]);
            let line = place * self.size..place * self.size + end;
            let pairs = self.covariance[line.clone()]
                .iter_mut()
                .zip(&mut self.slopes[line]);
            for ((covariance, slope), square) in pairs.zip(&squares) {
                let (correlation, by_logarithm) = correlation_and_slope(*square);
                *covariance = output * correlation;
                *slope = output * by_logarithm;
            }
        }
    }

    /// Adds the noise, and as much jitter as it takes; factors.
    fn factor(&mut self, output: f64, noise: f64) -> bool {
        JITTERS.iter().any(|jitter| {
            for place in 0..self.size {
                let used = place < self.rows.len();
                let diagonal = if used {
                    output * (1.0 + jitter) + noise
                } else {
                    1.0
                };
                self.covariance[place * self.size + place] = diagonal;
            }
            triangle::factor(&self.covariance, self.size, &mut self.lower)
        })
    }

    /// Weights by the inverse factor; the logarithm of the likelihood.
    fn solve(&mut self) -> f64 {
        triangle::invert_transposed(&self.lower, self.size, &mut self.upper);
        let mut white = vec![0.0; self.size];
        for (row, target) in self.upper.chunks_exact(self.size).zip(&self.targets) {
            white
                .iter_mut()
                .zip(row)
                .for_each(|(white, x)| *white += target * x);
        }
        for (weight, row) in self.weights.iter_mut().zip(self.upper.chunks_exact(self.size)) {
            *weight = dot(row, &white);
        }
        let half_log_determinant: f64 = (0..self.size)
            .map(|place| libm::log(self.lower[place * self.size + place]))
            .sum();
        let constant = 0.5 * self.rows.len() as f64 * libm::log(2.0 * std::f64::consts::PI);
        -0.5 * dot(&white, &white) - half_log_determinant - constant
    }

    /// Half the trace of (w wᵀ - K⁻¹) dK for each hyperparameter, where w are the weights.
    fn differentiate(&self, scaled: &Rows, noise: f64, gradient: &mut [f64]) {
        let count = self.rows.len();
        let (by_lengthscales, by_variances) = gradient.split_at_mut(scaled.columns());
        by_lengthscales.fill(0.0);
        let mut trace = 0.0;
        for row in 0..count {
            let line = row * self.size..row * self.size + row;
            let pairs = self.inverse[line.clone()].iter().zip(&self.slopes[line]);
            for (column, (inverse, slope)) in pairs.enumerate() {
                let factor = (self.weights[row] * self.weights[column] - inverse) * slope;
                add_shares(by_lengthscales, factor, scaled.row(row), scaled.row(column));
            }
            trace += self.weights[row] * self.weights[row] - self.inverse[row * self.size + row];
        }
        // The derivative by the output's logarithm is K without its noise, and the trace of (w wᵀ - K⁻¹) K is w y - n.
        let whole = dot(&self.weights, &self.targets) - count as f64;
        by_variances[0] = 0.5 * (whole - noise * trace);
        by_variances[1] = 0.5 * noise * trace;
    }
}

/// Adds `factor` times each input's share of the squared distance of two points.
#[inline(always)]
fn add_shares(sums: &mut [f64], factor: f64, a: &[f64], b: &[f64]) {
    for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
        let apart = a - b;
        *sum += factor * (apart * apart);
    }
}

/// The rows, each input divided by its lengthscale.
fn scale(rows: &Rows, logarithms: &[f64]) -> Rows {
    let per_lengthscale: Vec<f64> = logarithms.iter().map(|logarithm| libm::exp(-logarithm)).collect();
    let mut scaled = rows.clone();
    for row in 0..scaled.len() {
        let numbers = scaled.row_mut(row).iter_mut();
        numbers
            .zip(&per_lengthscale)
            .for_each(|(x, per_lengthscale)| *x *= per_lengthscale);
    }
    scaled
}

/// Output and noise variance, the last two of the hyperparameters.
fn variances(logarithms: &[f64]) -> (f64, f64) {
    let last = logarithms.len();
    (libm::exp(logarithms[last - 2]), libm::exp(logarithms[last - 1]))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::{Draws, latin_hypercube};

    fn problem(count: usize, inputs: usize) -> (Rows, Vec<f64>) {
        let rows = latin_hypercube(count, inputs, &mut Draws::new(1, 0, 0));
        let targets = rows
            .iter()
            .map(|row| row.iter().map(|x| (5.0 * x).sin()).sum())
            .collect();
        (rows, targets)
    }

    #[test]
    fn gradient_agrees_with_differences() {
        let (rows, targets) = problem(21, 3);
        let mut likelihood = Likelihood::new(&rows, &targets);
        for at in [[-0.5, 0.2, 1.0, 0.3, -4.0], [0.5, -1.0, -0.3, -1.0, -9.0]] {
            let mut gradient = [0.0; 5];
            let value = likelihood.with_gradient(&at, &mut gradient).unwrap();
            assert_eq!(value, likelihood.at(&at).unwrap());
            for variable in 0..5 {
                let mut value = |step: f64| {
                    let mut at = at;
                    at[variable] += step;
                    likelihood.at(&at).unwrap()
                };
                let numeric = (value(1e-5) - value(-1e-5)) / 2e-5;
                let error = (gradient[variable] - numeric).abs();
                assert!(
                    error < 1e-6 * (1.0 + numeric.abs()),
                    "{variable}: {} {numeric}",
                    gradient[variable]
                );
            }
        }
    }

    #[test]
    fn equal_points_without_noise_take_jitter() {
        let mut rows = Rows::new(1);
        (0..12).for_each(|place| rows.push(&[f64::from(place / 6)]));
        let targets: Vec<f64> = (0..12).map(|place| f64::from(place / 6)).collect();
        let value = Likelihood::new(&rows, &targets).at(&[0.0, 0.0, -60.0]);
        assert!(value.is_some_and(f64::is_finite));
    }

    #[test]
    fn hopeless_hyperparameters_are_refused() {
        let (rows, targets) = problem(5, 2);
        let mut likelihood = Likelihood::new(&rows, &targets);
        assert!(likelihood.at(&[0.0, 0.0, f64::NAN, 0.0]).is_none());
        assert!(likelihood.at(&[0.0, 0.0, 800.0, 0.0]).is_none());
    }
}
