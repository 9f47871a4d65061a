//! The accelerator: its clock, processing elements, buffers and control.

use components::buffer::{Bandwidth, BufferKind};
use components::loop_orders::LoopOrderRule;
use components::runs::LaneGroup;
use components::tile::TileShape;
use sim_core::Frequency;

use super::limits::{MAX_MODULES, MAX_PROCESSING_ELEMENTS};
use super::loop_order::LoopOrderOr;
use super::mapping::Mapping;
use super::rule::{nested, real, value, whole};
use super::section::section;

section! {
    /// The accelerator. The defaults are the edge machine of AccelTran (arXiv:2302.14705, `config_tiny`).
    Accelerator, AcceleratorFile {
        /// Clock of the whole accelerator, in MHz, to the kHz. Default: 700, the clock of the 14 nm synthesis
        /// (arXiv:2302.14705).
        clock_mhz: f64 => real(0.001..=100_000.0, 700.0).in_whole(1000.0, "kHz"),
        /// Processing elements (PEs). Default: 64 (`config_tiny`).
        processing_elements: u32 => whole(1..=MAX_PROCESSING_ELEMENTS, 64)
            .because("the control block addresses PEs in 16 bits"),
        /// MAC lanes in a PE. Default: 16 (`config_tiny`).
        lanes_per_pe: u32 => whole(1..=MAX_MODULES, 16).because("each lane is an actor"),
        /// Multipliers in a MAC lane, which an adder tree sums. Default: 16 (`config_tiny`).
        multipliers_per_lane: u32 => whole(1..=1024, 16),
        /// Softmax modules in a PE. Default: 4 (`config_tiny`).
        softmax_per_pe: u32 => whole(1..=MAX_MODULES, 4).because("each module is an actor"),
        /// The tile in which tensors are cut up.
        tile: Tile => nested(),
        /// The on-chip buffers.
        buffers: Buffers => nested(),
        /// The fixed-point word.
        word: Word => nested(),
        /// The order of the loops over the tiles of a matrix product, outermost first: b batch, i rows, j columns,
        /// k reduction; any permutation. It decides which operand tiles a lane can reuse. Or Auto(Energy), for each
        /// operation the order with the least energy of accesses to the buffers in closed form, or Auto(Time), the
        /// least time; Auto is Auto(Energy). Default: "bijk" (`config_tiny`).
        loop_order: LoopOrderRule => LoopOrderOr(LoopOrderRule::default()),
        /// Into which blocks operations are cut for the buffers, and in which order.
        mapping: Mapping => nested(),
        /// Pairs of operand tiles that a MAC lane holds ahead of the one it works on. Default: 2, double
        /// buffering.
        operand_fifo_tiles: u32 => whole(1..=4096, 2),
        /// Bytes per cycle of each PE's activation bus and of its weight bus. Default: None, one dense tile per cycle.
        operand_bus_bytes: Option<u32> => whole(1..=1 << 20, 1),
        /// Lanes of a PE that share operands.
        operand_broadcast: OperandBroadcast => nested(),
        /// What each buffer moves per cycle, for the lanes and modules of all PEs and the DMA together.
        buffer_bandwidth: BufferBandwidth => nested(),
        /// The pipeline stages of a MAC lane before and after the multipliers.
        stages: Stages => nested(),
        /// The engine that moves data between main memory and buffers.
        dma: Dma => nested(),
        /// How many operations of the transformer the control block looks ahead for data to fetch. Default: 256.
        prefetch_operations: u32 => whole(1..=65_536, 256),
        /// Whether modules that are idle leak nothing. Default: false, leakage is charged for all time.
        power_gating: bool => value(false),
    } includes {
        /// The accelerator of which this one overrides what it states: a shipped one by name (`"edge"`) or a file
        /// (`"mine.ron"`, relative to this file). It stands above what a `base` scenario states.
        preset
    }
}

section! {
    /// A tile: the unit in which tensors are stored, moved and multiplied. Product tiles are b·x·y by b·y·x.
    /// Defaults: 1x16x16 (`config_tiny`).
    Tile, TileFile {
        /// Batch items in a tile. Default: 1.
        b: u32 => whole(1..=1024, 1),
        /// Rows of a tile, in elements. Default: 16.
        x: u32 => whole(1..=1024, 16),
        /// Columns of a tile, in elements. Default: 16.
        y: u32 => whole(1..=1024, 16),
    }
}

section! {
    /// Groups of `rows` x `columns` lanes of a PE, which work in lockstep on neighbouring result tiles of one operation and
    /// item. A left tile of a product is read once for all lanes of its row, a right tile once for all of its column.
    /// Default: 1 x 1, lanes share nothing.
    OperandBroadcast, OperandBroadcastFile {
        /// Lanes along the rows of a result. Default: 1.
        rows: u32 => whole(1..=128, 1),
        /// Lanes along its columns. Default: 1.
        columns: u32 => whole(1..=128, 1),
    }
}

section! {
    /// The bandwidth of the buffers. Default: unlimited, since the published machine says nothing.
    BufferBandwidth, BufferBandwidthFile {
        /// Of the activation buffer.
        activation: BufferPorts => nested(),
        /// Of the weight buffer.
        weight: BufferPorts => nested(),
        /// Of the mask buffer.
        mask: BufferPorts => nested(),
    }
}

section! {
    /// The banks of a buffer that are read or written together: it moves `banks` x `width_bits` per cycle. Both are stated, or
    /// neither.
    BufferPorts, BufferPortsFile {
        /// Banks. Default: None, the bandwidth has no limit.
        banks: Option<u32> => whole(1..=MAX_BANKS, 1),
        /// Bits that a bank moves per cycle. Default: None, the bandwidth has no limit.
        width_bits: Option<u32> => whole(1..=MAX_WIDTH_BITS, 512),
    }
}

