//! Steps: what the plan hands to the machine.

use std::ops::Range;
use std::sync::Arc;

use crate::operation::{Footprint, Operation, TensorId, TensorKind};
use crate::tile::{Dimension, TileCoordinate};
use crate::units::Bytes;

/// The number of a block's stay in a buffer, from the load or the first result that brings it there until it leaves. A block
/// that comes back has another number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StayNumber(pub u32);

/// Room in the activation buffer, the weight buffer and the mask buffer, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room(pub [Bytes; 3]);

impl Room {
    /// Whether this much fits into `capacity`.
    #[must_use]
    #[inline]
    pub fn fits(&self, capacity: &Self) -> bool {
        self.0.iter().zip(&capacity.0).all(|(taken, room)| taken <= room)
    }

    /// The larger of each.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        let [a, w, m] = self.0;
        Self([a.max(other.0[0]), w.max(other.0[1]), m.max(other.0[2])])
    }

    /// What `footprint` of a block takes, in the weight buffer if `is_weight`.
    #[must_use]
    #[inline]
    pub fn of(footprint: Footprint, is_weight: bool) -> Self {
        let mut room = Self::default();
        room.take(footprint, is_weight);
        room
    }

    /// With `more` taken.
    #[must_use]
    #[inline]
    pub fn with(self, more: Self) -> Self {
        Self([0, 1, 2].map(|buffer| self.0[buffer] + more.0[buffer]))
    }

    /// Without `less`.
    #[must_use]
    #[inline]
    pub fn without(self, less: Self) -> Self {
        Self([0, 1, 2].map(|buffer| self.0[buffer] - less.0[buffer]))
    }

    /// With `more` taken in those buffers where any is.
    #[must_use]
    #[inline]
    pub fn with_where_any(self, more: Self) -> Self {
        Self([0, 1, 2].map(|buffer| match self.0[buffer] {
            Bytes(0) => Bytes(0),
            taken => taken + more.0[buffer],
        }))
    }

    /// With `footprint` of a block taken, in the weight buffer if `is_weight`.
    #[inline]
    pub fn take(&mut self, footprint: Footprint, is_weight: bool) {
        self.0[usize::from(is_weight)] += footprint.data;
        self.0[2] += footprint.mask;
    }

    /// With `footprint` of a block given back.
    #[inline]
    pub fn give_back(&mut self, footprint: Footprint, is_weight: bool) {
        self.0[usize::from(is_weight)] -= footprint.data;
        self.0[2] -= footprint.mask;
    }
}

/// A transfer between main memory and a buffer: consecutive bytes of data, and of masks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// Address of the first byte of zero-free data.
    pub data: u64,
    /// Address of the first byte of the mask.
    pub masks: u64,
    /// What moves.
    pub footprint: Footprint,
}

impl Move {
    /// Accesses of 64 bytes that it takes: every one that holds a byte of it.
    #[must_use]
    pub fn accesses(&self) -> u64 {
        touched(self.data, self.footprint.data) + touched(self.masks, self.footprint.mask)
    }
}

/// Accesses of 64 bytes that hold any of the `bytes` from `address` on.
pub(super) fn touched(address: u64, bytes: Bytes) -> u64 {
    let block = crate::units::BLOCK.0;
    match bytes.0 {
        0 => 0,
        bytes => (address + bytes).div_ceil(block) - address / block,
    }
}

/// What happens to a buffer before a step, in the order in which it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begin {
    /// A block leaves; if main memory does not hold it, it is written there first.
    Evict {
        /// Its stay, which ends.
        stay: StayNumber,
        /// The write, if there is one.
        write: Option<Move>,
    },
    /// A block is loaded.
    Load {
        /// The stay that begins.
        stay: StayNumber,
        /// The block.
        block: BlockName,
        /// The read.
        read: Move,
        /// What it takes in the buffer: more than what moves if its sums are partial.
        footprint: Footprint,
        /// The step before which it was written there; `None` if main memory has always held it.
        written_before: Option<u32>,
    },
    /// Room is taken for a block that the step makes or begins to make.
    Make {
        /// The stay that begins.
        stay: StayNumber,
        /// The block.
        block: BlockName,
        /// What it takes until it is complete: zeros in place.
        footprint: Footprint,
    },
}

