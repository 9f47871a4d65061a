//! What is said of idle lanes.

use std::rc::Rc;

use analysis::longest::Longest;
use serde::{Deserialize, Serialize};

use crate::Header;

/// Idle time of the lanes that were asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IdleLanes {
    /// Lanes that were asked for and that did anything.
    pub lanes: u64,
    /// Idle cycles by cause, summed over lanes; the largest first.
    pub causes: Vec<IdleCause>,
    /// The longest gaps.
    pub gaps: Vec<Gap>,
}

/// Idle time for one cause.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IdleCause {
    /// The cause, as the stalls of a run's result name it, `pipeline` or `issue`.
    pub cause: String,
    /// Cycles, summed over lanes.
    pub cycles: f64,
    /// Their share of all the lanes' time.
    pub share: f64,
}

/// A time in which a lane did nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Gap {
    /// The lane.
    pub track: String,
    /// First cycle.
    pub from_cycle: f64,
    /// The end.
    pub to_cycle: f64,
    /// How long it was.
    pub cycles: f64,
    /// The cause of the largest part of it.
    pub cause: String,
    /// The share of that part.
    pub share: f64,
    /// The operation that was blocked, if the cause is the control block's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
}

/// A gap whose cause is known.
pub(super) struct Explained {
    pub(super) end: u64,
    pub(super) cause: usize,
    pub(super) ticks: u64,
    pub(super) operation: Option<Rc<str>>,
}

/// Shares of the causes in the lanes' time, the largest first.
pub(super) fn shares(causes: &[String], totals: &[u64], whole: u64, header: &Header) -> Vec<IdleCause> {
    let causes = causes.iter().zip(totals).filter(|(_, ticks)| **ticks > 0);
    let shares = causes.map(|(cause, &ticks)| IdleCause {
        cause: cause.clone(),
        cycles: ticks as f64 / header.ticks_per_cycle as f64,
        share: ticks as f64 / whole as f64,
    });
    let mut shares: Vec<IdleCause> = shares.collect();
    shares.sort_by(|left, right| right.cycles.total_cmp(&left.cycles));
    shares
}

/// The longest gaps, of lanes by number.
pub(super) fn gaps(
    longest: Longest<(u64, u32), Explained>,
    lanes: &[&str],
    causes: &[String],
    header: &Header,
) -> Vec<Gap> {
    let cycle = |tick: u64| tick as f64 / header.ticks_per_cycle as f64;
    let gaps = longest.finish().map(|((start, lane), gap)| Gap {
        track: lanes[lane as usize].to_owned(),
        from_cycle: cycle(start),
        to_cycle: cycle(gap.end),
        cycles: cycle(gap.end - start),
        cause: causes[gap.cause].clone(),
        share: gap.ticks as f64 / (gap.end - start) as f64,
        waiting: gap.operation.map(|name| name.to_string()),
    });
    gaps.collect()
}
