//! What rows teach: time, dynamic energy, and how much leaks, of any design.

use super::super::{Past, standing};
use super::known::Known;
use crate::features::FEATURES;
use crate::objective::Metrics;
use crate::problem::{Evaluated, Problem};
use crate::rows::Rows;
use crate::space::Design;
use crate::surrogate::{GaussianProcess, Hyperparameters, Prediction, Refit};

/// What is learnt of every design: the logarithms of time, of dynamic energy, and of leakage over that of a machine that is
/// never switched off.
const LEARNT: usize = 3;

/// What is learnt besides where axes may change the machine, over what is known without them: the logarithms of area, peak power
/// and sequences at once, and the accuracy's difference.
const OF_AXES: usize = 4;

/// The least time or energy of which a logarithm is taken.
const LEAST: f64 = 1e-300;

/// What is believed of designs.
pub(super) struct Beliefs<'a> {
    pub(super) problem: &'a Problem<'a>,
    learners: Vec<Learner>,
    columns: usize,
}

/// What is learnt of one number.
enum Learner {
    /// All rows have the same.
    Constant(f64),
    Process(Box<GaussianProcess>),
}

/// What is believed of one design.
#[derive(Clone, Debug)]
pub(super) struct Belief {
    known: Known,
    learnt: Vec<Prediction>,
}

impl<'a> Beliefs<'a> {
    /// What the rows teach; hyperparameters are looked for if `refit`. `None` if there are no rows to learn from.
    pub(super) fn of(problem: &'a Problem<'a>, past: &Past<'_>, refit: bool) -> Option<Self> {
        let rows: Vec<&Evaluated> = past
            .evaluated
            .iter()
            .filter(|row| is_usable(&row.metrics))
            .collect();
        if rows.is_empty() {
            return None;
        }
        let designs: Vec<Design> = rows.iter().map(|row| row.design).collect();
        let inputs = inputs(problem, &designs);
        let targets: Vec<Vec<f64>> = rows.iter().map(|row| targets(problem, row)).collect();
        let starts = past.state.map_or(&[][..], |state| &state.hyperparameters);
        let learners = (0..targets[0].len())
            .map(|number| {
                let targets: Vec<f64> = targets.iter().map(|row| row[number]).collect();
                Learner::of(&inputs, &targets, starts.get(number), refit)
            })
            .collect();
        Some(Self {
            problem,
            learners,
            columns: inputs.columns(),
        })
    }

    /// What the next batch starts from.
    pub(super) fn hyperparameters(&self) -> Vec<Hyperparameters> {
        let of_learner = |learner: &Learner| match learner {
            Learner::Constant(_) => Hyperparameters::default_for(self.columns),
            Learner::Process(process) => process.hyperparameters().clone(),
        };
        self.learners.iter().map(of_learner).collect()
    }

    /// What is believed of each of `designs`.
    pub(super) fn about(&self, designs: &[Design]) -> Vec<Belief> {
        let inputs = inputs(self.problem, designs);
        let mut learnt = vec![Vec::with_capacity(self.learners.len()); designs.len()];
        for learner in &self.learners {
            let predictions = learner.predict_all(&inputs);
            learnt
                .iter_mut()
                .zip(predictions)
                .for_each(|(learnt, prediction)| learnt.push(prediction));
        }
        let designs = designs.iter().zip(learnt);
        designs
            .map(|(design, learnt)| Belief {
                known: Known::of(self.problem, design),
                learnt,
            })
            .collect()
    }
}

impl Learner {
    fn of(inputs: &Rows, targets: &[f64], start: Option<&Hyperparameters>, refit: bool) -> Self {
        let mean = targets.iter().sum::<f64>() / targets.len() as f64;
        let apart = targets
            .iter()
            .map(|target| (target - mean).abs())
            .fold(0.0, f64::max);
        if apart <= 1e-9 * mean.abs().max(1.0) {
            return Self::Constant(mean);
        }
        let start = start.filter(|start| start.lengthscales.len() == inputs.columns());
        let refit = if refit || start.is_none() {
            Refit::Optimise
        } else {
            Refit::Keep
        };
        let fitted = GaussianProcess::fit(inputs, targets, start, refit);
        let fitted = fitted.or_else(|_| GaussianProcess::fit(inputs, targets, None, Refit::Keep));
        fitted.map_or(Self::Constant(mean), |process| Self::Process(Box::new(process)))
    }

