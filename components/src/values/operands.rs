//! Fetching the operands of a tile: out of the buffers, through DynaProp.

use std::ops::Range;

use super::Thresholds;
use super::store::{ValueStore, gone};
use crate::operation::{Operand, Operation, Role};
use crate::tile::{Dimension, TileCoordinate};

/// The two operands of a product tile, pruned: left items x i x k, right items x k x j (one item if it is a constant).
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) left: Vec<f64>,
    pub(super) right: Vec<f64>,
    /// Items of each; a constant has one.
    pub(super) left_items: usize,
    pub(super) right_items: usize,
}

/// Rows and columns of an operand that a tile reads, and how.
struct Window {
    b: usize,
    items: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    /// Columns of the whole operand, if it is a constant.
    width: usize,
    /// Read with rows and columns exchanged.
    transposed: bool,
}

/// The part of a grid's dimension that a tile covers.
pub(super) fn range(operation: &Operation, tile: TileCoordinate, dimension: Dimension) -> Range<usize> {
    let start = ValueStore::offset(operation, dimension, tile.along(dimension));
    let edge = operation
        .grid
        .edge_at(dimension, u32::from(tile.along(dimension)));
    start..start + edge as usize
}

impl ValueStore {
    /// Brings the operands of a product tile into the scratch.
    pub(super) fn fetch_product(
        &mut self,
        operation: &Operation,
        tile: TileCoordinate,
    ) -> Result<(), String> {
        let [i, j, k] = [Dimension::I, Dimension::J, Dimension::K].map(|d| range(operation, tile, d));
        let items = operation
            .grid
            .edge_at(Dimension::B, u32::from(tile.along(Dimension::B))) as usize;
        let extent = |dimension| operation.grid.extent(dimension) as usize;
        let b = usize::from(tile.along(Dimension::B));
        let left = Window {
            b,
            items,
            rows: i,
            columns: k.clone(),
            width: extent(Dimension::K),
            transposed: false,
        };
        // Keys lie row by row, one a token: the scores need them transposed.
        let right = Window {
            b,
            items,
            rows: k,
            columns: j,
            width: extent(Dimension::J),
            transposed: operation.role == Role::Scores,
        };
        let mut scratch = std::mem::take(&mut self.scratch);
        let fetched = self
            .fetch(operation, 0, &left, &mut scratch.left)
            .and_then(|left_items| {
                scratch.left_items = left_items;
                scratch.right_items = self.fetch(operation, 1, &right, &mut scratch.right)?;
                Ok(())
            });
        self.scratch = scratch;
        fetched
    }

    /// Copies what `window` shows of an operand, pruned; how many items that are.
    fn fetch(
        &self,
        operation: &Operation,
        index: usize,
        window: &Window,
        into: &mut Vec<f64>,
    ) -> Result<usize, String> {
        into.clear();
        match operation.operands.get(index) {
            None => Err(format!("{} has no operand {index}", operation.role)),
            Some(Operand::Weight(weight)) => {
                let words = self.weights.get(&weight.tensor).ok_or_else(|| {
                    format!(
                        "{} read constant {}, which is not in the buffer",
                        operation.role, weight.tensor.0
                    )
                })?;
                let threshold = self.settings.thresholds.weights;
                for row in window.rows.clone() {
                    let row = &words[row * window.width..][window.columns.clone()];
                    into.extend(row.iter().map(|&word| Thresholds::pruned(word, threshold)));
                }
                Ok(1)
            }
            Some(Operand::Activation { tensor, .. }) => {
                let owner = self.activations.get(tensor).ok_or_else(|| gone(*tensor))?;
                let words = owner.words(window.b)?;
                let of_tensor = if window.transposed {
                    &window.columns
                } else {
                    &window.rows
                };
                owner.check_complete(window.b, of_tensor.clone())?;
                let threshold = self.settings.thresholds.activations;
                for item in 0..window.items {
                    let matrix = &words[item * owner.rows * owner.columns..][..owner.rows * owner.columns];
                    for row in window.rows.clone() {
                        into.extend(window.columns.clone().map(|column| {
                            let (row, column) = if window.transposed {
                                (column, row)
                            } else {
                                (row, column)
                            };
                            Thresholds::pruned(matrix[row * owner.columns + column], threshold)
                        }));
                    }
                }
                Ok(window.items)
            }
        }
    }
}
