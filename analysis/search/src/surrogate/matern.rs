//! The Matérn covariance with smoothness 5/2 (R&W eq. 4.17), and distances to many points at once.

use super::exponential::exp_of_negative;
use super::triangle::padded;
use crate::rows::Rows;

/// Points whose distances are found at once.
const LANES: usize = 8;

/// The correlation at a squared distance in lengthscales: (1 + a + a²/3) e⁻ᵃ with a² = 5 r².
#[inline(always)]
pub(super) fn correlation(square: f64) -> f64 {
    let a = (5.0 * square).sqrt();
    (1.0 + a + a * a * (1.0 / 3.0)) * exp_of_negative(-a)
}

/// The correlation, and -2 times its derivative by the squared distance: 5/3 (1 + a) e⁻ᵃ.
///
/// A squared distance falls by twice its share in an input for each unit that the logarithm of that input's lengthscale
/// grows, so this times the share is the derivative of the correlation by the logarithm.
#[inline(always)]
pub(super) fn correlation_and_slope(square: f64) -> (f64, f64) {
    let a = (5.0 * square).sqrt();
    let decay = exp_of_negative(-a);
    (
        (1.0 + a + a * a * (1.0 / 3.0)) * decay,
        5.0 / 3.0 * (1.0 + a) * decay,
    )
}

/// Points in blocks of eight: in a block, input by input, the eight numbers of the points side by side.
#[derive(Clone, Debug)]
pub(super) struct Points {
    inputs: usize,
    blocks: Vec<[f64; LANES]>,
}

impl Points {
    /// The rows of a table, each input divided by its lengthscale. The last block is filled up with zeros.
    pub(super) fn new(rows: &Rows) -> Self {
        let inputs = rows.columns();
        let mut blocks = vec![[0.0; LANES]; padded(rows.len()) / LANES * inputs];
        for (place, row) in rows.iter().enumerate() {
            for (input, x) in row.iter().enumerate() {
                blocks[place / LANES * inputs + input][place % LANES] = *x;
            }
        }
        Self { inputs, blocks }
    }

    /// Writes the squared distances of `from` to the first points into `squares`, as many as it holds: a multiple of eight, of
    /// which those beyond the last point mean nothing.
    #[inline]
    pub(super) fn squared_distances(&self, from: &[f64], squares: &mut [f64]) {
        let squares = squares.as_chunks_mut::<LANES>().0;
        if self.inputs == 0 {
            squares.fill([0.0; LANES]);
            return;
        }
        for (block, squares) in self.blocks.chunks_exact(self.inputs).zip(squares) {
            let mut sums = [0.0; LANES];
            for (points, x) in block.iter().zip(from) {
                for lane in 0..LANES {
                    let apart = points[lane] - x;
                    sums[lane] += apart * apart;
                }
            }
            *squares = sums;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlation_is_that_of_the_book() {
        let a = 5.0_f64.sqrt() * 0.7;
        assert!((correlation(0.49) - (1.0 + a + 5.0 * 0.49 / 3.0) * (-a).exp()).abs() < 1e-15);
        assert_eq!(correlation(0.0), 1.0);
    }

    #[test]
    fn slope_is_the_derivative() {
        for square in [0.01, 0.5, 2.0, 30.0] {
            let step = 1e-6 * square;
            let (value, slope) = correlation_and_slope(square);
            let numeric = (correlation(square + step) - correlation(square - step)) / (2.0 * step);
            assert_eq!(value, correlation(square));
            assert!((slope + 2.0 * numeric).abs() < 1e-7, "{square}");
        }
    }

    #[test]
    fn distances_reach_all_points() {
        let mut rows = Rows::new(3);
        for point in 0..11 {
            rows.push(&[f64::from(point), 1.0, -2.0]);
        }
        let mut squares = [0.0; 16];
        Points::new(&rows).squared_distances(&[1.0, 0.0, 0.0], &mut squares);
        for (point, square) in squares.iter().take(11).enumerate() {
            assert_eq!(*square, (point as f64 - 1.0).powi(2) + 5.0);
        }
    }
}
