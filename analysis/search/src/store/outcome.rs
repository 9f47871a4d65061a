//! What was found of a design.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::objective::Metrics;

/// What became of a design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Evaluated.
    Done,
    /// Drawn, but the machine or a limit on what is known cannot have it; it costs no budget.
    Refused,
    /// The evaluation failed.
    Failed,
    /// Broken off.
    Stopped,
}

/// What an evaluation found. It depends on the design alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// What became of it.
    pub state: State,
    /// The figures, over all workloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
    /// The figures of each workload, if the study names any.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub workloads: BTreeMap<String, Metrics>,
    /// What is minimised; none for a front.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<f64>,
    /// The limits that it does not keep to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violates: Vec<String>,
    /// Where the accuracy is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_source: Option<String>,
    /// Why an estimate may be farther off than usual.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caution: Vec<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Found {
    /// That the evaluation failed, and why.
    #[must_use]
    pub fn failed(reason: String) -> Self {
        Self {
            state: State::Failed,
            metrics: None,
            workloads: BTreeMap::new(),
            objective: None,
            violates: Vec::new(),
            accuracy_source: None,
            caution: Vec::new(),
            reason: Some(reason),
        }
    }
}

/// A line of a shard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The row.
    pub id: String,
    /// What was found.
    #[serde(flatten)]
    pub found: Found,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Where.
    pub host: String,
    /// The version that found it.
    pub elector: String,
}
