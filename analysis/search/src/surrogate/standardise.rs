//! Inputs and targets in units of their own spread.

use super::FitError;
use crate::rows::Rows;

/// Below this share of its mean, the spread of a column is rounding.
const ROUNDING: f64 = 1e-12;

/// Where the numbers of a column lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    /// Their mean.
    pub(super) centre: f64,
    /// Their standard deviation; 0 if they are all equal.
    pub(super) width: f64,
}

impl Spread {
    fn of(numbers: impl Iterator<Item = f64> + Clone) -> Self {
        let count = numbers.clone().count() as f64;
        let centre = numbers.clone().sum::<f64>() / count;
        let variance = numbers.map(|x| (x - centre) * (x - centre)).sum::<f64>() / count;
        let width = variance.sqrt();
        Self {
            centre,
            width: if width <= ROUNDING * centre.abs() {
                0.0
            } else {
                width
            },
        }
    }
}

/// The columns of a table that are not constant, and their spread.
#[derive(Clone, Debug)]
pub(super) struct Inputs {
    /// How many columns there are, with the constant ones.
    pub(super) columns: usize,
    /// Column and spread of those that are not constant.
    pub(super) active: Vec<(usize, Spread)>,
}

impl Inputs {
    /// # Errors
    /// [`FitError::NotFinite`], also if a column's squares are not.
    pub(super) fn of(rows: &Rows) -> Result<Self, FitError> {
        for (row, numbers) in rows.iter().enumerate() {
            if let Some(column) = numbers.iter().position(|x| !x.is_finite()) {
                return Err(FitError::NotFinite { row, column });
            }
        }
        let mut active = Vec::new();
        for column in 0..rows.columns() {
            let numbers: Vec<f64> = rows.column(column).collect();
            let spread = Spread::of(numbers.iter().copied());
            if !spread.width.is_finite() {
                return Err(FitError::NotFinite { row: 0, column });
            }
            if spread.width > 0.0 {
                active.push((column, spread));
            }
        }
        Ok(Self {
            columns: rows.columns(),
            active,
        })
    }

    /// The active columns of all rows, with mean 0 and standard deviation 1.
    pub(super) fn standardised(&self, rows: &Rows) -> Rows {
        let mut standardised = Rows::new(self.active.len());
        let mut numbers = vec![0.0; self.active.len()];
        for row in rows.iter() {
            for (number, (column, spread)) in numbers.iter_mut().zip(&self.active) {
                *number = (row[*column] - spread.centre) / spread.width;
            }
            standardised.push(&numbers);
        }
        standardised
    }
}

/// The spread of the targets, and the targets in it. A width of 1 stands for that of constant targets.
///
/// # Errors
/// [`FitError::TargetNotFinite`], also if the squares are not.
pub(super) fn targets(targets: &[f64]) -> Result<(Spread, Vec<f64>), FitError> {
    if let Some(row) = targets.iter().position(|y| !y.is_finite()) {
        return Err(FitError::TargetNotFinite { row });
    }
    let mut spread = Spread::of(targets.iter().copied());
    if !spread.width.is_finite() {
        return Err(FitError::TargetNotFinite { row: 0 });
    }
    if spread.width == 0.0 {
        spread.width = 1.0;
    }
    Ok((
        spread,
        targets
            .iter()
            .map(|y| (y - spread.centre) / spread.width)
            .collect(),
    ))
}
