//! Summary of a critical path: shares by part and by operation, and its longest stretches.

use std::collections::BTreeMap;

use scenarios::system::OperationNames;
use scenarios::system::Plan;
use serde::{Deserialize, Serialize};

use super::step::CriticalPath;
use crate::longest::Longest;

/// How much of the path was spent on one part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartShare {
    /// What it was spent on.
    pub part: String,
    /// What it carried, if it was a transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic: Option<String>,
    /// Cycles of the accelerator.
    pub cycles: f64,
    /// Of the whole path.
    pub share: f64,
}

impl PartShare {
    /// The part and what it carried, such as `memory read of weights`.
    #[must_use]
    pub fn name(&self) -> String {
        part_name(&self.part, self.traffic.as_deref())
    }
}

/// How much of the path was spent in operations of one role and layer, including their loads and waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperationShare {
    /// What the operations are for.
    pub role: String,
    /// Their layer.
    pub layer: Option<u32>,
    /// Cycles of the accelerator.
    pub cycles: f64,
    /// Of the whole path.
    pub share: f64,
}

/// A piece of the path within operations of one role and layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// First cycle.
    pub from_cycle: f64,
    /// Its end.
    pub to_cycle: f64,
    /// Its length.
    pub cycles: f64,
    /// Of the whole path.
    pub share: f64,
    /// What the operations are for.
    pub role: Option<String>,
    /// Their layer.
    pub layer: Option<u32>,
    /// What most of it was spent on.
    pub mostly: String,
    /// The share of the stretch spent on that.
    pub mostly_share: f64,
}

/// The critical path, summed up. All cycles are the accelerator's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathSummary {
    /// Its length; for a whole run, the run's latency.
    pub cycles: f64,
    /// Shares by part, the largest first.
    pub parts: Vec<PartShare>,
    /// Shares by operation, the largest first.
    pub operations: Vec<OperationShare>,
    /// Its longest stretches, in order of time.
    pub stretches: Vec<Stretch>,
    /// Number of stretches, including the shorter ones.
    pub stretches_in_all: u64,
}

impl PathSummary {
    /// Summarises the path of a run of `plan` and names its `top` longest stretches.
    #[must_use]
    pub fn new(path: &CriticalPath, plan: &Plan, top: usize) -> Self {
        let mut names = OperationNames::new(
            Box::new(plan.machine.program()),
            plan.machine.operations_of_batch(),
        );
        let mut collector = SummaryCollector::new(top);
        for segment in path.segments() {
            let name = segment.operation.and_then(|operation| names.get(operation));
            collector.add(Named {
                part: segment.part.name(),
                traffic: segment.traffic.map(|traffic| traffic.name()),
                role: name.map(|name| name.role.name()),
                layer: name.map(|name| name.layer),
                start: segment.start,
                end: segment.end,
            });
        }
        collector.finish(plan.machine.clock.period().0)
    }
}

/// A segment with its names.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// What the path was spent on.
    pub part: &'a str,
    /// What a transfer carried.
    pub traffic: Option<&'a str>,
    /// What the operation is for.
    pub role: Option<&'a str>,
    /// Its layer.
    pub layer: Option<u32>,
    /// First tick.
    pub start: u64,
    /// Tick at the end.
    pub end: u64,
}

/// A part, and what it carried.
type PartKey = (String, Option<String>);
/// A role, and a layer.
type OperationKey = (Option<String>, Option<u32>);

struct Open {
    operation: OperationKey,
    start: u64,
    end: u64,
    parts: BTreeMap<PartKey, u64>,
}

/// Takes the segments of a path in order of time.
pub struct SummaryCollector {
    parts: BTreeMap<PartKey, u64>,
    operations: BTreeMap<OperationKey, u64>,
    open: Option<Open>,
    /// By start and number: end, operation, and the part that most of it was spent on.
    stretches: Longest<(u64, u64), (u64, OperationKey, PartKey, u64)>,
    stretches_in_all: u64,
    length: u64,
}

