//! What the memory's trace records mean.
//!
//! | kind | on | record | `work` | `part` |
//! |---|---|---|---|---|
//! | [`ROW_OPEN`] | bank | span from ACT to PRE | row | |
//! | [`ROW_OPENED`] | bank | mark at ACT | row | |
//! | [`REFRESH`] | rank | span of tRFC | refreshes it stands for | |
//! | [`READ_DATA`], [`WRITE_DATA`] | channel | span of one burst on the data bus | bank in the channel | row |
//! | [`COMMAND`] + command number | channel | instant on the command bus | bank in the channel | row, column << 32 |
//!
//! Counters of a channel: [`QUEUED_READS`] and [`QUEUED_WRITES`].

use sim_core::Label;

/// A row of a bank is open.
pub const ROW_OPEN: u16 = 0x100;
/// A rank refreshes.
pub const REFRESH: u16 = 0x101;
/// Data of a read are on the bus.
pub const READ_DATA: u16 = 0x102;
/// Data of a write are on the bus.
pub const WRITE_DATA: u16 = 0x103;
/// Mark: a row of a bank opens.
pub const ROW_OPENED: u16 = 0x104;
/// First of the command kinds, in the order of [`CommandKind`].
pub const COMMAND: u16 = 0x110;

/// Counter: reads in the transaction queue.
pub const QUEUED_READS: u16 = 0x100;
/// Counter: writes in the transaction queue.
pub const QUEUED_WRITES: u16 = 0x101;

/// The commands of a channel, as trace records number them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandKind {
    /// ACT
    Activate,
    /// PRE
    Precharge,
    /// RD
    Read,
    /// WR
    Write,
    /// REF; `part` is how many it stands for
    Refresh,
    /// REFpb
    RefreshBank,
}

impl CommandKind {
    /// The name in datasheets.
    #[must_use]
    pub const fn mnemonic(self) -> &'static str {
        match self {
            Self::Activate => "ACT",
            Self::Precharge => "PRE",
            Self::Read => "RD",
            Self::Write => "WR",
            Self::Refresh => "REF",
            Self::RefreshBank => "REFpb",
        }
    }

    /// The kind behind a label of a command, if it is one.
    #[must_use]
    pub fn of(label: Label) -> Option<Self> {
        [
            Self::Activate,
            Self::Precharge,
            Self::Read,
            Self::Write,
            Self::Refresh,
            Self::RefreshBank,
        ]
        .into_iter()
        .find(|kind| COMMAND + *kind as u16 == label.kind)
    }
}

pub(super) fn row_open(row: u32) -> Label {
    Label {
        kind: ROW_OPEN,
        work: row,
        part: 0,
    }
}

pub(super) fn row_opened(row: u32) -> Label {
    Label {
        kind: ROW_OPENED,
        ..row_open(row)
    }
}

pub(super) fn refresh(times: u32) -> Label {
    Label {
        kind: REFRESH,
        work: times,
        part: 0,
    }
}

pub(super) fn command(kind: CommandKind, bank: u32, row: u32, column: u32) -> Label {
    Label {
        kind: COMMAND + kind as u16,
        work: bank,
        part: u64::from(row) | u64::from(column) << 32,
    }
}
