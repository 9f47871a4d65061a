//! A tile as the buffers hold it: zero-free data and its mask.

use crate::density::Density;
use crate::sparsity::mask::{Mask, ones_of};
use crate::units::Bytes;
use crate::word::{self, WordFormat};

/// The extents of a tile in elements: `batch` matrices of `rows` x `columns`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extents {
    /// Items of the batch; 1 for weights.
    pub batch: usize,
    /// Rows of each.
    pub rows: usize,
    /// Columns of each.
    pub columns: usize,
}

impl Extents {
    /// The extents of one matrix.
    #[must_use]
    pub fn matrix(rows: usize, columns: usize) -> Self {
        Self {
            batch: 1,
            rows,
            columns,
        }
    }

    /// All elements.
    #[must_use]
    pub fn elements(self) -> usize {
        self.batch * self.rows * self.columns
    }
}

/// A tile without its zeros: the other elements in row-major order, batch outermost, and the mask that says where
/// they belong (arXiv:2302.14705 takes this format from SPRING, arXiv:1909.00557).
///
/// Elements are multiples of the step of a [`WordFormat`], held as `f64`; -0 counts as zero and comes back as 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompressedTile {
    extents: Extents,
    mask: Mask,
    data: Vec<f64>,
    /// Where each row's data begins, and where the last one's ends. It follows from the mask and is not part of
    /// what a buffer holds.
    row_starts: Vec<usize>,
}

impl CompressedTile {
    /// What the post-compute module does: `dense` without its zeros.
    ///
    /// ```
    /// use components::sparsity::compressed::{CompressedTile, Extents};
    /// let tile = CompressedTile::compress(Extents::matrix(2, 2), &[0.0, 1.5, 0.0, -2.0]);
    /// assert_eq!(tile.data(), [1.5, -2.0]);
    /// assert_eq!(tile.decompress(), [0.0, 1.5, 0.0, -2.0]);
    /// ```
    ///
    /// # Panics
    /// If `dense` does not hold `extents.elements()` values.
    #[must_use]
    pub fn compress(extents: Extents, dense: &[f64]) -> Self {
        assert_eq!(dense.len(), extents.elements(), "elements of a tile {extents:?}");
        let mut tile = Self::default();
        tile.refill(extents, dense.iter().copied());
        tile
    }

    /// Becomes the tile at `at` (item, row, column) of a dense row-major tensor of `whole` extents, with its values
    /// below `threshold` pruned by [`super::keep::keeps`]. Nothing is allocated once the tile has had its size.
    ///
    /// # Panics
    /// If the tile does not lie within the tensor.
    pub fn refill_from(
        &mut self,
        tensor: &[f64],
        whole: Extents,
        at: [usize; 3],
        extents: Extents,
        threshold: f64,
    ) {
        let [item, row, column] = at;
        assert!(
            tensor.len() == whole.elements()
                && item + extents.batch <= whole.batch
                && row + extents.rows <= whole.rows
                && column + extents.columns <= whole.columns,
            "no tile {extents:?} at {at:?} of a tensor {whole:?} of {} values",
            tensor.len()
        );
        let values = (item..item + extents.batch).flat_map(|item| {
            (row..row + extents.rows).flat_map(move |row| {
                let start = (item * whole.rows + row) * whole.columns + column;
                tensor[start..start + extents.columns].iter()
            })
        });
        self.refill(
            extents,
            values.map(|&value| {
                if super::keep::keeps(value, threshold) {
                    value
                } else {
                    0.0
                }
            }),
        );
    }

    fn refill(&mut self, extents: Extents, values: impl Iterator<Item = f64>) {
        self.extents = extents;
        self.data.clear();
        let data = &mut self.data;
        self.mask.refill(values.inspect(|&value| {
            if value != 0.0 {
                data.push(value);
            }
        }));
        self.index_rows();
    }

    /// Drops the elements that `keep` rejects: their bits are cleared and the rest moves together.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(f64) -> bool) {
        let mut kept = 0;
        let mut read = 0;
        for word in 0..self.mask.words().len() {
            for bit in ones_of(self.mask.words()[word]) {
                let value = self.data[read];
                read += 1;
                if keep(value) {
                    self.data[kept] = value;
                    kept += 1;
                } else {
                    self.mask.set(word * 64 + bit as usize, false);
                }
            }
        }
        self.data.truncate(kept);
        self.index_rows();
    }

    fn index_rows(&mut self) {
        let Extents { batch, rows, columns } = self.extents;
        self.row_starts.clear();
        self.row_starts.push(0);
        let mut end = 0;
        for row in 0..batch * rows {
            end += self.mask.count_in(row * columns..(row + 1) * columns) as usize;
            self.row_starts.push(end);
        }
    }

    /// The values with their zeros in place, row-major.
    #[must_use]
    pub fn decompress(&self) -> Vec<f64> {
        let mut dense = vec![0.0; self.extents.elements()];
        self.decompress_into(&mut dense);
        dense
    }

    /// Writes the values, zeros among them, over `dense`.
    ///
    /// # Panics
    /// If `dense` is not as long as the tile has elements.
    pub fn decompress_into(&self, dense: &mut [f64]) {
        assert_eq!(
            dense.len(),
            self.extents.elements(),
            "room for {:?}",
            self.extents
        );
        dense.fill(0.0);
        for (place, &value) in self.mask.ones().zip(&self.data) {
            dense[place] = value;
        }
    }

    /// Each matrix with rows and columns exchanged, so that its columns can be matched as rows.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let Extents { batch, rows, columns } = self.extents;
        let dense = self.decompress();
        let values = (0..batch).flat_map(|item| {
            let matrix = &dense[item * rows * columns..(item + 1) * rows * columns];
            (0..columns).flat_map(move |column| (0..rows).map(move |row| matrix[row * columns + column]))
        });
        let mut tile = Self::default();
        tile.refill(
            Extents {
                batch,
                rows: columns,
                columns: rows,
            },
            values,
        );
        tile
    }

    /// Its extents.
    #[must_use]
    pub fn extents(&self) -> Extents {
        self.extents
    }

    /// Which elements are not zero.
    #[must_use]
    pub fn mask(&self) -> &Mask {
        &self.mask
    }

    /// The elements that are not zero, in row-major order.
    #[must_use]
    pub fn data(&self) -> &[f64] {
        &self.data
    }

    /// Share of elements that are not zero; full if there are none.
    #[must_use]
    pub fn density(&self) -> Density {
        match self.extents.elements() {
            0 => Density::FULL,
            elements => Density::from_share(self.data.len() as f64 / elements as f64),
        }
    }

    /// What the tile takes in the buffers: data, then mask.
    #[must_use]
    pub fn bytes(&self, word: WordFormat) -> (Bytes, Bytes) {
        (
            word.dense(self.data.len() as u64),
            word::mask(self.extents.elements() as u64),
        )
    }

    /// Row `row` of item `item`.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    #[inline]
    pub fn row(&self, item: usize, row: usize) -> CompressedVector<'_> {
        let Extents { batch, rows, columns } = self.extents;
        assert!(
            item < batch && row < rows,
            "no row {item}, {row} of {:?}",
            self.extents
        );
        let row = item * rows + row;
        CompressedVector {
            mask: &self.mask,
            start: row * columns,
            elements: columns,
            data: &self.data[self.row_starts[row]..self.row_starts[row + 1]],
        }
    }
}

