//! The published convention: the closed form behind the figures of TransCODE (arXiv:2303.14882).
//!
//! It follows the simulator of AccelTran (github.com/jha-lab/acceltran). [`lowering`] lists what is moved and computed,
//! [`walk`] counts its cycles and energy, and [`area`] computes the area of the chip. The assumptions of the published figures
//! are the switches of a [`Convention`], each of which can be corrected alone.

pub mod accelerator;
pub mod area;
pub mod constants;
pub mod convention;
mod group;
pub mod lowering;
pub mod organisation;
pub mod scenario;
pub mod vector;
pub mod walk;
mod work;

use scenarios::schema::CostTable;
use scenarios::transformer::Transformer;

pub use accelerator::PublishedAccelerator;
pub use convention::Convention;
pub use organisation::Organisation;

use crate::error::EstimateError;
use crate::figures::{Energy, Estimate, Power};
use constants::Constants;

/// A transformer and the shape of its input. The published figures hold for 128 tokens and BERT's vocabulary.
#[derive(Clone, Copy, Debug)]
pub struct Workload<'a> {
    /// The transformer.
    pub transformer: &'a Transformer,
    /// Tokens per sequence.
    pub sequence_length: u32,
    /// Rows of the table of words.
    pub vocabulary: u32,
}

impl<'a> Workload<'a> {
    /// `transformer` with the sequence length and vocabulary of the published figures.
    #[must_use]
    pub fn published(transformer: &'a Transformer) -> Self {
        Self {
            transformer,
            sequence_length: 128,
            vocabulary: 30_522,
        }
    }
}

/// The cost of `workload` on `accelerator` by `convention`, with module costs from `costs`.
///
/// # Errors
/// The embeddings exceed the weight buffer, or `costs` lacks a figure.
pub fn estimate(
    workload: Workload<'_>,
    accelerator: &PublishedAccelerator,
    costs: &CostTable,
    convention: &Convention,
) -> Result<Estimate, EstimateError> {
    let constants = Constants::find(accelerator, costs, convention)?;
    let walked = walk::walk(workload, accelerator, &constants, convention)?;
    Ok(Estimate {
        area_mm2: area::area_mm2(accelerator, &constants),
        cycles: walked.cycles,
        clock_mhz: constants.clock_mhz,
        seconds: walked.cycles as f64 / (constants.clock_mhz * 1e6),
        energy_nj: walked.energy,
    })
}
