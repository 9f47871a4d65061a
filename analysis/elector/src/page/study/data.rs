//! The designs of a study as the page's script reads them.

use std::collections::{BTreeMap, BTreeSet};

use search::campaign::FrontRow;
use search::draws::Draws;
use search::insight::{Values, Variable, variables};
use search::objective::{Metric, Metrics};
use search::store::{Fidelity, Row, State};
use serde::Serialize;

use super::figures::{named, objectives};
use super::{MOST_DRAWN, Told};
use crate::page::plot::{Axis, Scale};

/// All that the script draws.
#[derive(Serialize)]
pub(super) struct Data {
    /// The axes of the parallel coordinates: what varies, then the figures of the objective.
    pub(super) axes: Vec<DataAxis>,
    /// The figures that have no axis.
    more: Vec<Named>,
    /// Whether points are drawn on a canvas.
    canvas: bool,
    pub(super) points: Vec<Point>,
    /// Designs that were evaluated, with those left out.
    pub(super) all: usize,
}

/// What is called how, in which unit.
#[derive(Serialize)]
struct Named {
    name: &'static str,
    unit: &'static str,
}

/// An axis.
#[derive(Serialize)]
pub(super) struct DataAxis {
    pub(super) name: String,
    pub(super) unit: &'static str,
    pub(super) log: bool,
    pub(super) least: f64,
    pub(super) greatest: f64,
    /// Whether it is a figure of the objective.
    pub(super) figure: bool,
    /// The names, if its values are places among them.
    names: Vec<String>,
}

/// A design.
#[derive(Serialize)]
pub(super) struct Point {
    id: String,
    is: String,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) front: bool,
    /// The row that its scenario gives again, and by which command.
    #[serde(skip_serializing_if = "Option::is_none")]
    again: Option<String>,
    how: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    objective: Option<f64>,
    /// The simulated latency and energy over the estimated.
    #[serde(skip_serializing_if = "Option::is_none")]
    ratios: Option<[f64; 2]>,
    /// Limits that it breaks, and cautions.
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    /// Its place on each axis.
    values: Vec<Option<f64>>,
    more: Vec<Option<f64>>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A row, with its simulation if that counts.
struct Shown<'a> {
    row: &'a Row,
    counted: Option<&'a FrontRow>,
}

impl Shown<'_> {
    fn metrics(&self) -> Option<Metrics> {
        self.counted.and_then(FrontRow::metrics).or(self.row.metrics)
    }
}

impl Data {
    pub(super) fn of(told: &Told<'_>) -> Self {
        let front: BTreeSet<&str> = told.front.iter().map(|row| row.row.id.as_str()).collect();
        let done: Vec<&Row> = (told.rows.iter())
            .filter(|row| row.of.is_none() && row.state == State::Done && row.metrics.is_some())
            .collect();
        let all = done.len();
        let counted: BTreeMap<&str, &FrontRow> = (told.candidates.iter())
            .map(|row| (row.row.id.as_str(), row))
            .collect();
        let drawn = sampled(done, &front);
        let variables = variables(&drawn);
        let shown: Vec<Shown<'_>> = (drawn.into_iter())
            .map(|row| Shown {
                row,
                counted: counted.get(row.id.as_str()).copied(),
            })
            .collect();
        let known = |metric: Metric| shown.iter().any(|shown| value(shown, metric).is_some());
        let mut objectives = objectives(&told.file.objective);
        objectives.retain(|&(metric, _)| known(metric));
        let is_more = |metric: &Metric| known(*metric) && objectives.iter().all(|(other, _)| other != metric);
        let more: Vec<Metric> = Metric::ALL.into_iter().filter(is_more).collect();
        let mut axes: Vec<DataAxis> = variables.iter().map(of_variable).collect();
        axes.extend(
            objectives
                .iter()
                .map(|&(metric, log)| of_metric(metric, log, &shown)),
        );
        let point = |(place, shown): (usize, &Shown<'_>)| {
            let mut values: Vec<_> = variables.iter().map(|variable| of_row(variable, place)).collect();
            values.extend(objectives.iter().map(|&(metric, _)| value(shown, metric)));
            let more = more.iter().map(|&metric| value(shown, metric)).collect();
            point(shown, front.contains(shown.row.id.as_str()), values, more)
        };
        Self {
            points: shown.iter().enumerate().map(point).collect(),
            axes,
            more: more.iter().map(|&metric| of_name(metric)).collect(),
            canvas: all > MOST_DRAWN,
            all,
        }
    }

