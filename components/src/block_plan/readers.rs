//! Which operations of a stage use each tensor, and which of their parts touch a block.

use std::ops::Range;

use super::cut_operation::Pieces;
use super::parts::{Parts, Place};
use super::stage_uses::StageTensors;
use super::tensors::{PlannedTensor, TensorSlot};
use super::view::{Axis, View};
use crate::operation::Operation;
use crate::tile::Dimension;
use reader::Reader;

mod reader;
#[cfg(test)]
mod tests;

/// A block: its batch tile, its rows and columns of elements, and the batch tiles that the plan holds of its tensor.
#[derive(Clone, Debug)]
pub(super) struct BlockRanges {
    item: u32,
    items: Range<u32>,
    ranges: [Range<u32>; 2],
}

impl BlockRanges {
    /// The block of `tensor` for batch tile `item`, at this row and column of blocks.
    pub(super) fn of(tensor: &PlannedTensor, item: u32, place: [u32; 2]) -> Self {
        Self {
            item,
            items: tensor.items.clone(),
            ranges: tensor.ranges_at(place),
        }
    }

    /// The batch tiles whose parts use it, from the first to the last: its own. Those of which the plan holds nothing use the first.
    #[inline]
    fn batch(&self) -> ([u32; 2], Option<[u32; 2]>) {
        match self.item == self.items.start {
            true if self.items.end == self.item + 1 => ([0, u32::MAX], None),
            true => ([0, self.item], Some([self.items.end, u32::MAX])),
            false => ([self.item; 2], None),
        }
    }
}

/// The uses of all tensors by the operations of a stage.
#[derive(Clone, Debug, Default)]
pub(super) struct Readers {
    tensors: StageTensors,
    views: Vec<Vec<View>>,
    /// By tensor, then by operation.
    readers: Vec<Reader>,
    /// Where those of each tensor are, by its slot.
    of_slots: Vec<Range<u32>>,
}

impl Readers {
    /// Of `operations`, which are cut into `parts` and use `tensors`.
    pub(super) fn new<'a>(
        operations: impl Iterator<Item = &'a Operation>,
        parts: &Parts,
        tensors: StageTensors,
    ) -> Self {
        let mut readers = Vec::new();
        let mut views = Vec::with_capacity(tensors.len());
        for ((index, operation), slots) in operations.enumerate().zip(&tensors) {
            let own: Vec<View> = (0..operation.operands.len())
                .map(|place| View::of(operation, place))
                .collect();
            let result = View {
                rows: Axis::Loop(Dimension::I),
                columns: Axis::Loop(Dimension::J),
            };
            for (place, (slot, view)) in slots.iter().zip(own.iter().chain([&result])).enumerate() {
                if let Some(slot) = *slot
                    && parts.runs(index)
                {
                    let makes = place == own.len();
                    readers.push(Reader::new(slot, index, operation, parts, *view, makes));
                }
            }
            views.push(own);
        }
        readers.sort_by_key(|reader| (reader.tensor, reader.operation));
        let mut of_slots = Vec::new();
        for (place, reader) in (0..).zip(&readers) {
            let slot = reader.tensor.0 as usize;
            if of_slots.len() <= slot {
                of_slots.resize(slot + 1, 0..0);
            }
            let range: &mut Range<u32> = &mut of_slots[slot];
            let first = if Range::is_empty(range) {
                place
            } else {
                range.start
            };
            *range = first..place + 1;
        }
        Self {
            tensors,
            views,
            readers,
            of_slots,
        }
    }

    /// The tensors that operation number `index` uses: operands, then the result.
    pub(super) fn slots_of(&self, index: usize) -> &[Option<TensorSlot>] {
        &self.tensors[index]
    }

    /// How it sees its operands.
    pub(super) fn views_of(&self, index: usize) -> &[View] {
        &self.views[index]
    }

    /// Those that use a tensor.
    pub(super) fn of_tensor(&self, slot: TensorSlot) -> ReadersOf<'_> {
        let range = self.of_slots.get(slot.0 as usize).cloned().unwrap_or(0..0);
        ReadersOf(&self.readers[range.start as usize..range.end as usize])
    }
}

/// The uses of one tensor, in the order of operations.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadersOf<'a>(&'a [Reader]);

impl<'a> ReadersOf<'a> {
    /// Those that may come after the part at `after`.
    pub(super) fn after(self, parts: &'a Parts, after: &'a Place) -> ReadersAfter<'a> {
        let now = parts.group_of(after.operation);
        let first = self.0.partition_point(|reader| reader.group < now);
        ReadersAfter {
            parts,
            after,
            all: self.0,
            in_round: &self.0[first..],
        }
    }
}

/// The uses of one tensor after a part.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadersAfter<'a> {
    parts: &'a Parts,
    after: &'a Place,
    all: &'a [Reader],
    /// Those that may come in the round of that part.
    in_round: &'a [Reader],
}

impl ReadersAfter<'_> {
    /// The first part which uses `block`, of a column whose last block begins at row `last_row`. No part uses what it makes in another
    /// way.
    #[inline]
    pub(super) fn next_use(&self, block: &BlockRanges, last_row: u32) -> Answer {
        let Self { parts, after, .. } = *self;
        let mut answer = self.next_in_round(block, last_row);
        if answer.found.is_some() || parts.ends_with(after) {
            return answer;
        }
        for reader in self.all {
            let later = |pieces: &Pieces| parts.next_in_later_round(reader.operation, pieces, after);
            answer.ask(reader, last_row);
            answer.found = reader.earlier(parts, answer.found, reader.first(parts, block, later));
        }
        answer
    }

    /// The same in the round of that part: groups come in the order of their operations.
    #[inline]
    fn next_in_round(&self, block: &BlockRanges, last_row: u32) -> Answer {
        let Self { parts, after, .. } = *self;
        let mut answer = Answer::NOTHING;
        let mut group = 0;
        for reader in self.in_round {
            if answer.found.is_some() && group < reader.group {
                break;
            }
            group = reader.group;
            let in_round = |pieces: &Pieces| parts.next_in_round(reader.operation, pieces, after);
            answer.ask(reader, last_row);
            answer.found = reader.earlier(parts, answer.found, reader.first(parts, block, in_round));
        }
        answer
    }
}

/// The next use of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    /// The first part that uses it.
    pub(super) found: Option<Found>,
    /// Whether the same holds for all blocks of its column: no reader that was asked cuts the rows.
    pub(super) holds_for_column: bool,
}

impl Answer {
    /// Before any reader was asked.
    const NOTHING: Self = Self {
        found: None,
        holds_for_column: true,
    };

    #[inline]
    fn ask(&mut self, reader: &Reader, last_row: u32) {
        self.holds_for_column &= reader.is_same_for_rows(last_row);
    }
}

/// A part that uses a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) place: Place,
    /// Whether it makes the block, or adds to it.
    pub(super) makes: bool,
}
