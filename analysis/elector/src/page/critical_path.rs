//! What decided the latency: the critical path over time, by part, by operation, and its longest stretches.

use std::collections::BTreeMap;

use analysis::critical_path::{CriticalPath, PathSummary, part_name};
use maud::{Markup, html};

use super::charts::{BarRow, bars, stacked};
use super::over_time::OverTime;
use super::plot::{Axis, figure};
use crate::number::{cycles, percent};

/// Parts with a colour of their own; the others share one.
const COLOURS: usize = 7;
/// Parts with a smaller share have no bar.
const LEAST_SHARE: f64 = 0.001;
/// Operations with a bar of their own.
const OPERATIONS: usize = 10;

/// The plot over time: at each moment the path is spent on one thing, so the shares in each slice add up to 100%.
pub(super) fn over_time(over_time: &OverTime<'_>, path: &CriticalPath, summary: &PathSummary) -> Markup {
    let edges = over_time.edges();
    let mut names: Vec<String> = summary.parts.iter().map(|part| part.name()).collect();
    let others = names.len() > COLOURS + 1;
    if others {
        names.truncate(COLOURS);
        names.push("all else".to_owned());
    }
    let places: BTreeMap<&str, usize> = names.iter().map(String::as_str).zip(0..).collect();
    let mut layers = vec![vec![0.0; edges.len().saturating_sub(1)]; names.len()];
    for segment in path.segments() {
        let name = part_name(segment.part.name(), segment.traffic.map(|traffic| traffic.name()));
        let Some(&place) = places.get(name.as_str()).or_else(|| places.get("all else")) else {
            continue;
        };
        over_time.spread(segment.start, segment.end, &mut layers[place]);
    }
    let layers: Vec<(String, Vec<f64>)> = names.iter().cloned().zip(layers).collect();
    let most = summary.parts.first().map_or_else(String::new, |part| {
        format!(" Most of it, {}, is {}.", percent(part.share, 1.0), part.name())
    });
    let caption = format!(
        "The critical path is the chain from start to end of the run in which each step waited for the one before. The colours \
         show what it was spent on; only changes to what is on it can make the run shorter.{most}"
    );
    let drawing = stacked(
        "Critical path over time",
        &caption,
        over_time.time_axis(),
        Axis::linear("of the path, %", 100.0),
        &edges,
        &layers,
    );
    let legend: Vec<&str> = names.iter().map(String::as_str).collect();
    figure("Critical path", &caption, &legend, &drawing)
}

/// Shares and stretches.
pub(super) fn shares(path: &PathSummary) -> Markup {
    let parts: Vec<BarRow> = path
        .parts
        .iter()
        .filter(|part| part.share >= LEAST_SHARE)
        .map(|part| BarRow {
            name: part.name(),
            value: part.cycles,
            text: percent(part.share, 1.0),
        })
        .collect();
    let operations: Vec<BarRow> = path
        .operations
        .iter()
        .take(OPERATIONS)
        .map(|used| BarRow {
            name: operation(Some(&used.role), used.layer),
            value: used.cycles,
            text: percent(used.share, 1.0),
        })
        .collect();
    html! {
        div class="grid2" {
            div class="panel" { h3 { "Spent on" } (bars("", &parts)) }
            div class="panel" { h3 { "In operations" } (bars("", &operations)) }
        }
        (stretches(path))
    }
}

fn operation(role: Option<&str>, layer: Option<u32>) -> String {
    let layer = layer.map(|layer| format!(", layer {layer}")).unwrap_or_default();
    format!("{}{layer}", role.unwrap_or("?"))
}

fn stretches(path: &PathSummary) -> Markup {
    html! {
        div class="panel" {
            h3 { "Its longest stretches" }
            table class="figures" {
                caption { "In order of time, in cycles of the accelerator; there are " (path.stretches_in_all) " in all." }
                thead {
                    tr {
                        @for heading in ["", "from", "to", "cycles", "of the path", "mostly"] { th { (heading) } }
                    }
                }
                @for stretch in &path.stretches {
                    tr {
                        th scope="row" { (operation(stretch.role.as_deref(), stretch.layer)) }
                        td { (cycles(stretch.from_cycle)) }
                        td { (cycles(stretch.to_cycle)) }
                        td { (cycles(stretch.cycles)) }
                        td { (percent(stretch.share, 1.0)) }
                        td { (stretch.mostly) " " (percent(stretch.mostly_share, 1.0)) }
                    }
                }
            }
        }
    }
}