/// Banks of the largest buffer: one for each kB of 64 MB.
const MAX_BANKS: u64 = 65_536;
/// The widest bank: a row of an SRAM macro has some thousand bits.
const MAX_WIDTH_BITS: u64 = 65_536;

section! {
    /// The on-chip SRAM buffers. Defaults: `config_tiny`.
    Buffers, BuffersFile {
        /// Capacity for activations, in MB of 2^20 bytes. Default: 4.
        activation_mb: f64 => real(MIN_MEGABYTES..=MAX_MEGABYTES, 4.0),
        /// Capacity for weights and embeddings, in MB of 2^20 bytes. Default: 8.
        weight_mb: f64 => real(MIN_MEGABYTES..=MAX_MEGABYTES, 8.0),
        /// Capacity for the masks of both, in MB of 2^20 bytes. Default: 1.
        mask_mb: f64 => real(MIN_MEGABYTES..=MAX_MEGABYTES, 1.0),
    }
}

/// The smallest buffer holds a byte.
const MIN_MEGABYTES: f64 = 1e-6;
/// The largest buffer holds 1 TB.
const MAX_MEGABYTES: f64 = 1_048_576.0;

section! {
    /// The fixed-point word: sign and whole part, then the fraction. Defaults: 4 + 16 = 20 bits, as AccelTran has
    /// it (arXiv:2302.14705).
    Word, WordFile {
        /// Bits of the whole part, the sign among them. Default: 4.
        integer_bits: u32 => whole(1..=32, 4),
        /// Bits of the fraction. Default: 16.
        fraction_bits: u32 => whole(0..=48, 16),
    }
}

section! {
    /// Cycles that a tile spends in the pipeline stages around the multipliers of a MAC lane. Defaults: one cycle each
    /// (arXiv:2303.14882: DynaProp takes one cycle per tile).
    Stages, StagesFile {
        /// Run-time pruning of the operands (DynaProp), cycles per tile. Default: 1.
        dynaprop_cycles: u32 => whole(0..=1024, 1),
        /// The module that picks the pairs in which neither operand is zero, cycles per tile. Default: 1.
        pre_compute_cycles: u32 => whole(0..=1024, 1),
        /// The module that compresses the result, cycles per tile. Default: 1.
        post_compute_cycles: u32 => whole(0..=1024, 1),
    }
}

section! {
    /// The DMA engine.
    Dma, DmaFile {
        /// Requests of one memory block that may be in flight at once. Default: 256, which hides 64 ns of latency at
        /// 256 GB/s.
        outstanding_requests: u32 => whole(1..=65_536, 256),
    }
}

impl Tile {
    /// The tile that a machine's parts call `shape`.
    #[must_use]
    pub fn of(shape: TileShape) -> Self {
        let TileShape { b, x, y } = shape;
        Self { b, x, y }
    }

    /// The tile as a machine's parts take it.
    #[must_use]
    pub fn shape(&self) -> TileShape {
        TileShape {
            b: self.b,
            x: self.x,
            y: self.y,
        }
    }
}

impl OperandBroadcast {
    /// The group as a machine's parts take it.
    #[must_use]
    pub fn group(&self) -> LaneGroup {
        let lanes = |count: u32| u8::try_from(count).unwrap_or(u8::MAX);
        LaneGroup {
            rows: lanes(self.rows),
            columns: lanes(self.columns),
        }
    }
}

impl BufferPorts {
    /// The bandwidth as a machine's parts take it; `None` if it has no limit.
    #[must_use]
    pub fn bandwidth(&self) -> Option<Bandwidth> {
        Some(Bandwidth::of(self.banks?, self.width_bits?))
    }
}

impl BufferBandwidth {
    /// What is stated of the buffer of `kind`.
    #[must_use]
    pub fn of(&self, kind: BufferKind) -> &BufferPorts {
        match kind {
            BufferKind::Activation => &self.activation,
            BufferKind::Weight => &self.weight,
            BufferKind::Mask => &self.mask,
        }
    }
}

impl Accelerator {
    /// The clock as an exact frequency.
    #[must_use]
    pub fn clock(&self) -> Frequency {
        Frequency::from_kilohertz((self.clock_mhz * 1000.0).round() as u64)
    }

    /// All multipliers of the accelerator: the multiplies it can do in a cycle.
    #[must_use]
    pub fn multipliers(&self) -> u64 {
        self.lanes() * u64::from(self.multipliers_per_lane)
    }

    /// All MAC lanes of the accelerator.
    #[must_use]
    pub fn lanes(&self) -> u64 {
        u64::from(self.processing_elements) * u64::from(self.lanes_per_pe)
    }
}

impl Tile {
    /// Elements of a tile.
    #[must_use]
    pub fn elements(&self) -> u64 {
        u64::from(self.b) * u64::from(self.x) * u64::from(self.y)
    }
}

impl Word {
    /// Bits of a word.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.integer_bits + self.fraction_bits
    }
}

impl Buffers {
    /// Capacity of the activation buffer, in bytes.
    #[must_use]
    pub fn activation_bytes(&self) -> u64 {
        bytes(self.activation_mb)
    }

    /// Capacity of the weight buffer, in bytes.
    #[must_use]
    pub fn weight_bytes(&self) -> u64 {
        bytes(self.weight_mb)
    }

    /// Capacity of the mask buffer, in bytes.
    #[must_use]
    pub fn mask_bytes(&self) -> u64 {
        bytes(self.mask_mb)
    }
}

fn bytes(megabytes: f64) -> u64 {
    (megabytes * 1_048_576.0) as u64
}
