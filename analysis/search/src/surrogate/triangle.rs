//! Cholesky factors and inverses of symmetric matrices, in the order of memory that the dot products below want.
//!
//! Matrices are square, in row order, and their size is a multiple of [`STEP`]: the caller pads with the identity, which leaves
//! the factor, the determinant and the inverse of the rest alone.

/// Rows that are taken together, and numbers that a loop takes at once.
pub(super) const STEP: usize = 4;

/// `size`, rounded up to what matrices are padded to: an odd multiple of two steps. Rows that lie a power of two apart in
/// memory would contend for the same lines of the cache.
pub(super) fn padded(size: usize) -> usize {
    let steps = size.div_ceil(2 * STEP);
    (steps | 1) * 2 * STEP
}

/// The dot products of four rows with one. All have the same length, a multiple of [`STEP`].
///
/// Each is summed in four interleaved parts: the order of additions depends on the length alone.
#[inline(always)]
pub(super) fn four_dots(rows: [&[f64]; STEP], with: &[f64]) -> [f64; STEP] {
    let mut sums = [[0.0; STEP]; STEP];
    let with = with.as_chunks::<STEP>().0;
    let rows = rows.map(|row| &row.as_chunks::<STEP>().0[..with.len()]);
    for (at, with) in with.iter().enumerate() {
        for (sum, row) in sums.iter_mut().zip(rows) {
            for lane in 0..STEP {
                sum[lane] += row[at][lane] * with[lane];
            }
        }
    }
    sums.map(|[a, b, c, d]| (a + b) + (c + d))
}

/// Columns `from..to` of the four rows from `first` on.
fn four_rows(matrix: &[f64], size: usize, first: usize, from: usize, to: usize) -> [&[f64]; STEP] {
    std::array::from_fn(|row| &matrix[(first + row) * size + from..(first + row) * size + to])
}

/// Writes the lower factor L of a symmetric positive definite matrix, L Lᵀ = `matrix`, into `lower`, with zeros above the
/// diagonal. Only the lower triangle of `matrix` is read. False if the matrix is not positive definite in this precision.
pub(super) fn factor(matrix: &[f64], size: usize, lower: &mut Vec<f64>) -> bool {
    // The zeros let products run on to the end of a step.
    lower.clear();
    lower.resize(size * size, 0.0);
    for first in (0..size).step_by(STEP) {
        let (above, block) = lower.split_at_mut(first * size);
        for column in 0..first {
            let end = column.next_multiple_of(STEP);
            let pivots = &above[column * size..(column + 1) * size];
            let dots = four_dots(four_rows(block, size, 0, 0, end), &pivots[..end]);
            for (row, dot) in dots.into_iter().enumerate() {
                block[row * size + column] = (matrix[(first + row) * size + column] - dot) / pivots[column];
            }
        }
        if !factor_diagonal(matrix, size, first, block) {
            return false;
        }
    }
    true
}

/// The four columns of a block of four rows that stand on the diagonal.
fn factor_diagonal(matrix: &[f64], size: usize, first: usize, block: &mut [f64]) -> bool {
    for column in 0..STEP {
        let end = first + STEP;
        let pivots = &block[column * size..column * size + end];
        let dots = four_dots(four_rows(block, size, 0, 0, end), pivots);
        let left = |row: usize| matrix[(first + row) * size + first + column] - dots[row];
        // Negated, so that NaN fails too.
        if !(left(column) > 0.0 && left(column).is_finite()) {
            return false;
        }
        let pivot = left(column).sqrt();
        for row in column..STEP {
            block[row * size + first + column] = if row == column { pivot } else { left(row) / pivot };
        }
    }
    true
}

/// Writes the transposed inverse of a lower factor into `upper`: row j holds column j of L⁻¹, zeros up to the diagonal.
pub(super) fn invert_transposed(lower: &[f64], size: usize, upper: &mut Vec<f64>) {
    upper.clear();
    upper.resize(size * size, 0.0);
    for first in (0..size).step_by(STEP) {
        for column in first..size {
            let end = column.next_multiple_of(STEP);
            let pivot = lower[column * size + column];
            let dots = four_dots(
                four_rows(upper, size, first, first, end),
                &lower[column * size + first..column * size + end],
            );
            for (row, dot) in dots.into_iter().enumerate() {
                let unit = if first + row == column { 1.0 } else { 0.0 };
                upper[(first + row) * size + column] = (unit - dot) / pivot;
            }
        }
    }
}

/// Writes rows of the lower triangle of the inverse of the whole, L⁻ᵀ L⁻¹, from what [`invert_transposed`] gave. Of a row, what
/// lies beyond the step of the diagonal is left alone.
pub(super) fn inverse(upper: &[f64], size: usize, inverse: &mut Vec<f64>) {
    inverse.resize(size * size, 0.0);
    for row in 0..size {
        let from = row / STEP * STEP;
        let with = &upper[row * size + from..(row + 1) * size];
        for first in (0..=row).step_by(STEP) {
            let dots = four_dots(four_rows(upper, size, first, from, size), with);
            inverse[row * size + first..row * size + first + STEP].copy_from_slice(&dots);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::Draws;

    const SIZE: usize = 24;

    /// B Bᵀ + I of a random B.
    fn positive_definite() -> Vec<f64> {
        let mut draws = Draws::new(1, 0, 0);
        let b: Vec<f64> = (0..SIZE * SIZE).map(|_| draws.normal()).collect();
        let mut matrix = vec![0.0; SIZE * SIZE];
        for row in 0..SIZE {
            for column in 0..SIZE {
                let dot: f64 = (0..SIZE).map(|k| b[row * SIZE + k] * b[column * SIZE + k]).sum();
                matrix[row * SIZE + column] = dot + if row == column { 1.0 } else { 0.0 };
            }
        }
        matrix
    }

    /// The largest deviation of `entry` from the lower triangle of the identity.
    fn off_identity(entry: impl Fn(usize, usize) -> f64) -> f64 {
        let pairs = (0..SIZE).flat_map(|row| (0..=row).map(move |column| (row, column)));
        pairs
            .map(|(row, column)| (entry(row, column) - f64::from(row == column)).abs())
            .fold(0.0, f64::max)
    }

    #[test]
    fn factor_and_inverses_multiply_to_what_they_should() {
        let matrix = positive_definite();
        let (mut lower, mut upper, mut whole) = (Vec::new(), Vec::new(), Vec::new());
        assert!(factor(&matrix, SIZE, &mut lower));
        for row in 0..SIZE {
            for column in 0..=row {
                let dot: f64 = (0..SIZE)
                    .map(|k| lower[row * SIZE + k] * lower[column * SIZE + k])
                    .sum();
                assert!((dot - matrix[row * SIZE + column]).abs() < 1e-12);
            }
        }
        invert_transposed(&lower, SIZE, &mut upper);
        assert!(
            off_identity(|row, column| {
                (0..SIZE)
                    .map(|k| lower[row * SIZE + k] * upper[column * SIZE + k])
                    .sum()
            }) < 1e-12
        );
        inverse(&upper, SIZE, &mut whole);
        let entry = |a: usize, b: usize| whole[a.max(b) * SIZE + a.min(b)];
        assert!(
            off_identity(|row, column| (0..SIZE).map(|k| matrix[row * SIZE + k] * entry(k, column)).sum())
                < 1e-11
        );
    }

    #[test]
    fn what_is_not_positive_definite_is_refused() {
        let mut lower = Vec::new();
        for broken in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let mut matrix = positive_definite();
            matrix[7 * SIZE + 7] = broken;
            assert!(!factor(&matrix, SIZE, &mut lower));
        }
    }
}
