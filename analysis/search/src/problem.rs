//! What a strategy is asked to solve, and what it knows so far.

use scenarios::Loaded;
use serde::{Deserialize, Serialize};

use crate::accuracy::AccuracyModel;
use crate::features::Features;
use crate::objective::{Limit, Metrics, Objective};
use crate::space::{Design, Space};

/// A problem as a strategy sees it: it may ask for anything here as often as it likes, but never for an evaluation.
pub struct Problem<'a> {
    /// The designs to choose from.
    pub space: &'a Space,
    /// The physical features of a design.
    pub features: &'a Features,
    /// The accuracy of a design, if the study has a model of it.
    pub accuracy: Option<&'a AccuracyModel>,
    /// By how many standard deviations the accuracy counts less.
    pub risk: f64,
    /// What is minimised.
    pub objective: &'a Objective,
    /// What a design must keep to.
    pub limits: &'a [Limit],
    /// The scenario that designs change.
    pub base: &'a Loaded,
    /// The study's seed.
    pub seed: u64,
    /// Why the machine, or a limit on what is known beforehand, cannot have a design: the free check, a millisecond a design.
    pub refuse: &'a (dyn Fn(&Design) -> Option<Refusal> + Sync),
}

/// Why a design cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The field at fault.
    pub field: String,
    /// What is wrong, and the remedy.
    pub reason: String,
}

/// A design that was evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluated {
    /// The design.
    pub design: Design,
    /// What was found; accuracies without risk.
    pub metrics: Metrics,
    /// The number that is minimised; `None` for a front.
    pub objective: Option<f64>,
    /// Whether it keeps to all limits.
    pub keeps_limits: bool,
}

/// A design that a strategy drew.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// The design.
    pub design: Design,
    /// Why it cannot be evaluated; it costs no budget.
    pub refusal: Option<Refusal>,
}
