//! A run: consecutive tile operations along the innermost loop, the unit in which the control block hands out work.

use sim_core::mix;

use super::lane_group::LaneGroup;
use crate::operation::{OperationId, TensorKind};
use crate::tile::{Dimension, TileCoordinate};
use crate::trace_event::TilePlace;
use crate::work::{Indexing, RunKind};

/// Which indices of a tile operation name its operands' tiles, and which buffers they come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperandSources {
    /// How the operands are indexed.
    pub indexing: Indexing,
    /// Whether the left operand comes from the weight buffer.
    pub left_is_weight: bool,
    /// Whether the right operand comes from the weight buffer.
    pub right_is_weight: bool,
    /// Whether the result goes to the weight buffer.
    pub result_is_weight: bool,
}

impl OperandSources {
    /// Whether the lanes of a group's row read the same left tile, and those of its column the same right one.
    #[must_use]
    #[inline]
    pub fn shared(self) -> [bool; 2] {
        match self.indexing {
            Indexing::Product => [true, true],
            Indexing::Convolution | Indexing::KernelGradient => [false, true],
            Indexing::Elementwise => [false, false],
        }
    }

    /// The left operand's tile, as a number that is the same for the same tile. Weights have no batch index.
    #[must_use]
    #[inline]
    pub fn left_place(self, tile: TileCoordinate) -> u64 {
        let [b, i, j, k] = tile.0;
        let b = if self.left_is_weight { 0 } else { b };
        match self.indexing {
            Indexing::Product => TileCoordinate([b, i, 0, k]).packed(),
            Indexing::Convolution | Indexing::Elementwise => TileCoordinate([b, i, j, 0]).packed(),
            Indexing::KernelGradient => TileCoordinate([b, i, j, k]).packed(),
        }
    }

    /// The right operand's tile, likewise.
    #[must_use]
    #[inline]
    pub fn right_place(self, tile: TileCoordinate) -> u64 {
        let [b, i, j, k] = tile.0;
        let b = if self.right_is_weight { 0 } else { b };
        match self.indexing {
            Indexing::Product | Indexing::KernelGradient => TileCoordinate([b, 0, j, k]).packed(),
            Indexing::Convolution => TileCoordinate([0, 0, j, 0]).packed(),
            Indexing::Elementwise => TileCoordinate([b, i, j, 0]).packed(),
        }
    }
}

/// `length` tile operations of one operation, from `first` on along `along`, for one lane or module.
///
/// Sizes are those of the run's first tile; only the last tile along a dimension may be smaller, and `last_work`
/// says how much work it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The operation it belongs to.
    pub operation: OperationId,
    /// Its first tile.
    pub first: TileCoordinate,
    /// Its number of tiles.
    pub length: u16,
    /// The loop it walks.
    pub along: Dimension,
    /// How units work on its tiles.
    pub kind: RunKind,
    /// Where operands come from.
    pub sources: OperandSources,
    /// Dense work of each tile but the last: multiplications, element operations, or module cycles.
    pub work: u32,
    /// Dense work of the last tile.
    pub last_work: u32,
    /// Bytes of a left tile, zero-free.
    pub left_bytes: u32,
    /// Bytes of a right tile, zero-free; 0 if there is none.
    pub right_bytes: u32,
    /// Bytes the run writes back in all.
    pub result_bytes: u32,
    /// The left tensor's number.
    pub left_tensor: u32,
    /// The right tensor's number.
    pub right_tensor: u32,
    /// What the left and the right tensor hold, each if its zeros need no work.
    pub skipped: [Option<TensorKind>; 2],
    /// The lanes of its group that have a run.
    pub group: LaneGroup,
}

impl Run {
    /// What a lane holds before its first run.
    pub(crate) const NONE: Self = Self {
        operation: OperationId(u32::MAX),
        first: TileCoordinate([0; 4]),
        length: 0,
        along: Dimension::K,
        kind: RunKind::MultiplyAccumulate,
        sources: OperandSources {
            indexing: Indexing::Product,
            left_is_weight: false,
            right_is_weight: false,
            result_is_weight: false,
        },
        work: 0,
        last_work: 0,
        left_bytes: 0,
        right_bytes: 0,
        result_bytes: 0,
        left_tensor: u32::MAX,
        right_tensor: u32::MAX,
        skipped: [None; 2],
        group: LaneGroup::SINGLE,
    };

    /// The coordinate of tile number `index` of the run.
    #[must_use]
    #[inline]
    pub fn tile(&self, index: u16) -> TileCoordinate {
        self.first.stepped(self.along, index)
    }

    /// Result tiles the run writes: one if it walks the reduction, else one per tile.
    #[must_use]
    pub fn result_tiles(&self) -> u16 {
        if self.along == Dimension::K {
            1
        } else {
            self.length
        }
    }

    /// Its operation and its first tile, as traces name it.
    #[must_use]
    #[inline]
    pub fn place(&self) -> TilePlace {
        TilePlace {
            operation: self.operation.0,
            tile: self.first,
        }
    }

    /// A number by which runs differ.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let shape = (u64::from(self.length) << 40) | (u64::from(self.work) << 8) | self.along as u64;
        let others = u64::from(self.group.lanes() - 1) << 24;
        mix(
            mix(u64::from(self.operation.0), self.first.packed()),
            shape ^ others,
        )
    }
}
