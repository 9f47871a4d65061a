//! The records that actors hand to a trace sink, as typed events. Those of main memory are [`MemoryEvent`]s.
//!
//! A record carries a [`Label`] of three integers, which is the packed form of an [`Event`]: it is packed and unpacked here, and
//! nowhere else.
//!
//! Some records repeat others: a *mark* records the beginning of a span that is otherwise recorded only at its end, for sinks
//! that need records in order of time ([`Event::marks`]). A *link* records causality ([`Event::is_link`]). The control block
//! acts at once, so everything it issues or orders after one of its links [`Event::Started`], [`Event::UnitFreed`],
//! [`Event::RunRetired`] and [`Event::TransferDone`] and before the next was waiting for that link's event. The DMA begins a
//! transfer that queued when it has requested all of the one before, [`Event::TransferRequested`].
//!
//! A transfer's number is that of its data, or one more for its mask; numbers are used again.

use sim_core::{ActorId, Label};

use crate::energy_part::Action;
use crate::memory::label::{MemoryCounter, MemoryEvent};
use crate::message::Traffic;
use crate::stall_cause::StallCause;
use crate::tile::TileCoordinate;

/// What a trace record says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Span of a lane or module: it works on a tile.
    Tile(TileUnit, TilePlace),
    /// Instant of a lane: it has a run in hand, and asks for the operands of its first tile.
    RunStarted(TilePlace),
    /// Span of the DMA, from the order to the first request: a transfer waits for its turn.
    TransferQueued(TransferRecord),
    /// Mark of the DMA at the first request of a transfer.
    TransferBegan(TransferRecord),
    /// Span of the DMA, from the first request to the last answer.
    Transfer(TransferRecord),
    /// Instant of the control block: it orders the transfers of an operation's data and mask.
    TransferOrdered(TransferOrder),
    /// Instant of the control block: the end of a transfer unblocks an operation.
    OperationWoken {
        /// The operation.
        operation: u32,
        /// The transfer that it had waited for.
        transfer: u32,
    },
    /// Instant of the control block: the last operation is finished.
    Finished,
    /// Span of the control block: lanes are idle.
    Stall(Stall),
    /// Mark of the control block: lanes become idle, or for another reason.
    StallBegan(Stall),
    /// Link of a lane or module: the control block issues it the run that begins with this tile.
    RunIssued(TilePlace),
    /// Link of the control block: it begins.
    Started,
    /// Link of the control block: it learns that a lane or module can take its next run.
    UnitFreed(ActorId),
    /// Link of the control block: it learns that the results of the run that begins with this tile are in their buffer.
    RunRetired(TilePlace),
    /// Link of the control block: it learns that a transfer has ended.
    TransferDone {
        /// The transfer.
        transfer: u32,
    },
    /// Link of the control block: in place of [`Event::TransferOrdered`], when there is nothing to move and the transfer has
    /// ended already.
    NothingMoves(TransferOrder),
    /// Link of the DMA: it has requested the last block of a transfer, or of a row that must come before it goes on, and turns
    /// to the next one.
    TransferRequested {
        /// The transfer.
        transfer: u32,
    },
    /// Span of a lane with a run in hand: it is idle, and its operands wait for the bandwidth of a buffer. Recorded at its end.
    OperandsAwaited {
        /// The operation of the run.
        operation: u32,
    },
    /// Of main memory.
    Memory(MemoryEvent),
}

/// What works on tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileUnit {
    /// A MAC lane.
    MacLane,
    /// A softmax module.
    Softmax,
    /// A layer-norm module.
    LayerNorm,
}

/// A tile of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TilePlace {
    /// The operation's number.
    pub operation: u32,
    /// The tile.
    pub tile: TileCoordinate,
}

/// An order of transfers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferOrder {
    /// The operation that they are for; `None` if it is not known any more.
    pub operation: Option<u32>,
    /// The transfer of the data.
    pub transfer: u32,
}

/// Idle lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// Why.
    pub cause: StallCause,
    /// The oldest operation with work to issue; `None` if there is none.
    pub operation: Option<u32>,
}

/// What a record of a transfer says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferRecord {
    /// Its number.
    pub transfer: u32,
    /// Bytes of all its rows, below 2^43.
    pub bytes: u64,
    /// What it carries.
    pub traffic: Traffic,
    /// Whether it goes out of a buffer.
    pub outward: bool,
    /// Its place in the DMA: no two transfers are in one place at once.
    pub slot: u16,
}

