//! The designs of the front, with the commands that give their figures again.

use maud::{Markup, html};
use search::campaign::FrontRow;
use search::objective::Metric;

use super::Told;
use super::data::how;
use super::figures::{named, objectives, text};
use crate::number::grouped;

/// Designs that the table has at most.
const MOST_ROWS: usize = 500;

/// The table of the front.
pub(super) fn table(told: &Told<'_>) -> Markup {
    let front = &told.front;
    let metrics = Figures::of(told);
    let has_objective = front.iter().any(|row| row.objective().is_some());
    let has_simulated = front.iter().any(|row| row.simulated.is_some());
    html! {
        p class="note" {
            "Click a heading to sort, a row to keep its design in view. "
            @if has_simulated { "sim/est: simulated over estimated, of designs that were simulated; their figures are the simulated ones. " }
            @if front.len() > MOST_ROWS {
                "The best " (MOST_ROWS) " of " (grouped(front.len() as u64)) "; " code { "elector search front --csv" } " has all. "
            }
        }
        @if front.is_empty() { p { "No evaluated design keeps to all limits." } }
        label class="folder" { "Folder of the study in the commands: " input id="folder" value="DIR" size="40"; }
        div class="panel" {
            table class="figures sortable" id="front" {
                thead { tr {
                    th { "id" }
                    @for metric in &metrics.first { th { (named(*metric).0) } }
                    @if has_objective { th { "objective" } }
                    @if has_simulated { th { "sim/est latency" } th { "sim/est energy" } }
                    th class="words" { "to run it again" }
                    th class="words" { "design" }
                    @for metric in &metrics.others { th { (named(*metric).0) } }
                } }
                tbody {
                    @for row in front.iter().take(MOST_ROWS) {
                        (table_row(row, &metrics, has_objective, has_simulated))
                    }
                }
            }
        }
    }
}

/// The figures of the table: those of the objective, and the others.
struct Figures {
    first: Vec<Metric>,
    others: Vec<Metric>,
}

impl Figures {
    fn of(told: &Told<'_>) -> Self {
        let known = |metric: &Metric| {
            let value = |row: &FrontRow| metric.of(&row.metrics()?);
            told.front.iter().any(|row| value(row).is_some())
        };
        let first = objectives(&told.file.objective)
            .into_iter()
            .map(|(metric, _)| metric);
        let first: Vec<Metric> = first.filter(known).collect();
        let others = Metric::ALL.into_iter().filter(|metric| !first.contains(metric));
        Self {
            others: others.filter(known).collect(),
            first,
        }
    }
}

fn table_row(row: &FrontRow, metrics: &Figures, has_objective: bool, has_simulated: bool) -> Markup {
    let figures = row.metrics();
    let simulated = row.simulated.as_ref();
    let id = &row.row.id;
    let again = simulated.map_or(id, |simulated| &simulated.id);
    let cell = |value: Option<f64>, text: String| html! { td data-value=(value.map_or_else(String::new, |value| value.to_string())) { (text) } };
    let number = |value: Option<f64>, decimals: usize| {
        cell(
            value,
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}")),
        )
    };
    let figure = |metric: Metric| {
        let value = figures.and_then(|figures| metric.of(&figures));
        cell(
            value,
            value.map_or_else(|| "-".to_owned(), |value| text(metric, value)),
        )
    };
    html! {
        tr data-id=(id) {
            th scope="row" { code { (id) } }
            @for metric in &metrics.first { (figure(*metric)) }
            @if has_objective { (number(row.objective(), 4)) }
            @if has_simulated {
                (number(simulated.map(|found| found.latency_ratio), 3))
                (number(simulated.map(|found| found.energy_ratio), 3))
            }
            td class="words again" {
                button type="button" class="copy" { "copy" } " "
                code { "elector search show " span class="dir" { "DIR" } " " (again) " --scenario | elector " (how(&row.row, simulated.is_some())) " -" }
            }
            td class="words" { div class="brief" title=(row.row.describe) { (row.row.describe) } }
            @for metric in &metrics.others { (figure(*metric)) }
        }
    }
}
