//! Distributions of main memory's latencies.

use analysis::result::RunResult;
use analysis::result::memory::{LatencyHistogram, decode_histogram};
use maud::Markup;

use super::charts::{Line, lines};
use super::plot::{Axis, figure};

/// The share of reads that were answered within a time, for each requestor of a run.
pub(super) fn of_requestors(result: &RunResult) -> Option<Markup> {
    let named = result.memory.requestors.iter();
    let named = named.map(|requestor| (requestor.name.as_str(), &requestor.latency_histogram));
    distributions(&named.collect::<Vec<_>>(), "Reads of main memory, by requestor.")
}

/// The same for one requestor of several runs.
pub(super) fn of_runs(runs: &[(&str, &RunResult)], requestor: &str) -> Option<Markup> {
    let found = runs.iter().filter_map(|(name, run)| {
        let all = &run.memory.requestors;
        let named = all.iter().find(|candidate| candidate.name == requestor)?;
        Some((*name, &named.latency_histogram))
    });
    distributions(
        &found.collect::<Vec<_>>(),
        &format!("Reads of main memory for {requestor}."),
    )
}

fn distributions(named: &[(&str, &LatencyHistogram)], what: &str) -> Option<Markup> {
    let curves: Vec<Line> = named.iter().filter_map(|(name, all)| curve(name, all)).collect();
    let ends = curves.iter().flat_map(|curve| &curve.points).map(|&(x, _)| x);
    let (least, most) = ends.fold((f64::INFINITY, 0.0f64), |(least, most), x| {
        (least.min(x), most.max(x))
    });
    if curves.is_empty() || least <= 0.0 {
        return None;
    }
    let caption = format!("{what} The curve shows the share of them that was answered within a time.");
    let x = Axis::logarithmic("latency, ns", least, most);
    let y = Axis::linear("of the reads, %", 100.0);
    let drawing = lines("Latencies of main memory", &caption, x, y, &curves);
    let names: Vec<&str> = curves.iter().map(|curve| curve.name.as_str()).collect();
    Some(figure("Latencies", &caption, &names, &drawing))
}

fn curve(name: &str, all: &LatencyHistogram) -> Option<Line> {
    let histogram = decode_histogram(all.reads.as_ref()?).ok()?;
    let points = (0..=200).map(|step| {
        let share = f64::from(step) / 200.0;
        let value = histogram.value_at_quantile(share).max(1);
        (value as f64 * all.unit_ns, share * 100.0)
    });
    Some(Line {
        name: name.to_owned(),
        points: points.collect(),
        dashed: false,
    })
}