/// Numbers of the kinds. Those of main memory begin at 0x100.
mod kind {
    pub(super) const MAC_TILE: u16 = 1;
    pub(super) const SOFTMAX_TILE: u16 = 2;
    pub(super) const LAYER_NORM_TILE: u16 = 3;
    pub(super) const TRANSFER: u16 = 4;
    pub(super) const TRANSFER_QUEUED: u16 = 5;
    pub(super) const TRANSFER_BEGAN: u16 = 6;
    pub(super) const RUN_STARTED: u16 = 7;
    pub(super) const TRANSFER_ORDERED: u16 = 8;
    pub(super) const OPERATION_WOKEN: u16 = 9;
    pub(super) const FINISHED: u16 = 10;
    pub(super) const RUN_ISSUED: u16 = 0x10;
    pub(super) const STARTED: u16 = 0x11;
    pub(super) const UNIT_FREED: u16 = 0x12;
    pub(super) const RUN_RETIRED: u16 = 0x13;
    pub(super) const TRANSFER_DONE: u16 = 0x14;
    pub(super) const NOTHING_MOVES: u16 = 0x15;
    pub(super) const TRANSFER_REQUESTED: u16 = 0x16;
    pub(super) const OPERANDS_AWAITED: u16 = 0x17;
    /// The first of the causes of idle lanes, in the order of [`StallCause`](super::StallCause).
    pub(super) const STALL: u16 = 0x20;
    /// The first of the marks of such spans.
    pub(super) const STALL_BEGAN: u16 = 0x28;
    pub(super) const AFTER_STALLS: u16 = 0x30;
}

/// The number of an operation that is not known.
const UNKNOWN: u32 = u32::MAX;

impl Event {
    /// Packed into the label of a record.
    #[must_use]
    #[inline]
    pub fn label(self) -> Label {
        match self {
            Self::Tile(TileUnit::MacLane, place) => place.label(kind::MAC_TILE),
            Self::Tile(TileUnit::Softmax, place) => place.label(kind::SOFTMAX_TILE),
            Self::Tile(TileUnit::LayerNorm, place) => place.label(kind::LAYER_NORM_TILE),
            Self::RunStarted(first) => first.label(kind::RUN_STARTED),
            Self::RunIssued(first) => first.label(kind::RUN_ISSUED),
            Self::RunRetired(first) => first.label(kind::RUN_RETIRED),
            Self::TransferQueued(record) => record.label(kind::TRANSFER_QUEUED),
            Self::TransferBegan(record) => record.label(kind::TRANSFER_BEGAN),
            Self::Transfer(record) => record.label(kind::TRANSFER),
            Self::TransferOrdered(order) => order.label(kind::TRANSFER_ORDERED),
            Self::NothingMoves(order) => order.label(kind::NOTHING_MOVES),
            Self::OperationWoken { operation, transfer } => {
                label(kind::OPERATION_WOKEN, operation, transfer.into())
            }
            Self::Finished => label(kind::FINISHED, 0, 0),
            Self::Stall(stall) => stall.label(kind::STALL),
            Self::StallBegan(stall) => stall.label(kind::STALL_BEGAN),
            Self::Started => label(kind::STARTED, 0, 0),
            Self::UnitFreed(unit) => label(kind::UNIT_FREED, 0, unit.0.into()),
            Self::TransferDone { transfer } => label(kind::TRANSFER_DONE, 0, transfer.into()),
            Self::TransferRequested { transfer } => label(kind::TRANSFER_REQUESTED, transfer, 0),
            Self::OperandsAwaited { operation } => label(kind::OPERANDS_AWAITED, operation, 0),
            Self::Memory(event) => event.label(),
        }
    }

