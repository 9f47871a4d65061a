//! How one operation of a stage is cut, and the order of its parts.

use std::ops::Range;

use crate::tile::{Dimension, LoopOrder, TileGrid};

/// How an operation is cut.
#[derive(Clone, Debug)]
pub(super) struct CutOperation {
    /// Tiles of a piece along b, i, j and k.
    pub(super) each: [u32; 4],
    pub(super) tiles: [u32; 4],
    /// Pieces along b, i, j and k, and one of `SLOT`.
    pub(super) pieces: At,
    /// Whether it is done for each item; else once, with the last one.
    pub(super) has_batch: bool,
    pub(super) group: u32,
    /// Its number in its group.
    pub(super) slot: u32,
    /// What tells its parts from each other and from those of its group, outermost first: numbers of coordinates.
    pub(super) digits: [usize; 5],
    /// Parts of a block of rows of the group that come before its own.
    pub(super) before: u64,
}

/// The coordinates of a part: its piece along b, i, j and k (of the batch the tile), and its operation's number in its group.
pub(super) type At = [u32; 5];

/// Which coordinate is the operation's number in its group.
pub(super) const SLOT: usize = 4;

/// Parts of an operation that touch something: those from one corner to the other, both of them included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pieces {
    pub(super) low: At,
    pub(super) high: At,
}

impl Pieces {
    /// Those of them that are of these batch tiles.
    #[inline]
    pub(super) fn of_items(mut self, items: &Range<u32>) -> Option<Self> {
        self.low[0] = self.low[0].max(items.start);
        // None are left where `items` is empty, too.
        let end = items.end.min(self.high[0].saturating_add(1));
        if self.low[0] >= end {
            return None;
        }
        self.high[0] = end - 1;
        Some(self)
    }
}

impl CutOperation {
    /// An operation over `grid` in pieces of `each` tiles, of group number `group`; in a wave, `order` is that of its loops inside a
    /// block of rows.
    pub(super) fn new(
        grid: &TileGrid,
        each: [u32; 4],
        order: LoopOrder,
        group: u32,
        is_wave: bool,
        has_batch: bool,
    ) -> Self {
        let tiles = Dimension::ALL.map(|dimension| grid.tiles(dimension));
        let [b, i] = [Dimension::B as usize, Dimension::I as usize];
        let nested = order.loops().map(|dimension| dimension as usize);
        let digits = if is_wave {
            let rest: Vec<usize> = nested
                .into_iter()
                .filter(|&loop_| loop_ != b && loop_ != i)
                .collect();
            [b, i, SLOT, rest[0], rest[1]]
        } else {
            [SLOT, nested[0], nested[1], nested[2], nested[3]]
        };
        let pieces = |along: usize| tiles[along].div_ceil(each[along]);
        Self {
            each,
            tiles,
            pieces: [pieces(0), pieces(1), pieces(2), pieces(3), 1],
            has_batch,
            group,
            slot: 0,
            digits,
            before: 0,
        }
    }

    /// Its parts for one item and one piece of rows.
    pub(super) fn parts_of_rows(&self) -> u64 {
        u64::from(self.pieces[2]) * u64::from(self.pieces[3])
    }

    /// All of its parts, of any batch tile.
    pub(super) fn all(&self) -> Pieces {
        let last = |along: usize| self.pieces[along].saturating_sub(1);
        Pieces {
            low: [0, 0, 0, 0, self.slot],
            high: [u32::MAX, last(1), last(2), last(3), self.slot],
        }
    }

    /// The first of its parts among `pieces` that comes after the part of its group at `after`.
    #[inline]
    pub(super) fn next_of_group(&self, pieces: &Pieces, after: &At) -> Option<At> {
        let Pieces { low, high } = pieces;
        // The outer digits of both are the same up to `last`, where the wanted one is the first to be later.
        let mut at = *low;
        let mut found = None;
        for last in self.digits {
            let value = after[last];
            if value < high[last] {
                found = Some((at, last, low[last].max(value + 1)));
            }
            if value < low[last] || value > high[last] {
                break;
            }
            at[last] = value;
        }
        let (mut at, last, later) = found?;
        at[last] = later;
        Some(at)
    }
}
