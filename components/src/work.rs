//! What is done to tiles: every kind of work, and in one table what the rest of the machine must know of it.

use serde::{Deserialize, Serialize};

/// What is done to each tile.
///
/// Of a product's operands, `left` is indexed (b, i, k) and `right` (b, k, j); an operand that is read transposed lies
/// in memory with its last two indices exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Multiply a left tile by a right one and accumulate over k, on a MAC lane.
    Product,
    /// As [`Self::Product`], but accumulate over k and over the batch: the result is one matrix of i x j.
    WeightGradient,
    /// Multiply-accumulate each element with `kernel` neighbours along the sequence, on a MAC lane. A transposed kernel
    /// is read with its taps in reverse, as the gradient of the input needs it.
    Convolution {
        /// Taps of the kernel.
        kernel: u32,
    },
    /// The gradient of a convolution's kernels, on a MAC lane: result(i, j) is the sum over the batch and the sequence k
    /// of left(b, k + i - radius, j)·right(b, k, j), with i the tap and j the channel.
    KernelGradient,
    /// Apply the lane's non-linear unit.
    NonLinearity,
    /// Multiply the left operand, a gradient, by the derivative of the non-linearity at the right one, on a MAC lane.
    NonLinearityGradient,
    /// Add `terms` tiles, through the adder tree of a MAC lane. Signs are the adders' own: in a loss gradient the second
    /// term is subtracted.
    Add {
        /// Tensors added.
        terms: u32,
    },
    /// Add the items of the batch, through the adder tree of a MAC lane: the result is one matrix of i x j.
    BatchSum,
    /// Exponentials and their normalisation, on a softmax module.
    Softmax,
    /// left·(right - sum over the row of left·right), left the probabilities and right their gradient, on a softmax
    /// module: two passes over the row, as forward.
    SoftmaxGradient,
    /// Mean, variance and scaling, on a layer-norm module.
    LayerNorm,
    /// From the input of a layer norm, left, and the gradient of its output, right, to that of its input, on a
    /// layer-norm module: means over the row, then element by element, as forward.
    LayerNormGradient,
    /// An optimiser's step, element by element on a MAC lane. Operands are the gradient, what is updated, then the
    /// optimiser's state; an operation without an output updates all but the gradient in place, in the weight buffer and
    /// then in main memory.
    Update {
        /// Element operations of the lane for each element updated.
        operations: u32,
    },
    /// Load of table rows, by the DMA.
    Gather {
        /// Rows of the table.
        table_rows: u32,
        /// Whether each word's row is loaded once, for its first token, though several tokens may stand for it.
        once: bool,
        /// Address of the table's zero-free data, its rows one after another.
        data: u64,
        /// Address of the table's masks.
        masks: u64,
    },
    /// Write-back of table rows, by the DMA: in training each word's row once, though several tokens may stand for it.
    Scatter {
        /// Rows of the table.
        table_rows: u32,
        /// Whether rows of tokens of the same word are added up in the table, which holds nothing before; else only the row
        /// of a word's first token is written.
        accumulates: bool,
        /// Address of the table's zero-free data, its rows one after another.
        data: u64,
        /// Address of the table's masks.
        masks: u64,
    },
    /// Load of an activation from main memory, by the DMA.
    Load {
        /// Where the zero-free data lies.
        data: u64,
        /// Where the masks lie.
        masks: u64,
    },
    /// Write-back to main memory, by the DMA.
    Store {
        /// Where the zero-free data goes.
        data: u64,
        /// Where the masks go.
        masks: u64,
    },
}

