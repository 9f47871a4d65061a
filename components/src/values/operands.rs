//! Fetching the operands of a tile: out of the buffers, through DynaProp, compressed.

use std::ops::Range;

use super::store::{ValueStore, gone};
use crate::operation::{Operand, Operation, Role};
use crate::sparsity::compressed::{CompressedTile, Extents};
use crate::sparsity::prune;
use crate::tile::{Dimension, TileCoordinate};

/// The operands of a product tile for one item of the batch: rows x inner, and inner x columns.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Operands {
    pub(super) left: CompressedTile,
    pub(super) right: CompressedTile,
}

/// Rows and columns of an operand that a tile reads, and how.
struct Window {
    b: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    /// Columns of the whole operand, if it is a constant.
    width: usize,
    /// Read with rows and columns exchanged.
    transposed: bool,
}

/// The part of a grid's dimension that a tile covers.
pub(super) fn range(operation: &Operation, tile: TileCoordinate, dimension: Dimension) -> Range<usize> {
    let start = usize::from(tile.along(dimension)) * operation.grid.edge_at(dimension, 0) as usize;
    let edge = operation
        .grid
        .edge_at(dimension, u32::from(tile.along(dimension)));
    start..start + edge as usize
}

impl ValueStore {
    /// The operands of a product tile, item by item, as they leave DynaProp.
    pub(super) fn product_operands(
        &self,
        operation: &Operation,
        tile: TileCoordinate,
    ) -> Result<Vec<Operands>, String> {
        let [i, j, k] = [Dimension::I, Dimension::J, Dimension::K].map(|d| range(operation, tile, d));
        let items = operation
            .grid
            .edge_at(Dimension::B, u32::from(tile.along(Dimension::B)));
        let extent = |dimension| operation.grid.extent(dimension) as usize;
        let b = usize::from(tile.along(Dimension::B));
        let left = Window {
            b,
            rows: i,
            columns: k.clone(),
            width: extent(Dimension::K),
            transposed: false,
        };
        // Keys lie row by row, one a token: the scores need them transposed.
        let right = Window {
            b,
            rows: k,
            columns: j,
            width: extent(Dimension::J),
            transposed: operation.role == Role::Scores,
        };
        (0..items as usize)
            .map(|item| {
                Ok(Operands {
                    left: self.fetch(operation, 0, &left, item)?,
                    right: self.fetch(operation, 1, &right, item)?,
                })
            })
            .collect()
    }

    /// What `window` shows of an operand for one item, pruned and compressed.
    fn fetch(
        &self,
        operation: &Operation,
        index: usize,
        window: &Window,
        item: usize,
    ) -> Result<CompressedTile, String> {
        let (words, height, width, threshold) = match operation.operands.get(index) {
            None => return Err(format!("{} has no operand {index}", operation.role)),
            Some(Operand::Weight(weight)) => {
                let words = self.weights.get(&weight.tensor).ok_or_else(|| {
                    format!(
                        "{} read constant {}, which is not in the buffer",
                        operation.role, weight.tensor.0
                    )
                })?;
                (
                    words.as_slice(),
                    words.len() / window.width,
                    window.width,
                    self.settings.thresholds.weights,
                )
            }
            Some(Operand::Activation { tensor, .. }) => {
                let owner = self.activations.get(tensor).ok_or_else(|| gone(*tensor))?;
                let of_tensor = if window.transposed {
                    &window.columns
                } else {
                    &window.rows
                };
                owner.check_complete(window.b, of_tensor.clone())?;
                let size = owner.rows * owner.columns;
                let words = &owner.words(window.b)?[item * size..][..size];
                (
                    words,
                    owner.rows,
                    owner.columns,
                    self.settings.thresholds.activations,
                )
            }
        };
        let extents = Extents::matrix(window.rows.len(), window.columns.len());
        let mut tile = CompressedTile::default();
        if window.transposed {
            let places = window
                .rows
                .clone()
                .flat_map(|row| window.columns.clone().map(move |column| (row, column)));
            let mut dense: Vec<f64> = places.map(|(row, column)| words[column * width + row]).collect();
            prune::prune(&mut dense, threshold);
            return Ok(CompressedTile::compress(extents, &dense));
        }
        let at = [0, window.rows.start, window.columns.start];
        tile.refill_from(words, Extents::matrix(height, width), at, extents, threshold);
        Ok(tile)
    }
}