/// One row of a tile: a stretch of its mask, and the data that belongs to it.
#[derive(Clone, Copy, Debug)]
pub struct CompressedVector<'a> {
    mask: &'a Mask,
    start: usize,
    elements: usize,
    data: &'a [f64],
}

impl<'a> CompressedVector<'a> {
    /// Elements, zeros among them.
    #[must_use]
    pub fn elements(self) -> usize {
        self.elements
    }

    /// The elements that are not zero.
    #[must_use]
    pub fn data(self) -> &'a [f64] {
        self.data
    }

    /// The mask's bits from element `start` on, as many as there are up to 64, the first one lowest.
    #[must_use]
    #[inline]
    pub fn bits(self, start: usize) -> u64 {
        self.mask
            .bits(self.start + start, self.elements.saturating_sub(start).min(64))
    }

    /// Place and value of the elements that are not zero, in order.
    #[inline]
    pub fn ones(self) -> impl Iterator<Item = (usize, f64)> + 'a {
        let chunks = (0..self.elements).step_by(64);
        let places =
            chunks.flat_map(move |start| ones_of(self.bits(start)).map(move |bit| start + bit as usize));
        places.zip(self.data.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sparsity::samples::tile;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn compressing_and_back_is_the_identity((extents, dense) in tile(4, 20, 90)) {
            let tile = CompressedTile::compress(extents, &dense);
            prop_assert_eq!(tile.decompress(), dense.clone());
            let non_zero: Vec<f64> = dense.iter().copied().filter(|&value| value != 0.0).collect();
            prop_assert_eq!(tile.data(), &non_zero[..]);
            prop_assert_eq!(tile.mask().count() as usize, non_zero.len());
            prop_assert_eq!(tile.transposed().transposed(), tile.clone());
            for item in 0..extents.batch {
                for row in 0..extents.rows {
                    let start = (item * extents.rows + row) * extents.columns;
                    let mut line = vec![0.0; extents.columns];
                    tile.row(item, row).ones().for_each(|(place, value)| line[place] = value);
                    prop_assert_eq!(&line[..], &dense[start..start + extents.columns]);
                }
            }
        }

        #[test]
        fn a_tile_of_a_tensor_is_that_part_of_it(
            (whole, tensor) in tile(3, 9, 80),
            corner in prop::array::uniform3(0.0..1.0),
            share in prop::array::uniform3(0.0..=1.0),
            threshold in 0.0..2.0,
        ) {
            let sizes = [whole.batch, whole.rows, whole.columns];
            let at: [usize; 3] = std::array::from_fn(|d| (corner[d] * sizes[d] as f64) as usize);
            let [batch, rows, columns] =
                std::array::from_fn(|d| 1 + (share[d] * (sizes[d] - at[d] - 1) as f64) as usize);
            let extents = Extents { batch, rows, columns };
            let mut tile = CompressedTile::compress(Extents::matrix(1, 2), &[1.0, 0.0]);
            tile.refill_from(&tensor, whole, at, extents, threshold);
            let mut expected = Vec::new();
            for item in at[0]..at[0] + batch {
                for row in at[1]..at[1] + rows {
                    for column in at[2]..at[2] + columns {
                        let value: f64 = tensor[(item * whole.rows + row) * whole.columns + column];
                        expected.push(if value.abs() < threshold { 0.0 } else { value });
                    }
                }
            }
            prop_assert_eq!(tile, CompressedTile::compress(extents, &expected));
        }
    }

    #[test]
    fn a_tile_takes_a_word_for_each_value_and_a_bit_for_each_element() {
        let word = WordFormat {
            integer_bits: 4,
            fraction_bits: 16,
        };
        let tile = CompressedTile::compress(Extents::matrix(2, 8), &[1.0; 16]);
        assert_eq!(tile.bytes(word), (Bytes(40), Bytes(2)));
        let empty = CompressedTile::compress(Extents::matrix(2, 8), &[0.0; 16]);
        assert_eq!(empty.bytes(word), (Bytes(0), Bytes(2)));
        assert_eq!(empty.density().share(), 0.0);
    }
}