impl SummaryCollector {
    /// A collector that names the `top` longest stretches.
    pub fn new(top: usize) -> Self {
        Self {
            parts: BTreeMap::new(),
            operations: BTreeMap::new(),
            open: None,
            stretches: Longest::new(top),
            stretches_in_all: 0,
            length: 0,
        }
    }

    /// Adds the next segment of the path.
    pub fn add(&mut self, segment: Named<'_>) {
        let ticks = segment.end - segment.start;
        let part: PartKey = (segment.part.to_owned(), segment.traffic.map(str::to_owned));
        let operation: OperationKey = (segment.role.map(str::to_owned), segment.layer);
        self.length = self.length.saturating_add(ticks);
        charge(&mut self.parts, part.clone(), ticks);
        charge(&mut self.operations, operation.clone(), ticks);
        let goes_on = |open: &Open| open.operation == operation && open.end == segment.start;
        if !self.open.as_ref().is_some_and(goes_on) {
            self.close();
        }
        let open = self.open.get_or_insert_with(|| Open {
            operation,
            start: segment.start,
            end: segment.end,
            parts: BTreeMap::new(),
        });
        open.end = segment.end;
        charge(&mut open.parts, part, ticks);
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let most = open.parts.into_iter().max_by_key(|&(_, ticks)| ticks);
        if let Some((part, ticks)) = most {
            let key = (open.start, self.stretches_in_all);
            self.stretches_in_all += 1;
            self.stretches.offer(open.end - open.start, key, || {
                (open.end, open.operation, part, ticks)
            });
        }
    }

    /// The sums.
    pub fn finish(mut self, ticks_per_cycle: u64) -> PathSummary {
        self.close();
        let cycles = |ticks: u64| ticks as f64 / ticks_per_cycle as f64;
        let length = self.length.max(1);
        let share = |ticks: u64| ticks as f64 / length as f64;
        let mut longest: Vec<_> = self.stretches.finish().collect();
        longest.sort_by_key(|&(key, _)| key);
        let parts = by_size(self.parts).map(|((part, traffic), ticks)| PartShare {
            part,
            traffic,
            cycles: cycles(ticks),
            share: share(ticks),
        });
        let operations = by_size(self.operations).map(|((role, layer), ticks)| OperationShare {
            role: role.unwrap_or_else(|| "?".to_owned()),
            layer,
            cycles: cycles(ticks),
            share: share(ticks),
        });
        let stretches = longest
            .into_iter()
            .map(|((start, _), (end, operation, part, ticks))| Stretch {
                from_cycle: cycles(start),
                to_cycle: cycles(end),
                cycles: cycles(end - start),
                share: share(end - start),
                role: operation.0,
                layer: operation.1,
                mostly: part_name(&part.0, part.1.as_deref()),
                mostly_share: ticks as f64 / (end - start).max(1) as f64,
            });
        PathSummary {
            cycles: cycles(self.length),
            parts: parts.collect(),
            operations: operations.collect(),
            stretches: stretches.collect(),
            stretches_in_all: self.stretches_in_all,
        }
    }
}

/// The display name of a part, with what it carried, such as `memory read of weights`.
pub fn part_name(part: &str, traffic: Option<&str>) -> String {
    let part = part.replace('_', " ");
    match traffic {
        Some(traffic) => format!("{part} of {traffic}"),
        None => part,
    }
}

/// Adds to a sum, saturating: traces that are read back may hold any number.
fn charge<K: Ord>(sums: &mut BTreeMap<K, u64>, key: K, ticks: u64) {
    let sum = sums.entry(key).or_default();
    *sum = sum.saturating_add(ticks);
}

fn by_size<K: Ord>(sums: BTreeMap<K, u64>) -> impl Iterator<Item = (K, u64)> {
    let mut sums: Vec<(K, u64)> = sums.into_iter().collect();
    sums.sort_by_key(|&(_, ticks)| u64::MAX - ticks);
    sums.into_iter()
}