    fn predict_all(&self, inputs: &Rows) -> Vec<Prediction> {
        match self {
            Self::Constant(mean) => vec![Prediction { mean: *mean, sd: 0.0 }; inputs.len()],
            Self::Process(process) => process.predict_all(inputs),
        }
    }
}

impl Belief {
    /// The expected figures; the accuracy less the study's risk.
    pub(super) fn expected(&self) -> Metrics {
        self.metrics(None)
    }

    /// The figures if one number after the other is a standard deviation above what is expected.
    pub(super) fn shifted(&self) -> impl Iterator<Item = Metrics> {
        let unsure = (0..self.learnt.len()).filter(|&number| self.learnt[number].sd > 0.0);
        unsure.map(|number| self.metrics(Some(number)))
    }

    fn metrics(&self, shifted: Option<usize>) -> Metrics {
        let learnt = |number: usize| {
            let Some(prediction) = self.learnt.get(number) else {
                return 0.0;
            };
            let sd = if shifted == Some(number) {
                prediction.sd
            } else {
                0.0
            };
            prediction.mean + sd
        };
        let factor = |number| libm::exp(learnt(number));
        let [latency_s, dynamic_j] = [0, 1].map(factor);
        let leakage_j = factor(2) * latency_s * self.known.leakage_w;
        let energy_j = dynamic_j + leakage_j;
        Metrics {
            latency_s,
            dynamic_j,
            leakage_j,
            energy_j,
            batch_latency_s: latency_s * self.known.sequences * factor(LEARNT + 2),
            area_mm2: self.known.area_mm2 * factor(LEARNT),
            peak_power_w: self.known.peak_power_w * factor(LEARNT + 1),
            mean_power_w: energy_j / latency_s,
            accuracy: self.known.accuracy.map(|accuracy| accuracy + learnt(LEARNT + 3)),
        }
    }
}

/// Whether a row can be learnt from.
fn is_usable(metrics: &Metrics) -> bool {
    let positive = [metrics.latency_s, metrics.area_mm2, metrics.batch_latency_s];
    let others = [metrics.dynamic_j, metrics.leakage_j, metrics.peak_power_w];
    positive.iter().all(|x| x.is_finite() && *x > 0.0) && others.iter().all(|x| x.is_finite())
}

/// What is to be learnt of a row: [`LEARNT`] numbers, and [`OF_AXES`] if the space has axes.
fn targets(problem: &Problem<'_>, row: &Evaluated) -> Vec<f64> {
    let (metrics, known) = (&row.metrics, Known::of(problem, &row.design));
    let log = |x: f64| libm::log(x.max(LEAST));
    let idle_j = metrics.latency_s * known.leakage_w;
    let mut targets = vec![
        log(metrics.latency_s),
        log(metrics.dynamic_j),
        log(metrics.leakage_j) - log(idle_j),
    ];
    if problem.space.axes.is_empty() {
        return targets;
    }
    let accuracy = standing::at_risk(problem, &row.design, metrics).accuracy;
    let of_axes: [f64; OF_AXES] = [
        log(metrics.area_mm2) - log(known.area_mm2),
        log(metrics.peak_power_w) - log(known.peak_power_w),
        log(metrics.batch_latency_s / metrics.latency_s) - log(known.sequences),
        accuracy
            .zip(known.accuracy)
            .map_or(0.0, |(found, known)| found - known),
    ];
    targets.extend(of_axes);
    targets
}

/// What the learners see of designs: the features, and where they stand on each axis.
fn inputs(problem: &Problem<'_>, designs: &[Design]) -> Rows {
    let axes = &problem.space.axes;
    let of_axes: usize = axes.iter().map(crate::space::Axis::columns).sum();
    let mut rows = Rows::new(FEATURES + of_axes);
    let mut row = Vec::with_capacity(FEATURES + of_axes);
    for design in designs {
        row.clear();
        row.extend(problem.features.row(problem.space, design));
        for (index, axis) in axes.iter().enumerate() {
            axis.encode(design.axes.of(index), &mut row);
        }
        rows.push(&row);
    }
    rows
}
