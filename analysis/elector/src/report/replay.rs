//! The report of `elector memory --replay`.

use analysis::result::memory::{ReplayResult, decode_histogram};

use super::Style;
use super::memory::{bandwidth, memory_section};
use super::table::Table;
use crate::number::{bar, grouped, percent, scaled};

/// A replay in words and tables; `trace` is the name of the trace.
#[must_use]
pub fn replay_report(result: &ReplayResult, trace: &str, style: Style) -> String {
    let sections = [
        ("Trace", requests(result)),
        ("Main memory", memory_section(&result.memory)),
        ("Read latency", read_latency(result)),
        ("Simulation", simulation(result)),
    ];
    let mut text = format!(
        "{trace} on {}\n{}\n",
        result.technology,
        style.bold(&headline(result))
    );
    for (heading, section) in sections {
        if !section.is_empty() {
            text.push_str(&format!("\n{}\n{section}", style.bold(heading)));
        }
    }
    text
}

fn headline(result: &ReplayResult) -> String {
    let bandwidth = bandwidth(&result.memory);
    let requestor = result.memory.requestors.first();
    let of = |kind, latency| Some((kind, latency?));
    let waited = requestor.and_then(|requestor| {
        of("reads", requestor.read_latency_ns).or(of("writes", requestor.write_latency_ns))
    });
    match waited {
        Some((kind, latency)) => format!(
            "{bandwidth}  {kind} take {:.1} ns, 99% at most {:.1} ns",
            latency.mean, latency.p99
        ),
        None => bandwidth,
    }
}

fn requests(result: &ReplayResult) -> String {
    let mut table = Table::default();
    let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
    row(
        "requests",
        format!(
            "{} reads, {} writes, at most {} per cycle",
            grouped(result.reads),
            grouped(result.writes),
            result.requests_per_cycle
        ),
    );
    row(
        "last answer",
        format!(
            "cycle {}, {} at {} MHz",
            grouped(result.cycles),
            scaled(result.seconds, "s"),
            result.clock_mhz
        ),
    );
    row(
        "data buses",
        format!("busy {}", percent(result.memory.bus_utilisation, 1.0)),
    );
    table.render(&[0, 1])
}

/// The histogram of read latencies.
fn read_latency(result: &ReplayResult) -> String {
    let Some(requestor) = result.memory.requestors.first() else {
        return String::new();
    };
    let recorded = &requestor.latency_histogram;
    let Some(histogram) = recorded
        .reads
        .as_deref()
        .and_then(|text| decode_histogram(text).ok())
    else {
        return String::new();
    };
    let values = histogram.iter_recorded().map(|value| {
        let nanoseconds = value.value_iterated_to() as f64 * recorded.unit_ns;
        (nanoseconds, value.count_at_value())
    });
    let bins = bins(&values.collect::<Vec<_>>());
    let most = bins.iter().map(|bin| bin.1).max().unwrap_or(0);
    let mut table = Table::default();
    for (edge, count) in bins {
        table.row([
            format!("up to {}", scaled(edge * 1e-9, "s")),
            grouped(count),
            percent(count as f64, histogram.len() as f64),
            bar(count as f64, most as f64),
        ]);
    }
    table.render(&[3])
}

/// Steps of a decade; the finest with at most [`MOST_BINS`] lines is used.
const STEPS: [&[f64]; 3] = [&[1.0, 1.5, 2.0, 3.0, 5.0, 7.0], &[1.0, 2.0, 5.0], &[1.0]];
const MOST_BINS: usize = 14;

/// Upper edges and counts of the bins, from the first to the last non-empty one. `values` are sorted.
fn bins(values: &[(f64, u64)]) -> Vec<(f64, u64)> {
    let fits = |bins: &Vec<(f64, u64)>| bins.len() <= MOST_BINS;
    let all = STEPS.map(|steps| bins_of(values, steps));
    let finest = all.iter().find(|bins| fits(bins));
    finest.or(all.last()).cloned().unwrap_or_default()
}

fn bins_of(values: &[(f64, u64)], steps: &[f64]) -> Vec<(f64, u64)> {
    // 64 bits of the smallest unit, 10 ps, end before 10^9 seconds.
    let edges = (-2..18).flat_map(|decade| steps.iter().map(move |step| step * 10_f64.powi(decade)));
    let mut left = values.iter().peekable();
    let mut bins = Vec::new();
    for edge in edges {
        let mut count = 0;
        // An edge includes a value that equals it except for rounding in the last digit.
        while let Some((_, more)) = left.next_if(|(value, _)| *value <= edge * (1.0 + 1e-9)) {
            count += more;
        }
        if count > 0 || !bins.is_empty() {
            bins.push((edge, count));
        }
        if left.peek().is_none() {
            break;
        }
    }
    bins
}

fn simulation(result: &ReplayResult) -> String {
    let rate = |count: u64| match result.wall_seconds {
        0.0 => 0.0,
        seconds => count as f64 / seconds,
    };
    let requests = result.reads + result.writes;
    let mut table = Table::default();
    let mut row = |name: &str, count: String, rate: String| table.row([name.to_owned(), count, rate]);
    row(
        "events",
        grouped(result.events),
        scaled(rate(result.events), "events/s"),
    );
    row(
        "requests",
        grouped(requests),
        scaled(rate(requests), "requests/s"),
    );
    row(
        "wall",
        scaled(result.wall_seconds, "s"),
        format!("engine {}", result.engine),
    );
    table.render(&[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_every_value_once() {
        let values = [(40.0, 3), (50.0, 2), (51.0, 1), (900.0, 4)];
        assert_eq!(
            bins(&values),
            [
                (50.0, 5),
                (70.0, 1),
                (100.0, 0),
                (150.0, 0),
                (200.0, 0),
                (300.0, 0),
                (500.0, 0),
                (700.0, 0),
                (1000.0, 4)
            ]
        );
        let wide = [(1.0, 1), (1e5, 1)];
        assert_eq!(bins(&wide).len(), 6);
        assert_eq!(bins(&[]), []);
    }
}
