//! An estimate and what it estimates.

use estimate::coarse::{CoarseEstimate, Details, coarse_estimate};
use estimate::{Estimate, EstimateError};
use scenarios::system::Plan;
use serde::{Deserialize, Serialize};

/// How a closed form counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Counting {
    /// As the figures published with arXiv:2303.14882 do.
    Published,
    /// As the event-driven model does, as far as formulas can.
    Corrected,
}

/// An estimate and what it estimates.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Estimated {
    /// The scenario's name, or the file of the transformer.
    pub scenario: String,
    /// The convention it was made by.
    pub convention: Counting,
    /// The estimate.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Further details by the corrected convention.
    #[serde(flatten)]
    pub details: Option<Details>,
}

impl Estimated {
    /// By the published convention.
    #[must_use]
    pub fn published(scenario: String, estimate: Estimate) -> Self {
        Self {
            scenario,
            convention: Counting::Published,
            estimate,
            details: None,
        }
    }

    /// By the event-driven model.
    ///
    /// # Errors
    /// As [`coarse_estimate`].
    pub fn corrected(scenario: String, plan: &Plan) -> Result<Self, EstimateError> {
        let CoarseEstimate { estimate, details } = coarse_estimate(plan)?;
        Ok(Self {
            scenario,
            convention: Counting::Corrected,
            estimate,
            details: Some(details),
        })
    }
}
