//! Kinds of the accelerator's trace records. Those of main memory are in [`crate::memory::label`].
//!
//! | kind | on | record | `work` | `part` |
//! |---|---|---|---|---|
//! | [`MAC_TILE`], [`SOFTMAX_TILE`], [`LAYER_NORM_TILE`] | lane, module | span at work on a tile | operation | packed tile |
//! | [`RUN_STARTED`] | lane | instant | operation | packed first tile |
//! | [`TRANSFER_QUEUED`] | DMA | span from the order to the first request | transfer | [`TransferPart`] |
//! | [`TRANSFER`] | DMA | span from the first request to the last answer | transfer | [`TransferPart`] |
//! | [`TRANSFER_BEGAN`] | DMA | mark at the first request | transfer | [`TransferPart`] |
//! | [`TRANSFER_ORDERED`] | control block | instant | operation | transfer of the data |
//! | [`OPERATION_WOKEN`] | control block | instant | operation | transfer that it waited for |
//! | [`FINISHED`] | control block | instant after the last operation | | |
//! | [`STALL`] + cause | control block | span with idle lanes | the oldest operation with work to issue | |
//! | [`STALL_BEGAN`] + cause | control block | mark | the same operation | |
//! | [`RUN_ISSUED`] | lane, module | link | operation | packed first tile |
//! | [`STARTED`] | control block | link | | |
//! | [`UNIT_FREED`] | control block | link | | actor of the lane or module |
//! | [`RUN_RETIRED`] | control block | link | operation | packed first tile |
//! | [`TRANSFER_DONE`] | control block | link | | transfer |
//! | [`NOTHING_MOVES`] | control block | link | operation | transfer of the data |
//! | [`TRANSFER_REQUESTED`] | DMA | link | transfer | |
//!
//! A transfer's number is that of its data, or one more for its mask; numbers are used again. A *mark* repeats the beginning
//! of a span that is recorded only at its end, for those who need records in order of time.
//!
//! A *link* is an instant that says who waited for whom: whatever the control block orders or issues between two of its
//! links [`STARTED`], [`UNIT_FREED`], [`RUN_RETIRED`] and [`TRANSFER_DONE`] had waited for what the former tells of, since it acts as soon as it
//! can. The DMA begins a transfer that queued when it has requested all of the one before, [`TRANSFER_REQUESTED`].

use sim_core::Label;

use crate::message::Traffic;

/// A MAC lane works on a tile.
pub const MAC_TILE: u16 = 1;
/// A softmax module works on a tile.
pub const SOFTMAX_TILE: u16 = 2;
/// A layer-norm module works on a tile.
pub const LAYER_NORM_TILE: u16 = 3;
/// The DMA moves a transfer.
pub const TRANSFER: u16 = 4;
/// A transfer waits for its turn at the DMA.
pub const TRANSFER_QUEUED: u16 = 5;
/// Mark: the DMA begins to move a transfer.
pub const TRANSFER_BEGAN: u16 = 6;
/// A lane has a run in hand, and asks for its operands.
pub const RUN_STARTED: u16 = 7;
/// The control block orders the transfers of an operation's data and mask.
pub const TRANSFER_ORDERED: u16 = 8;
/// The end of a transfer lets an operation go on.
pub const OPERATION_WOKEN: u16 = 9;
/// The last operation is finished.
pub const FINISHED: u16 = 10;
/// Link: the control block issues a run to this lane or module.
pub const RUN_ISSUED: u16 = 0x10;
/// Link: the control block begins.
pub const STARTED: u16 = 0x11;
/// Link: the control block learns that a lane or module can take its next run.
pub const UNIT_FREED: u16 = 0x12;
/// Link: the control block learns that a run's results are in their buffer.
pub const RUN_RETIRED: u16 = 0x13;
/// Link: the control block learns that a transfer has ended.
pub const TRANSFER_DONE: u16 = 0x14;
/// Link: in place of [`TRANSFER_ORDERED`], when there is nothing to move and the transfer has ended already.
pub const NOTHING_MOVES: u16 = 0x15;
/// Link: the DMA has requested the last block of a transfer, or of a row that must come before it goes on, and turns to the next one.
pub const TRANSFER_REQUESTED: u16 = 0x16;
/// First of the reasons why lanes are idle, in the order of [`StallCause`](crate::control_block::StallCause).
pub const STALL: u16 = 0x20;
/// First of the marks where such a span begins.
pub const STALL_BEGAN: u16 = 0x28;

