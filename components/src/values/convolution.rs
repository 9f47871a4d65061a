//! Convolutions along the sequence, on a lane.

use super::Thresholds;
use super::operands::range;
use super::store::{ValueStore, gone};
use crate::operation::{Operand, Operation};
use crate::tile::{Dimension, TileCoordinate};

impl ValueStore {
    /// Pairs of a word and a tap of which neither is zero.
    pub(super) fn convolution_pairs(
        &self,
        operation: &Operation,
        tile: TileCoordinate,
        kernel: u32,
    ) -> Result<u32, String> {
        let mut pairs = 0;
        self.convolve(operation, tile, kernel, |_, word, tap| {
            pairs += u32::from(word != 0.0 && tap != 0.0);
        })?;
        Ok(pairs)
    }

    /// Calls `each` with the place in the result tile, the word and the tap, for every pair of a convolution.
    pub(super) fn convolve(
        &self,
        operation: &Operation,
        tile: TileCoordinate,
        kernel: u32,
        mut each: impl FnMut(usize, f64, f64),
    ) -> Result<(), String> {
        let (Some(Operand::Activation { tensor, .. }), Some(Operand::Weight(weight))) =
            (operation.operands.first(), operation.operands.get(1))
        else {
            return Err("a convolution has no input or no kernel".to_owned());
        };
        let owner = self.activations.get(tensor).ok_or_else(|| gone(*tensor))?;
        let kernels = self
            .weights
            .get(&weight.tensor)
            .ok_or_else(|| format!("kernel {} is not in the buffer", weight.tensor.0))?;
        let [batch, rows, columns] =
            [Dimension::B, Dimension::I, Dimension::J].map(|d| range(operation, tile, d));
        let b = usize::from(tile.along(Dimension::B));
        let words = owner.words(b)?;
        let radius = (kernel / 2) as usize;
        let reach = rows.start.saturating_sub(radius)..(rows.end + radius).min(owner.rows);
        owner.check_complete(b, reach)?;
        let thresholds = self.settings.thresholds;
        let mut place = 0;
        for item in 0..batch.len() {
            let matrix = &words[item * owner.rows * owner.columns..][..owner.rows * owner.columns];
            for row in rows.clone() {
                for column in columns.clone() {
                    for tap in 0..kernel as usize {
                        // Beyond the ends of the sequence all is zero.
                        let Some(from) = (row + tap).checked_sub(radius).filter(|&from| from < owner.rows)
                        else {
                            continue;
                        };
                        let word =
                            Thresholds::pruned(matrix[from * owner.columns + column], thresholds.activations);
                        let weight =
                            Thresholds::pruned(kernels[tap * owner.columns + column], thresholds.weights);
                        each(place, word, weight);
                    }
                    place += 1;
                }
            }
        }
        Ok(())
    }
}
