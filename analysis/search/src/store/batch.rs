//! What was proposed: a batch of designs.

use serde::{Deserialize, Serialize};

use crate::problem::Refusal;
use crate::space::{Accelerator, Design, Genome, Model, Positions, Space};
use crate::strategy;

/// How a design is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fidelity {
    /// By the closed form.
    Estimate,
    /// Event by event.
    Simulated,
}

/// A batch of designs that a strategy proposed, or that are to be simulated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Its number among all.
    pub number: u32,
    /// How its designs are evaluated.
    pub fidelity: Fidelity,
    /// Whether a strategy proposed it; otherwise it holds the best so far, to be simulated.
    pub is_proposed: bool,
    /// Its designs, in the order in which they were drawn.
    pub members: Vec<Member>,
    /// What the strategy wants back with the next batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<strategy::State>,
    /// CPU time that proposing it took, in seconds.
    pub proposal_cpu_s: f64,
    /// Whether the strategy has nothing more to propose.
    #[serde(default)]
    pub is_last: bool,
}

/// A design of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its number among all rows.
    pub index: u64,
    /// The row's name: a hash of the design, the fidelity and the model.
    pub id: String,
    /// The design.
    pub design: StoredDesign,
    /// Why it cannot be evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// The estimated row of a simulated one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}

/// A design, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredDesign {
    /// The transformer's number in the study's table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<usize>,
    /// The transformer's 37 numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transformer: Option<Vec<u32>>,
    /// The accelerator's 12 numbers; none if it is the base's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accelerator: Option<Vec<f64>>,
    /// The positions on the study's axes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub axes: Vec<usize>,
}

impl StoredDesign {
    /// How `design` is stored.
    #[must_use]
    pub fn of(space: &Space, design: &Design) -> Self {
        let (entry, transformer) = match &design.model {
            Model::Entry(entry) => (Some(*entry), None),
            Model::Genome(genome) => (None, Some(genome.to_vector().to_vec())),
        };
        Self {
            entry,
            transformer,
            accelerator: design
                .accelerator
                .map(|accelerator| accelerator.numbers().map(f64::from).to_vec()),
            axes: (0..space.axes.len()).map(|axis| design.axes.of(axis)).collect(),
        }
    }

    /// The design.
    ///
    /// # Errors
    /// A number is not one of the space: what is wrong.
    pub fn design(&self) -> Result<Design, String> {
        let model = match (&self.transformer, self.entry) {
            (Some(vector), None) => {
                Model::Genome(Genome::of_vector(vector).map_err(|error| error.to_string())?)
            }
            (None, Some(entry)) => Model::Entry(entry),
            _ => return Err("a design has either an `entry` or a `transformer`".to_owned()),
        };
        let accelerator = self.accelerator.as_deref().map(Accelerator::of_numbers);
        Ok(Design {
            model,
            accelerator: accelerator.transpose().map_err(|error| error.to_string())?,
            axes: (self.axes.iter().enumerate()).fold(Positions::default(), |all, (axis, &position)| {
                all.with(axis, position)
            }),
        })
    }
}
