//! A tile operation `C[b,i,j] += A[b,i,k] · B[b,k,j]` on compressed operands.

use crate::sparsity::compressed::{CompressedTile, CompressedVector, Extents};
use crate::sparsity::matching::Pairs;

/// Elements of a right operand up to which it is laid out with its zeros: 32 x 32, on the stack.
const DENSE_ELEMENTS: usize = 1024;

/// The product of two compressed tiles: `batch` x (rows x inner) by (inner x columns), the right operand once or for
/// each item of the batch.
///
/// Every result is summed in ascending order of the inner dimension, whichever way it is computed, so that counts,
/// pairs and sums agree.
#[derive(Clone, Copy, Debug)]
pub struct ProductTile<'a> {
    left: &'a CompressedTile,
    right: &'a CompressedTile,
}

impl<'a> ProductTile<'a> {
    /// The product of `left` and `right`.
    ///
    /// # Panics
    /// If the extents do not fit.
    #[must_use]
    pub fn new(left: &'a CompressedTile, right: &'a CompressedTile) -> Self {
        let (l, r) = (left.extents(), right.extents());
        assert!(
            l.columns == r.rows && (r.batch == 1 || r.batch == l.batch),
            "no product of {l:?} and {r:?}"
        );
        Self { left, right }
    }

    /// Extents of the result.
    #[must_use]
    pub fn extents(&self) -> Extents {
        Extents {
            columns: self.right.extents().columns,
            ..self.left.extents()
        }
    }

    /// Pairs that would be multiplied without masks.
    #[must_use]
    pub fn dense_pairs(&self) -> u64 {
        self.left.extents().elements() as u64 * self.right.extents().columns as u64
    }

    /// Pairs of which neither word is zero: what the lane multiplies. Each word of the left operand meets the words of
    /// one row of the right one, so that the sum of those rows' lengths counts all pairs without looking at any.
    #[must_use]
    pub fn surviving_pairs(&self) -> u64 {
        let Extents { batch, rows, .. } = self.left.extents();
        let mut pairs = 0;
        for item in 0..batch {
            for row in 0..rows {
                let line = self.left.row(item, row).ones();
                pairs += line
                    .map(|(k, _)| self.right_row(item, k).data().len() as u64)
                    .sum::<u64>();
            }
        }
        pairs
    }

    /// Adds the products to `result`, row-major; the pairs of two non-zeros that are in them.
    ///
    /// # Panics
    /// If `result` does not have the elements of [`Self::extents`].
    pub fn accumulate(&self, result: &mut [f64]) -> u64 {
        let Extents { batch, rows, columns } = self.extents();
        assert_eq!(
            result.len(),
            self.extents().elements(),
            "room for {:?}",
            self.extents()
        );
        let mut room = [0.0; DENSE_ELEMENTS];
        let mut pairs = 0;
        for (item, result) in result
            .chunks_exact_mut((rows * columns).max(1))
            .enumerate()
            .take(batch)
        {
            let inner = self.right.extents().rows;
            pairs += match room.get_mut(..inner * columns) {
                Some(dense) => self.accumulate_dense(item, dense, result),
                None => self.accumulate_sparse(item, result),
            };
        }
        pairs
    }

    /// Item `item` with the right operand's zeros in place, in `dense`: multiplying by a zero is cheaper than looking where
    /// the others are, and adds nothing.
    fn accumulate_dense(&self, item: usize, dense: &mut [f64], result: &mut [f64]) -> u64 {
        let columns = self.extents().columns;
        if columns == 0 {
            return 0;
        }
        for (row, line) in dense.chunks_exact_mut(columns).enumerate() {
            line.fill(0.0);
            self.right_row(item, row)
                .ones()
                .for_each(|(column, value)| line[column] = value);
        }
        let mut pairs = 0;
        for (row, sums) in result.chunks_exact_mut(columns).enumerate() {
            for (k, left) in self.left.row(item, row).ones() {
                pairs += self.right_row(item, k).data().len() as u64;
                let line = &dense[k * columns..(k + 1) * columns];
                sums.iter_mut()
                    .zip(line)
                    .for_each(|(sum, right)| *sum += left * right);
            }
        }
        pairs
    }

    /// Item `item` from the zero-free data alone.
    fn accumulate_sparse(&self, item: usize, result: &mut [f64]) -> u64 {
        let columns = self.extents().columns;
        let mut pairs = 0;
        for (row, sums) in result.chunks_exact_mut(columns.max(1)).enumerate() {
            for (k, left) in self.left.row(item, row).ones() {
                let line = self.right_row(item, k);
                pairs += line.data().len() as u64;
                line.ones().for_each(|(j, right)| sums[j] += left * right);
            }
        }
        pairs
    }

