//! The critical path in tables: what it was spent on, and its longest stretches.

use analysis::critical_path::PathSummary;

use super::table::Table;
use crate::number::{cycles, grouped, percent};

/// Parts of the path with a smaller share are summed up in one line.
const LEAST_SHARE: f64 = 0.001;
/// Number of roles of operations that are listed.
const OPERATIONS: usize = 8;

/// The section of the critical path; empty if the path is.
#[must_use]
pub(super) fn path_section(path: &PathSummary) -> String {
    if path.parts.is_empty() {
        return String::new();
    }
    format!("{}\n{}\n{}", parts(path), operations(path), stretches(path))
}

fn parts(path: &PathSummary) -> String {
    let mut table = Table::default();
    table.row(["spent on", "cycles", "of the path"].map(str::to_owned));
    let (shown, small): (Vec<_>, Vec<_>) = path.parts.iter().partition(|part| part.share >= LEAST_SHARE);
    for part in shown {
        table.row([part.name(), cycles(part.cycles), percent(part.share, 1.0)]);
    }
    if !small.is_empty() {
        table.row([
            "all else".to_owned(),
            cycles(small.iter().map(|part| part.cycles).sum()),
            percent(small.iter().map(|part| part.share).sum(), 1.0),
        ]);
    }
    table.render(&[0])
}

fn operations(path: &PathSummary) -> String {
    let mut table = Table::default();
    table.row(["in operations", "layer", "cycles", "of the path"].map(str::to_owned));
    for used in path.operations.iter().take(OPERATIONS) {
        table.row([
            used.role.clone(),
            layer(used.layer),
            cycles(used.cycles),
            percent(used.share, 1.0),
        ]);
    }
    let rest = path.operations.get(OPERATIONS..).unwrap_or_default();
    if !rest.is_empty() {
        let sum = |figure: fn(&analysis::critical_path::OperationShare) -> f64| {
            rest.iter().map(figure).sum::<f64>()
        };
        table.row([
            format!("{} others", rest.len()),
            String::new(),
            cycles(sum(|used| used.cycles)),
            percent(sum(|used| used.share), 1.0),
        ]);
    }
    table.render(&[0])
}

fn stretches(path: &PathSummary) -> String {
    let mut table = Table::default();
    let shown = path.stretches.len() as u64;
    let heading = match shown == path.stretches_in_all {
        true => "stretch".to_owned(),
        false => format!(
            "the {shown} longest of {} stretches",
            grouped(path.stretches_in_all)
        ),
    };
    let [layer_of, from, to, length, share, mostly] =
        ["layer", "from", "to", "cycles", "of the path", "mostly"].map(str::to_owned);
    table.row([heading, layer_of, from, to, length, share, mostly]);
    for stretch in &path.stretches {
        table.row([
            stretch.role.clone().unwrap_or_else(|| "-".to_owned()),
            layer(stretch.layer),
            cycles(stretch.from_cycle),
            cycles(stretch.to_cycle),
            cycles(stretch.cycles),
            percent(stretch.share, 1.0),
            format!("{} {}", stretch.mostly, percent(stretch.mostly_share, 1.0)),
        ]);
    }
    table.render(&[0, 6])
}

fn layer(layer: Option<u32>) -> String {
    layer.map_or_else(|| "-".to_owned(), |layer| layer.to_string())
}
