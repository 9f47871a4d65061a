//! Main memory: channels, ranks and banks as actors.
//!
//! ```text
//!  requestor ──Request──> Channel ──Command──> Rank ──Command──> Bank
//!      ^  ^                │   │ └─────────────Command────────────^ │
//!      │  └────Credit──────┘   │                                    │
//!      └───────Response────────┴──────────────Response──────────────┘
//! ```
//!
//! A [`MemoryDescription`] (RON) is checked into a [`MemoryPlan`]; [`build_memory`] makes the actors; after the
//! run [`collect`] gathers a [`MemoryReport`]. [`replay`] does all of it for a trace of requests.
//!
//! All actors work in cycles of the memory clock and are awake only in cycles in which something happens.
//!
//! # Protocol
//! - A requestor sends a [`MemoryRequest`] with no delay to the channel that
//!   [`MemoryPorts::channel_of`] names. Each costs one credit of that channel and kind of access; it starts with
//!   those of [`MemoryPlan::credits`], and a [`Credit`] message brings one back, in the very cycle in which the
//!   place became free. A requestor out of credits waits for one.
//! - A request that arrives in cycle `c` (at its edge or between it and the next) is seen by the controller
//!   from cycle `c + 1`; latencies count from there. Requests of one cycle are ordered by requestor, so the order
//!   of delivery does not matter.
//! - A write is answered one cycle after it was taken in; a read when its data has arrived, by its bank (by the
//!   channel if it was forwarded or merged). Answers of different requests come in any order.
//! - With several requestors, each may fill the transaction queue by its own credits; what does not fit
//!   waits in a queue of its own, and these are served in turn (or by class under strict priority).
//! - An idle channel sends itself nothing. It accounts for refreshes of its idle time when it is next used, or
//!   when it gets [`MemoryMessage::Halt`], which ends the run for it.
//!
//! DRAMsim3's host rule (each cycle: tick the memory, then offer at most one request, in order) follows: the
//! [`ReplayHost`] offers once per cycle, and again in the same cycle if a credit came back too late.
//!
//! # Not modelled
//! Power-down and self-refresh, command-bus occupancy beyond one command per cycle (two with `dual_command`),
//! ECC, and thermal effects on refresh.

mod address_map;
mod arbitration;
mod assemble;
mod bank;
mod channel;
mod command_counts;
mod constraints;
mod credit;
pub mod description;
mod energy;
mod ideal;
pub mod label;
mod message;
pub mod pattern;
mod plan;
mod rank;
mod refresh_policy;
mod replay;
mod report;
mod route;
mod trace_text;
pub mod units;
mod violation;

pub use address_map::{AddressMap, Location};
pub use arbitration::RequestorName;
pub use assemble::{MemoryActor, MemoryPart, MemoryPorts, build_memory};
pub use bank::Bank;
pub use channel::{Channel, ChannelStatistics, RequestorStatistics};
pub use command_counts::CommandCounts;
pub use constraints::Constraints;
pub use credit::CreditAccount;
pub use description::{Field, FieldOrder, MemoryDescription};
pub use energy::{Energy, EnergyTable};
pub use ideal::IdealMemory;
pub use message::{
    Access, Command, Credit, DramOperation, MemoryHost, MemoryMessage, MemoryRequest, MemoryResponse, Reply,
    RequestorId,
};
pub use plan::MemoryPlan;
pub use rank::{Rank, RankCounts};
pub use refresh_policy::{RefreshPolicy, RefreshSchedule, RefreshTarget};
pub use replay::{ReplayActor, ReplayError, ReplayHost, ReplayReport, replay, replay_into};
pub use report::{MemoryReport, RequestorReport, Wear, collect};
pub use route::MemoryRoute;
pub use trace_text::{END_CYCLE, TraceError, TraceRecord, parse_trace};
pub use violation::Violations;
