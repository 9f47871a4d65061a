//! A row: a design, and what was found of it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::batch::Fidelity;
use super::outcome::State;
use crate::objective::Metrics;

/// A row, as `search rows` prints it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its number, in the order in which designs were proposed.
    pub index: u64,
    /// Its name.
    pub id: String,
    /// The number of its batch, among those that were proposed; of a simulated row, how many were proposed before it was chosen.
    pub batch: u32,
    /// What became of it.
    pub state: State,
    /// How it was evaluated.
    pub fidelity: Fidelity,
    /// The estimated row of a simulated one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// The 37 numbers of a transformer of the published space.
    pub transformer: Option<Vec<u32>>,
    /// The 12 numbers of an accelerator of the published space.
    pub accelerator: Option<Vec<f64>>,
    /// The fields that it sets, by path.
    pub parameters: BTreeMap<String, Value>,
    /// The design, readable.
    pub describe: String,
    /// The figures.
    pub metrics: Option<Metrics>,
    /// The figures of each workload.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub workloads: BTreeMap<String, Metrics>,
    /// What is minimised; none for a front.
    pub objective: Option<f64>,
    /// The limits that it does not keep to.
    pub violates: Vec<String>,
    /// Where the accuracy is from.
    pub accuracy_source: Option<String>,
    /// Why an estimate may be farther off than usual.
    pub caution: Vec<String>,
    /// Why it was refused or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The field at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// How long the evaluation took, in seconds.
    pub seconds: Option<f64>,
    /// Where it was evaluated.
    pub host: Option<String>,
    /// The version that evaluated it.
    pub elector: Option<String>,
    /// The cost table.
    pub costs: String,
}
