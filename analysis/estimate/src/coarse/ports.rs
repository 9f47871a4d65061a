//! The ports of the buffers: each buffer of limited bandwidth serves all PEs and the DMA, one request after another.

use components::buffer::BufferKind;
use components::units::BLOCK;
use scenarios::system::MachinePlan;

/// What an access takes of each buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct AccessTimes {
    /// Cycles of an access to the activation, weight and mask buffer; 0 if there is no limit.
    cycles: [f64; 3],
    /// Accesses that a block of 64 bytes takes.
    per_block: f64,
}

impl AccessTimes {
    pub(super) fn of(plan: &MachinePlan) -> Self {
        let access = plan.buffer_access();
        let of_kind = |kind| {
            plan.bandwidth(kind)
                .map(|limit| access.0 as f64 / limit.bytes_per_cycle())
        };
        Self {
            cycles: BufferKind::ALL.map(|kind| of_kind(kind).unwrap_or(0.0)),
            per_block: BLOCK.accesses(access) as f64,
        }
    }

    /// Cycles that each buffer takes for so many accesses.
    pub(super) fn of_accesses(&self, accesses: [f64; 3]) -> [f64; 3] {
        [0, 1, 2].map(|buffer: usize| self.cycles[buffer] * accesses[buffer])
    }

    /// Cycles that each buffer takes for so many blocks of 64 bytes.
    pub(super) fn of_blocks(&self, blocks: [u64; 3]) -> [f64; 3] {
        self.of_accesses(blocks.map(|blocks| blocks as f64 * self.per_block))
    }
}
