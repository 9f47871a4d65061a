//! The grammar of a study.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::axis::AxisFile;
use crate::accuracy::AccuracyFile;
use crate::objective::Objective;
use crate::strategy::StrategyName;

/// The version of the grammar that is read.
pub const SCHEMA: u32 = 1;

/// A study as it is written: a space, a strategy, an objective, an evaluator and a budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Study", deny_unknown_fields)]
pub struct StudyFile {
    /// The version of the grammar.
    #[serde(default = "schema")]
    pub schema: u32,
    /// The seed of all that is drawn.
    #[serde(default = "one")]
    pub seed: u64,
    /// Designs that are evaluated. Raising it goes on; the rows so far stay as they are.
    #[serde(default = "budget")]
    pub budget: u32,
    /// Designs of a batch.
    #[serde(default = "batch")]
    pub batch: u32,
    /// A batch sees the results of the batches before it but for this many.
    #[serde(default)]
    pub lag: u32,
    /// How designs are chosen, by name.
    #[serde(default)]
    pub strategy: StrategyName,
    /// How designs are evaluated.
    #[serde(default)]
    pub evaluator: Evaluator,
    /// Designs that are simulated at the end, with `EstimateThenSimulate`.
    #[serde(default = "simulate")]
    pub simulate: u32,
    /// The scenario that designs change: a file, or a shipped name.
    pub base: String,
    /// What the machine is to run, if it is more than what the base states: each with fields of its own.
    #[serde(default)]
    pub workloads: Vec<WorkloadFile>,
    /// How the figures of several workloads become one.
    #[serde(default)]
    pub over_workloads: OverWorkloads,
    /// The designs to choose from.
    pub space: SpaceFile,
    /// What is known of the accuracy of transformers.
    #[serde(default)]
    pub accuracy: AccuracyFile,
    /// By how many standard deviations an accuracy counts less.
    #[serde(default)]
    pub risk: f64,
    /// What is minimised.
    pub objective: Objective,
    /// What a design must keep to, such as `area_mm2 <= 400`.
    #[serde(default)]
    pub limits: Vec<String>,
}

/// How designs are evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Evaluator {
    /// By the closed form.
    Estimate,
    /// Event by event.
    Simulate,
    /// By the closed form, then the best of them event by event.
    #[default]
    EstimateThenSimulate,
}

/// One of several things that the machine is to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkloadFile {
    /// Its name, in rows.
    pub name: String,
    /// What it counts, with `Weighted`.
    #[serde(default = "whole")]
    pub weight: f64,
    /// The fields that it sets in the base, by path.
    #[serde(default)]
    pub set: BTreeMap<String, ron::Value>,
}

/// How the figures of several workloads become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OverWorkloads {
    /// The mean, by the weights.
    #[default]
    Weighted,
    /// The worst.
    Worst,
}

/// The designs to choose from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpaceFile {
    /// The transformers.
    #[serde(default)]
    pub transformer: TransformerSpace,
    /// The accelerators.
    #[serde(default)]
    pub accelerator: AcceleratorSpace,
    /// Fields of the scenario that vary besides.
    #[serde(default)]
    pub axes: Vec<AxisFile>,
}

/// The transformers of a study.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransformerSpace {
    /// All of the published space.
    Published,
    /// Those of the table of accuracies.
    Table,
    /// That of the base.
    #[default]
    Fixed,
}

/// The accelerators of a study.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AcceleratorSpace {
    /// All of the published space.
    Published,
    /// That of the base.
    #[default]
    Fixed,
}

const fn schema() -> u32 {
    SCHEMA
}

const fn whole() -> f64 {
    1.0
}

const fn one() -> u64 {
    1
}

const fn budget() -> u32 {
    256
}

const fn batch() -> u32 {
    8
}

const fn simulate() -> u32 {
    4
}
