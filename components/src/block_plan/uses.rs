//! How the parts of operations use blocks, and when next.

use super::tensors::BlockId;

/// The place of a use in the plan: segment, stage, and part of the stage, so that places compare in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NextUse;

impl NextUse {
    /// Nothing reads the block any more.
    pub(super) const NEVER: u64 = u64::MAX;

    /// A use by part (or operation) `index` of `stage` while `segment` runs.
    pub(super) fn at(segment: u32, stage: u32, index: u32) -> u64 {
        (u64::from(segment) << 48) | (u64::from(stage.min(0xffff)) << 32) | u64::from(index)
    }
}

/// How a part uses a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// As operand number so-and-so.
    Read(u16),
    /// As what it makes or adds to, for the last time or not.
    Made {
        /// Whether its sums are final after it.
        completes: bool,
        /// Whether the DMA brings it, free of zeros.
        by_dma: bool,
    },
    /// As an operand that is updated in place.
    Updated(u16),
}

/// One use of a block by a part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access {
    pub(super) block: BlockId,
    pub(super) usage: Use,
    /// The next one.
    pub(super) next_use: u64,
}
