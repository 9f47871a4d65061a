//! The critical path of a run: the chain of loads, tiles and waits that decided its latency.
//!
//! An event-driven machine does each thing as soon as the last thing it waits for has happened. So each run and each transfer
//! has one *cause*: the event that the control block had just learned of when it issued or ordered it (a unit is free, results
//! are written back, a transfer has ended) or, for a transfer that queued at the DMA, the transfer before it. From the last
//! event of the run back to the first, causes form a chain without gaps, whose length is the run's latency. This is the usual
//! critical path of a graph of dependences and resources (J. E. Kelley, "Critical-Path Planning and Scheduling", Operations
//! Research 9(3), 1961), taken from what actually happened, so it needs no estimates of durations.
//!
//! ```text
//! links and spans ──> CriticalPathSink { RunTimes, TransferTimes ──> Graph } ──at the end──> CriticalPath ──> PathSummary
//! ```
//!
//! The graph drops nodes that nothing in flight can lead back to, so memory grows with the path, not with the run.

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
