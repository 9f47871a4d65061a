//! The optimiser: how a training step makes new weights from gradients.

use serde::{Deserialize, Serialize};

use super::checks::Checks;
use super::rule::{Rule, real};
use super::section::stated_as_itself;
use super::{Number, Stated};

/// How a training step makes new weights from gradients.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Optimizer {
    /// Stochastic gradient descent: w = w - rate·v, where v = momentum·v + gradient.
    Sgd {
        /// Share of the last step in the next, 0 to 1. Without any, v is the gradient and there is no state.
        momentum: f64,
    },
    /// Adam (arXiv:1412.6980) with beta1 = 0.9, beta2 = 0.999 and epsilon = 1e-8: m = beta1·m + (1 - beta1)·g,
    /// v = beta2·v + (1 - beta2)·g², w = w - rate·m / (sqrt(v) + epsilon). The correction of m and v for their start at zero
    /// is a factor of the rate.
    Adam,
}

impl Optimizer {
    /// Numbers that it remembers for each weight.
    #[must_use]
    pub fn states(self) -> u32 {
        match self {
            Self::Sgd { momentum: 0.0 } => 0,
            Self::Sgd { .. } => 1,
            Self::Adam => 2,
        }
    }

    /// Operations of a lane, a multiply-accumulate or a use of its non-linear unit each, for new state `state` of a weight:
    /// one for SGD's v; two for Adam's m, three for its v.
    #[must_use]
    pub fn state_operations(self, state: u32) -> u32 {
        match (self, state) {
            (Self::Sgd { .. }, _) => 1,
            (Self::Adam, 0) => 2,
            (Self::Adam, _) => 3,
        }
    }

    /// Operations of a lane for a new weight, once the state is there: one for SGD; root, quotient and multiply-accumulate
    /// for Adam.
    #[must_use]
    pub fn weight_operations(self) -> u32 {
        match self {
            Self::Sgd { .. } => 1,
            Self::Adam => 3,
        }
    }
}

/// What a file states of an [`Optimizer`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Optimizer", deny_unknown_fields)]
pub enum OptimizerFile {
    /// Stochastic gradient descent.
    Sgd {
        /// Share of the last step in the next.
        momentum: Number,
    },
    /// Adam.
    Adam,
}

stated_as_itself!(OptimizerFile);

impl Stated for Optimizer {
    type Form = OptimizerFile;

    fn to_form(&self) -> OptimizerFile {
        match *self {
            Self::Sgd { momentum } => OptimizerFile::Sgd {
                momentum: momentum.into(),
            },
            Self::Adam => OptimizerFile::Adam,
        }
    }
}

/// Reads an optimiser; Adam if none is stated.
pub(super) struct Optimizers;

impl Rule<Optimizer> for Optimizers {
    fn read(&self, stated: Option<OptimizerFile>, checks: &mut Checks) -> Optimizer {
        match stated {
            None | Some(OptimizerFile::Adam) => Optimizer::Adam,
            Some(OptimizerFile::Sgd { momentum }) => Optimizer::Sgd {
                momentum: checks.within("momentum", |checks| real(0.0..=1.0, 0.9).check(momentum, checks)),
            },
        }
    }
}
