//! Convolutions along the sequence and the gradient of their kernels, on a lane.

use std::ops::Range;

use super::Thresholds;
use super::operands::range;
use super::store::{PrunedWords, ValueStore, gone};
use crate::operation::{Operand, Operation, TensorId, Work};
use crate::tile::{Dimension, TileCoordinate};

impl ValueStore {
    /// Pairs of which neither word is zero.
    pub(super) fn kernel_pairs(&self, operation: &Operation, tile: TileCoordinate) -> Result<u32, String> {
        let mut pairs = 0;
        self.for_kernel_pairs(operation, tile, |_, left, right| {
            pairs += u32::from(left != 0.0 && right != 0.0);
        })?;
        Ok(pairs)
    }

    /// Counts the words of both operands that a tile reads, and the zeros among them.
    pub(super) fn count_kernel_zeros(
        &mut self,
        operation: &Operation,
        tile: TileCoordinate,
    ) -> Result<(), String> {
        let [left, right] = operation.operands.as_slice() else {
            return Err("a convolution has two operands".to_owned());
        };
        let (inputs, others) = match operation.work {
            Work::Convolution { kernel } => {
                let radius = kernel as usize / 2;
                let height = operation.grid.extent(Dimension::I) as usize;
                let reach = reach(&range(operation, tile, Dimension::I), radius, height);
                (reach, 0..kernel as usize)
            }
            _ => (
                kernel_gradient_reach(operation, tile),
                range(operation, tile, Dimension::K),
            ),
        };
        for (operand, rows) in [(left, inputs), (right, others)] {
            let words = self.zeros_of(operation, operand, tile, &rows)?;
            self.totals.count(operand, words);
        }
        Ok(())
    }

    /// The words in `rows` and the tile's columns of an operand, for all items of its batch tile.
    fn zeros_of(
        &self,
        operation: &Operation,
        operand: &Operand,
        tile: TileCoordinate,
        rows: &Range<usize>,
    ) -> Result<PrunedWords, String> {
        let columns = range(operation, tile, Dimension::J);
        let width = operation.grid.extent(Dimension::J) as usize;
        let (words, items) = match operand {
            Operand::Weight(weight) => (self.kernel(weight.tensor)?, 1),
            Operand::Activation { .. } => {
                let batch = range(operation, tile, Dimension::B).len();
                let b = usize::from(tile.along(Dimension::B));
                (self.rows_of(operand, b, rows.clone(), columns.clone())?, batch)
            }
        };
        let size = words.len() / items.max(1);
        let threshold = self.settings.thresholds.of(operation.role, operand.kind());
        let mut counted = PrunedWords::default();
        for item in 0..items {
            for row in rows.clone() {
                let words = &words[item * size + row * width..][columns.clone()];
                let zeros = words
                    .iter()
                    .filter(|&&word| Thresholds::pruned(word, threshold) == 0.0);
                counted.words += words.len() as u64;
                counted.zeros += zeros.count() as u64;
            }
        }
        Ok(counted)
    }

    /// A kernel in the weight buffer: taps x channels.
    fn kernel(&self, tensor: TensorId) -> Result<&[f64], String> {
        let taps = self.weights.get(&tensor);
        taps.map(Vec::as_slice)
            .ok_or_else(|| format!("kernel {} is not in the buffer", tensor.0))
    }

    /// Calls `each` with the place in the result tile and the two words, for every pair of a convolution or of the gradient
    /// of its kernels.
    pub(super) fn for_kernel_pairs(
        &self,
        operation: &Operation,
        tile: TileCoordinate,
        each: impl FnMut(usize, f64, f64),
    ) -> Result<(), String> {
        match operation.work {
            Work::Convolution { kernel } => self.convolve(operation, tile, kernel as usize, each),
            _ => self.kernel_gradient(operation, tile, each),
        }
    }

