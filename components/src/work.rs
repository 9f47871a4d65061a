//! What is done to tiles: every kind of work, and in one table what the rest of the machine must know of it.

mod profile;

use serde::{Deserialize, Serialize};

pub use profile::{
    Effort, Executor, Indexing, MovedRows, Movement, OperandStreams, RunKind, UnitClass, Walk, WorkProfile,
    ZerosSkipped,
};

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
