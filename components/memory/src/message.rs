//! What the parts of a main memory tell each other and the rest of the machine.

use sim_core::{ActorId, Message, mix};

/// Who asks: an index that the system gives out (weights, activations, a tenant, a background source, ...).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct RequestorId(pub u8);

/// The direction of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Data goes from the memory to the requestor.
    Read,
    /// Data goes from the requestor to the memory.
    Write,
}

/// One access of [`request_bytes`](super::MemoryPlan::request_bytes) at a block of that size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryRequest {
    /// Byte address. The bits below the request's size and above the memory's capacity are ignored.
    pub address: u64,
    /// The requestor's own number for this request; the answer carries it.
    pub tag: u32,
    /// Who asks.
    pub requestor: RequestorId,
    /// Read or write.
    pub access: Access,
    /// Where the answer and the credit go.
    pub reply_to: ActorId,
}

/// A read's data has arrived, or a write has been accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryResponse {
    /// The request's tag.
    pub tag: u32,
    /// Who asked.
    pub requestor: RequestorId,
    /// Read or write.
    pub access: Access,
}

/// A place for one more request has become free in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    /// The channel's number in its memory.
    pub channel: u16,
    /// Whose place it is.
    pub requestor: RequestorId,
    /// In which queue.
    pub access: Access,
}

/// Where the data of a read go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The receiver.
    pub to: ActorId,
    /// The request's tag.
    pub tag: u32,
    /// Who asked.
    pub requestor: RequestorId,
}

/// What a command does, in the terms of the datasheets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DramOperation {
    /// ACT: opens a row of a bank.
    Activate {
        /// The row.
        row: u32,
    },
    /// PRE: closes the open row of a bank.
    Precharge,
    /// RD: reads a burst from the open row.
    Read {
        /// The row the controller believes open.
        row: u32,
        /// Who gets the data.
        reply: Reply,
    },
    /// WR: writes a burst into the open row.
    Write {
        /// The row the controller believes open.
        row: u32,
    },
    /// REF / REFab: refreshes all banks of a rank. An idle memory catches up on its refreshes when it is
    /// next used: `times` of them, tREFI apart, the last at the command's cycle.
    Refresh {
        /// How many refreshes this message stands for; 1 on a memory in use.
        times: u32,
    },
    /// REFpb: refreshes one bank, as often as `times` says.
    RefreshBank {
        /// How many refreshes this message stands for.
        times: u32,
    },
}

/// A command on a channel's command bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// The memory-clock cycle in which it is on the bus. It may lie in the past for what an idle channel
    /// catches up on.
    pub cycle: u64,
    /// The bank within its rank; 0 for commands to the whole rank.
    pub bank: u8,
    /// What to do.
    pub operation: DramOperation,
}

/// All that is sent to, from and within a main memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryMessage {
    /// Requestor to channel. Costs the requestor one credit.
    Request(MemoryRequest),
    /// Bank or channel to requestor.
    Response(MemoryResponse),
    /// Channel to requestor: one credit back.
    Credit(Credit),
    /// Channel to rank or bank.
    Command(Command),
    /// Channel or host to itself: something may happen in this cycle of the memory clock.
    Wake {
        /// The cycle.
        cycle: u64,
    },
    /// To a channel: the run ends with this cycle. Refreshes due up to now are accounted for; no command
    /// follows.
    Halt,
}

const _: () = assert!(
    size_of::<MemoryMessage>() <= 40,
    "messages are copied through the event queue"
);

impl Message for MemoryMessage {
    #[inline]
    fn fingerprint(&self) -> u64 {
        match *self {
            Self::Request(request) => mix(
                request.address ^ (u64::from(request.tag) << 32),
                1 | access_bit(request.access) << 3 | u64::from(request.requestor.0) << 8,
            ),
            Self::Response(response) => mix(
                u64::from(response.tag),
                2 | access_bit(response.access) << 3 | u64::from(response.requestor.0) << 8,
            ),
            Self::Credit(credit) => {
                3 | access_bit(credit.access) << 3
                    | u64::from(credit.requestor.0) << 8
                    | u64::from(credit.channel) << 16
            }
            Self::Command(command) => mix(command.cycle, command.fingerprint()),
            Self::Wake { cycle } => mix(cycle, 5),
            Self::Halt => 6,
        }
    }
}

impl Command {
    #[inline]
    fn fingerprint(&self) -> u64 {
        let (kind, detail) = match self.operation {
            DramOperation::Activate { row } => (0, row),
            DramOperation::Precharge => (1, 0),
            DramOperation::Read { row, .. } => (2, row),
            DramOperation::Write { row } => (3, row),
            DramOperation::Refresh { times } => (4, times),
            DramOperation::RefreshBank { times } => (5, times),
        };
        4 | kind << 3 | u64::from(self.bank) << 8 | u64::from(detail) << 16
    }
}

#[inline]
fn access_bit(access: Access) -> u64 {
    u64::from(access == Access::Write)
}