    fn convolve(
        &self,
        operation: &Operation,
        tile: TileCoordinate,
        kernel: usize,
        mut each: impl FnMut(usize, f64, f64),
    ) -> Result<(), String> {
        let [left, right] = operation.operands.as_slice() else {
            return Err("a convolution has an input and a kernel".to_owned());
        };
        let Operand::Weight(weight) = right else {
            return Err("a convolution's kernel is a weight".to_owned());
        };
        let taps = self.kernel(weight.tensor)?;
        let [batch, rows, columns] =
            [Dimension::B, Dimension::I, Dimension::J].map(|d| range(operation, tile, d));
        let height = operation.grid.extent(Dimension::I) as usize;
        let radius = kernel / 2;
        let reach = reach(&rows, radius, height);
        let words = self.rows_of(
            left,
            usize::from(tile.along(Dimension::B)),
            reach,
            columns.clone(),
        )?;
        let width = operation.grid.extent(Dimension::J) as usize;
        let thresholds =
            [left, right].map(|operand| self.settings.thresholds.of(operation.role, operand.kind()));
        let mut place = 0;
        for item in 0..batch.len() {
            let matrix = &words[item * height * width..][..height * width];
            for row in rows.clone() {
                for column in columns.clone() {
                    for tap in 0..kernel {
                        // Everything beyond the ends of the sequence is zero.
                        let Some(from) = (row + tap).checked_sub(radius).filter(|&from| from < height) else {
                            continue;
                        };
                        let tap = if right.is_transposed() {
                            kernel - 1 - tap
                        } else {
                            tap
                        };
                        let word = Thresholds::pruned(matrix[from * width + column], thresholds[0]);
                        each(
                            place,
                            word,
                            Thresholds::pruned(taps[tap * width + column], thresholds[1]),
                        );
                    }
                    place += 1;
                }
            }
        }
        Ok(())
    }

    /// result(tap, j) is the sum over batch and sequence k of left(k + tap - radius, j)·right(k, j).
    fn kernel_gradient(
        &self,
        operation: &Operation,
        tile: TileCoordinate,
        mut each: impl FnMut(usize, f64, f64),
    ) -> Result<(), String> {
        let [left, right] = operation.operands.as_slice() else {
            return Err("the gradient of a kernel has an input and a gradient".to_owned());
        };
        let [batch, taps, columns] =
            [Dimension::B, Dimension::I, Dimension::J].map(|d| range(operation, tile, d));
        let sequence = range(operation, tile, Dimension::K);
        let [kernel, width, height] =
            [Dimension::I, Dimension::J, Dimension::K].map(|d| operation.grid.extent(d) as usize);
        let (b, radius) = (usize::from(tile.along(Dimension::B)), kernel / 2);
        let lefts = self.rows_of(left, b, kernel_gradient_reach(operation, tile), columns.clone())?;
        let rights = self.rows_of(right, b, sequence.clone(), columns.clone())?;
        let thresholds =
            [left, right].map(|operand| self.settings.thresholds.of(operation.role, operand.kind()));
        for item in (0..batch.len()).map(|item| item * height * width) {
            for (row, tap) in taps.clone().enumerate() {
                for (place, column) in columns.clone().enumerate() {
                    for k in sequence.clone() {
                        let Some(from) = (k + tap).checked_sub(radius).filter(|&from| from < height) else {
                            continue;
                        };
                        let word = Thresholds::pruned(lefts[item + from * width + column], thresholds[0]);
                        let gradient = Thresholds::pruned(rights[item + k * width + column], thresholds[1]);
                        each(row * columns.len() + place, word, gradient);
                    }
                }
            }
        }
        Ok(())
    }

    /// The words of slice `b` of an activation, of which `rows` and `columns` must be complete.
    fn rows_of(
        &self,
        operand: &Operand,
        b: usize,
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Result<&[f64], String> {
        let Operand::Activation { tensor, .. } = operand else {
            return Err("an input of a convolution is no activation".to_owned());
        };
        let owner = self.activations.get(tensor).ok_or_else(|| gone(*tensor))?;
        if !rows.is_empty() {
            owner.check_complete(b, rows.clone(), columns.clone())?;
        }
        let words = owner.words(b)?;
        for item in words.chunks(owner.rows * owner.columns) {
            let mut read = rows
                .clone()
                .map(|row| &item[row * owner.columns..][columns.clone()]);
            if read.any(|words| words.iter().any(|word| word.is_nan())) {
                return Err(format!(
                    "words of tensor {} were read that are not in the buffer",
                    tensor.0
                ));
            }
        }
        Ok(words)
    }
}

/// The rows of the input that `rows` of a convolution's result need.
fn reach(rows: &Range<usize>, radius: usize, height: usize) -> Range<usize> {
    rows.start.saturating_sub(radius)..(rows.end + radius).min(height)
}

/// The rows of the input that a tile of the gradient of a kernel needs.
fn kernel_gradient_reach(operation: &Operation, tile: TileCoordinate) -> Range<usize> {
    let [taps, sequence] = [Dimension::I, Dimension::K].map(|d| range(operation, tile, d));
    let [kernel, height] = [Dimension::I, Dimension::K].map(|d| operation.grid.extent(d) as usize);
    let radius = kernel / 2;
    let end = (sequence.end + taps.end).saturating_sub(radius + 1).min(height);
    (sequence.start + taps.start).saturating_sub(radius)..end
}
