//! The tiles of an operation in the order in which the control block issues them.

use super::cursor::Cursor;
use crate::operation::Operation;
use crate::tile::{LoopOrder, TileCoordinate};

/// A lazy walk over the tile operations of one operation, in loop order. Operations that only move data have none.
#[derive(Clone, Debug)]
pub struct TileWalk {
    cursor: Option<Cursor>,
    done: u16,
}

impl TileWalk {
    /// The walk over `operation` with its loops in `order`.
    #[must_use]
    pub fn new(operation: &Operation, order: LoopOrder) -> Self {
        let cursor = operation
            .work
            .is_compute()
            .then(|| Cursor::new(operation, order, 1, u32::MAX));
        Self { cursor, done: 0 }
    }
}

impl Iterator for TileWalk {
    type Item = TileCoordinate;

    fn next(&mut self) -> Option<TileCoordinate> {
        let cursor = self.cursor.as_mut()?;
        let (first, length) = cursor.peek()?;
        let tile = first.stepped(cursor.along(), self.done);
        self.done += 1;
        if self.done == length {
            cursor.advance(length);
            self.done = 0;
        }
        Some(tile)
    }
}

/// Multiplications of the tile of `operation` at `tile`, zeros counted.
#[must_use]
pub fn tile_multiplications(operation: &Operation, tile: TileCoordinate) -> u64 {
    operation
        .work
        .multiplications(operation.grid.edges_at(tile).map(u64::from))
}
