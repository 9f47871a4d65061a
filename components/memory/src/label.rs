//! What the memory's trace records say, as typed events; a record's label is their packed form.

use sim_core::Label;

use crate::Access;

/// What a trace record of a main memory says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryEvent {
    /// Span of a bank from ACT to PRE: a row is open.
    RowOpen {
        /// The row.
        row: u32,
    },
    /// Mark of a bank at ACT: a row opens.
    RowOpened {
        /// The row.
        row: u32,
    },
    /// Span of a rank, of tRFC: it refreshes.
    Refresh {
        /// Refreshes that it stands for.
        times: u32,
    },
    /// Span of a channel: data of one burst are on its data bus.
    Burst {
        /// The direction.
        access: Access,
        /// The bank in the channel.
        bank: u32,
        /// The row.
        row: u32,
    },
    /// Instant of a channel: a command is on its command bus.
    Command(BusCommand),
}

/// A command on the bus of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusCommand {
    /// What it does.
    pub kind: CommandKind,
    /// The bank in the channel; of commands to a rank its first.
    pub bank: u32,
    /// The row; of a refresh, how many refreshes it stands for.
    pub row: u32,
    /// The column.
    pub column: u32,
}

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
    /// REF
    Refresh,
    /// REFpb
    RefreshBank,
}

/// Numbers of the kinds. Those below 0x100 are the host's.
mod kind {
    pub(super) const ROW_OPEN: u16 = 0x100;
    pub(super) const REFRESH: u16 = 0x101;
    pub(super) const READ_DATA: u16 = 0x102;
    pub(super) const WRITE_DATA: u16 = 0x103;
    pub(super) const ROW_OPENED: u16 = 0x104;
    /// The first of the commands, in the order of [`CommandKind`](super::CommandKind).
    pub(super) const COMMAND: u16 = 0x110;
}

impl CommandKind {
    /// All commands.
    pub const ALL: [Self; 6] = [
        Self::Activate,
        Self::Precharge,
        Self::Read,
        Self::Write,
        Self::Refresh,
        Self::RefreshBank,
    ];

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
}

impl MemoryEvent {
    /// Packed into the label of a record.
    #[must_use]
    #[inline]
    pub fn label(self) -> Label {
        let label = |kind, work, part| Label { kind, work, part };
        match self {
            Self::RowOpen { row } => label(kind::ROW_OPEN, row, 0),
            Self::RowOpened { row } => label(kind::ROW_OPENED, row, 0),
            Self::Refresh { times } => label(kind::REFRESH, times, 0),
            Self::Burst { access, bank, row } => {
                let kind = match access {
                    Access::Read => kind::READ_DATA,
                    Access::Write => kind::WRITE_DATA,
                };
                label(kind, bank, row.into())
            }
            Self::Command(BusCommand {
                kind,
                bank,
                row,
                column,
            }) => label(
                kind::COMMAND + kind as u16,
                bank,
                u64::from(row) | u64::from(column) << 32,
            ),
        }
    }

    /// Unpacked again; `None` for a label that no part of a memory makes.
    #[must_use]
    #[inline]
    pub fn of(label: Label) -> Option<Self> {
        let burst = |access| Self::Burst {
            access,
            bank: label.work,
            row: label.part as u32,
        };
        match label.kind {
            kind::ROW_OPEN => Some(Self::RowOpen { row: label.work }),
            kind::ROW_OPENED => Some(Self::RowOpened { row: label.work }),
            kind::REFRESH => Some(Self::Refresh { times: label.work }),
            kind::READ_DATA => Some(burst(Access::Read)),
            kind::WRITE_DATA => Some(burst(Access::Write)),
            kind => {
                let number = usize::from(kind.checked_sub(kind::COMMAND)?);
                Some(Self::Command(BusCommand {
                    kind: *CommandKind::ALL.get(number)?,
                    bank: label.work,
                    row: label.part as u32,
                    column: (label.part >> 32) as u32,
                }))
            }
        }
    }

    /// The name in traces; of a command, its mnemonic.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RowOpen { .. } | Self::RowOpened { .. } => "row_open",
            Self::Refresh { .. } => "refresh",
            Self::Burst {
                access: Access::Read, ..
            } => "read_data",
            Self::Burst {
                access: Access::Write,
                ..
            } => "write_data",
            Self::Command(command) => command.kind.mnemonic(),
        }
    }

    /// Bank in the channel, row and column, as far as they matter.
    #[must_use]
    pub const fn place(self) -> [Option<u32>; 3] {
        match self {
            Self::RowOpen { row } | Self::RowOpened { row } => [None, Some(row), None],
            Self::Refresh { .. } => [None; 3],
            Self::Burst { bank, row, .. } => [Some(bank), Some(row), None],
            Self::Command(BusCommand {
                kind,
                bank,
                row,
                column,
            }) => match kind {
                CommandKind::Activate => [Some(bank), Some(row), None],
                CommandKind::Read | CommandKind::Write => [Some(bank), Some(row), Some(column)],
                CommandKind::Precharge | CommandKind::Refresh | CommandKind::RefreshBank => {
                    [Some(bank), None, None]
                }
            },
        }
    }
}

/// A quantity of a channel that traces follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryCounter {
    /// Reads in the transaction queue, or all requests if the queue is unified.
    QueuedReads,
    /// Writes in the transaction queue.
    QueuedWrites,
}

impl MemoryCounter {
    /// Its number in records.
    #[must_use]
    #[inline]
    pub const fn number(self) -> u16 {
        match self {
            Self::QueuedReads => 0x100,
            Self::QueuedWrites => 0x101,
        }
    }

    /// The counter of a number; `None` for one that no channel has.
    #[must_use]
    #[inline]
    pub const fn of(number: u16) -> Option<Self> {
        match number {
            0x100 => Some(Self::QueuedReads),
            0x101 => Some(Self::QueuedWrites),
            _ => None,
        }
    }

    /// The name in traces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::QueuedReads => "queued_reads",
            Self::QueuedWrites => "queued_writes",
        }
    }
}
