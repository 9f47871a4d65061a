//! How an operand lies against an operation's loops: which of its rows and columns a part of the operation reads.

use std::ops::Range;

use crate::operation::{Operand, Operation};
use crate::tile::Dimension;
use crate::work::{Effort, Indexing};

/// Element ranges along b, i, j and k.
pub(super) type Extents = [Range<u32>; 4];

/// How the rows or columns of an operand follow from the loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    /// Those of a loop.
    Loop(Dimension),
    /// Those of a loop, and `radius` more on either side.
    Halo(Dimension, u32),
    /// Taps: those of `k`, and so many more as `i` has, less the radius. Left of a kernel's gradient.
    Taps(u32),
    /// All of them, always.
    All(u32),
}

/// An operand's rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) rows: Axis,
    pub(super) columns: Axis,
}

impl View {
    /// The view that `operation` has of its operand number `place`.
    pub(super) fn of(operation: &Operation, place: usize) -> Self {
        let profile = operation.work.profile();
        let by = |rows, columns| Self {
            rows: Axis::Loop(rows),
            columns: Axis::Loop(columns),
        };
        let operand = &operation.operands[place];
        use Dimension::{I, J, K};
        let taps = match profile.effort {
            Effort::Taps(taps) => taps,
            _ => 1,
        };
        let view = match (profile.indexing, place) {
            (Indexing::Product, 0) => by(I, K),
            (Indexing::Product, _) => by(K, J),
            (Indexing::Convolution, 0) => Self {
                rows: Axis::Halo(I, taps / 2),
                columns: Axis::Loop(J),
            },
            (Indexing::Convolution, _) => Self {
                rows: Axis::All(taps),
                columns: Axis::Loop(J),
            },
            (Indexing::KernelGradient, 0) => Self {
                rows: Axis::Taps(operation.grid.extent(I) / 2),
                columns: Axis::Loop(J),
            },
            (Indexing::KernelGradient, _) => by(K, J),
            (Indexing::Elementwise, _) => by(I, J),
        };
        let view = if operand.is_transposed() && profile.indexing == Indexing::Product {
            Self {
                rows: view.columns,
                columns: view.rows,
            }
        } else {
            view
        };
        match operand {
            // A table of which each item reads other rows, so that all of it has to be there.
            Operand::Weight(weight) if weight.elements != view.elements(operation) => Self {
                rows: Axis::All(1),
                columns: Axis::All(u32::try_from(weight.elements).unwrap_or(u32::MAX)),
            },
            _ => view,
        }
    }

    /// Elements of the whole operand, of one item.
    fn elements(self, operation: &Operation) -> u64 {
        u64::from(self.rows.extent(operation)) * u64::from(self.columns.extent(operation))
    }

    /// Its rows and columns, if a part of the operation covers `extents`.
    pub(super) fn ranges(self, operation: &Operation, extents: &Extents) -> [Range<u32>; 2] {
        [
            self.rows.range(operation, extents),
            self.columns.range(operation, extents),
        ]
    }
}

/// Columns of operand number `place` of `operation`, as it lies in main memory.
pub(crate) fn columns_of(operation: &Operation, place: usize) -> u32 {
    View::of(operation, place).columns.extent(operation)
}

impl Axis {
    /// Elements along it.
    pub(super) fn extent(self, operation: &Operation) -> u32 {
        match self {
            Self::Loop(dimension) | Self::Halo(dimension, _) => operation.grid.extent(dimension),
            Self::Taps(_) => operation.grid.extent(Dimension::K),
            Self::All(extent) => extent,
        }
    }

    /// Elements of a tile along it.
    pub(super) fn edge(self, operation: &Operation) -> u32 {
        match self {
            Self::Loop(dimension) | Self::Halo(dimension, _) => operation.grid.edge(dimension),
            Self::Taps(_) => operation.grid.edge(Dimension::K),
            Self::All(extent) => extent,
        }
    }

    fn range(self, operation: &Operation, extents: &Extents) -> Range<u32> {
        let of = |dimension: Dimension| extents[dimension as usize].clone();
        let clipped = |range: Range<u32>, before: u32, after: u32| {
            let end = range.end.saturating_add(after).min(self.extent(operation));
            range.start.saturating_sub(before).min(end)..end
        };
        match self {
            Self::Loop(dimension) => of(dimension),
            Self::Halo(dimension, radius) => clipped(of(dimension), radius, radius),
            // Row k + i - radius for each k and tap i.
            Self::Taps(radius) => {
                let (taps, rows) = (of(Dimension::I), of(Dimension::K));
                let start = (rows.start + taps.start).saturating_sub(radius);
                let end = (rows.end + taps.end).saturating_sub(radius + 1);
                let end = end.min(self.extent(operation));
                start.min(end)..end
            }
            Self::All(extent) => 0..extent,
        }
    }
}
