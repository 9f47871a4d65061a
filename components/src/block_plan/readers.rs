//! Which operations of a stage use each tensor, and which of their parts touch a block.

use std::ops::Range;

use super::cut_operation::Pieces;
use super::parts::{Parts, Place};
use super::stage_uses::StageTensors;
use super::tensors::{PlannedTensor, TensorSlot};
use super::view::{Axis, View};
use crate::operation::Operation;
use crate::tile::Dimension;

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

/// An operation that uses a tensor: as an operand, or as what it makes.
#[derive(Clone, Debug)]
struct Reader {
    tensor: TensorSlot,
    operation: u32,
    group: u32,
    makes: bool,
    /// All pieces that it has.
    all: Pieces,
    rows: Along,
    columns: Along,
    /// Pieces along i, if rows follow from these together with those along k.
    taps: Option<Taps>,
}

/// How a block's rows or columns choose pieces of a loop.
#[derive(Clone, Copy, Debug)]
enum Along {
    /// Those of this loop that have any of them, or have one as near as `reach`; so many elements each.
    Pieces {
        dimension: Dimension,
        elements: u32,
        /// Elements of the loop.
        extent: u32,
        reach: u32,
    },
    /// All.
    All,
}

/// Rows k + i - radius.
#[derive(Clone, Copy, Debug)]
struct Taps {
    radius: u32,
    /// Elements along i, of a piece and of all.
    each: u32,
    extent: u32,
    /// Rows that there are.
    rows: u32,
}

impl Reader {
    fn new(
        tensor: TensorSlot,
        index: usize,
        operation: &Operation,
        parts: &Parts,
        view: View,
        makes: bool,
    ) -> Self {
        let cut = parts.cut_of(index as u32);
        let each = cut.each;
        let elements =
            |dimension: Dimension| each[dimension as usize].saturating_mul(operation.grid.edge(dimension));
        let along = |axis: Axis| {
            let (dimension, reach) = match axis {
                Axis::Loop(dimension) => (dimension, 0),
                Axis::Halo(dimension, radius) => (dimension, radius),
                Axis::Taps(_) => (Dimension::K, 0),
                Axis::All(_) => return Along::All,
            };
            Along::Pieces {
                dimension,
                elements: elements(dimension),
                extent: operation.grid.extent(dimension),
                reach,
            }
        };
        let taps = match view.rows {
            Axis::Taps(radius) => Some(Taps {
                radius,
                each: elements(Dimension::I),
                extent: operation.grid.extent(Dimension::I),
                rows: operation.grid.extent(Dimension::K),
            }),
            _ => None,
        };
        Self {
            tensor,
            operation: index as u32,
            group: cut.group,
            makes,
            all: cut.all(),
            rows: along(view.rows),
            columns: along(view.columns),
            taps,
        }
    }

    /// The first that `find` finds of the pieces at which its parts use `block`.
    #[inline]
    fn first(
        &self,
        parts: &Parts,
        block: &BlockRanges,
        find: impl Fn(&Pieces) -> Option<Place>,
    ) -> Option<Place> {
        let mut pieces = self.all;
        if !self.columns.narrow(&block.ranges[1], &mut pieces) {
            return None;
        }
        let (own, others) = block.batch();
        [pieces.low[0], pieces.high[0]] = own;
        let first = self.first_of_rows(parts, block, pieces, &find);
        let Some(others) = others else {
            return first;
        };
        [pieces.low[0], pieces.high[0]] = others;
        parts.earlier(first, self.first_of_rows(parts, block, pieces, &find))
    }

    /// The same among `pieces`, which the block's rows have not narrowed yet.
    #[inline]
    fn first_of_rows(
        &self,
        parts: &Parts,
        block: &BlockRanges,
        mut pieces: Pieces,
        find: &impl Fn(&Pieces) -> Option<Place>,
    ) -> Option<Place> {
        let rows = &block.ranges[0];
        let Some(taps) = &self.taps else {
            return match self.rows.narrow(rows, &mut pieces) {
                true => find(&pieces),
                false => None,
            };
        };
        let i = Dimension::I as usize;
        (pieces.low[i]..=pieces.high[i]).fold(None, |first, piece| {
            let mut at_taps = pieces;
            (at_taps.low[i], at_taps.high[i]) = (piece, piece);
            match self.rows.narrow(&taps.rows(rows, piece), &mut at_taps) {
                true => parts.earlier(first, find(&at_taps)),
                false => first,
            }
        })
    }
}

impl Reader {
    /// The earlier of what was found and its own part at `place`.
    fn earlier(&self, parts: &Parts, found: Option<Found>, place: Option<Place>) -> Option<Found> {
        let own = place.map(|place| Found {
            place,
            makes: self.makes,
        });
        match (found, own) {
            (Some(found), Some(own)) if parts.precedes(&own.place, &found.place) => Some(own),
            (found, own) => found.or(own),
        }
    }
}

impl Along {
    /// Leaves of `pieces` those that have any of the elements `range`, and says whether there are any.
    #[inline]
    fn narrow(self, range: &Range<u32>, pieces: &mut Pieces) -> bool {
        let Self::Pieces {
            dimension,
            elements,
            extent,
            reach,
        } = self
        else {
            return true;
        };
        if range.start >= extent.min(range.end) {
            return false;
        }
        let (low, high) = (
            &mut pieces.low[dimension as usize],
            &mut pieces.high[dimension as usize],
        );
        if elements >= extent {
            (*low, *high) = (0, 0);
            return true;
        }
        *low = range.start.saturating_sub(reach) / elements;
        *high = ((range.end.saturating_add(reach) - 1) / elements).min(*high);
        low <= high
    }
}

impl Taps {
    /// The elements along k that read any of these rows at the taps of `piece`.
    fn rows(self, rows: &Range<u32>, piece: u32) -> Range<u32> {
        if rows.start >= self.rows {
            return 0..0;
        }
        let first = piece * self.each;
        let end = (first + self.each).min(self.extent);
        (rows.start + self.radius + 1).saturating_sub(end)
            ..(rows.end.min(self.rows) + self.radius).saturating_sub(first)
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
    /// The first part which uses `block`. No part uses what it makes in another way.
    #[inline]
    pub(super) fn next_use(&self, block: &BlockRanges) -> Option<Found> {
        let Self { parts, after, .. } = *self;
        let in_round = self.next_in_round(block);
        if in_round.is_some() || parts.ends_with(after) {
            return in_round;
        }
        self.all.iter().fold(None, |first, reader| {
            let later = |pieces: &Pieces| parts.next_in_later_round(reader.operation, pieces, after);
            reader.earlier(parts, first, reader.first(parts, block, later))
        })
    }

    /// The same in the round of that part: groups come in the order of their operations.
    #[inline]
    fn next_in_round(&self, block: &BlockRanges) -> Option<Found> {
        let Self { parts, after, .. } = *self;
        let mut found = None;
        let mut group = 0;
        for reader in self.in_round {
            if found.is_some() && group < reader.group {
                break;
            }
            group = reader.group;
            let in_round = |pieces: &Pieces| parts.next_in_round(reader.operation, pieces, after);
            found = reader.earlier(parts, found, reader.first(parts, block, in_round));
        }
        found
    }
}

/// A part that uses a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) place: Place,
    /// Whether it makes the block, or adds to it.
    pub(super) makes: bool,
}
