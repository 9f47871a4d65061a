//! The closed form: area, cycles and energy of a transformer on an accelerator by formula, without simulating.
//!
//! It follows the simulator of AccelTran (github.com/jha-lab/acceltran) with which the figures of TransCODE
//! (arXiv:2303.14882) were made. [`lowering`] lists what is moved and computed, [`walk`] counts its cycles and energy,
//! [`area`] the chip. What the published figures take for granted is a [`Convention`] of switches, each of which can be
//! corrected alone.

pub mod accelerator;
pub mod area;
pub mod constants;
pub mod convention;
pub mod corrected;
mod error;
mod group;
pub mod lowering;
pub mod organisation;
pub mod scenario;
pub mod vector;
pub mod walk;
mod work;

use scenarios::schema::CostTable;
use scenarios::transformer::Transformer;
use serde::Serialize;

pub use accelerator::PublishedAccelerator;
pub use convention::Convention;
pub use error::EstimateError;
pub use organisation::Organisation;

use constants::Constants;

/// What is fed to the transformer. The published figures hold for 128 tokens and BERT's vocabulary.
#[derive(Clone, Copy, Debug)]
pub struct Workload<'a> {
    /// The transformer.
    pub transformer: &'a Transformer,
    /// Tokens of a sequence.
    pub sequence_length: u32,
    /// Rows of the table of words.
    pub vocabulary: u32,
}

impl<'a> Workload<'a> {
    /// `transformer` with sequences and vocabulary of the published figures.
    #[must_use]
    pub fn published(transformer: &'a Transformer) -> Self {
        Self {
            transformer,
            sequence_length: 128,
            vocabulary: 30_522,
        }
    }
}

/// What a transformer costs on an accelerator.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Area of the chip, in mm^2.
    pub area_mm2: f64,
    /// Cycles of the accelerator's clock for one batch.
    pub cycles: i128,
    /// The clock, in MHz.
    pub clock_mhz: f64,
    /// Time for one batch, in seconds.
    pub seconds: f64,
    /// Energy for one batch, in nJ.
    pub energy_nj: Energy,
}

/// Energy by the groups of the published figures, in nJ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Energy {
    /// Accesses to the activation buffer.
    pub buffer: f64,
    /// Accesses to main memory.
    pub main_memory: f64,
    /// MAC lanes.
    pub mac_lanes: Power,
    /// Softmax modules.
    pub softmax: Power,
    /// Layer-norm modules.
    pub layer_norm: Power,
    /// Pre- and post-compute sparsity modules.
    pub sparsity: Power,
    /// DMA ports, operand FIFOs and dataflow.
    pub others: Power,
}

/// What modules used while they worked and what they leaked; in JSON a pair. Energies in nJ, or powers in mW.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(into = "[f64; 2]")]
pub struct Power {
    /// For working.
    pub dynamic: f64,
    /// For being switched on.
    pub leakage: f64,
}

impl From<Power> for [f64; 2] {
    fn from(power: Power) -> Self {
        [power.dynamic, power.leakage]
    }
}

impl Energy {
    /// The groups that come as pairs, by name.
    #[must_use]
    pub fn modules(&self) -> [(&'static str, Power); 5] {
        [
            ("MAC lanes", self.mac_lanes),
            ("softmax", self.softmax),
            ("layer norm", self.layer_norm),
            ("sparsity", self.sparsity),
            ("others", self.others),
        ]
    }

    /// All of it, in nJ.
    #[must_use]
    pub fn total(&self) -> f64 {
        let modules = self.modules();
        let modules = modules.iter().map(|(_, power)| power.dynamic + power.leakage);
        self.buffer + self.main_memory + modules.sum::<f64>()
    }
}

/// What `workload` costs on `accelerator`, whose modules cost what `costs` says, by `convention`.
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