    /// Unpacked again; `None` for a label that no actor makes.
    #[must_use]
    #[inline]
    pub fn of(label: Label) -> Option<Self> {
        Some(match label.kind {
            kind::MAC_TILE => Self::Tile(TileUnit::MacLane, TilePlace::of(label)),
            kind::SOFTMAX_TILE => Self::Tile(TileUnit::Softmax, TilePlace::of(label)),
            kind::LAYER_NORM_TILE => Self::Tile(TileUnit::LayerNorm, TilePlace::of(label)),
            kind::RUN_STARTED => Self::RunStarted(TilePlace::of(label)),
            kind::RUN_ISSUED => Self::RunIssued(TilePlace::of(label)),
            kind::RUN_RETIRED => Self::RunRetired(TilePlace::of(label)),
            kind::TRANSFER_QUEUED => Self::TransferQueued(TransferRecord::of(label)?),
            kind::TRANSFER_BEGAN => Self::TransferBegan(TransferRecord::of(label)?),
            kind::TRANSFER => Self::Transfer(TransferRecord::of(label)?),
            kind::TRANSFER_ORDERED => Self::TransferOrdered(TransferOrder::of(label)),
            kind::NOTHING_MOVES => Self::NothingMoves(TransferOrder::of(label)),
            kind::OPERATION_WOKEN => Self::OperationWoken {
                operation: label.work,
                transfer: label.part as u32,
            },
            kind::FINISHED => Self::Finished,
            kind::STALL..kind::STALL_BEGAN => Self::Stall(Stall::of(label, kind::STALL)?),
            kind::STALL_BEGAN..kind::AFTER_STALLS => Self::StallBegan(Stall::of(label, kind::STALL_BEGAN)?),
            kind::STARTED => Self::Started,
            kind::UNIT_FREED => Self::UnitFreed(ActorId(label.part as u32)),
            kind::TRANSFER_DONE => Self::TransferDone {
                transfer: label.part as u32,
            },
            kind::TRANSFER_REQUESTED => Self::TransferRequested { transfer: label.work },
            kind::OPERANDS_AWAITED => Self::OperandsAwaited {
                operation: label.work,
            },
            _ => Self::Memory(MemoryEvent::of(label)?),
        })
    }

    /// The span whose beginning a mark records; `None` if this is not a mark.
    #[must_use]
    #[inline]
    pub const fn marks(self) -> Option<Self> {
        match self {
            Self::TransferBegan(record) => Some(Self::Transfer(record)),
            Self::StallBegan(stall) => Some(Self::Stall(stall)),
            Self::Memory(MemoryEvent::RowOpened { row }) => Some(Self::Memory(MemoryEvent::RowOpen { row })),
            _ => None,
        }
    }

    /// Whether marks tell of the beginnings of such spans.
    #[must_use]
    #[inline]
    pub const fn has_mark(self) -> bool {
        matches!(
            self,
            Self::Transfer(_) | Self::Stall(_) | Self::Memory(MemoryEvent::RowOpen { .. })
        )
    }

    /// Whether it records causality.
    #[must_use]
    #[inline]
    pub const fn is_link(self) -> bool {
        matches!(
            self,
            Self::RunIssued(_)
                | Self::Started
                | Self::UnitFreed(_)
                | Self::RunRetired(_)
                | Self::TransferDone { .. }
                | Self::NothingMoves(_)
                | Self::TransferRequested { .. }
        )
    }

    /// The name in traces. A mark has the name of its span.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tile(TileUnit::MacLane, _) => "mac_tile",
            Self::Tile(TileUnit::Softmax, _) => "softmax_tile",
            Self::Tile(TileUnit::LayerNorm, _) => "layer_norm_tile",
            Self::RunStarted(_) => "run_started",
            Self::TransferQueued(TransferRecord { outward: false, .. }) => "load_queued",
            Self::TransferQueued(_) => "store_queued",
            Self::Transfer(record) | Self::TransferBegan(record) => match record.outward {
                false => "load",
                true => "store",
            },
            Self::TransferOrdered(_) => "transfer_ordered",
            Self::OperationWoken { .. } => "operation_woken",
            Self::Finished => "finished",
            Self::Stall(_) | Self::StallBegan(_) => "stall",
            Self::RunIssued(_) => "run_issued",
            Self::Started => "started",
            Self::UnitFreed(_) => "unit_freed",
            Self::RunRetired(_) => "run_retired",
            Self::TransferDone { .. } => "transfer_done",
            Self::NothingMoves(_) => "nothing_moves",
            Self::TransferRequested { .. } => "transfer_requested",
            Self::OperandsAwaited { .. } => "operands_awaited",
            Self::Memory(event) => event.name(),
        }
    }

    /// More of it, as traces name it: the cause of a stall, what a transfer carries.
    #[must_use]
    pub const fn detail(self) -> Option<&'static str> {
        match self {
            Self::Stall(stall) | Self::StallBegan(stall) => Some(stall.cause.name()),
            Self::OperandsAwaited { .. } => Some(StallCause::BufferBandwidth.name()),
            Self::Transfer(record) | Self::TransferBegan(record) | Self::TransferQueued(record) => {
                Some(record.traffic.name())
            }
            _ => None,
        }
    }

    /// The operation that it is about; `None` if there is none, or if the record does not say.
    #[must_use]
    pub const fn operation(self) -> Option<u32> {
        match self {
            Self::Tile(_, place)
            | Self::RunStarted(place)
            | Self::RunIssued(place)
            | Self::RunRetired(place) => Some(place.operation),
            Self::TransferOrdered(order) | Self::NothingMoves(order) => order.operation,
            Self::OperationWoken { operation, .. } | Self::OperandsAwaited { operation } => Some(operation),
            Self::Stall(stall) | Self::StallBegan(stall) => stall.operation,
            _ => None,
        }
    }

    /// The tile that it is about, or with which its run begins.
    #[must_use]
    pub const fn tile(self) -> Option<TileCoordinate> {
        match self {
            Self::Tile(_, place)
            | Self::RunStarted(place)
            | Self::RunIssued(place)
            | Self::RunRetired(place) => Some(place.tile),
            _ => None,
        }
    }
}

