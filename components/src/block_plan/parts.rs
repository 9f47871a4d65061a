//! The parts of a stage, in the order in which they run. They are never listed: each follows from its number by arithmetic, and
//! so does the next one that touches given tiles. So a stage of any number of parts takes no more memory than one of a few.
//!
//! A stage runs in *rounds*, each some batch tiles. In a round come the groups of operations in program order: an operation
//! alone, its loops nested in an order of its own; or a wave, whose operations go through each block of rows together.

use std::cmp::Ordering;
use std::ops::Range;

use super::cut_operation::{At, CutOperation, Pieces};
use super::view::Extents;
use crate::operation::Operation;
use crate::tile::Dimension;

mod numbers;

/// A part of the stage's operation number `operation`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) place: Place,
    /// Tiles along b, i, j and k.
    pub(super) tiles: [Range<u16>; 4],
    /// Those of a part of the same operation that is not ragged.
    pub(super) cut: [u16; 4],
}

impl Part {
    /// Its elements along b, i, j and k.
    pub(super) fn extents(&self, operation: &Operation) -> Extents {
        Dimension::ALL.map(|dimension| {
            let tiles = &self.tiles[dimension as usize];
            operation
                .grid
                .elements(dimension, tiles.start.into(), tiles.end.into())
        })
    }
}

/// Where a part stands among those of its stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    round: u32,
    pub(super) operation: u32,
    at: At,
}

/// Batch tiles of which a stage is planned.
#[derive(Clone, Debug, Default)]
pub(super) struct Items {
    /// Those that go through it now.
    pub(super) range: Range<u32>,
    /// Of the whole batch.
    pub(super) all: u32,
}

/// Operations that go through each block of rows together, or one alone.
#[derive(Clone, Debug)]
pub(super) struct Group {
    operations: Range<usize>,
    /// Parts for one item, and of them for one block of rows.
    parts: u64,
    of_rows: u64,
}

impl Group {
    /// Of the stage's operations of these numbers.
    pub(super) fn of(operations: Range<usize>) -> Self {
        Self {
            operations,
            parts: 0,
            of_rows: 0,
        }
    }
}

/// The parts of a stage.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    operations: Vec<CutOperation>,
    groups: Vec<Group>,
    items: Items,
    /// Batch tiles of a round.
    together: u32,
    rounds: u32,
    /// Parts of a round that come before each group's, and of all: of a full round and of the last.
    starts: [Vec<u64>; 2],
}

impl Parts {
    /// The parts of `operations`, which belong to `groups` in their order, for `items`, so many `together`.
    pub(super) fn new(
        mut operations: Vec<CutOperation>,
        mut groups: Vec<Group>,
        items: Items,
        together: u32,
    ) -> Self {
        for group in &mut groups {
            let of_group = &mut operations[group.operations.clone()];
            let pieces = of_group.first().map_or(0, |first| first.pieces[1]);
            let mut before = 0;
            for (operation, slot) in of_group.iter_mut().zip(0..) {
                // The blocks of rows are the first operation's.
                operation.pieces[1] = pieces;
                (operation.slot, operation.before) = (slot, before);
                before += operation.parts_of_rows();
            }
            (group.parts, group.of_rows) = (u64::from(pieces) * before, before);
        }
        let count = items.range.end.saturating_sub(items.range.start);
        let together = together.clamp(1, count.max(1));
        let mut parts = Self {
            operations,
            groups,
            rounds: count.div_ceil(together),
            items,
            together,
            starts: [Vec::new(), Vec::new()],
        };
        parts.starts = [0, parts.rounds.saturating_sub(1)].map(|round| parts.starts_of(round));
        parts
    }

    fn starts_of(&self, round: u32) -> Vec<u64> {
        let mut end = 0;
        let ends = self.groups.iter().map(|group| {
            let items = self.items_of(group.operations.start, round);
            end += u64::from(items.end - items.start) * group.parts;
            end
        });
        std::iter::once(0).chain(ends).collect()
    }

    /// The number of all parts.
    pub(super) fn count(&self) -> u64 {
        let [full, last] = [0, 1].map(|kind: usize| self.starts[kind].last().copied().unwrap_or(0));
        match self.rounds {
            0 => 0,
            rounds => full * u64::from(rounds - 1) + last,
        }
    }

