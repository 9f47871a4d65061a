//! Which variable matters: what a surrogate of the figures hangs on.

use std::ops::Range;

use thiserror::Error;

use super::variables::{Values, Variable, variables};
use crate::draws::Draws;
use crate::objective::Metric;
use crate::rows::Rows;
use crate::store::{Row, State};
use crate::surrogate::{FitError, GaussianProcess, Refit, importance_of_groups};

/// Rows below which nothing is said.
pub const LEAST_ROWS: usize = 24;

/// Rows that are fitted at most: chosen at random, but always the same.
pub const MOST_ROWS: usize = 256;

/// What the logarithm of a figure hangs on.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// The figure.
    pub metric: Metric,
    /// Rows that were fitted.
    pub rows: usize,
    /// R² of the surrogate, each row predicted from the others.
    pub r_squared: Option<f64>,
    /// The variables, the most important first.
    pub shares: Vec<Share>,
}

/// A variable, and what hangs on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// The variable.
    pub name: String,
    /// By how much R² falls if its values are dealt anew among the rows.
    pub drop: f64,
}

/// Why nothing is said.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum NotKnown {
    /// There are too few rows.
    #[error("{rows} designs are evaluated; {LEAST_ROWS} are needed to tell what matters")]
    FewRows {
        /// Rows that could be fitted.
        rows: usize,
    },
    /// Nothing differs between the designs.
    #[error("no variable that is known by a number or a name differs between the designs")]
    NoVariables,
    /// All rows have one figure.
    #[error("{metric} is the same for all designs")]
    Constant {
        /// The figure.
        metric: Metric,
    },
    /// The surrogate cannot be fitted.
    #[error("no surrogate fits: {0}")]
    Fit(#[from] FitError),
}

/// What the logarithm of `metric` hangs on, over the evaluated designs of `rows`. Simulations of estimated designs do not count.
///
/// # Errors
/// It cannot be said.
pub fn importance(rows: &[Row], metric: Metric) -> Result<Importance, NotKnown> {
    let is_fitted =
        |row: &&Row| row.of.is_none() && row.state == State::Done && target(row, metric).is_some();
    let mut chosen: Vec<&Row> = rows.iter().filter(is_fitted).collect();
    if chosen.len() < LEAST_ROWS {
        return Err(NotKnown::FewRows { rows: chosen.len() });
    }
    if chosen.len() > MOST_ROWS {
        Draws::new(0, 0, 0).shuffle(&mut chosen);
        chosen.truncate(MOST_ROWS);
    }
    let variables = variables(&chosen);
    if variables.is_empty() {
        return Err(NotKnown::NoVariables);
    }
    let targets: Vec<f64> = chosen.iter().filter_map(|row| target(row, metric)).collect();
    let (inputs, groups) = inputs(&variables, chosen.len());
    let process = GaussianProcess::fit(&inputs, &targets, None, Refit::Optimise)?;
    let drops = importance_of_groups(&process, &inputs, &targets, &groups, 0);
    let drops = drops.ok_or(NotKnown::Constant { metric })?;
    let mut shares: Vec<Share> = (variables.into_iter().zip(drops))
        .map(|(variable, drop)| Share {
            name: variable.name,
            drop,
        })
        .collect();
    shares.sort_by(|a, b| b.drop.total_cmp(&a.drop));
    Ok(Importance {
        metric,
        rows: chosen.len(),
        r_squared: process.leave_one_out_r_squared(),
        shares,
    })
}

fn target(row: &Row, metric: Metric) -> Option<f64> {
    let value = metric.of(row.metrics.as_ref()?)?;
    (value > 0.0 && value.is_finite()).then(|| libm::log(value))
}

/// The variables as columns, and the columns of each: one for numbers and for two names, one a name for more.
fn inputs(variables: &[Variable], rows: usize) -> (Rows, Vec<Range<usize>>) {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut columns: Vec<Vec<f64>> = Vec::new();
    for variable in variables {
        let first = columns.len();
        match &variable.values {
            Values::Numbers { values, log } => columns.push(column(values, *log)),
            Values::Names { names, places } => {
                let shown = if names.len() == 2 { 1 } else { names.len() };
                let is = |name: usize| places.iter().map(move |place| f64::from(*place == Some(name)));
                columns.extend((0..shown).map(|name| is(name).collect()));
            }
        }
        groups.push(first..columns.len());
    }
    let mut inputs = Rows::zeros(rows, columns.len());
    for (place, column) in columns.iter().enumerate() {
        for (row, &value) in column.iter().enumerate() {
            inputs.row_mut(row)[place] = value;
        }
    }
    (inputs, groups)
}

/// A column of numbers; where there is none, their mean.
fn column(values: &[Option<f64>], log: bool) -> Vec<f64> {
    let scaled = |value: f64| if log { libm::log2(value) } else { value };
    let known: Vec<f64> = values.iter().flatten().copied().map(scaled).collect();
    let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
    values.iter().map(|value| value.map_or(mean, scaled)).collect()
}