#[inline]
const fn label(kind: u16, work: u32, part: u64) -> Label {
    Label { kind, work, part }
}

const fn known(operation: u32) -> Option<u32> {
    match operation {
        UNKNOWN => None,
        operation => Some(operation),
    }
}

impl TileUnit {
    /// Its work, as an action that takes energy.
    #[must_use]
    #[inline]
    pub const fn action(self) -> Action {
        match self {
            Self::MacLane => Action::MacLane,
            Self::Softmax => Action::Softmax,
            Self::LayerNorm => Action::LayerNorm,
        }
    }
}

impl TilePlace {
    #[inline]
    fn label(self, kind: u16) -> Label {
        label(kind, self.operation, self.tile.packed())
    }

    #[inline]
    fn of(label: Label) -> Self {
        Self {
            operation: label.work,
            tile: TileCoordinate::unpacked(label.part),
        }
    }
}

impl TransferOrder {
    fn label(self, kind: u16) -> Label {
        label(kind, self.operation.unwrap_or(UNKNOWN), self.transfer.into())
    }

    const fn of(label: Label) -> Self {
        Self {
            operation: known(label.work),
            transfer: label.part as u32,
        }
    }
}

impl Stall {
    fn label(self, first: u16) -> Label {
        label(first + self.cause as u16, self.operation.unwrap_or(UNKNOWN), 0)
    }

    fn of(label: Label, first: u16) -> Option<Self> {
        Some(Self {
            cause: *StallCause::ALL.get(usize::from(label.kind - first))?,
            operation: known(label.work),
        })
    }
}

impl TransferRecord {
    /// Bits of the bytes in a label; then one for the direction, four for the traffic, 16 for the place.
    const BYTES: u32 = 43;

    fn label(self, kind: u16) -> Label {
        let bytes = self.bytes & ((1 << Self::BYTES) - 1);
        let flags = (self.traffic as u64) << 1 | u64::from(self.outward);
        let part = bytes | flags << Self::BYTES | u64::from(self.slot) << 48;
        label(kind, self.transfer, part)
    }

    fn of(label: Label) -> Option<Self> {
        let flags = (label.part >> Self::BYTES) & 0x1f;
        Some(Self {
            transfer: label.work,
            bytes: label.part & ((1 << Self::BYTES) - 1),
            traffic: *Traffic::ALL.get((flags >> 1) as usize)?,
            outward: flags & 1 == 1,
            slot: (label.part >> 48) as u16,
        })
    }
}

/// A quantity of an actor that traces follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Bytes held by a buffer.
    BufferOccupancy,
    /// Requests of the DMA in flight.
    OutstandingRequests,
    /// Of main memory.
    Memory(MemoryCounter),
}

impl Counter {
    /// Its number in records.
    #[must_use]
    #[inline]
    pub const fn number(self) -> u16 {
        match self {
            Self::BufferOccupancy => 1,
            Self::OutstandingRequests => 2,
            Self::Memory(counter) => counter.number(),
        }
    }

    /// The counter of a number; `None` for one that no actor has.
    #[must_use]
    #[inline]
    pub const fn of(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::BufferOccupancy),
            2 => Some(Self::OutstandingRequests),
            _ => match MemoryCounter::of(number) {
                Some(counter) => Some(Self::Memory(counter)),
                None => None,
            },
        }
    }

    /// The name in traces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BufferOccupancy => "occupancy_bytes",
            Self::OutstandingRequests => "outstanding_requests",
            Self::Memory(counter) => counter.name(),
        }
    }
}

#[cfg(test)]
mod tests;
