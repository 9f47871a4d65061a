//! Rows as comma-separated values.

use std::fmt::Write as _;

use crate::campaign::FrontRow;
use crate::objective::Metric;

/// A front: one line a design, with the figures that count, and what a simulation says of an estimate.
#[must_use]
pub fn of_front(front: &[FrontRow]) -> String {
    let mut text = String::from("index,id,fidelity");
    for metric in Metric::ALL {
        let _ = write!(text, ",{metric}");
    }
    text.push_str(",objective,latency_ratio,energy_ratio,describe\n");
    for row in front {
        let fidelity = if row.simulated.is_some() {
            "simulated"
        } else {
            "estimate"
        };
        let _ = write!(text, "{},{},{fidelity}", row.row.index, row.row.id);
        let metrics = row.metrics();
        for metric in Metric::ALL {
            let value = metrics.and_then(|metrics| metric.of(&metrics));
            let _ = write!(text, ",{}", number(value));
        }
        let ratios = row
            .simulated
            .as_ref()
            .map(|found| [found.latency_ratio, found.energy_ratio]);
        let [latency, energy] = [0, 1].map(|which: usize| number(ratios.map(|ratios| ratios[which])));
        let objective = number(row.objective());
        let _ = writeln!(
            text,
            ",{objective},{latency},{energy},{}",
            quoted(&row.row.describe)
        );
    }
    text
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
