//! The reports of `elector inspect`.

use traces::inspect::{Difference, IdleLanes, Inspection};

use super::Style;
use super::path::path_section;
use super::table::Table;
use crate::number::{cycles, grouped, percent, scaled};

/// The analysis of a trace, in tables.
#[must_use]
pub fn inspect_report(inspection: &Inspection, style: Style) -> String {
    let header = &inspection.header;
    let mut text = format!(
        "{}\n{}\n",
        header.scenario,
        style.bold(&format!(
            "{} records, cycles {} to {}",
            grouped(inspection.records),
            cycles(inspection.from_cycle),
            cycles(inspection.to_cycle)
        ))
    );
    if header.sample > 1 {
        text.push_str(&format!(
            "a sample: one record of {}, so sums are too small\n",
            header.sample
        ));
    }
    let sections = [
        ("Critical path", path(inspection)),
        ("Utilisation", components(inspection)),
        ("Slowest operations", operations(inspection)),
        (
            "Idle lanes",
            inspection.idle.as_ref().map(idle).unwrap_or_default(),
        ),
        ("Transfers", transfers(inspection)),
    ];
    for (heading, section) in sections {
        if !section.is_empty() {
            text.push_str(&format!("\n{}\n{section}", style.bold(heading)));
        }
    }
    text
}

/// The critical path, or why there is none.
fn path(inspection: &Inspection) -> String {
    match &inspection.critical_path {
        Some(path) => path_section(path),
        None => String::new(),
    }
}

fn components(inspection: &Inspection) -> String {
    if inspection.components.is_empty() {
        return String::new();
    }
    let mut table = Table::default();
    table.row(
        [
            "component",
            "busy with",
            "tracks",
            "spans",
            "busy cycles",
            "mean",
            "least",
            "most",
        ]
        .map(str::to_owned),
    );
    for used in &inspection.components {
        table.row([
            used.component.clone(),
            used.kind.clone(),
            grouped(used.tracks),
            grouped(used.spans),
            cycles(used.busy_cycles),
            percent(used.utilization, 1.0),
            percent(used.least, 1.0),
            percent(used.most, 1.0),
        ]);
    }
    table.render(&[0, 1])
}

fn operations(inspection: &Inspection) -> String {
    if inspection.operations.is_empty() {
        return String::new();
    }
    let mut table = Table::default();
    table.row(
        [
            "operation",
            "layer",
            "head",
            "number",
            "tiles",
            "from",
            "to",
            "cycles",
            "busy cycles",
        ]
        .map(str::to_owned),
    );
    let number = |number: Option<u32>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    for used in &inspection.operations {
        let name = match &used.transformer {
            Some(transformer) => format!("{transformer}: {}", used.role),
            None => used.role.clone(),
        };
        table.row([
            name,
            number(used.layer),
            number(used.head),
            used.operation.to_string(),
            grouped(used.tiles),
            cycles(used.from_cycle),
            cycles(used.to_cycle),
            cycles(used.cycles),
            cycles(used.busy_cycles),
        ]);
    }
    table.render(&[0])
}

fn idle(idle: &IdleLanes) -> String {
    let mut causes = Table::default();
    causes.row(["cause", "idle cycles", "of the time"].map(str::to_owned));
    for cause in &idle.causes {
        causes.row([
            cause.cause.clone(),
            cycles(cause.cycles),
            percent(cause.share, 1.0),
        ]);
    }
    let mut gaps = Table::default();
    gaps.row(["longest gaps", "from", "to", "cycles", "mostly", "waiting"].map(str::to_owned));
    for gap in &idle.gaps {
        gaps.row([
            gap.track.clone(),
            cycles(gap.from_cycle),
            cycles(gap.to_cycle),
            cycles(gap.cycles),
            format!("{} {}", gap.cause, percent(gap.share, 1.0)),
            gap.waiting.clone().unwrap_or_default(),
        ]);
    }
    format!("{}\n{}", causes.render(&[0]), gaps.render(&[0, 4, 5]))
}

fn transfers(inspection: &Inspection) -> String {
    if inspection.transfers.is_empty() {
        return String::new();
    }
    let mut table = Table::default();
    table.row(
        [
            "",
            "traffic",
            "transfers",
            "bytes",
            "mean",
            "p50",
            "p90",
            "p99",
            "max",
            "queued",
        ]
        .map(str::to_owned),
    );
    let time = |nanoseconds: f64| scaled(nanoseconds * 1e-9, "s");
    for used in &inspection.transfers {
        let latency = &used.latency_ns;
        table.row([
            used.direction.clone(),
            used.traffic.clone(),
            grouped(used.transfers),
            grouped(used.bytes),
            time(latency.mean),
            time(latency.p50),
            time(latency.p90),
            time(latency.p99),
            time(latency.max),
            time(used.queued_ns.mean),
        ]);
    }
    table.render(&[0, 1])
}

/// Where two traces differ.
///
/// # Errors
/// A record cannot be serialised to JSON.
pub fn difference_report(difference: &Difference, style: Style) -> Result<String, serde_json::Error> {
    let records = grouped(difference.equal_records);
    if difference.equal {
        return Ok(format!("{}\n", style.bold(&format!("equal: {records} records"))));
    }
    let mut text = String::new();
    if !difference.headers.is_empty() {
        text.push_str(&format!(
            "the headers differ in: {}\n",
            difference.headers.join(", ")
        ));
    }
    let Some(parting) = &difference.parting else {
        text.push_str(&format!("all {records} records are equal\n"));
        return Ok(text);
    };
    let headline = format!("the traces differ after {records} equal records");
    text.push_str(&format!("{}\n", style.bold(&headline)));
    for (name, entry) in [("left", &parting.left), ("right", &parting.right)] {
        let line = match entry {
            Some(entry) => serde_json::to_string(entry)?,
            None => "has ended".to_owned(),
        };
        text.push_str(&format!("  {name:<5}  {line}\n"));
    }
    if !parting.columns.is_empty() {
        text.push_str(&format!("  they differ in: {}\n", parting.columns.join(", ")));
    }
    Ok(text)
}
