//! A study's folder as text: how it stands, and the best designs.

use std::fmt::Write as _;

use search::campaign::{Campaign, FrontRow};
use search::objective::Metrics;
use search::store::Fidelity;

use super::Style;
use super::table::Table;
use crate::number::scaled;

/// Designs of a front that are shown; `--csv` and `--json` have all.
const SHOWN: usize = 20;

/// Characters of a design that are shown.
const LONGEST: usize = 110;

/// What there is in a study's folder.
#[must_use]
pub fn status_report(campaign: &Campaign) -> String {
    let counts = campaign.counts();
    let (finished, wanted) = campaign.progress(Fidelity::Estimate);
    let (simulated, to_simulate) = campaign.progress(Fidelity::Simulated);
    let mut table = Table::default();
    let state = if campaign.is_finished() {
        "finished"
    } else {
        "not finished"
    };
    table.row(["state".to_owned(), state.to_owned()]);
    table.row(["estimated".to_owned(), format!("{finished} of {wanted}")]);
    table.row(["simulated".to_owned(), format!("{simulated} of {to_simulate}")]);
    table.row(["refused, at no cost".to_owned(), counts.refused.to_string()]);
    table.row(["failed".to_owned(), counts.failed.to_string()]);
    table.row([
        "proposing took".to_owned(),
        format!("{:.2} CPU s", campaign.proposal_cpu_s()),
    ]);
    table.render(&[0, 1])
}

/// The best designs of a study.
#[must_use]
pub fn front_report(campaign: &Campaign, style: Style) -> String {
    let front = campaign.front();
    let counts = campaign.counts();
    if front.is_empty() {
        return none_report(campaign);
    }
    let mut text = match (campaign.hypervolume(&front), front[0].objective()) {
        (Some(volume), _) => style.bold(&format!(
            "{} on the front, hypervolume {volume:.4}",
            designs(front.len())
        )),
        (None, Some(best)) => style.bold(&format!("best objective {best:.4}")),
        (None, None) => style.bold(&format!("{} on the front", designs(front.len()))),
    };
    let _ = write!(
        text,
        "  ({} evaluated, {} refused, {} failed)\n\n",
        counts.done, counts.refused, counts.failed
    );
    text.push_str(&front_table(&front).render(&[0, 8]));
    if front.len() > SHOWN {
        let _ = writeln!(text, "  and {} more: --csv prints all", front.len() - SHOWN);
    }
    if let Some(source) = front.iter().find_map(|row| row.row.accuracy_source.as_ref()) {
        let _ = writeln!(text, "\n  accuracy: {source}");
    }
    if front.iter().any(|row| row.simulated.is_some()) {
        text.push_str("  sim/est: simulated over estimated latency, of designs that were simulated\n");
    }
    text
}

fn front_table(front: &[FrontRow]) -> Table {
    let mut table = Table::default();
    table.row(
        [
            "id",
            "accuracy",
            "latency",
            "energy",
            "area",
            "power",
            "objective",
            "sim/est",
            "design",
        ]
        .map(str::to_owned),
    );
    for row in front.iter().take(SHOWN) {
        let Some(metrics) = row.metrics() else {
            continue;
        };
        table.row([
            row.row.id[..8.min(row.row.id.len())].to_owned(),
            accuracy(&metrics),
            scaled(metrics.latency_s, "s"),
            scaled(metrics.energy_j, "J"),
            format!("{:.1} mm²", metrics.area_mm2),
            scaled(metrics.mean_power_w, "W"),
            row.objective()
                .map_or_else(|| "-".to_owned(), |objective| format!("{objective:.4}")),
            row.simulated
                .as_ref()
                .map_or_else(|| "-".to_owned(), |found| format!("{:.3}", found.latency_ratio)),
            shortened(&row.row.describe),
        ]);
    }
    table
}

fn designs(count: usize) -> String {
    match count {
        1 => "1 design".to_owned(),
        count => format!("{count} designs"),
    }
}

/// The beginning of a long text.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn accuracy(metrics: &Metrics) -> String {
    metrics
        .accuracy
        .map_or_else(|| "-".to_owned(), |accuracy| format!("{accuracy:.2} %"))
}

fn none_report(campaign: &Campaign) -> String {
    match campaign.least_violation() {
        Some(row) => format!(
            "no design keeps to all limits; the closest, {}, breaks: {}\n  {}\n",
            row.id,
            row.violates.join(", "),
            row.describe
        ),
        None => "no design is evaluated yet\n".to_owned(),
    }
}
