//! What the DMA moves for a part of an operation that only moves data.

use std::ops::Range;

use crate::block_plan::Move;
use crate::message::{TokenRows, Traffic, TransferPattern, traffic_of};
use crate::operation::{Footprint, Operation, TensorKind};
use crate::runs::Tiling;
use crate::tile::Dimension;
use crate::units::BLOCK;
use crate::work::{MovedRows, Movement};

/// One movement of data and masks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataOrder {
    /// Addresses and sizes; of a table, of its first row.
    pub moved: Move,
    /// What data and masks count as.
    pub traffic: [Traffic; 2],
    /// Direction and addresses.
    pub pattern: TransferPattern,
}

impl DataOrder {
    /// What is moved for the part of `operation` that covers `tiles` along b, i, j and k: one movement, or one for each item if
    /// the rows of several items do not follow each other. Nothing if units execute the operation.
    #[must_use]
    pub fn of(operation: &Operation, tiles: &[Range<u16>; 4], tiling: &Tiling) -> Vec<Self> {
        let (Some(movement), Some(kind)) = (operation.work.profile().movement(), operation.moved_kind())
        else {
            return Vec::new();
        };
        let elements = |dimension: Dimension| {
            let range = &tiles[dimension as usize];
            operation
                .grid
                .elements(dimension, range.start.into(), range.end.into())
        };
        let (items, rows) = (elements(Dimension::B), elements(Dimension::I));
        let height = operation.grid.extent(Dimension::I);
        if rows == (0..height) {
            return vec![Self::of_rows(operation, &movement, kind, items, rows, tiling)];
        }
        items
            .map(|item| Self::of_rows(operation, &movement, kind, item..item + 1, rows.clone(), tiling))
            .collect()
    }

    /// `rows` of one item, or all rows of several.
    fn of_rows(
        operation: &Operation,
        movement: &Movement,
        kind: TensorKind,
        items: Range<u32>,
        rows: Range<u32>,
        tiling: &Tiling,
    ) -> Self {
        let height = operation.grid.extent(Dimension::I);
        let columns = u64::from(operation.grid.extent(Dimension::J));
        let tokens = (items.end - items.start) * (rows.end - rows.start);
        let token_rows = |once| TokenRows {
            first_token: items.start * height + rows.start,
            tokens,
            once,
        };
        let pattern = match (movement.rows, movement.outward) {
            (MovedRows::Consecutive, false) => TransferPattern::Load,
            (MovedRows::Consecutive, true) => TransferPattern::Store,
            (MovedRows::OfTable { once }, false) => TransferPattern::Gather(token_rows(once)),
            (MovedRows::OfTable { once }, true) => TransferPattern::Scatter(token_rows(once)),
            (MovedRows::AddedToTable, _) => TransferPattern::Accumulate(token_rows(false)),
        };
        let moved = match movement.rows {
            MovedRows::OfTable { .. } | MovedRows::AddedToTable => Move {
                data: movement.data,
                masks: movement.masks,
                footprint: tiling.footprint(columns, kind),
            },
            MovedRows::Consecutive => {
                // Each batch tile begins at an access of its own.
                let edge = operation
                    .grid
                    .edge(Dimension::B)
                    .min(operation.grid.extent(Dimension::B));
                let tile = items.start / edge;
                let whole = tiling.footprint(u64::from(edge) * u64::from(height) * columns, kind);
                let within = u64::from(items.start - tile * edge) * u64::from(height) + u64::from(rows.start);
                let start = tiling.footprint(within * columns, kind);
                let end = tiling.footprint((within + u64::from(tokens)) * columns, kind);
                Move {
                    data: movement.data + u64::from(tile) * whole.data.blocks() * BLOCK.0 + start.data.0,
                    masks: movement.masks + u64::from(tile) * whole.mask.blocks() * BLOCK.0 + start.mask.0,
                    footprint: Footprint {
                        data: end.data - start.data,
                        mask: end.mask - start.mask,
                    },
                }
            }
        };
        let data_traffic = match kind {
            TensorKind::Weight => Traffic::Embeddings,
            other => traffic_of(other),
        };
        Self {
            moved,
            traffic: [data_traffic, Traffic::Masks],
            pattern,
        }
    }
}
