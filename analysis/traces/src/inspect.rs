//! Questions of a trace: who was busy, what took long, why lanes idled, how long transfers took, where two traces part.

mod components;
mod difference;
mod idle;
mod operations;
mod transfers;

use std::path::Path;

use analysis::Error;
use analysis::critical_path::{self, Named, PathSummary, SummaryCollector};
use serde::{Deserialize, Serialize};

use crate::read::TraceReader;
use crate::{Entry, Form, Header, TimeWindow, matches};

pub use components::ComponentUse;
pub use difference::{Difference, Parting, difference};

pub use idle::{Gap, IdleCause, IdleLanes};
pub use operations::OperationUse;
pub use transfers::TransferUse;

/// What is asked of a trace.
#[derive(Clone, Debug)]
pub struct Question {
    /// The tracks that are asked for; all if there is no pattern.
    pub component: Option<String>,
    /// The time that is asked for.
    pub window: TimeWindow,
    /// How many of the slowest operations and longest gaps are named.
    pub top: usize,
}

/// What a trace answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Inspection {
    /// What the trace says of itself.
    pub header: Header,
    /// Records in the time and on the tracks that were asked for.
    pub records: u64,
    /// First cycle of the accelerator that was looked at.
    pub from_cycle: f64,
    /// The end.
    pub to_cycle: f64,
    /// What decided the latency, in the time that was asked for; `None` if the trace does not hold it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub critical_path: Option<PathSummary>,
    /// How much each component was busy: by kind, or each by itself if a pattern asked for some.
    pub components: Vec<ComponentUse>,
    /// The operations that took longest.
    pub operations: Vec<OperationUse>,
    /// Why MAC lanes idled, for those that a pattern asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle: Option<IdleLanes>,
    /// Transfers by direction and purpose.
    pub transfers: Vec<TransferUse>,
}

/// The time that is looked at, in ticks.
#[derive(Clone, Copy, Debug)]
struct Window {
    from: u64,
    to: u64,
}

impl Window {
    /// The part of a span that lies in the window.
    fn clip(self, entry: &Entry<'_>) -> Option<(u64, u64)> {
        let (start, end) = (entry.start_tick.max(self.from), entry.end_tick.min(self.to));
        (start < end).then_some((start, end))
    }

    fn holds(self, entry: &Entry<'_>) -> bool {
        entry.start_tick < self.to && (entry.end_tick > self.from || entry.start_tick >= self.from)
    }
}

/// A record of the critical path, as far as it lies in the window.
fn named<'a>(entry: &'a Entry<'_>, window: Window) -> Named<'a> {
    let (start, end) = window.clip(entry).unwrap_or((entry.start_tick, entry.start_tick));
    Named {
        part: &entry.kind,
        traffic: entry.detail.as_deref(),
        role: entry.role.as_deref(),
        layer: entry.layer,
        start,
        end,
    }
}

/// Answers `question` of the trace at `path`, which is read once from beginning to end.
///
/// # Errors
/// The trace cannot be read.
pub fn inspect(path: &Path, question: &Question) -> Result<Inspection, Error> {
    let mut reader = TraceReader::open(path)?;
    let header = reader.header().clone();
    let (from, to) = question
        .window
        .ticks(header.ticks_per_second as f64, header.ticks_per_cycle);
    let window = Window {
        from: from.0.max(header.from_tick),
        to: to.0.min(header.to_tick.unwrap_or(u64::MAX)),
    };
    let wanted = |track: &str| {
        question
            .component
            .as_deref()
            .is_none_or(|pattern| matches(pattern, track))
    };
    let mut components = components::Collector::new(question.component.is_some());
    let mut operations = operations::Collector::new(question.top);
    let mut transfers = transfers::Collector::default();
    let mut idle = question
        .component
        .as_ref()
        .map(|_| idle::Machines::new(window, question.top));
    let mut path: Option<SummaryCollector> = None;
    let (mut records, mut last, mut finished) = (0, 0, None);
    while let Some(entry) = reader.next_entry()? {
        match entry.record {
            Form::Span => last = last.max(entry.end_tick),
            _ if entry.kind == "finished" => finished = finished.max(Some(entry.start_tick)),
            _ => {}
        }
        if !window.holds(&entry) {
            continue;
        }
        if let Some(idle) = &mut idle {
            idle.add_reason(&entry);
        }
        if !wanted(&entry.track) {
            continue;
        }
        records += 1;
        if entry.track == critical_path::TRACK {
            path.get_or_insert_with(|| SummaryCollector::new(question.top))
                .add(named(&entry, window));
            continue;
        }
        components.add(&entry, window);
        operations.add(&entry, window);
        transfers.add(&entry);
        if let Some(idle) = &mut idle {
            idle.add(&entry);
        }
    }
    let window = Window {
        // Refreshes continue after the last operation.
        to: window.to.min(finished.unwrap_or(last)).max(window.from),
        ..window
    };
    let cycle = |tick: u64| tick as f64 / header.ticks_per_cycle as f64;
    Ok(Inspection {
        records,
        from_cycle: cycle(window.from),
        to_cycle: cycle(window.to),
        critical_path: path.map(|path| path.finish(header.ticks_per_cycle)),
        components: components.finish(window, &header),
        operations: operations.finish(&header),
        idle: idle.and_then(|idle| idle.finish(window, &header)),
        transfers: transfers.finish(&header),
        header,
    })
}
