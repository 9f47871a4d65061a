use thiserror::Error;

use super::hyperparameters::{Hyperparameters, penalty};
use super::importance::r_squared;
use super::lbfgs::{self, Stop};
use super::likelihood::Likelihood;
use super::posterior::Posterior;
use super::standardise::{self, Inputs, Spread};
use super::triangle::STEP;
use crate::rows::Rows;

/// Where the search for hyperparameters ends. A step that makes them a hundredth likelier changes no prediction to speak of.
const STOP: Stop = Stop {
    iterations: 30,
    decrease: 1e-2,
};

/// What to do with the hyperparameters of an earlier fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refit {
    /// Look for better ones, from them and from the default.
    Optimise,
    /// Take them as they are; the default if there are none.
    Keep,
}

/// Why data cannot be fitted.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum FitError {
    /// There are no rows.
    #[error("there are no rows to fit")]
    NoRows,
    /// Inputs and targets are not of one length.
    #[error("{rows} rows of inputs, but {targets} targets (give one target a row)")]
    Lengths {
        /// Rows of inputs.
        rows: usize,
        /// Targets.
        targets: usize,
    },
    /// An input is NaN or infinite, or so large that its square is.
    #[error("input {column} of row {row} is too large or not a number (leave the row out)")]
    NotFinite {
        /// Row, from 0; the first if no single one is to blame.
        row: usize,
        /// Column, from 0.
        column: usize,
    },
    /// A target is NaN or infinite, or so large that its square is.
    #[error("the target of row {row} is too large or not a number (leave the row out)")]
    TargetNotFinite {
        /// Row, from 0; the first if no single one is to blame.
        row: usize,
    },
    /// The hyperparameters to start from are not positive, or of another number of inputs.
    #[error(
        "the hyperparameters to start from are not {inputs} positive lengthscales and two positive variances"
    )]
    Start {
        /// Columns of the inputs.
        inputs: usize,
    },
    /// The covariance cannot be factored at the hyperparameters given, whatever is added to its diagonal.
    #[error("the covariance cannot be factored (start from other hyperparameters)")]
    NotPositiveDefinite,
}

/// What is believed of the function at a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The expected value, in units of the targets.
    pub mean: f64,
    /// Standard deviation of the function about it, in units of the targets; noise is not in it.
    pub sd: f64,
}

/// Gaussian process regression with a Matérn 5/2 covariance and one lengthscale an input ("ARD").
///
/// Inputs and targets are standardised inside; columns that are constant are ignored. Hyperparameters maximise the marginal
/// likelihood times the weak prior of [`Hyperparameters`]. Fitting n rows takes of the order of
/// n³ + n² x inputs for each of some dozen evaluations, and needs five n x n matrices.
///
/// ```
/// use search::rows::Rows;
/// use search::surrogate::{GaussianProcess, Refit};
///
/// let mut inputs = Rows::new(1);
/// (0..12).for_each(|x| inputs.push(&[f64::from(x) / 2.0]));
/// let targets: Vec<f64> = inputs.column(0).map(f64::sin).collect();
/// let process = GaussianProcess::fit(&inputs, &targets, None, Refit::Optimise)?;
/// assert!((process.predict(&[2.25]).mean - 2.25_f64.sin()).abs() < 0.02);
/// # Ok::<(), search::surrogate::FitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct GaussianProcess {
    inputs: Inputs,
    /// For each active input, lengthscales a unit.
    per_unit: Vec<f64>,
    target: Spread,
    posterior: Posterior,
    hyperparameters: Hyperparameters,
    log_marginal_likelihood: f64,
    left_out: Vec<Prediction>,
    targets: Vec<f64>,
}

impl GaussianProcess {
    /// The posterior given `targets` at the rows of `inputs`, which may have any units.
    ///
    /// # Errors
    /// [`FitError`], which says what is wrong with the data.
    pub fn fit(
        inputs: &Rows,
        targets: &[f64],
        start: Option<&Hyperparameters>,
        refit: Refit,
    ) -> Result<Self, FitError> {
        check(inputs, targets, start)?;
        let scale = Inputs::of(inputs)?;
        let (target, standard) = standardise::targets(targets)?;
        let rows = scale.standardised(inputs);
        let mut likelihood = Likelihood::new(&rows, &standard);
        let active = || scale.active.iter().map(|(column, _)| *column);

        let default = default_for(&scale);
        let start = start.unwrap_or(&default);
        let mut logarithms = start.logarithms(active());
        if refit == Refit::Optimise {
            let starts = [&logarithms, &default.logarithms(active())];
            logarithms = optimise(&mut likelihood, starts).ok_or(FitError::NotPositiveDefinite)?;
        }
        let hyperparameters = start.clone().with(active(), &logarithms);
        let log_marginal_likelihood = likelihood.at(&logarithms).ok_or(FitError::NotPositiveDefinite)?;

        let per_unit: Vec<f64> = (scale.active.iter())
            .map(|(column, spread)| 1.0 / (hyperparameters.lengthscales[*column] * spread.width))
            .collect();
        let mut scaled = Rows::new(per_unit.len());
        inputs
            .iter()
            .for_each(|row| scaled.push(&in_lengthscales(&scale, &per_unit, row)));
        let posterior = Posterior::new(&likelihood, &scaled, hyperparameters.output_variance);
        let left_out = left_out(&likelihood, &standard, target);
        let targets = targets.to_vec();
        Ok(Self {
            inputs: scale,
            per_unit,
            target,
            posterior,
            hyperparameters,
            log_marginal_likelihood,
            left_out,
            targets,
        })
    }

