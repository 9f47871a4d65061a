//! The figures of the cost table that an estimate needs, for one accelerator.

use components::tile::TileShape;
use scenarios::schema::CostTable;
use scenarios::schema::costs::{ModuleCost, PublishedBandwidth, PublishedRate};

use super::organisation::Mode;
use super::{Convention, EstimateError, Power, PublishedAccelerator};

/// Share of activations and of weights that are not zero.
pub const DENSITY: f64 = 0.5;

/// The costs of one accelerator's modules, and the widths of its data paths.
#[derive(Clone, Copy, Debug)]
pub struct Constants {
    /// The clock at which the powers hold, in MHz.
    pub clock_mhz: f64,
    /// Bits per word.
    pub word_bits: f64,
    /// Bytes per access to a buffer or to main memory.
    pub block_bytes: f64,
    /// Main memory's bandwidth, in bits per cycle.
    pub memory_bits_per_cycle: f64,
    /// The activation buffer's bandwidth, in bits per cycle.
    pub buffer_bits_per_cycle: f64,
    /// Energy per access to main memory, in nJ.
    pub memory_access_nj: f64,
    /// Energy per access to the activation buffer, in nJ.
    pub buffer_access_nj: f64,
    /// A MAC lane.
    pub lane: ModuleCost,
    /// A softmax module.
    pub softmax: ModuleCost,
    /// A layer-norm module.
    pub layer_norm: ModuleCost,
    /// A pre-compute sparsity module.
    pub pre_compute: ModuleCost,
    /// A post-compute sparsity module.
    pub post_compute: ModuleCost,
    /// An operand FIFO.
    pub fifo: ModuleCost,
    /// The dataflow of a PE.
    pub dataflow: ModuleCost,
    /// The DMA port of a PE.
    pub dma: ModuleCost,
    /// Area of the three buffers, in um^2.
    pub buffers_um2: f64,
    /// Leakage of the three buffers, in mW.
    pub buffers_leakage_mw: f64,
}

impl Constants {
    /// The figures of `costs` for `accelerator`.
    ///
    /// # Errors
    /// `costs` lacks a figure, or has none for modules of this size.
    pub fn find(
        accelerator: &PublishedAccelerator,
        costs: &CostTable,
        convention: &Convention,
    ) -> Result<Self, EstimateError> {
        check_sizes(accelerator, costs)?;
        let bandwidth = costs
            .published_bandwidth
            .ok_or_else(|| missing("published_bandwidth"))?;
        let memory = accelerator.memory.name();
        let memory_access_nj = costs.main_memory_access_nj.get(memory).copied();
        let bits = |rate: PublishedRate| bits_per_cycle(rate, costs.clock_mhz, convention);
        Ok(Self {
            clock_mhz: costs.clock_mhz,
            word_bits: f64::from(costs.word_bits),
            block_bytes: f64::from(costs.block_bytes),
            memory_bits_per_cycle: bits(memory_rate(&bandwidth, accelerator.memory.mode())),
            buffer_bits_per_cycle: bits(bandwidth.activation_buffer),
            memory_access_nj: memory_access_nj
                .ok_or_else(|| missing(&format!("main_memory_access_nj.{memory}")))?,
            buffer_access_nj: costs.activation_buffer.access_nj(accelerator.activation_mb),
            lane: costs.lane_cost(accelerator.multipliers_per_lane, accelerator.activation_function),
            softmax: costs.softmax_cost(accelerator.tile),
            layer_norm: costs.layer_norm_cost(accelerator.tile),
            pre_compute: costs.pre_compute_sparsity,
            post_compute: costs.post_compute_sparsity,
            fifo: costs.operand_fifo,
            dataflow: costs.dataflow,
            dma: costs.dma,
            buffers_um2: over_buffers(accelerator, costs, |cost| cost.area_um2_per_mb),
            buffers_leakage_mw: over_buffers(accelerator, costs, |cost| cost.leakage_mw_per_mb),
        })
    }

    /// Bits of `elements`, without their zeros, which are not stored.
    #[must_use]
    pub fn stored_bits(&self, elements: f64) -> f64 {
        elements * self.word_bits * DENSITY
    }

    /// Power of a lane's sparsity modules, in mW.
    #[must_use]
    pub fn sparsity(&self) -> Power {
        sum([self.pre_compute, self.post_compute])
    }

    /// Power of a DMA port, a FIFO and a dataflow, in mW.
    #[must_use]
    pub fn others(&self) -> Power {
        sum([self.dma, self.fifo, self.dataflow])
    }
}

fn sum<const N: usize>(costs: [ModuleCost; N]) -> Power {
    Power {
        dynamic: costs.iter().map(|cost| cost.dynamic_mw).sum(),
        leakage: costs.iter().map(|cost| cost.leakage_mw).sum(),
    }
}

fn missing(field: &str) -> EstimateError {
    EstimateError::Cost {
        field: field.to_owned(),
    }
}

fn memory_rate(bandwidth: &PublishedBandwidth, mode: Mode) -> PublishedRate {
    match mode {
        Mode::LowBandwidth => bandwidth.main_memory_low,
        Mode::HighBandwidth => bandwidth.main_memory_high,
    }
}

fn bits_per_cycle(rate: PublishedRate, clock_mhz: f64, convention: &Convention) -> f64 {
    if convention.gigabytes_as_words {
        rate.bits_per_cycle
    } else {
        rate.gb_s * 8e3 / clock_mhz
    }
}

fn over_buffers(
    accelerator: &PublishedAccelerator,
    costs: &CostTable,
    figure: impl Fn(&scenarios::schema::costs::BufferCost) -> f64,
) -> f64 {
    figure(&costs.activation_buffer) * accelerator.activation_mb
        + figure(&costs.weight_buffer) * accelerator.weight_mb
        + figure(&costs.mask_buffer) * accelerator.mask_mb
}

/// The published figures cover only modules of tabulated sizes, and square tiles.
fn check_sizes(accelerator: &PublishedAccelerator, costs: &CostTable) -> Result<(), EstimateError> {
    let lanes = costs.mac_lane.iter();
    let lanes = lanes.filter(|lane| lane.activation_function == accelerator.activation_function);
    let lanes: Vec<u32> = lanes.map(|lane| lane.multipliers).collect();
    if !lanes.contains(&accelerator.multipliers_per_lane) {
        return Err(EstimateError::Size {
            field: "accelerator.multipliers_per_lane",
            what: format!("lanes of {} multipliers", accelerator.multipliers_per_lane),
            accepted: format!("lanes of {}", listed(&lanes)),
        });
    }
    let TileShape { x, y, .. } = accelerator.tile;
    let known = |table: &[scenarios::schema::costs::TileModuleCost]| {
        table.iter().any(|module| module.tile == x && module.tile == y)
    };
    if !(known(&costs.softmax) && known(&costs.layer_norm)) {
        let tiles: Vec<u32> = costs.softmax.iter().map(|module| module.tile).collect();
        return Err(EstimateError::Size {
            field: "accelerator.tile",
            what: format!("tiles of {x} x {y}"),
            accepted: format!("square tiles with sides of {}", listed(&tiles)),
        });
    }
    Ok(())
}

fn listed(sizes: &[u32]) -> String {
    let sizes: Vec<String> = sizes.iter().map(u32::to_string).collect();
    sizes.join(", ")
}
