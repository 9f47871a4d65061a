//! An operation that uses a tensor, and which of its parts touch a block of it.

use std::ops::Range;

use super::{BlockRanges, Found};
use crate::operation::Operation;
use crate::tile::Dimension;

use super::super::cut_operation::Pieces;
use super::super::parts::{Parts, Place};
use super::super::tensors::TensorSlot;
use super::super::view::{Axis, View};

/// An operation that uses a tensor: as an operand, or as what it makes.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub(super) tensor: TensorSlot,
    pub(super) operation: u32,
    pub(super) group: u32,
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
    /// Operation number `index`, which sees `tensor` in this view.
    pub(super) fn new(
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
    pub(super) fn first(
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

    /// Whether the same of its parts use every block of a column whose last block begins at row `last_row`.
    #[inline]
    pub(super) fn is_same_for_rows(&self, last_row: u32) -> bool {
        self.taps.is_none() && self.rows.takes_all(last_row)
    }

    /// The earlier of what was found and its own part at `place`.
    pub(super) fn earlier(&self, parts: &Parts, found: Option<Found>, place: Option<Place>) -> Option<Found> {
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
    /// Whether all elements up to block row `last_row` choose the same pieces.
    #[inline]
    fn takes_all(self, last: u32) -> bool {
        match self {
            Self::All => true,
            Self::Pieces { elements, extent, .. } => elements >= extent && last < extent,
        }
    }

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