    /// Whether operation number `index` has any part.
    pub(super) fn runs(&self, index: usize) -> bool {
        let last = self.rounds.checked_sub(1);
        last.is_some_and(|last| !self.items_of(index, last).is_empty())
            && self.operations[index].parts_of_rows() > 0
    }

    /// How operation number `index` is cut.
    #[inline]
    pub(super) fn cut_of(&self, index: u32) -> &CutOperation {
        &self.operations[index as usize]
    }

    /// Part number `number`, of those that there are.
    pub(super) fn part(&self, number: u64) -> Part {
        let place = self.place(number);
        let cut = self.cut_of(place.operation);
        let of = |along: usize| {
            let first = place.at[along] * cut.each[along];
            first as u16..(first + cut.each[along]).min(cut.tiles[along]) as u16
        };
        Part {
            tiles: [place.at[0] as u16..place.at[0] as u16 + 1, of(1), of(2), of(3)],
            cut: cut.each.map(|tiles| tiles as u16),
            place,
        }
    }

    /// Whether the part at `one` comes before that at `other`.
    pub(super) fn precedes(&self, one: &Place, other: &Place) -> bool {
        let cut = self.cut_of(one.operation);
        let groups = [cut.group, self.group_of(other.operation)];
        if (one.round, groups[0]) != (other.round, groups[1]) {
            return (one.round, groups[0]) < (other.round, groups[1]);
        }
        // Orders of loops differ only behind the operation's number.
        let differs = cut.digits.iter().find(|&&digit| one.at[digit] != other.at[digit]);
        differs.is_some_and(|&digit| one.at[digit] < other.at[digit])
    }

    /// The earlier of two places.
    pub(super) fn earlier(&self, one: Option<Place>, other: Option<Place>) -> Option<Place> {
        match (one, other) {
            (Some(a), Some(b)) => Some(if self.precedes(&b, &a) { b } else { a }),
            (one, other) => one.or(other),
        }
    }

    /// Whether no round follows that of the part at `place`.
    pub(super) fn ends_with(&self, place: &Place) -> bool {
        place.round + 1 >= self.rounds
    }

    /// The first part of operation number `operation` among `pieces` that comes after the one at `after`, in its round.
    #[inline]
    pub(super) fn next_in_round(&self, operation: u32, pieces: &Pieces, after: &Place) -> Option<Place> {
        let cut = self.cut_of(operation);
        let order = cut.group.cmp(&self.group_of(after.operation));
        if order == Ordering::Less {
            return None;
        }
        let pieces = pieces.of_items(&self.items_of(operation as usize, after.round))?;
        let at = match order {
            Ordering::Equal => cut.next_of_group(&pieces, &after.at)?,
            _ => pieces.low,
        };
        Some(Place {
            round: after.round,
            operation,
            at,
        })
    }

    /// The same, in the rounds after that of the part.
    pub(super) fn next_in_later_round(
        &self,
        operation: u32,
        pieces: &Pieces,
        after: &Place,
    ) -> Option<Place> {
        let cut = self.cut_of(operation);
        let round = match cut.has_batch {
            true => pieces.low[0].saturating_sub(self.items.range.start) / self.together,
            false => self.rounds.saturating_sub(1),
        };
        let round = round.max(after.round + 1);
        if round >= self.rounds {
            return None;
        }
        let at = pieces.of_items(&self.items_of(operation as usize, round))?.low;
        Some(Place { round, operation, at })
    }

    /// The number of the group that operation number `operation` belongs to; groups come in this order.
    #[inline]
    pub(super) fn group_of(&self, operation: u32) -> u32 {
        self.cut_of(operation).group
    }

    fn starts_in(&self, round: u32) -> &[u64] {
        &self.starts[usize::from(round + 1 == self.rounds)]
    }

    /// The batch tiles of operation number `index` in a round. What has no batch comes with the last item.
    #[inline]
    fn items_of(&self, index: usize, round: u32) -> Range<u32> {
        let Items { range, all } = &self.items;
        let first = range.start + round * self.together;
        let end = first.saturating_add(self.together).min(range.end);
        if self.operations[index].has_batch {
            first..end.max(first)
        } else if end == *all {
            0..1
        } else {
            0..0
        }
    }
}
