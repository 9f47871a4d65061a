//! What the likelihood leaves to be chosen, and what is believed of it beforehand.

/// Hyperparameters of a [`GaussianProcess`](super::GaussianProcess), all positive.
///
/// Beforehand each is believed to be log-normal, so that a few rows of many inputs do not make up lengthscales: a lengthscale
/// in proportion to the root of the number of inputs D, as Hvarfner, Hellsten and Nardi have it (Vanilla Bayesian
/// optimization performs great in high dimensions, ICML 2024), with its mode at 0.71 √D standard deviations; the output
/// variance about 1; the noise variance about 1e-4. The last two are for an estimator that repeats exactly.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Hyperparameters {
    /// For each input, how far one must go until the function looks different, in standard deviations of the input. For
    /// constant inputs, which are ignored, the number is carried along.
    pub lengthscales: Vec<f64>,
    /// Variance of the function, in variances of the targets.
    pub output_variance: f64,
    /// Variance of what the inputs do not explain, in variances of the targets.
    pub noise_variance: f64,
}

impl Hyperparameters {
    /// The most likely before any data, for `inputs` inputs.
    #[must_use]
    pub fn default_for(inputs: usize) -> Self {
        Self {
            lengthscales: vec![libm::exp(Belief::lengthscale(inputs).mean); inputs],
            output_variance: libm::exp(OUTPUT_VARIANCE.mean),
            noise_variance: libm::exp(NOISE_VARIANCE.mean),
        }
    }

    /// Whether there are `inputs` lengthscales, and all numbers are positive.
    pub(super) fn is_valid_for(&self, inputs: usize) -> bool {
        let others = [self.output_variance, self.noise_variance];
        let mut numbers = self.lengthscales.iter().chain(&others);
        self.lengthscales.len() == inputs && numbers.all(|x| x.is_finite() && *x > 0.0)
    }

    /// The logarithms: of the lengthscales of the inputs `active`, of the output's variance, of the noise's.
    pub(super) fn logarithms(&self, active: impl Iterator<Item = usize>) -> Vec<f64> {
        let lengthscales = active.map(|input| self.lengthscales[input]);
        lengthscales
            .chain([self.output_variance, self.noise_variance])
            .map(libm::log)
            .collect()
    }

    /// These, with those of `active` inputs set from what [`logarithms`](Self::logarithms) gave.
    pub(super) fn with(mut self, active: impl Iterator<Item = usize>, logarithms: &[f64]) -> Self {
        if let [lengthscales @ .., output, noise] = logarithms {
            for (input, logarithm) in active.zip(lengthscales) {
                self.lengthscales[input] = libm::exp(*logarithm);
            }
            self.output_variance = libm::exp(*output);
            self.noise_variance = libm::exp(*noise);
        }
        self
    }
}

/// A normal distribution of a logarithm.
#[derive(Clone, Copy, Debug)]
struct Belief {
    mean: f64,
    variance: f64,
}

/// Standardised targets have a variance of 1, and a function with long lengthscales varies more over the whole space
/// than over any sample of it: within a factor of e or so.
const OUTPUT_VARIANCE: Belief = Belief {
    mean: 0.0,
    variance: 1.0,
};

/// An estimator repeats exactly, so noise is only what features do not tell: a hundredth of the targets' standard
/// deviation, give or take a factor of e.
const NOISE_VARIANCE: Belief = Belief {
    mean: -9.21,
    variance: 4.0,
};

impl Belief {
    /// Distances between random points grow with the root of the number of inputs, and so must lengthscales: on the unit cube,
    /// ln l is normal with mean √2 + ln(D)/2 and variance 3 (Hvarfner, Hellsten, Nardi, Vanilla Bayesian optimization performs
    /// great in high dimensions, ICML 2024, section 4.2).
    ///
    /// A uniform input of the unit cube has a standard deviation of 1/√12, which adds ln(12)/2 here. As there, the density
    /// that is maximised is that of l and not of ln l, which takes the variance off the mean.
    fn lengthscale(inputs: usize) -> Self {
        let dimensions = inputs.max(1) as f64;
        let mean = std::f64::consts::SQRT_2 + 0.5 * libm::log(12.0 * dimensions);
        let variance = 3.0;
        Self {
            mean: mean - variance,
            variance,
        }
    }

    /// Minus the logarithm of the density, up to a constant; its derivative is added to `slope`.
    fn penalty(self, logarithm: f64, slope: &mut f64) -> f64 {
        let off = (logarithm - self.mean) / self.variance;
        *slope += off;
        0.5 * off * (logarithm - self.mean)
    }
}

/// Minus the logarithm of the prior density at `logarithms`, up to a constant; adds its gradient to `gradient`.
pub(super) fn penalty(logarithms: &[f64], gradient: &mut [f64]) -> f64 {
    let inputs = logarithms.len() - 2;
    let lengthscale = Belief::lengthscale(inputs);
    let beliefs = std::iter::repeat_n(lengthscale, inputs).chain([OUTPUT_VARIANCE, NOISE_VARIANCE]);
    let terms = logarithms.iter().zip(gradient).zip(beliefs);
    terms
        .map(|((logarithm, slope), belief)| belief.penalty(*logarithm, slope))
        .sum()
}
