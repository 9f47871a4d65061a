//! The section on main memory, in the reports of `elector run` and `elector memory`.

use analysis::result::memory::{MemoryResult, WearResult};
use components::units::Bytes;

use super::table::Table;
use crate::number::{grouped, percent, scaled};

/// The activity of a memory, and how long its requestors waited.
pub(super) fn memory_section(memory: &MemoryResult) -> String {
    let mut table = Table::default();
    let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
    row(
        "technology",
        format!("{}, channels: {}", memory.technology, memory.channels),
    );
    row("bandwidth", bandwidth(memory));
    row("read, written", moved(memory));
    row(
        "commands",
        format!(
            "{} activates, {} precharges, {} refreshes",
            grouped(memory.activates),
            grouped(memory.precharges),
            grouped(memory.refreshes)
        ),
    );
    row(
        "refreshing, energy",
        format!(
            "{:.1}% of the time, {:.1} pJ/bit",
            memory.refresh_share * 100.0,
            memory.pj_per_bit
        ),
    );
    row("rows", rows(memory));
    let without_access = memory.forwarded_reads + memory.merged_reads + memory.merged_writes;
    if without_access > 0 {
        row(
            "spared accesses",
            format!(
                "{} reads forwarded, {} merged; {} writes merged",
                grouped(memory.forwarded_reads),
                grouped(memory.merged_reads),
                grouped(memory.merged_writes)
            ),
        );
    }
    if let Some(wear) = &memory.wear {
        row("wear", wear_in_words(wear));
    }
    format!("{}\n{}", table.render(&[0, 1]), requestors(memory))
}

/// Bandwidth beside the peak.
pub(super) fn bandwidth(memory: &MemoryResult) -> String {
    match memory.peak_gb_s {
        Some(peak) => format!(
            "{:.2} of {peak:.2} GB/s, {}",
            memory.achieved_gb_s,
            percent(memory.achieved_gb_s, peak)
        ),
        None => format!("{:.2} GB/s, without limit", memory.achieved_gb_s),
    }
}

fn moved(memory: &MemoryResult) -> String {
    let moved = format!("{}, {}", Bytes(memory.read_bytes), Bytes(memory.write_bytes));
    match memory.still_queued {
        0 => moved,
        waiting => format!("{moved}; {} still waiting at the end", grouped(waiting)),
    }
}

fn rows(memory: &MemoryResult) -> String {
    let accesses = (memory.row_hits + memory.row_misses + memory.row_conflicts) as f64;
    format!(
        "{} hits ({}), {} misses, {} conflicts",
        grouped(memory.row_hits),
        percent(memory.row_hits as f64, accesses),
        grouped(memory.row_misses),
        grouped(memory.row_conflicts)
    )
}

fn wear_in_words(wear: &WearResult) -> String {
    let blocks = wear.blocks_per_bank as f64;
    let written = format!(
        "{} block writes, {} to the most-written bank ({:.2e} per block)",
        grouped(wear.bank_writes),
        grouped(wear.most_bank_writes),
        wear.most_bank_writes as f64 / blocks
    );
    match (wear.lifetime_years, wear.endurance) {
        (Some(years), Some(endurance)) => {
            format!(
                "{written}; {} at this rate, {endurance:.0e} writes per cell",
                lifetime(years)
            )
        }
        (None, None) => format!("{written}; endurance not known"),
        _ => written,
    }
}

fn lifetime(years: f64) -> String {
    match years {
        years if years >= 0.1 => format!("{years:.1} years"),
        years => scaled(years * 365.25 * 86_400.0, "s"),
    }
}

fn requestors(memory: &MemoryResult) -> String {
    let mut table = Table::default();
    let headings = [
        "latency, ns",
        "requests",
        "bytes",
        "GB/s",
        "mean",
        "p50",
        "p90",
        "p99",
        "max",
    ];
    table.row(headings.map(str::to_owned));
    for requestor in &memory.requestors {
        let latency = requestor.latency_ns;
        let [mean, p50, p90, p99, max] =
            [latency.mean, latency.p50, latency.p90, latency.p99, latency.max].map(|ns| format!("{ns:.1}"));
        let (requests, bytes) = (grouped(requestor.requests), Bytes(requestor.bytes).to_string());
        let rate = format!("{:.2}", requestor.achieved_gb_s);
        let name = requestor.name.clone();
        table.row([name, requests, bytes, rate, mean, p50, p90, p99, max]);
    }
    table.render(&[0])
}
