//! The report of `elector profile`.

use analysis::result::{ProfileResult, ProfiledCurve};
use components::sparsity::curve::{CurvePoint, SparsityCurve};

use super::Style;
use super::table::Table;
use crate::number::{grouped, percent};

/// The sparsities for which thresholds are shown.
const WANTED: [f64; 6] = [0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

/// The thresholds that reach certain sparsities, for each curve.
#[must_use]
pub fn profile_report(result: &ProfileResult, style: Style) -> String {
    let mut table = Table::default();
    let mut head: Vec<String> = ["operations", "tensors", "", "values", "zeros"]
        .map(str::to_owned)
        .to_vec();
    head.extend(WANTED.map(|wanted| percent(wanted, 1.0).replace(".0", "")));
    table.row_of(head);
    for curve in &result.curves {
        table.row_of(row(curve));
    }
    format!(
        "{}\n{}\n\n{}\n{}",
        style.bold(&result.name),
        result.source,
        style.bold("Thresholds that prune to"),
        table.render(&[0, 1])
    )
}

fn row(curve: &ProfiledCurve) -> Vec<String> {
    let mut cells = vec![
        curve.operations.to_string(),
        curve.kind.to_string(),
        curve.tensors.to_string(),
        grouped(curve.values),
        percent(curve.zeros, 1.0),
    ];
    let points = curve
        .points
        .iter()
        .map(|&(threshold, sparsity)| CurvePoint { threshold, sparsity });
    let Ok(lookup) = SparsityCurve::new(points.collect()) else {
        return cells;
    };
    cells.extend(WANTED.map(|wanted| {
        let found = lookup.threshold_for(wanted);
        rounded_up(found.value)
    }));
    cells
}

/// A threshold with about four digits, rounded up: a lower one would prune less than stated.
fn rounded_up(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = if value < 1e-3 {
        2 - value.log10().floor() as i32
    } else {
        4.max(3 - value.log10().floor() as i32)
    };
    let scale = 10f64.powi(digits);
    let up = (value * scale).ceil() / scale;
    if (1e-3..1e4).contains(&up) {
        format!("{up:.*}", digits.clamp(0, 6) as usize)
    } else {
        format!("{up:.2e}")
    }
}