/// Activity: a pre-compute sparsity module works on a tile.
pub const PRE_COMPUTE: u16 = 0x40;
/// Activity: a post-compute sparsity module works on so many result tiles.
pub const POST_COMPUTE: u16 = 0x41;
/// Activity: operands pass a lane's FIFO.
pub const OPERANDS_FETCHED: u16 = 0x42;
/// Activity: one of a PE's buses carries data.
pub const BUS: u16 = 0x43;
/// Activity: a PE has work from now on, or with an amount of 0 none any more.
pub const PE_ACTIVE: u16 = 0x44;
/// First of the activities of accesses to so many blocks of a buffer, in the order of [`BufferKind`](crate::buffer::BufferKind).
pub const BUFFER_ACCESS: u16 = 0x48;

/// Counter: bytes held by a buffer.
pub const BUFFER_OCCUPANCY: u16 = 1;
/// Counter: requests of the DMA under way.
pub const OUTSTANDING_REQUESTS: u16 = 2;

/// The kind of the spans that marks of this kind begin; none if records of this kind are no marks.
#[must_use]
pub const fn marked_span(kind: u16) -> Option<u16> {
    use crate::memory::label::{ROW_OPEN, ROW_OPENED};
    match kind {
        TRANSFER_BEGAN => Some(TRANSFER),
        STALL_BEGAN..0x30 => Some(STALL + (kind - STALL_BEGAN)),
        ROW_OPENED => Some(ROW_OPEN),
        _ => None,
    }
}

/// Whether records of this kind are marks.
#[must_use]
pub const fn is_mark(kind: u16) -> bool {
    marked_span(kind).is_some()
}

/// Whether marks tell of the beginnings of spans of this kind.
#[must_use]
#[inline]
pub const fn has_mark(kind: u16) -> bool {
    matches!(
        kind,
        TRANSFER | STALL..STALL_BEGAN | crate::memory::label::ROW_OPEN
    )
}

/// A link about an actor or a transfer, and no operation.
#[must_use]
pub const fn link(kind: u16, part: u64) -> Label {
    Label { kind, work: 0, part }
}

/// Whether records of this kind are links.
#[must_use]
pub const fn is_link(kind: u16) -> bool {
    matches!(kind, RUN_ISSUED..=TRANSFER_REQUESTED)
}

/// What a record of a transfer says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferPart {
    /// Bytes of all its rows.
    pub bytes: u64,
    /// For whom.
    pub traffic: Traffic,
    /// Whether it goes out of a buffer.
    pub outward: bool,
    /// Its place in the DMA: no two transfers are in one place at once.
    pub slot: u16,
}

impl TransferPart {
    const BYTES: u32 = 43;

    /// Packed into 64 bits.
    #[must_use]
    pub fn packed(self) -> u64 {
        let bytes = self.bytes & ((1 << Self::BYTES) - 1);
        let flags = (self.traffic as u64) << 1 | u64::from(self.outward);
        bytes | flags << Self::BYTES | u64::from(self.slot) << 48
    }

    /// Unpacked again.
    #[must_use]
    pub fn unpacked(part: u64) -> Self {
        let flags = (part >> Self::BYTES) & 0x1f;
        let traffic = (flags >> 1) as usize;
        Self {
            bytes: part & ((1 << Self::BYTES) - 1),
            traffic: Traffic::ALL.get(traffic).copied().unwrap_or(Traffic::Weights),
            outward: flags & 1 == 1,
            slot: (part >> 48) as u16,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_their_spans_belong_together() {
        let spans: Vec<u16> = (0..u16::MAX).filter_map(marked_span).collect();
        let marked: Vec<u16> = (0..u16::MAX).filter(|&kind| has_mark(kind)).collect();
        assert_eq!(spans, marked);
        assert!(spans.iter().all(|&kind| !is_mark(kind)));
    }

    #[test]
    fn a_transfer_is_unpacked_as_it_was_packed() {
        for traffic in Traffic::ALL {
            for outward in [false, true] {
                let part = TransferPart {
                    bytes: (1 << 43) - 1,
                    traffic,
                    outward,
                    slot: u16::MAX,
                };
                assert_eq!(TransferPart::unpacked(part.packed()), part);
            }
        }
    }
}
