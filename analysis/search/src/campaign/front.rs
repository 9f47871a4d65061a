//! The best of a study.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Campaign;
use crate::front::dominance::non_dominated;
use crate::front::hypervolume::{Covered, choose};
use crate::objective::{Metrics, Objective};
use crate::store::{Fidelity, Row, State};

/// Rows of a front that are put in order by what they cover; the others follow as they were proposed.
const SPREAD: usize = 50;

/// A row of the front.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FrontRow {
    /// The row that was proposed.
    #[serde(flatten)]
    pub row: Row,
    /// What its simulation found, if it was estimated and then simulated.
    pub simulated: Option<Confirmed>,
}

/// What a simulation found of an estimated design.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Confirmed {
    /// The name of the simulated row.
    pub id: String,
    /// Its figures.
    pub metrics: Metrics,
    /// What is minimised; none for a front.
    pub objective: Option<f64>,
    /// The simulated latency over the estimated.
    pub latency_ratio: f64,
    /// The simulated energy over the estimated.
    pub energy_ratio: f64,
}

impl FrontRow {
    /// The figures that count: the simulated ones, if there are any.
    #[must_use]
    pub fn metrics(&self) -> Option<Metrics> {
        self.simulated
            .as_ref()
            .map(|simulated| simulated.metrics)
            .or(self.row.metrics)
    }

    /// What is minimised, as the figures that count give it.
    #[must_use]
    pub fn objective(&self) -> Option<f64> {
        self.simulated
            .as_ref()
            .map_or(self.row.objective, |simulated| simulated.objective)
    }

    /// What is minimised of it, one number for each metric of the objective.
    #[must_use]
    pub fn point(&self, objective: &Objective) -> Vec<f64> {
        let Some(metrics) = self.metrics() else {
            return vec![f64::INFINITY];
        };
        match objective {
            Objective::Scalar(terms) => terms
                .iter()
                .map(|term| term.value(&metrics).unwrap_or(f64::INFINITY))
                .collect(),
            Objective::Front(_) => objective.values(&metrics).unwrap_or_else(|| vec![f64::INFINITY]),
            Objective::Published => vec![self.objective().unwrap_or(f64::INFINITY)],
        }
    }
}

impl Campaign {
    /// The Pareto front over the metrics of the objective, of designs that keep to all limits: the best first, or those
    /// that cover most of the space. An estimate that carries a caution is not on it unless it was simulated. If no design keeps to the
    /// limits it is empty: see [`Campaign::least_violation`].
    #[must_use]
    pub fn front(&self) -> Vec<FrontRow> {
        front_of(candidates(self.rows()), &self.study.file.objective)
    }

    /// If no design keeps to all limits, the one that breaks the fewest, and of these the first.
    #[must_use]
    pub fn least_violation(&self) -> Option<Row> {
        let rows = self.rows().into_iter().filter(|row| row.state == State::Done);
        rows.min_by_key(|row| (row.violates.len(), row.index))
            .filter(|row| !row.violates.is_empty())
    }
}

/// The designs of `rows` that were evaluated and keep to all limits, with what their simulations found, in order. Estimates that carry a
/// caution and were not simulated are left out.
#[must_use]
pub fn candidates(rows: Vec<Row>) -> Vec<FrontRow> {
    let (proposed, simulated): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.of.is_none());
    let of_it: BTreeMap<&str, &Row> = (simulated.iter())
        .filter_map(|row| Some((row.of.as_deref()?, row)))
        .collect();
    proposed
        .into_iter()
        .filter(|row| row.state == State::Done && row.violates.is_empty())
        .map(|row| {
            let simulated = of_it
                .get(row.id.as_str())
                .and_then(|other| confirmed(&row, other));
            FrontRow { row, simulated }
        })
        .filter(|row| {
            row.simulated.is_some() || row.row.caution.is_empty() || row.row.fidelity == Fidelity::Simulated
        })
        .collect()
}

/// The Pareto front of [`candidates`]: see [`Campaign::front`].
#[must_use]
pub fn front_of(mut candidates: Vec<FrontRow>, objective: &Objective) -> Vec<FrontRow> {
    let points: Vec<Vec<f64>> = candidates.iter().map(|row| row.point(objective)).collect();
    let kept = non_dominated(&points);
    let mut index = 0;
    candidates.retain(|_| {
        index += 1;
        kept.binary_search(&(index - 1)).is_ok()
    });
    let order = order(&candidates, objective);
    let mut ranked: Vec<(usize, FrontRow)> = order.into_iter().zip(candidates).collect();
    ranked.sort_by_key(|(place, _)| *place);
    ranked.into_iter().map(|(_, row)| row).collect()
}

/// The place of each row of a front: by the objective, or, if there are several, first what covers most of the space, then what covers
/// most of the rest.
fn order(rows: &[FrontRow], objective: &Objective) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    if let Objective::Front(terms) = objective {
        let points: Vec<Vec<f64>> = rows.iter().map(|row| row.point(objective)).collect();
        let mut covered = Covered::new(&vec![1.0; terms.len()]);
        let chosen = choose(&mut covered, &points, SPREAD.min(rows.len()));
        let chosen: Vec<usize> = chosen.iter().map(|choice| choice.index).collect();
        order.retain(|row| !chosen.contains(row));
        order = chosen.into_iter().chain(order).collect();
    } else {
        let value = |row: &usize| rows[*row].objective().unwrap_or(f64::INFINITY);
        order.sort_by(|a, b| value(a).total_cmp(&value(b)).then(a.cmp(b)));
    }
    let mut places = vec![0; rows.len()];
    for (place, row) in order.into_iter().enumerate() {
        places[row] = place;
    }
    places
}

fn confirmed(row: &Row, simulated: &Row) -> Option<Confirmed> {
    let (estimate, metrics) = (row.metrics?, simulated.metrics?);
    Some(Confirmed {
        id: simulated.id.clone(),
        metrics,
        objective: simulated.objective,
        latency_ratio: metrics.latency_s / estimate.latency_s,
        energy_ratio: metrics.energy_j / estimate.energy_j,
    })
}