impl Work {
    /// Everything that control block, buffers, estimate and reports ask of a kind of work. A new one gets its line here.
    #[must_use]
    #[inline]
    pub const fn profile(self) -> WorkProfile {
        match self {
            Self::Product => PRODUCT,
            Self::WeightGradient => WorkProfile {
                walk: Walk::BatchOutermost,
                sums_batch: true,
                ..PRODUCT
            },
            Self::Convolution { kernel } => WorkProfile {
                walk: Walk::ReductionOutermost,
                indexing: Indexing::Convolution,
                effort: Effort::Taps(kernel),
                sums_reduction: false,
                ..PRODUCT
            },
            Self::KernelGradient => WorkProfile {
                walk: Walk::BatchOutermost,
                indexing: Indexing::KernelGradient,
                sums_batch: true,
                ..PRODUCT
            },
            Self::NonLinearity | Self::NonLinearityGradient => WorkProfile {
                skips: ZerosSkipped::OfLeft,
                ..ELEMENTWISE
            },
            Self::Add { terms } => WorkProfile {
                effort: Effort::PerElement(terms),
                streams: OperandStreams::Terms,
                adds: true,
                ..ELEMENTWISE
            },
            Self::BatchSum => WorkProfile {
                sums_batch: true,
                adds: true,
                ..ELEMENTWISE
            },
            Self::Update { operations } => WorkProfile {
                effort: Effort::PerElement(operations),
                streams: OperandStreams::All,
                updates: true,
                ..ELEMENTWISE
            },
            Self::Softmax | Self::SoftmaxGradient => on_rows(RunKind::Softmax),
            Self::LayerNorm | Self::LayerNormGradient => on_rows(RunKind::LayerNorm),
            Self::Gather {
                once, data, masks, ..
            } => moved(Movement {
                outward: false,
                rows: MovedRows::OfTable { once },
                data,
                masks,
            }),
            Self::Scatter {
                accumulates,
                data,
                masks,
                ..
            } => moved(Movement {
                outward: true,
                rows: match accumulates {
                    true => MovedRows::AddedToTable,
                    false => MovedRows::OfTable { once: true },
                },
                data,
                masks,
            }),
            Self::Load { data, masks } => moved(Movement {
                outward: false,
                rows: MovedRows::Consecutive,
                data,
                masks,
            }),
            Self::Store { data, masks } => moved(Movement {
                outward: true,
                rows: MovedRows::Consecutive,
                data,
                masks,
            }),
        }
    }

    /// Whether the operation issues tiles to PEs (as opposed to moving data only).
    #[must_use]
    #[inline]
    pub const fn is_compute(self) -> bool {
        self.profile().run_kind().is_some()
    }

    /// Whether the items of the batch are summed, so that the result has no batch dimension.
    #[must_use]
    #[inline]
    pub const fn sums_batch(self) -> bool {
        self.profile().sums_batch
    }

    /// Multiplications of a tile (or a whole operation) of these edges along (b, i, j, k), zeros counted.
    #[must_use]
    pub const fn multiplications(self, edges: [u64; 4]) -> u64 {
        match self.profile().executor {
            Executor::Unit(RunKind::MultiplyAccumulate) => self.profile().effort.of(edges),
            _ => 0,
        }
    }
}

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

/// What there is to know of a kind of work. See [`Work::profile`].
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

/// On a MAC lane's multipliers, accumulating along k.
const PRODUCT: WorkProfile = WorkProfile {
    executor: Executor::Unit(RunKind::MultiplyAccumulate),
    walk: Walk::LoopOrder,
    indexing: Indexing::Product,
    effort: Effort::Reduction,
    streams: OperandStreams::LeftAndRight,
    skips: ZerosSkipped::OfBoth,
    sums_reduction: true,
    sums_batch: false,
    adds: false,
    updates: false,
};

/// Element by element on a MAC lane.
const ELEMENTWISE: WorkProfile = WorkProfile {
    executor: Executor::Unit(RunKind::Elementwise),
    walk: Walk::Rows,
    indexing: Indexing::Elementwise,
    effort: Effort::PerElement(1),
    skips: ZerosSkipped::Never,
    sums_reduction: false,
    ..PRODUCT
};

/// On a module that takes whole rows.
const fn on_rows(kind: RunKind) -> WorkProfile {
    WorkProfile {
        executor: Executor::Unit(kind),
        walk: Walk::WholeRows,
        effort: Effort::RowsAndColumns,
        ..ELEMENTWISE
    }
}

/// By the DMA.
const fn moved(movement: Movement) -> WorkProfile {
    WorkProfile {
        executor: Executor::Dma(movement),
        ..ELEMENTWISE
    }
}