    /// Mean and standard deviation at `row`, which has the columns of the inputs fitted. NaN if one that counts is.
    ///
    /// # Panics
    /// If `row` has fewer columns.
    #[must_use]
    pub fn predict(&self, row: &[f64]) -> Prediction {
        let point = in_lengthscales(&self.inputs, &self.per_unit, row);
        let (mean, variance) = self.posterior.mean_and_variance(&point);
        self.in_units(mean, variance)
    }

    /// The mean alone, at a fraction of the cost of [`predict`](Self::predict), and equal to its mean.
    ///
    /// # Panics
    /// If `row` has fewer columns than the inputs fitted.
    #[must_use]
    pub fn mean(&self, row: &[f64]) -> f64 {
        let point = in_lengthscales(&self.inputs, &self.per_unit, row);
        self.target.centre + self.target.width * self.posterior.mean(&point)
    }

    /// [`predict`](Self::predict) for each row, with the same bits and faster.
    ///
    /// # Panics
    /// If the rows have fewer columns than the inputs fitted.
    #[must_use]
    pub fn predict_all(&self, rows: &Rows) -> Vec<Prediction> {
        let point = |row| in_lengthscales(&self.inputs, &self.per_unit, rows.row(row));
        let whole = rows.len() / STEP * STEP;
        let mut predictions = Vec::with_capacity(rows.len());
        for first in (0..whole).step_by(STEP) {
            let points: [Vec<f64>; STEP] = std::array::from_fn(|row| point(first + row));
            let beliefs = self
                .posterior
                .means_and_variances(points.each_ref().map(Vec::as_slice));
            predictions.extend(beliefs.map(|(mean, variance)| self.in_units(mean, variance)));
        }
        predictions.extend((whole..rows.len()).map(|row| self.predict(rows.row(row))));
        predictions
    }

    /// What would be predicted of each row fitted if the hyperparameters were the same and the row itself were not known
    /// (R&W eq. 5.12). The standard deviations here include the noise.
    #[must_use]
    pub fn leave_one_out(&self) -> &[Prediction] {
        &self.left_out
    }

    /// The share of the targets' variance that [`leave_one_out`](Self::leave_one_out) explains: 1 at best, 0 for no better than
    /// the mean, below it for worse. Nothing if the targets are constant.
    #[must_use]
    pub fn leave_one_out_r_squared(&self) -> Option<f64> {
        let means: Vec<f64> = self.left_out.iter().map(|prediction| prediction.mean).collect();
        r_squared(&self.targets, &means)
    }

    /// The hyperparameters, from which the next fit may start.
    #[must_use]
    pub fn hyperparameters(&self) -> &Hyperparameters {
        &self.hyperparameters
    }

    /// The logarithm of the likelihood of the standardised targets, the prior not included.
    #[must_use]
    pub fn log_marginal_likelihood(&self) -> f64 {
        self.log_marginal_likelihood
    }

    /// Of standardised mean and variance.
    fn in_units(&self, mean: f64, variance: f64) -> Prediction {
        in_units(self.target, mean, variance)
    }
}

fn in_units(target: Spread, mean: f64, variance: f64) -> Prediction {
    Prediction {
        mean: target.centre + target.width * mean,
        sd: target.width * variance.sqrt(),
    }
}

fn check(inputs: &Rows, targets: &[f64], start: Option<&Hyperparameters>) -> Result<(), FitError> {
    let (rows, targets) = (inputs.len(), targets.len());
    if rows != targets {
        return Err(FitError::Lengths { rows, targets });
    }
    if rows == 0 {
        return Err(FitError::NoRows);
    }
    let inputs = inputs.columns();
    if start.is_some_and(|start| !start.is_valid_for(inputs)) {
        return Err(FitError::Start { inputs });
    }
    Ok(())
}

/// The default for as many inputs as vary.
fn default_for(inputs: &Inputs) -> Hyperparameters {
    let mut default = Hyperparameters::default_for(inputs.active.len());
    let lengthscale = default.lengthscales.first().copied().unwrap_or(1.0);
    default.lengthscales = vec![lengthscale; inputs.columns];
    default
}

/// The logarithms of the most likely hyperparameters that are found from two starts; the first if both end equally well.
fn optimise(likelihood: &mut Likelihood<'_>, starts: [&Vec<f64>; 2]) -> Option<Vec<f64>> {
    let mut minus_posterior = |logarithms: &[f64], gradient: &mut [f64]| {
        let Some(value) = likelihood.with_gradient(logarithms, gradient) else {
            return f64::NAN;
        };
        gradient.iter_mut().for_each(|slope| *slope = -*slope);
        penalty(logarithms, gradient) - value
    };
    let distinct = if starts[0] == starts[1] {
        &starts[..1]
    } else {
        &starts[..]
    };
    let ends = distinct
        .iter()
        .filter_map(|start| lbfgs::minimise(start, STOP, &mut minus_posterior));
    ends.min_by(|a, b| a.value.total_cmp(&b.value)).map(|end| end.x)
}

/// The inputs that count, from their centre, in lengthscales.
#[inline]
fn in_lengthscales(inputs: &Inputs, per_unit: &[f64], row: &[f64]) -> Vec<f64> {
    let active = inputs.active.iter().zip(per_unit);
    active
        .map(|((column, spread), per_unit)| (row[*column] - spread.centre) * per_unit)
        .collect()
}

fn left_out(likelihood: &Likelihood<'_>, standard: &[f64], target: Spread) -> Vec<Prediction> {
    let rows = likelihood.upper.chunks_exact(likelihood.weights.len());
    let points = rows.zip(&likelihood.weights).zip(standard);
    points
        .map(|((row, weight), y)| {
            // A row of L⁻ᵀ times itself: the diagonal of the inverse covariance.
            let precision: f64 = row.iter().map(|x| x * x).sum();
            in_units(target, y - weight / precision, 1.0 / precision)
        })
        .collect()
}

#[cfg(test)]
mod tests;
