//! How the parts of operations use blocks, and when next.

use std::ops::Range;

use super::step::{OperandBlocks, StayNumber};
use super::tensors::{BlockId, PlannedTensor};

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
    /// It reads it.
    Read,
    /// It makes it or adds to it.
    Made {
        /// Whether its sums are final after it.
        completes: bool,
        /// Whether the DMA brings it, free of zeros.
        by_dma: bool,
    },
    /// It updates it in place.
    Updated,
}

/// One use of a block by a part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access {
    pub(super) block: BlockId,
    pub(super) usage: Use,
    /// The next one.
    pub(super) next_use: u64,
}

/// What a part uses: block after block, of one operand after another and of its result.
#[derive(Clone, Debug, Default)]
pub(super) struct PartUses {
    pub(super) accesses: Vec<Access>,
    operands: Vec<Operand>,
}

/// How the blocks of an operand, or the result, lie.
#[derive(Clone, Copy, Debug, Default)]
struct Operand {
    /// Where its accesses end.
    end: usize,
    rows_of_blocks: u32,
    first_row: u32,
    block_rows: u32,
    first_column: u32,
    block_columns: u32,
}

impl PartUses {
    /// Forgets all of it.
    pub(super) fn clear(&mut self) {
        self.accesses.clear();
        self.operands.clear();
    }

    /// Notes that the next operand has no blocks.
    pub(super) fn nothing(&mut self) {
        self.operands.push(Operand::default());
        self.end();
    }

    /// Notes that the blocks of the next operand follow: those of `tensor` at these rows and columns of blocks.
    pub(super) fn begin(&mut self, tensor: &PlannedTensor, [rows, columns]: [&Range<u32>; 2]) {
        self.operands.push(Operand {
            end: 0,
            rows_of_blocks: rows.end - rows.start,
            first_row: rows.start * tensor.block_rows,
            block_rows: tensor.block_rows,
            first_column: columns.start * tensor.block_columns,
            block_columns: tensor.block_columns,
        });
    }

    /// Notes that these were all of its blocks.
    pub(super) fn end(&mut self) {
        let end = self.accesses.len();
        if let Some(operand) = self.operands.last_mut() {
            operand.end = end;
        }
    }

    /// Whether a block is complete with the part.
    pub(super) fn completes(&self) -> bool {
        let is_last = |access: &Access| matches!(access.usage, Use::Made { completes: true, .. });
        self.accesses.iter().any(is_last)
    }

    /// The blocks of each operand, then of the result, if those of all accesses have these `stays`; in the place of `blocks`.
    pub(super) fn fill(&self, stays: &[StayNumber], blocks: &mut Vec<OperandBlocks>) {
        blocks.resize_with(self.operands.len(), OperandBlocks::default);
        let mut start = 0;
        for (operand, blocks) in self.operands.iter().zip(blocks) {
            let mut own = std::mem::take(&mut blocks.stays);
            own.clear();
            own.extend_from_slice(&stays[start..operand.end]);
            *blocks = OperandBlocks {
                stays: own,
                rows_of_blocks: operand.rows_of_blocks,
                first_row: operand.first_row,
                block_rows: operand.block_rows,
                first_column: operand.first_column,
                block_columns: operand.block_columns,
            };
            start = operand.end;
        }
    }
}
