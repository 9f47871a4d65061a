//! The cost table: area, power and energy of every module, from synthesis and memory models.
//!
//! MAC lanes are tabulated by multipliers, softmax and layer-norm modules by tile. Other sizes are scaled, by
//! rules that [`CostTable::lane_cost`] and [`CostTable::softmax_cost`] state, up to a factor of
//! [`MAX_SCALING`] beyond the table, and the user is warned; further away they are refused.

mod bandwidth;
mod check;
mod scaling;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ActivationFunction;
pub use bandwidth::{PublishedBandwidth, PublishedRate};

/// How far beyond the tabulated sizes costs are scaled: by this factor in multipliers, or in elements of a tile.
pub const MAX_SCALING: f64 = 4.0;

/// Area and power of one module at the clock of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModuleCost {
    /// Area, in um^2.
    pub area_um2: f64,
    /// Power while it works, leakage not counted, in mW.
    pub dynamic_mw: f64,
    /// Power while it is switched on, in mW.
    pub leakage_mw: f64,
}

/// Area, power and energy of one on-chip buffer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BufferCost {
    /// Area, in um^2 for each MB.
    pub area_um2_per_mb: f64,
    /// Power while it is switched on, in mW for each MB.
    pub leakage_mw_per_mb: f64,
    /// Energy of an access of [`CostTable::block_bytes`] to a buffer of 1 MB, in nJ. It grows with the square root of
    /// the size: [`BufferCost::access_nj`].
    pub access_nj_at_1_mb: f64,
}

/// A MAC lane of a tabulated size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneCost {
    /// Multipliers of the lane.
    pub multipliers: u32,
    /// The non-linearity that the lane computes.
    pub activation_function: ActivationFunction,
    /// Its cost.
    pub cost: ModuleCost,
}

/// A softmax or layer-norm module of a tabulated size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TileModuleCost {
    /// Rows (and columns) of the square tile that the module takes.
    pub tile: u32,
    /// Its cost.
    pub cost: ModuleCost,
}

/// Costs of all modules of an accelerator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostTable {
    /// What the table is called.
    pub name: String,
    /// Where the numbers come from, by the field they stand in; every field from `mac_lane` on has one.
    pub sources: BTreeMap<String, String>,
    /// Bits of the word for which the modules were made.
    pub word_bits: u32,
    /// The clock at which the powers hold, in MHz.
    pub clock_mhz: f64,
    /// Bytes of one access to a buffer: a transfer of n bytes takes n / `block_bytes` accesses, rounded up. In the published
    /// convention of one to main memory, too.
    pub block_bytes: u32,
    /// MAC lanes: multipliers, adder tree and non-linearity.
    pub mac_lane: Vec<LaneCost>,
    /// Softmax modules, by tile size.
    pub softmax: Vec<TileModuleCost>,
    /// Layer-norm modules, by tile size.
    pub layer_norm: Vec<TileModuleCost>,
    /// The pre-compute sparsity module of a lane, DynaProp in it.
    pub pre_compute_sparsity: ModuleCost,
    /// The post-compute sparsity module of a lane.
    pub post_compute_sparsity: ModuleCost,
    /// The operand FIFO of a lane.
    pub operand_fifo: ModuleCost,
    /// Entries of the operand FIFO of that cost. The cost is charged as it stands, whatever
    /// `operand_fifo_tiles` a scenario has.
    pub operand_fifo_depth: u32,
    /// Registers and control of the dataflow in a PE.
    pub dataflow: ModuleCost,
    /// The DMA port of a PE.
    pub dma: ModuleCost,
    /// Stochastic rounding of a lane, in training.
    pub stochastic_rounding: ModuleCost,
    /// The activation buffer.
    pub activation_buffer: BufferCost,
    /// The weight buffer.
    pub weight_buffer: BufferCost,
    /// The mask buffer.
    pub mask_buffer: BufferCost,
    /// Energy of one access of a block to main memory, in nJ, by technology_banks_ranks_channels. The simulator counts
    /// commands instead; the published convention uses these.
    pub main_memory_access_nj: BTreeMap<String, f64>,
    /// Bandwidths of the published convention, which alone needs them.
    #[serde(default)]
    pub published_bandwidth: Option<PublishedBandwidth>,
}

impl CostTable {
    /// The modules of one size, with their fields.
    fn modules(&self) -> [(&'static str, &ModuleCost); 6] {
        [
            ("pre_compute_sparsity", &self.pre_compute_sparsity),
            ("post_compute_sparsity", &self.post_compute_sparsity),
            ("operand_fifo", &self.operand_fifo),
            ("dataflow", &self.dataflow),
            ("dma", &self.dma),
            ("stochastic_rounding", &self.stochastic_rounding),
        ]
    }
}

impl BufferCost {
    /// Energy of an access of one block to a buffer of `megabytes`, in nJ.
    #[must_use]
    pub fn access_nj(&self, megabytes: f64) -> f64 {
        self.access_nj_at_1_mb * megabytes.sqrt()
    }
}
