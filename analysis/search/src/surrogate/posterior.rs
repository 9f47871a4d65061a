//! What the data say of a new point, in standardised targets (R&W eqs. 2.25 and 2.26).

use super::likelihood::Likelihood;
use super::matern::{Points, correlation};
use super::triangle::{STEP, four_dots, padded};
use crate::rows::Rows;

/// The posterior of a function given its values at some points. Points are given with each input divided by its lengthscale.
#[derive(Clone, Debug)]
pub(super) struct Posterior {
    points: Points,
    count: usize,
    output: f64,
    /// Weight of each point in the mean, times the output variance; then zeros.
    weights: Vec<f64>,
    /// Rows of the inverse factor times the output variance, four together and as long as the last of them.
    inverse_factor: Vec<f64>,
}

impl Posterior {
    /// From a likelihood that has been evaluated at hyperparameters with the variance `output`; `scaled` are its points.
    pub(super) fn new(likelihood: &Likelihood<'_>, scaled: &Rows, output: f64) -> Self {
        Self {
            points: Points::new(scaled),
            count: scaled.len(),
            output,
            weights: likelihood.weights.iter().map(|weight| output * weight).collect(),
            inverse_factor: pack(&likelihood.upper, scaled.len(), output),
        }
    }

    /// The mean at `point`.
    #[inline]
    pub(super) fn mean(&self, point: &[f64]) -> f64 {
        dot(&self.correlations(point), &self.weights)
    }

    /// Mean and variance at `point`. The variance is that of the function, without noise.
    #[inline]
    pub(super) fn mean_and_variance(&self, point: &[f64]) -> (f64, f64) {
        let (correlations, mean) = self.correlations_and_mean(point);
        let mut explained = [0.0; STEP];
        self.blocks(|block, end| {
            let rows = std::array::from_fn(|row| &block[row * end..(row + 1) * end]);
            let dots = four_dots(rows, &correlations[..end]);
            explained
                .iter_mut()
                .zip(dots)
                .for_each(|(sum, dot)| *sum += dot * dot);
        });
        (mean, self.variance(explained))
    }

    /// [`mean_and_variance`](Self::mean_and_variance) at four points, to the bit, for which the inverse factor goes through the
    /// cache once.
    pub(super) fn means_and_variances(&self, points: [&[f64]; STEP]) -> [(f64, f64); STEP] {
        let of_points = points.map(|point| self.correlations_and_mean(point));
        let mut explained = [[0.0; STEP]; STEP];
        self.blocks(|block, end| {
            let correlations = of_points.each_ref().map(|(correlations, _)| &correlations[..end]);
            for (place, row) in block.chunks_exact(end).enumerate() {
                let dots = four_dots(correlations, row);
                explained
                    .iter_mut()
                    .zip(dots)
                    .for_each(|(sums, dot)| sums[place] += dot * dot);
            }
        });
        std::array::from_fn(|point| (of_points[point].1, self.variance(explained[point])))
    }

    /// The correlations of a point with those known, then zeros; and the mean there.
    #[inline]
    fn correlations_and_mean(&self, point: &[f64]) -> (Vec<f64>, f64) {
        let mut correlations = self.correlations(point);
        let mean = dot(&correlations, &self.weights);
        // The last block may be filled up with points that are none.
        correlations[self.count..].fill(0.0);
        (correlations, mean)
    }

    fn correlations(&self, point: &[f64]) -> Vec<f64> {
        let mut correlations = vec![0.0; padded(self.count)];
        self.points.squared_distances(point, &mut correlations);
        correlations
            .iter_mut()
            .for_each(|square| *square = correlation(*square));
        correlations
    }

    /// Calls `each` with four rows of the inverse factor and their length, from the first four on.
    #[inline(always)]
    fn blocks(&self, mut each: impl FnMut(&[f64], usize)) {
        let mut rest = self.inverse_factor.as_slice();
        for end in (STEP..=self.count.next_multiple_of(STEP)).step_by(STEP) {
            let (block, after) = rest.split_at(STEP * end);
            rest = after;
            each(block, end);
        }
    }

    /// What is left of the output variance when the squared length of L⁻¹ k is taken off, which comes in parts.
    fn variance(&self, explained: [f64; STEP]) -> f64 {
        let left = self.output - explained.iter().sum::<f64>();
        // Not `f64::max`, which would make a number of NaN.
        if left < 0.0 { 0.0 } else { left }
    }
}

/// Rows of the inverse factor from its transpose, times `scale`.
fn pack(upper: &[f64], count: usize, scale: f64) -> Vec<f64> {
    let size = padded(count);
    let mut packed = Vec::new();
    for first in (0..count).step_by(STEP) {
        for row in first..first + STEP {
            packed.extend((0..first + STEP).map(|column| scale * upper[column * size + row]));
        }
    }
    packed
}

/// Summed in eight interleaved parts.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    for (a, b) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::draws::{Draws, latin_hypercube};

    fn posterior(rows: &Rows, noise: f64) -> Posterior {
        let targets: Vec<f64> = rows.iter().map(|row| row.iter().sum()).collect();
        let mut likelihood = Likelihood::new(rows, &targets);
        let logarithms = [vec![0.0; rows.columns()], vec![0.5, noise.ln()]].concat();
        likelihood.at(&logarithms).unwrap();
        Posterior::new(&likelihood, rows, 0.5_f64.exp())
    }

    proptest! {
        #[test]
        fn a_point_more_never_widens_the_variance(
            seed in 0_u64..1_000, count in 1_usize..20, inputs in 1_usize..5
        ) {
            let mut draws = Draws::new(seed, 0, 0);
            let mut rows = latin_hypercube(count, inputs, &mut draws);
            let before = posterior(&rows, 1e-4);
            let [new, probe]: [Vec<f64>; 2] =
                std::array::from_fn(|_| (0..inputs).map(|_| 2.0 * draws.uniform()).collect());
            rows.push(&new);
            let after = posterior(&rows, 1e-4);
            let variance = |posterior: &Posterior, at: &[f64]| posterior.mean_and_variance(at).1;
            prop_assert!(variance(&after, &probe) <= variance(&before, &probe) + 1e-12);
            prop_assert!(variance(&after, &new) < 1.1e-4);
            prop_assert!(variance(&before, &probe) >= 0.0);
        }
    }
}