    #[inline]
    fn right_row(&self, item: usize, row: usize) -> CompressedVector<'a> {
        let item = if self.right.extents().batch == 1 { 0 } else { item };
        self.right.row(item, row)
    }

    /// The same product as the pre-compute module sees it: pairs by element of the result. Brings the right operand's
    /// columns into rows once.
    #[must_use]
    pub fn matched(&self) -> MatchedProduct<'a> {
        MatchedProduct {
            left: self.left,
            right_columns: self.right.transposed(),
        }
    }
}

/// A product of which the pairs can be listed, element of the result by element.
#[derive(Clone, Debug)]
pub struct MatchedProduct<'a> {
    left: &'a CompressedTile,
    right_columns: CompressedTile,
}

impl MatchedProduct<'_> {
    /// The pairs that element (`row`, `column`) of item `item` sums, in the order of the hardware.
    ///
    /// # Panics
    /// If there is no such element.
    #[must_use]
    pub fn pairs(&self, item: usize, row: usize, column: usize) -> Pairs<'_> {
        let right_item = if self.right_columns.extents().batch == 1 {
            0
        } else {
            item
        };
        Pairs::new(
            self.left.row(item, row),
            self.right_columns.row(right_item, column),
        )
    }

    /// All elements of the result, row-major: (item, row, column) and pairs.
    pub fn elements(&self) -> impl Iterator<Item = ([usize; 3], Pairs<'_>)> {
        let Extents { batch, rows, .. } = self.left.extents();
        let columns = self.right_columns.extents().rows;
        (0..batch * rows * columns).map(move |index| {
            let at = [index / (rows * columns), index / columns % rows, index % columns];
            (at, self.pairs(at[0], at[1], at[2]))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sparsity::prune::{prune, prune_tile};
    use crate::sparsity::samples::words;
    use proptest::prelude::*;

    /// Extents (batch, rows, inner, columns), whether each item has its own right operand, and both operands.
    fn operands() -> impl Strategy<Value = ([usize; 4], bool, Vec<f64>, Vec<f64>)> {
        (1_usize..4, 1_usize..12, 1_usize..80, 1_usize..40, any::<bool>()).prop_flat_map(
            |(b, i, k, j, own)| {
                let right = if own { b } else { 1 } * k * j;
                (Just([b, i, k, j]), Just(own), words(b * i * k), words(right))
            },
        )
    }

    /// The product by plain loops, and the pairs of two non-zeros.
    fn dense([b, i, k, j]: [usize; 4], own: bool, left: &[f64], right: &[f64]) -> (Vec<f64>, u64) {
        let mut result = vec![0.0; b * i * j];
        let mut pairs = 0;
        for item in 0..b {
            let right = &right[if own { item } else { 0 } * k * j..];
            for row in 0..i {
                for column in 0..j {
                    for inner in 0..k {
                        let (x, y) = (left[(item * i + row) * k + inner], right[inner * j + column]);
                        result[(item * i + row) * j + column] += x * y;
                        pairs += u64::from(x != 0.0 && y != 0.0);
                    }
                }
            }
        }
        (result, pairs)
    }

    proptest! {
        #[test]
        fn products_equal_dense_products_of_the_pruned_operands(
            ([b, i, k, j], own, mut left, mut right) in operands(),
            threshold in prop_oneof![Just(0.0), 0.0..2.0],
        ) {
            let (batch, rows) = (b, i);
            let mut a = CompressedTile::compress(Extents { batch, rows, columns: k }, &left);
            let right_batch = if own { b } else { 1 };
            let mut w = CompressedTile::compress(Extents { batch: right_batch, rows: k, columns: j }, &right);
            prune_tile(&mut a, threshold);
            prune_tile(&mut w, threshold);
            prune(&mut left, threshold);
            prune(&mut right, threshold);
            let (expected, pairs) = dense([b, i, k, j], own, &left, &right);

            let product = ProductTile::new(&a, &w);
            prop_assert_eq!(product.surviving_pairs(), pairs);
            prop_assert_eq!(product.dense_pairs(), (b * i * k * j) as u64);
            let mut result = vec![0.0; b * i * j];
            prop_assert_eq!(product.accumulate(&mut result), pairs);
            prop_assert_eq!(&result, &expected);

            let matched = product.matched();
            let mut listed = 0;
            for (([item, row, column], pairs), expected) in matched.elements().zip(&expected) {
                let mut last = None;
                let mut sum = 0.0;
                for pair in pairs {
                    prop_assert!(last < Some(pair.place));
                    last = Some(pair.place);
                    sum += pair.left * pair.right;
                    listed += 1;
                }
                prop_assert_eq!(sum, *expected, "{} {} {}", item, row, column);
            }
            prop_assert_eq!(listed, pairs);
        }
    }
}