    /// As JSON that may stand in a page.
    pub(super) fn to_json(&self) -> String {
        // Only text can have these characters, and in text they may be written so.
        let text = serde_json::to_string(self).unwrap_or_default();
        text.replace('<', "\\u003c")
    }

    /// The axes of the figures of the objective, with their numbers.
    pub(super) fn figures(&self) -> Vec<(usize, &DataAxis)> {
        self.axes
            .iter()
            .enumerate()
            .filter(|(_, axis)| axis.figure)
            .collect()
    }
}

impl DataAxis {
    /// As an axis of a plot: from the same end to the same end.
    pub(super) fn axis(&self) -> Axis {
        Axis {
            label: format!("{}, {}", self.name, self.unit),
            scale: if self.log {
                Scale::Logarithmic
            } else {
                Scale::Linear
            },
            least: self.least,
            greatest: self.greatest,
        }
    }
}

/// Of many rows the front and a sample of the others, always the same; in order.
fn sampled<'a>(mut rows: Vec<&'a Row>, front: &BTreeSet<&str>) -> Vec<&'a Row> {
    if rows.len() <= MOST_DRAWN {
        return rows;
    }
    let mut draws = Draws::new(0, 1, 0);
    draws.shuffle(&mut rows);
    let (mut chosen, mut others): (Vec<&Row>, Vec<&Row>) =
        rows.into_iter().partition(|row| front.contains(row.id.as_str()));
    chosen.truncate(2 * MOST_DRAWN);
    others.truncate(MOST_DRAWN);
    chosen.append(&mut others);
    chosen.sort_by_key(|row| row.index);
    chosen
}

fn value(shown: &Shown<'_>, metric: Metric) -> Option<f64> {
    rounded(metric.of(&shown.metrics()?)?)
}

/// With as many digits as can be seen.
fn rounded(value: f64) -> Option<f64> {
    format!("{value:.5e}")
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite())
}

fn of_row(variable: &Variable, row: usize) -> Option<f64> {
    match &variable.values {
        Values::Numbers { values, .. } => values[row].and_then(rounded),
        Values::Names { places, .. } => places[row].map(|place| place as f64),
    }
}

fn of_name(metric: Metric) -> Named {
    let (name, unit) = named(metric);
    Named { name, unit }
}

fn of_variable(variable: &Variable) -> DataAxis {
    let (least, greatest, log, names) = match &variable.values {
        Values::Numbers { values, log } => {
            let (least, greatest) = ends(values.iter().flatten().copied());
            (least, greatest, *log, Vec::new())
        }
        Values::Names { names, .. } => (0.0, names.len() as f64, false, names.clone()),
    };
    DataAxis {
        name: variable.name.clone(),
        unit: "",
        log,
        least,
        greatest,
        figure: false,
        names,
    }
}

fn of_metric(metric: Metric, log: bool, shown: &[Shown<'_>]) -> DataAxis {
    let (name, unit) = named(metric);
    let (least, greatest) = ends(shown.iter().filter_map(|shown| value(shown, metric)));
    let axis = Axis::around(name, least, greatest, log);
    DataAxis {
        name: name.to_owned(),
        unit,
        log: axis.scale == Scale::Logarithmic,
        least: axis.least,
        greatest: axis.greatest,
        figure: true,
        names: Vec::new(),
    }
}

fn ends(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let least = values.clone().fold(f64::INFINITY, f64::min);
    (least, values.fold(f64::NEG_INFINITY, f64::max))
}

fn point(shown: &Shown<'_>, front: bool, values: Vec<Option<f64>>, more: Vec<Option<f64>>) -> Point {
    let row = shown.row;
    let simulated = shown.counted.and_then(|row| row.simulated.as_ref());
    let notes: Vec<&str> = (row.violates.iter().chain(&row.caution))
        .map(String::as_str)
        .collect();
    Point {
        id: row.id.clone(),
        is: row.describe.clone(),
        front,
        again: simulated.map(|simulated| simulated.id.clone()),
        how: how(row, simulated.is_some()),
        objective: shown
            .counted
            .map_or(row.objective, FrontRow::objective)
            .and_then(rounded),
        ratios: simulated.map(|found| [found.latency_ratio, found.energy_ratio]),
        note: notes.join("; "),
        values,
        more,
    }
}

/// The command that gives the figures of a row again from its scenario.
pub(super) fn how(row: &Row, is_simulated: bool) -> &'static str {
    match row.fidelity {
        Fidelity::Estimate if !is_simulated => "estimate",
        _ => "run",
    }
}
