//! The channel controller's policies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sim_core::Cycles;

use crate::refresh_policy::RefreshPolicy;

/// A channel's controller.
///
/// The default is what a good real controller does: it serves ready row hits before all else and the oldest
/// request among equals (Rixner et al., ISCA 2000), bounds how long a stream of hits may hold a row so that
/// nobody starves, gathers writes and drains them in batches between two watermarks because each turn of the
/// data bus costs tWTR, drains what is left as soon as no read waits, and moves requests to their bank as
/// soon as there is room. [`Controller::dramsim3`] differs in each of these points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Controller {
    /// Where requests wait before they are given to a bank.
    pub transaction_queues: TransactionQueues,
    /// Where requests wait for their bank.
    pub command_queues: CommandQueues,
    /// Requests that may move to the banks in one cycle; 0 for as many as fit.
    pub moves_per_cycle: u32,
    /// Who goes first.
    pub scheduling: Scheduling,
    /// Whose request is taken in next when several wait for a place.
    pub arbitration: Arbitration,
    /// What happens to a row after its accesses.
    pub page_policy: PagePolicy,
    /// How many hits may overtake an older request to another row.
    pub hit_cap: HitCap,
    /// When writes are written.
    pub write_drain: WriteDrain,
    /// Answers a read from a write that still waits, in one cycle.
    pub read_forwarding: bool,
    /// Serves reads of one block by one column access.
    pub read_merging: bool,
    /// Replaces a waiting write by a later one to the same block.
    pub write_merging: bool,
    /// How refreshes are spread.
    pub refresh: RefreshPolicy,
    /// HBM: a row command and a column command may issue in one cycle.
    pub dual_command: bool,
}

/// The queues that requests enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum TransactionQueues {
    /// Reads and writes apart; writes wait for a drain.
    Split {
        /// Places for reads.
        reads: u32,
        /// Places for writes.
        writes: u32,
    },
    /// One queue for both, served in order of arrival.
    Unified {
        /// Places.
        depth: u32,
    },
}

/// The queues in front of the banks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum CommandQueues {
    /// One of `depth` places for each bank.
    PerBank {
        /// Places of one bank.
        depth: u32,
    },
    /// `depth` places shared by all banks of the channel.
    Unified {
        /// Places of the channel.
        depth: u32,
    },
}

/// Which of the ready commands goes first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Scheduling {
    /// Banks in turn, from the one after the last issuer; within a bank the oldest ready request; row and
    /// column commands have equal standing. DRAMsim3's rule.
    RoundRobin,
    /// Ready column commands first, the oldest request among equals.
    FrFcfs,
    /// Strictly in order of arrival: only the oldest request of the channel gets commands.
    Fcfs,
    /// As `FrFcfs`, but a requestor earlier in the list goes before those later, and before those not listed. They are
    /// named as in results (`weights`, `camera`), or by machine (`accelerator`, a tenant's name).
    Priority(Vec<String>),
}

/// Whose request is taken in next when several requestors wait for a place in the transaction queues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Arbitration {
    /// One of each in turn.
    InTurn,
    /// In proportion to weights, as long as those who wait have something to ask for; a share that is not used goes to
    /// the others. Named as in results, or by machine; each requestor that is not listed has a weight of 1 of its own.
    Shares(BTreeMap<String, u32>),
}

/// What happens to an open row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum PagePolicy {
    /// It stays open until another row or a refresh needs the bank.
    Open,
    /// It is closed as soon as no waiting request hits it.
    Closed,
    /// It is closed when no request has come for so long after its last column access.
    Timeout(Cycles),
}

/// How many hits may be served while an older request waits for another row of the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum HitCap {
    /// As many as there are.
    Unlimited,
    /// After so many, the oldest request may close the row, but hits that are ready sooner still go.
    Soft(u32),
    /// After so many, no further hit is served before the oldest request.
    Hard(u32),
}

/// When the write queue is emptied (split queues only).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum WriteDrain {
    /// From `high` waiting writes down to `low`, and whenever no read waits. Between two drains as many reads go as
    /// the first moved writes, if they wait: a flood of writes halves the reads' bandwidth, but never stops them.
    Watermarks {
        /// Waiting writes that start a drain.
        high: u32,
        /// Waiting writes that end it.
        low: u32,
    },
    /// As many as wait when the queue is full, or when more than `threshold` wait and no bank has work.
    /// Up to `threshold` writes may never be written. DRAMsim3's rule, with a threshold of 8; but after 16 drains in a
    /// row for which reads waited, as many reads go as the queue has places, where DRAMsim3 would let them wait for ever.
    FullOrIdle {
        /// Waiting writes that an idle channel leaves alone.
        threshold: u32,
    },
}

impl Default for Controller {
    fn default() -> Self {
        Self {
            transaction_queues: TransactionQueues::Split {
                reads: 32,
                writes: 32,
            },
            command_queues: CommandQueues::PerBank { depth: 8 },
            moves_per_cycle: 0,
            scheduling: Scheduling::FrFcfs,
            arbitration: Arbitration::InTurn,
            page_policy: PagePolicy::Open,
            hit_cap: HitCap::Hard(16),
            write_drain: WriteDrain::Watermarks { high: 24, low: 8 },
            read_forwarding: true,
            read_merging: true,
            write_merging: true,
            refresh: RefreshPolicy::Staggered,
            dual_command: false,
        }
    }
}

impl Controller {
    /// The controller of DRAMsim3 (umd-memsys/DRAMsim3, MIT), with the values its configuration files share.
    #[must_use]
    pub fn dramsim3() -> Self {
        Self {
            moves_per_cycle: 1,
            scheduling: Scheduling::RoundRobin,
            hit_cap: HitCap::Soft(4),
            write_drain: WriteDrain::FullOrIdle { threshold: 8 },
            ..Self::default()
        }
    }
}
