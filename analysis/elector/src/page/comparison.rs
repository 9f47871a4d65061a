//! Several runs side by side.

use analysis::result::RunResult;
use maud::{Markup, html};

use super::charts::{BarRow, bars};
use super::compared::Compared;
use super::side_by_side::over_time;
use super::{latency, page, roofline};
use crate::number::{grouped, percent, scaled};

/// Parts of critical paths with a smaller share in all runs are not shown.
const LEAST_SHARE: f64 = 0.005;

/// The page of several runs. Runs of one subject must be adjacent.
#[must_use]
pub fn comparison_page(title: &str, compared: &[Compared]) -> String {
    let runs: Vec<(&str, &RunResult)> = compared
        .iter()
        .map(|run| (run.name.as_str(), &run.result))
        .collect();
    let body = html! {
        h2 { "Side by side" }
        div class="grid2" {
            (figure_of(&runs, "Latency", |run| run.machine.seconds, |value| scaled(value, "s")))
            (figure_of(&runs, "Energy", |run| run.machine.energy_nj.total * 1e-9, |value| scaled(value, "J")))
            (figure_of(&runs, "Energy x latency", RunResult::energy_delay_product, |value| scaled(value, "Js")))
            (figure_of(&runs, "MAC lanes at work", |run| run.machine.utilization.mac_lanes, |value| percent(value, 1.0)))
            (figure_of(&runs, "Bandwidth of main memory", |run| run.memory.achieved_gb_s, |value| format!("{value:.2} GB/s")))
            (figure_of(&runs, "Area", |run| run.machine.area_mm2, |value| format!("{value:.2} mm²")))
        }
        @if let Some(plots) = over_time(compared) { (plots) }
        h2 { "Bounds" }
        @if let Some(roofline) = roofline::roofline(&runs) { (roofline) }
        @if let Some(latencies) = latency::of_runs(&runs, "weights") { (latencies) }
        @if runs.iter().any(|(_, run)| run.critical_path.is_some()) {
            h2 { "What decided the latency" }
            (critical_paths(&runs))
        }
        h2 { "Where the MAC lanes' time went" }
        (stalls(&runs))
    };
    let subtitle = format!("{} runs", runs.len());
    let wall: f64 = runs.iter().map(|(_, run)| run.wall_seconds).sum();
    let events: u64 = runs.iter().map(|(_, run)| run.events).sum();
    let footer = format!(
        "Simulated by elector {} in {wall:.2} s: {} events.",
        env!("CARGO_PKG_VERSION"),
        grouped(events)
    );
    page(title, &subtitle, &body, &footer)
}

fn figure_of(
    runs: &[(&str, &RunResult)],
    heading: &str,
    figure: impl Fn(&RunResult) -> f64,
    text: impl Fn(f64) -> String,
) -> Markup {
    let rows: Vec<BarRow> = runs
        .iter()
        .map(|(name, run)| BarRow {
            name: (*name).to_owned(),
            value: figure(run),
            text: text(figure(run)),
        })
        .collect();
    html! { div class="panel" { h3 { (heading) } (bars("", &rows)) } }
}

/// Shares of the critical paths, without parts that are small in all runs.
fn critical_paths(runs: &[(&str, &RunResult)]) -> Markup {
    let share = |run: &RunResult, name: &str| {
        let parts = run.critical_path.as_ref().map(|path| path.parts.iter());
        let found = parts?.into_iter().find(|part| part.name() == name);
        found.map(|part| part.share)
    };
    let mut names: Vec<String> = Vec::new();
    let parts = runs.iter().filter_map(|(_, run)| run.critical_path.as_ref());
    for part in parts.flat_map(|path| &path.parts) {
        if part.share >= LEAST_SHARE && !names.contains(&part.name()) {
            names.push(part.name());
        }
    }
    let all = |name: &String| -> f64 { runs.iter().filter_map(|(_, run)| share(run, name)).sum() };
    names.sort_by(|one, other| all(other).total_cmp(&all(one)));
    html! {
        div class="panel" {
            table class="figures" {
                caption {
                    "What the critical path was spent on: the chain from start to end of a run in which each step waited for the one before."
                }
                thead {
                    tr {
                        th { "" }
                        @for (name, _) in runs { th { (name) } }
                    }
                }
                @for part in &names {
                    tr {
                        th scope="row" { (part) }
                        @for (_, run) in runs { td { (share(run, part).map_or_else(String::new, |share| percent(share, 1.0))) } }
                    }
                }
            }
        }
    }
}

fn stalls(runs: &[(&str, &RunResult)]) -> Markup {
    let share = |run: &RunResult, cycles: f64| percent(cycles, run.machine.cycles as f64);
    html! {
        div class="panel" {
            table class="figures" {
                thead {
                    tr {
                        th { "" }
                        @for (name, _) in runs { th { (name) } }
                    }
                }
                tr {
                    th scope="row" { "busy" }
                    @for (_, run) in runs { td { (share(run, run.machine.busy_cycles)) } }
                }
                @for (cause, (name, ..)) in runs.iter().take(1).flat_map(|(_, run)| run.machine.stalls.causes()).enumerate() {
                    tr {
                        th scope="row" { (name) }
                        @for (_, run) in runs { td { (share(run, run.machine.stalls.causes()[cause].1)) } }
                    }
                }
            }
        }
    }
}
