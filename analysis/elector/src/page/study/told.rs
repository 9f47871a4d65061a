//! How the best grew, and what the figures depend on.

use maud::{Markup, html};
use search::insight::{self, Convergence, NotKnown};
use search::objective::Metric;
use search::store::Row;

use super::figures::named;
use crate::page::charts::{BarRow, Line, bars, lines};
use crate::page::plot::{Axis, figure};

/// Variables that are shown at most.
const MOST_SHOWN: usize = 10;

/// The best over evaluations, as steps.
pub(super) fn convergence(convergence: &Convergence) -> Markup {
    let points = &convergence.points;
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return html! { p { "No evaluated design keeps to all limits." } };
    };
    let (heading, label) = match convergence.is_hypervolume {
        true => ("Hypervolume of the front", "hypervolume"),
        false => ("Best objective", "objective"),
    };
    let caption = match (convergence.is_hypervolume, convergence.is_exact) {
        (true, true) => {
            "How much the front dominates, up to the worst of each term, which counts 1. More is better."
        }
        (true, false) => {
            "How much the front dominates, up to the worst of each term, which counts 1; counted on 16,384 points. More is better."
        }
        (false, _) => "The least so far. Less is better.",
    };
    // A line needs two points.
    let end = (last.0 + usize::from(points.len() == 1), last.1);
    let steps = points
        .windows(2)
        .flat_map(|pair| [pair[0], (pair[1].0, pair[0].1)]);
    let line = Line {
        name: heading.to_owned(),
        points: steps
            .chain([*last, end])
            .map(|(count, value)| (count as f64, value))
            .collect(),
        dashed: false,
    };
    let x = Axis::linear("evaluations", end.0 as f64);
    let (least, greatest) = (first.1.min(last.1), first.1.max(last.1));
    let y = match convergence.is_hypervolume {
        true => Axis::linear(label, greatest * 1.05),
        false => Axis::around(label, least, greatest, false),
    };
    let described = format!(
        "From {:.4} after {} to {:.4} after {} evaluations.",
        first.1, first.0, last.1, last.0
    );
    figure(heading, caption, &[], &lines(heading, &described, x, y, &[line]))
}

/// What latency and energy depend on.
pub(super) fn importances(rows: &[Row]) -> Markup {
    html! {
        p class="note" {
            "By how much a surrogate of the figure explains less (R², 1 at best) if one variable's values are dealt anew among the designs. "
            "Variables that tell the same share their importance in no particular way."
        }
        div class="grid2" {
            @for metric in [Metric::Latency, Metric::Energy] { (importance(rows, metric)) }
        }
    }
}

fn importance(rows: &[Row], metric: Metric) -> Markup {
    html! {
        div class="panel" {
            h3 { "What " (named(metric).0) " depends on" }
            @match insight::importance(rows, metric) {
                Ok(found) => (shares(&found)),
                Err(NotKnown::Constant { .. }) => p { "It is the same for all designs." },
                Err(why) => p { (why) "." },
            }
        }
    }
}

fn shares(found: &insight::Importance) -> Markup {
    let rows: Vec<BarRow> = (found.shares.iter().take(MOST_SHOWN))
        .map(|share| BarRow {
            name: share.name.clone(),
            value: share.drop.max(0.0),
            text: format!("{:.3}", share.drop.max(0.0)),
        })
        .collect();
    let fit = match found.r_squared {
        Some(r_squared) => format!(
            "of its logarithm, over {} designs; R² {r_squared:.3}, each from the others",
            found.rows
        ),
        None => format!("of its logarithm, over {} designs", found.rows),
    };
    bars(&fit, &rows)
}
