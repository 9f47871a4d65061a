//! A record with its names, as exporters get it.

use scenarios::system::{OperationName, Track};

use super::Form;

/// A record with its names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    /// Span, instant, counter or mark.
    pub(super) form: Form,
    /// The actor's number.
    pub(super) actor: u32,
    /// The actor.
    pub(super) track: &'a Track,
    /// The place of a transfer in the DMA, which is a track of its own.
    pub(super) slot: Option<u16>,
    /// What happened.
    pub(super) kind: &'static str,
    /// More of it: the cause of a stall, for whom a transfer is.
    pub(super) detail: Option<&'static str>,
    /// First tick.
    pub(super) start: u64,
    /// Tick at its end; of instants and counters the same.
    pub(super) end: u64,
    /// The operation, and its names if they are known.
    pub(super) operation: Option<(u32, Option<OperationName>)>,
    /// The tile along (b, i, j, k).
    pub(super) tile: Option<[u16; 4]>,
    /// The number of the transfer, in order of the orders.
    pub(super) transfer: Option<u32>,
    /// The transfer that a tile's operation had waited for.
    pub(super) waited_for: Option<u32>,
    /// Bytes of a transfer.
    pub(super) bytes: Option<u64>,
    /// Bank, row and column of main memory.
    pub(super) place: [Option<u32>; 3],
    /// A counter's new value.
    pub(super) value: Option<u64>,
}

impl<'a> Row<'a> {
    /// A row that says only when and where something happened.
    pub(super) fn new(
        form: Form,
        actor: u32,
        track: &'a Track,
        kind: &'static str,
        start: u64,
        end: u64,
    ) -> Self {
        Self {
            form,
            actor,
            track,
            slot: None,
            kind,
            detail: None,
            start,
            end,
            operation: None,
            tile: None,
            transfer: None,
            waited_for: None,
            bytes: None,
            place: [None; 3],
            value: None,
        }
    }
}
