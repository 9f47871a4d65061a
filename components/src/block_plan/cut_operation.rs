//! How one operation of a stage is cut, and the order of its parts.

use std::ops::Range;

use crate::tile::{Dimension, LoopOrder, TileGrid};

/// How an operation is cut.
#[derive(Clone, Debug)]
pub(super) struct CutOperation {
    /// Tiles of a piece along b, i, j and k.
    pub(super) each: [u32; 4],
    pub(super) tiles: [u32; 4],
    pub(super) pieces: [u32; 4],
    /// Whether it is done for each item; else once, with the last one.
    pub(super) has_batch: bool,
    pub(super) group: u32,
    /// Its number in its group.
    pub(super) slot: u32,
    /// What tells its parts from each other and from those of its group, outermost first.
    pub(super) digits: [Digit; 5],
    /// Parts of a block of rows of the group that come before its own.
    pub(super) before: u64,
}

/// What a place is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digit {
    Piece(Dimension),
    /// The operation among those of a wave.
    Slot,
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
        let [a, b, c, d] = order.loops().map(Digit::Piece);
        let digits = if is_wave {
            let rest: Vec<Digit> = [a, b, c, d]
                .into_iter()
                .filter(|digit| !matches!(digit, Digit::Piece(Dimension::B | Dimension::I)))
                .collect();
            let [b, i] = [Dimension::B, Dimension::I].map(Digit::Piece);
            [b, i, Digit::Slot, rest[0], rest[1]]
        } else {
            [Digit::Slot, a, b, c, d]
        };
        Self {
            each,
            tiles,
            pieces: [0, 1, 2, 3].map(|along: usize| tiles[along].div_ceil(each[along])),
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

    fn digit(&self, at: &[u32; 4], digit: Digit) -> u32 {
        match digit {
            Digit::Piece(dimension) => at[dimension as usize],
            Digit::Slot => self.slot,
        }
    }

    pub(super) fn radix(&self, dimension: Dimension, items: &Range<u32>) -> u32 {
        match dimension {
            Dimension::B => items.end - items.start,
            _ => self.pieces[dimension as usize],
        }
    }

    /// The first of its parts from `low` to `high` that comes after the part of `other`, of the same group, at `after`.
    pub(super) fn next_of_group(
        &self,
        low: &[u32; 4],
        high: &[u32; 4],
        other: &Self,
        after: &[u32; 4],
    ) -> Option<[u32; 4]> {
        // They share what is before `last`, where the wanted one is the first to be later.
        let mut shared = 0;
        for &digit in &self.digits {
            let value = other.digit(after, digit);
            if value < self.digit(low, digit) || value > self.digit(high, digit) {
                break;
            }
            shared += 1;
        }
        for last in (0..=shared.min(self.digits.len() - 1)).rev() {
            let digit = self.digits[last];
            let later = self.digit(low, digit).max(other.digit(after, digit) + 1);
            if later > self.digit(high, digit) {
                continue;
            }
            let mut at = *low;
            for &digit in &self.digits[..last] {
                if let Digit::Piece(dimension) = digit {
                    at[dimension as usize] = after[dimension as usize];
                }
            }
            if let Digit::Piece(dimension) = digit {
                at[dimension as usize] = later;
            }
            return Some(at);
        }
        None
    }
}
