//! The critical path of a run: the chain of loads, tiles and waits that decided its latency.
//!
//! An event-driven machine does each thing as soon as the last of what it waits for has come. So each run and each transfer has one
//! *cause*: what the control block had just learned when it issued or ordered it (a unit is free, results are written back, a
//! transfer has ended), or, for a transfer that queued at the DMA, the transfer before it. From the last event of the run back to the
//! first, causes form a chain without a gap, and its length is the run's latency. This is the usual critical path of a graph of
//! dependences and of resources (J. E. Kelley, "Critical-Path Planning and Scheduling", Operations Research 9(3), 1961), taken from what
//! did happen, so it needs no estimate of durations.
//!
//! ```text
//! links and spans ──> CriticalPathSink { RunTimes, TransferTimes ──> Graph } ──at the end──> CriticalPath ──> PathSummary
//! ```
//!
//! The graph forgets what nothing under way can lead back to, so memory grows with the path, not with the run.

mod graph;
mod links;
mod step;
mod summary;
mod times;
mod transfers;

pub use links::CriticalPathSink;
pub use step::{CriticalPath, Part, Segment, Step, Work};
pub use summary::{Named, OperationShare, PartShare, PathSummary, Stretch, SummaryCollector, part_name};

/// How many stretches of a run's path its result names.
pub const STRETCHES: usize = 12;

/// The track of the critical path in traces.
pub const TRACK: &str = "critical_path";
