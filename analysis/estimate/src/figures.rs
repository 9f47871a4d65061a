//! The figures of an estimate.

use serde::{Deserialize, Deserializer, Serialize};

/// The cost of a transformer on an accelerator.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Area of the chip, in mm^2.
    pub area_mm2: f64,
    /// Cycles of the accelerator's clock for one batch.
    #[serde(deserialize_with = "cycles")]
    pub cycles: i128,
    /// The clock, in MHz.
    pub clock_mhz: f64,
    /// Time for one batch, in seconds.
    pub seconds: f64,
    /// Energy for one batch, in nJ.
    pub energy_nj: Energy,
}

/// serde's flattened structs cannot hold 128-bit numbers during deserialisation; 63 bits suffice for every estimate in use.
fn cycles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
    i64::deserialize(deserializer).map(i128::from)
}

/// Energy by the groups of the published figures, in nJ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
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

/// Dynamic and leakage parts of modules; a pair in JSON. Energies in nJ, or powers in mW.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f64; 2]", into = "[f64; 2]")]
pub struct Power {
    /// While working.
    pub dynamic: f64,
    /// While switched on.
    pub leakage: f64,
}

impl From<[f64; 2]> for Power {
    fn from([dynamic, leakage]: [f64; 2]) -> Self {
        Self { dynamic, leakage }
    }
}

impl From<Power> for [f64; 2] {
    fn from(power: Power) -> Self {
        [power.dynamic, power.leakage]
    }
}

impl Energy {
    /// The groups that are pairs, by name.
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

    /// The total, in nJ.
    #[must_use]
    pub fn total(&self) -> f64 {
        let modules = self.modules();
        let modules = modules.iter().map(|(_, power)| power.dynamic + power.leakage);
        self.buffer + self.main_memory + modules.sum::<f64>()
    }
}
