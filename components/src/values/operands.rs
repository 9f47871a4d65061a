//! Fetching the operands of a tile: from the buffers, through DynaProp, compressed.

use std::ops::Range;

use super::store::{ValueStore, gone};
use crate::operation::{Operand, Operation, TensorId};
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
    /// Columns of the whole operand as it lies in memory, if it is a constant.
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
    /// The words of an element-by-element operand in a tile.
    pub(super) fn tile_words(
        &self,
        operation: &Operation,
        operand: &Operand,
        tile: TileCoordinate,
    ) -> Result<Vec<f64>, String> {
        let [batch, rows, columns] =
            [Dimension::B, Dimension::I, Dimension::J].map(|d| range(operation, tile, d));
        let b = usize::from(tile.along(Dimension::B));
        let (words, height, width) = match operand {
            Operand::Weight(weight) => {
                let words = self
                    .weights
                    .get(&weight.tensor)
                    .ok_or_else(|| gone(weight.tensor))?;
                (words.as_slice(), 0, operation.grid.extent(Dimension::J) as usize)
            }
            Operand::Activation { tensor, .. } => {
                let owner = self.activations.get(tensor).ok_or_else(|| gone(*tensor))?;
                owner.check_complete(b, rows.clone(), columns.clone())?;
                (owner.words(b)?, owner.rows, owner.columns)
            }
        };
        let mut of_tile = Vec::with_capacity(batch.len() * rows.len() * columns.len());
        for item in 0..batch.len() {
            for row in rows.clone() {
                of_tile.extend_from_slice(&words[(item * height + row) * width..][columns.clone()]);
            }
        }
        check_present(&of_tile, operation, operand.tensor())?;
        Ok(of_tile)
    }

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
        let window = |index: usize, [rows, columns]: [Dimension; 2], spans: [Range<usize>; 2]| {
            let transposed = operation.operands.get(index).is_some_and(Operand::is_transposed);
            let [row_span, column_span] = spans;
            Window {
                b,
                rows: row_span,
                columns: column_span,
                width: extent(if transposed { rows } else { columns }),
                transposed,
            }
        };
        let left = window(0, [Dimension::I, Dimension::K], [i, k.clone()]);
        let right = window(1, [Dimension::K, Dimension::J], [k, j]);
        (0..items as usize)
            .map(|item| {
                Ok(Operands {
                    left: self.fetch(operation, 0, &left, item)?,
                    right: self.fetch(operation, 1, &right, item)?,
                })
            })
            .collect()
    }

    /// The part of an operand that `window` selects, for one item, pruned and compressed.
    fn fetch(
        &self,
        operation: &Operation,
        index: usize,
        window: &Window,
        item: usize,
    ) -> Result<CompressedTile, String> {
        let operand = operation
            .operands
            .get(index)
            .ok_or_else(|| format!("{} has no operand {index}", operation.role))?;
        let threshold = self.settings.thresholds.of(operation.role, operand.kind());
        let (words, height, width) = match operand {
            Operand::Weight(weight) => {
                let words = self.weights.get(&weight.tensor).ok_or_else(|| {
                    format!(
                        "{} read constant {}, which is not in the buffer",
                        operation.role, weight.tensor.0
                    )
                })?;
                (words.as_slice(), words.len() / window.width, window.width)
            }
            Operand::Activation { tensor, .. } => {
                let owner = self.activations.get(tensor).ok_or_else(|| gone(*tensor))?;
                let (rows, columns) = match window.transposed {
                    true => (&window.columns, &window.rows),
                    false => (&window.rows, &window.columns),
                };
                owner.check_complete(window.b, rows.clone(), columns.clone())?;
                let size = owner.rows * owner.columns;
                let words = &owner.words(window.b)?[item * size..][..size];
                (words, owner.rows, owner.columns)
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
            check_present(&dense, operation, operand.tensor())?;
            prune::prune(&mut dense, threshold);
            return Ok(CompressedTile::compress(extents, &dense));
        }
        for row in window.rows.clone() {
            let words = &words[row * width..][window.columns.clone()];
            check_present(words, operation, operand.tensor())?;
        }
        let at = [0, window.rows.start, window.columns.start];
        tile.refill_from(words, Extents::matrix(height, width), at, extents, threshold);
        Ok(tile)
    }
}

/// Refuses words that are not in the buffer.
pub(super) fn check_present(words: &[f64], operation: &Operation, tensor: TensorId) -> Result<(), String> {
    match words.iter().any(|word| word.is_nan()) {
        false => Ok(()),
        true => Err(format!(
            "a {} read words of tensor {} that are not in the buffer",
            operation.role, tensor.0
        )),
    }
}