/// An eviction, as the stay that it ends knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eviction {
    /// The step before which it happens.
    pub step: u32,
    /// Its place among what happens before that step.
    pub place: usize,
    /// The write, if there is one.
    pub write: Option<Move>,
}

/// What happens to a block once all of a step has retired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It is complete, and takes only its zero-free data from now on.
    Compact {
        /// Its stay.
        stay: StayNumber,
        /// What it takes now.
        footprint: Footprint,
    },
    /// It was updated in place, and goes back to main memory.
    WriteBack {
        /// Its stay, which goes on.
        stay: StayNumber,
        /// The write.
        write: Move,
    },
    /// Nothing reads it any more.
    Drop {
        /// Its stay, which ends.
        stay: StayNumber,
    },
}

/// The blocks that a step reads of one operand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperandBlocks {
    /// Their stays, by column of blocks, and in each by row of blocks.
    pub stays: Vec<StayNumber>,
    /// Rows of blocks among them.
    pub rows_of_blocks: u32,
    /// The element row at which the first block begins, and the rows of each block but a ragged last one.
    pub first_row: u32,
    /// Element rows of a block.
    pub block_rows: u32,
    /// The element column at which the first block begins.
    pub first_column: u32,
    /// Element columns of a block.
    pub block_columns: u32,
}

/// A part of an operation whose blocks are in the buffers together.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its place in the plan.
    pub number: u32,
    /// The operation.
    pub operation: Arc<Operation>,
    /// The batch that it belongs to, from 0.
    pub batch: u32,
    /// Whether it is the operation's first step.
    pub is_first: bool,
    /// Tiles of a part of the operation that is not ragged, along b, i, j and k: parts begin at multiples of them.
    pub cut: [u16; 4],
    /// Tiles along b, i, j and k of the operation's grid.
    pub tiles: [Range<u16>; 4],
    /// What it reads, operand by operand.
    pub operands: Vec<OperandBlocks>,
    /// What it makes or adds to: one block, or a row of them; none for a write-back or an update in place.
    pub result: OperandBlocks,
    /// Whether the result is complete with it.
    pub completes: bool,
    /// What happens before it.
    pub begins: Vec<Begin>,
    /// What happens after it.
    pub ends: Vec<End>,
    /// What the plan has in the buffers while it runs.
    pub room: Room,
}

impl Step {
    /// Tile operations of the step.
    #[must_use]
    pub fn tile_operations(&self) -> u64 {
        self.tiles
            .iter()
            .map(|range| u64::from(range.end - range.start))
            .product()
    }

    /// The stays that begin with its results, and what each takes.
    pub fn made(&self) -> impl Iterator<Item = (StayNumber, Room)> {
        self.begins.iter().filter_map(|begin| match begin {
            Begin::Make {
                stay,
                block,
                footprint,
            } => Some((*stay, Room::of(*footprint, block.is_weight))),
            Begin::Evict { .. } | Begin::Load { .. } => None,
        })
    }

    /// Its first tile.
    #[must_use]
    pub fn first(&self) -> TileCoordinate {
        TileCoordinate(Dimension::ALL.map(|dimension| self.tiles[dimension as usize].start))
    }
}

/// A block, as machine and reports name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockName {
    /// The tensor.
    pub tensor: TensorId,
    /// What it holds.
    pub kind: TensorKind,
    /// Whether it lives in the weight buffer.
    pub is_weight: bool,
    /// Whether the backward pass reads it again.
    pub is_kept: bool,
    /// Its batch tile; 0 if it has no batch.
    pub b: u32,
    /// Its rows of elements.
    pub rows: Range<u32>,
    /// Its columns of elements.
    pub columns: Range<u32>,
}
