//! How large the parts of an operation are, in tiles.

use super::blocking::Blocking;
use crate::operation::{Operand, Operation};
use crate::tile::{Dimension, TileShape};
use crate::work::{Indexing, Walk};

impl Blocking {
    /// Tiles along b, i, j and k of a part of `operation` that is not ragged: one batch tile, and of each other loop at least
    /// one tile and at most all.
    #[must_use]
    pub fn cut_of(&self, tile: TileShape, operation: &Operation) -> [u16; 4] {
        let of = |dimension, each: u32| each.clamp(1, operation.grid.tiles(dimension)) as u16;
        let parts = Parts {
            blocking: self,
            tile,
            operation,
        };
        [
            1,
            of(Dimension::I, self.rows_of(operation.role)),
            of(Dimension::J, parts.columns()),
            of(Dimension::K, parts.reduction()),
        ]
    }
}

/// The parts of an operation.
struct Parts<'a> {
    blocking: &'a Blocking,
    tile: TileShape,
    operation: &'a Operation,
}

impl Parts<'_> {
    /// Tiles along j of a part.
    fn columns(&self) -> u32 {
        let (blocking, operation) = (self.blocking, self.operation);
        let profile = operation.work.profile();
        // Modules take whole rows, and so does the DMA.
        if profile.walk == Walk::WholeRows || profile.movement().is_some() {
            return u32::MAX;
        }
        if let (Indexing::Product, Some(stated)) =
            (profile.indexing, blocking.stated_of(operation.role).columns)
        {
            return stated;
        }
        let right = operation.operands.get(1);
        let of_right = match (profile.indexing, right) {
            (Indexing::Product, Some(Operand::Weight(_))) => blocking.panel,
            // The rows of keys, if they are read transposed.
            (Indexing::Product, Some(right)) if right.is_transposed() => {
                self.along(Dimension::J, blocking.keys)
            }
            _ => u32::MAX,
        };
        of_right.min(blocking.columns)
    }

    /// Tiles along k of a part.
    fn reduction(&self) -> u32 {
        let (blocking, operation) = (self.blocking, self.operation);
        let profile = operation.work.profile();
        if !profile.sums_reduction {
            return u32::MAX;
        }
        if let Some(stated) = blocking.stated_of(operation.role).reduction {
            return stated;
        }
        let left = operation.operands.first();
        let right = operation.operands.get(1);
        let by_tokens = match (profile.sums_batch, right) {
            // Left and right are read by rows of tokens.
            (true, _) => self.along(Dimension::K, blocking.rows),
            (
                false,
                Some(Operand::Activation {
                    transposed: false, ..
                }),
            ) => self.along(Dimension::K, blocking.keys),
            _ => u32::MAX,
        };
        // Columns of blocks of a left operand, or rows of blocks of one that is read transposed.
        let of_left = match left {
            Some(left) if left.is_transposed() => u32::MAX,
            _ => blocking.columns,
        };
        by_tokens.min(of_left)
    }

    /// `rows` of tiles of an activation, in tiles along `dimension`.
    fn along(&self, dimension: Dimension, rows: u32) -> u32 {
        let elements = rows.saturating_mul(self.tile.x);
        (elements / self.operation.grid.edge(dimension)).max(1)
    }
}
