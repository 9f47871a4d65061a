//! What the rest of the machine asks of a kind of work.

/// What the tiles of a run have done to them, and so which module of a PE takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RunKind {
    /// Multiply and accumulate, on a MAC lane.
    MultiplyAccumulate,
    /// Additions and non-linearities, on a MAC lane.
    Elementwise,
    /// On a softmax module.
    Softmax,
    /// On the layer-norm module.
    LayerNorm,
}

impl RunKind {
    /// The units that take such runs.
    #[must_use]
    pub const fn unit(self) -> UnitClass {
        match self {
            Self::MultiplyAccumulate | Self::Elementwise => UnitClass::Lane,
            Self::Softmax => UnitClass::Softmax,
            Self::LayerNorm => UnitClass::LayerNorm,
        }
    }
}

/// The classes of units in a PE: each run needs a unit of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum UnitClass {
    /// A MAC lane.
    Lane,
    /// A softmax module.
    Softmax,
    /// A layer-norm module.
    LayerNorm,
}

impl UnitClass {
    /// All classes, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Lane, Self::Softmax, Self::LayerNorm];
}

/// How the tiles of the operands follow from the tile of the loop nest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Indexing {
    /// Left (b, i, k), right (b, k, j).
    Product,
    /// Left (b, i, j), right (j): one kernel per channel.
    Convolution,
    /// Left (b, i, j), right (b, i, j).
    Elementwise,
    /// Left (b, k + i, j), right (b, k, j): taps of a kernel, each at its own distance.
    KernelGradient,
}

/// What executes an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Executor {
    /// Units of the PEs, run by run.
    Unit(RunKind),
    /// The DMA alone: the operation only moves data.
    Dma(Movement),
}

/// What the DMA moves for an operation that only moves data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Whether data leave the buffers for main memory.
    pub outward: bool,
    /// Which addresses are touched.
    pub rows: MovedRows,
    /// Address of the zero-free data.
    pub data: u64,
    /// Address of the masks.
    pub masks: u64,
}

/// The addresses that a movement touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovedRows {
    /// Consecutive ones, batch tile after batch tile.
    Consecutive,
    /// The table rows of the tokens' words.
    OfTable {
        /// Whether each word's row moves once, for its first token.
        once: bool,
    },
    /// The table rows of the tokens' words, to which rows are added: the row of a word that occurred before is read first.
    AddedToTable,
}

/// In which order the tiles of an operation are walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// The machine's loop order.
    LoopOrder,
    /// The machine's loop order inside the batch, so that each item of what is read is needed once.
    BatchOutermost,
    /// The machine's loop order; the reduction stays inside a tile.
    ReductionOutermost,
    /// Along rows.
    Rows,
    /// Along rows, each in one run: its normaliser needs the whole row in one module.
    WholeRows,
}

impl Walk {
    /// Whether the machine's loop order has a part in it.
    #[must_use]
    pub const fn follows_order(self) -> bool {
        match self {
            Self::LoopOrder | Self::BatchOutermost | Self::ReductionOutermost => true,
            Self::Rows | Self::WholeRows => false,
        }
    }
}

/// What a tile takes of its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A multiplication for each element of the result and of the reduction.
    Reduction,
    /// So many multiplications for each element of the result.
    Taps(u32),
    /// So many element operations for each element of the result.
    PerElement(u32),
    /// A row module's cycles: rows plus columns, for each item of the batch.
    RowsAndColumns,
}

impl Effort {
    /// Multiplications, element operations or cycles of a tile of these edges along (b, i, j, k), zeros counted.
    #[must_use]
    #[inline]
    pub const fn of(self, [b, i, j, k]: [u64; 4]) -> u64 {
        match self {
            Self::Reduction => b * i * j * k,
            Self::Taps(each) | Self::PerElement(each) => b * i * j * each as u64,
            Self::RowsAndColumns => b * (i + j),
        }
    }
}

/// How operands reach their unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperandStreams {
    /// A left operand and, if there is one, a right operand.
    LeftAndRight,
    /// Terms of a sum, one after another as the left operand; a weight in second place is the right operand.
    Terms,
    /// All of them one after another, as the left operand.
    All,
}

/// Which zeros need no work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZerosSkipped {
    /// Pairs of which either word is zero.
    OfBoth,
    /// Those of the left operand: a non-linear unit maps zero to zero, and so does its derivative times a gradient of zero.
    OfLeft,
    /// None: zeros count in a sum, a normaliser or an update.
    Never,
}

/// What there is to know of a kind of work. See [`Work::profile`](super::Work::profile).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkProfile {
    /// What executes it.
    pub executor: Executor,
    /// The order of its tiles.
    pub walk: Walk,
    /// How the tiles of its operands follow from a tile of its loop nest.
    pub indexing: Indexing,
    /// What a tile takes of its unit.
    pub effort: Effort,
    /// How its operands reach the unit.
    pub streams: OperandStreams,
    /// Which zeros of its operands need no work.
    pub skips: ZerosSkipped,
    /// Whether tiles along k are accumulated.
    pub sums_reduction: bool,
    /// Whether the items of the batch are summed, so that the result has no batch dimension.
    pub sums_batch: bool,
    /// Whether it adds tensors: residuals, sums over heads, embeddings, sums of gradients. Its tiles are counted apart.
    pub adds: bool,
    /// Whether it updates all operands but the first in place, if it has no output.
    pub updates: bool,
}

impl WorkProfile {
    /// How units work on its tiles; `None` if it only moves data.
    #[must_use]
    #[inline]
    pub const fn run_kind(&self) -> Option<RunKind> {
        match self.executor {
            Executor::Unit(kind) => Some(kind),
            Executor::Dma(_) => None,
        }
    }

    /// Whether a softmax or layer-norm module works on it.
    #[must_use]
    #[inline]
    pub fn is_on_module(&self) -> bool {
        matches!(self.unit(), Some(UnitClass::Softmax | UnitClass::LayerNorm))
    }

    /// The units that take its runs; `None` if it only moves data.
    #[must_use]
    #[inline]
    pub fn unit(&self) -> Option<UnitClass> {
        self.run_kind().map(RunKind::unit)
    }

    /// What the DMA moves for it; `None` if units execute it.
    #[must_use]
    pub const fn movement(&self) -> Option<Movement> {
        match self.executor {
            Executor::Unit(_) => None,
            Executor::Dma(movement) => Some(movement),
        }
    }

    /// Elements of the result tile that a tile of these edges along (b, i, j, k) adds to.
    #[must_use]
    #[inline]
    pub const fn result_elements(&self, [b, i, j, _]: [u64; 4]) -> u64 {
        if self.sums_batch { i * j } else { b * i * j }
    }

    /// Elements of the left and of the right operand's tile for a tile of these edges along (b, i, j, k). A right operand
    /// that is a weight has no batch dimension.
    #[must_use]
    #[inline]
    pub const fn operand_elements(&self, [b, i, j, k]: [u64; 4], right_is_weight: bool) -> [u64; 2] {
        let items = if right_is_weight { 1 } else { b };
        match (self.indexing, self.effort) {
            (Indexing::Product, _) => [b * i * k, items * k * j],
            (Indexing::Convolution, Effort::Taps(taps)) => [b * (i + taps as u64 - 1) * j, taps as u64 * j],
            (Indexing::KernelGradient, _) => [b * (k + i - 1) * j, b * k * j],
            // One factor for each column.
            (Indexing::Convolution, _) => [b * i * j, j],
            (Indexing::Elementwise, _) => [b * i * j, items * i * j],
        }
    }
}
