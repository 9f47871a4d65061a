//! What the mapper yields and the control block runs: operations over tiled tensors.

use serde::{Deserialize, Serialize};

use crate::density::Density;
pub use crate::role::{Phase, Role};
use crate::tile::{Dimension, TileGrid};
use crate::units::Bytes;
use crate::word::{self, WordFormat};

/// The number of an operation, in program order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(pub u32);

/// The number of a tensor, in order of first mention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TensorId(pub u32);

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
    /// Multiply the left operand, a gradient, with the derivative of the non-linearity at the right one, on a MAC lane.
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
    /// Whether the operation issues tiles to PEs (as opposed to moving data only).
    #[must_use]
    pub fn is_compute(self) -> bool {
        !matches!(
            self,
            Self::Gather { .. } | Self::Scatter { .. } | Self::Load { .. } | Self::Store { .. }
        )
    }

    /// Whether it adds tensors: residuals, sums over heads, embeddings, sums of gradients. Their tiles are counted apart.
    #[must_use]
    pub fn is_add(self) -> bool {
        matches!(self, Self::Add { .. } | Self::BatchSum)
    }

    /// Whether the items of the batch are summed, so that the result has no batch dimension.
    #[must_use]
    pub fn sums_batch(self) -> bool {
        matches!(self, Self::WeightGradient | Self::KernelGradient | Self::BatchSum)
    }

    /// Whether tiles along k are accumulated.
    #[must_use]
    pub fn sums_products(self) -> bool {
        matches!(self, Self::Product | Self::WeightGradient | Self::KernelGradient)
    }

    /// Multiplications of a tile (or a whole operation) of these edges along (b, i, j, k), zeros counted.
    #[must_use]
    pub fn multiplications(self, [b, i, j, k]: [u64; 4]) -> u64 {
        match self {
            Self::Product | Self::WeightGradient | Self::KernelGradient => b * i * j * k,
            Self::Convolution { kernel } => b * i * j * u64::from(kernel),
            _ => 0,
        }
    }
}

/// What a tensor holds: it decides the share of zeros and so what the tensor takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TensorKind {
    /// Weights, embeddings, a transform's matrix.
    Weight,
    /// What the forward pass makes.
    Activation,
    /// What the backward pass makes, of activations and of weights.
    Gradient,
    /// What the optimiser remembers from step to step. Never pruned: it has no zeros to leave out and no mask.
    OptimizerState,
}

/// Which rows of an activation a row of the result needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowAccess {
    /// The same row of tiles.
    SameRow,
    /// Every row that holds an element within `radius` of the row's own: a convolution's halo.
    Halo {
        /// Elements on either side.
        radius: u32,
    },
    /// All rows of the same items of the batch.
    AllRows,
}

/// An operand of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A tensor that an earlier operation made.
    Activation {
        /// Which.
        tensor: TensorId,
        /// Which of its rows.
        rows: RowAccess,
        /// What it holds.
        kind: TensorKind,
        /// Whether it is read with rows and columns exchanged.
        transposed: bool,
    },
    /// A tensor from main memory.
    Weight(WeightTensor),
}

impl Operand {
    /// What it holds.
    #[must_use]
    pub fn kind(&self) -> TensorKind {
        match self {
            Self::Activation { kind, .. } => *kind,
            Self::Weight(weight) => weight.kind,
        }
    }

    /// Its number.
    #[must_use]
    pub fn tensor(&self) -> TensorId {
        match self {
            Self::Activation { tensor, .. } => *tensor,
            Self::Weight(weight) => weight.tensor,
        }
    }

    /// Whether it is read with rows and columns exchanged; of a convolution's kernel, with its taps in reverse.
    #[must_use]
    pub fn is_transposed(&self) -> bool {
        match self {
            Self::Activation { transposed, .. } => *transposed,
            Self::Weight(weight) => weight.transposed,
        }
    }

    /// Whether it comes from the weight buffer.
    #[must_use]
    pub fn is_weight(&self) -> bool {
        matches!(self, Self::Weight(_))
    }
}

/// A tensor in main memory that is loaded into the weight buffer as a whole: weights, a transform's matrix, an embedding
/// table; for an update also gradients of weights and the optimiser's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightTensor {
    /// Its number; operations that share a tensor name the same one.
    pub tensor: TensorId,
    /// What it holds.
    pub kind: TensorKind,
    /// Whether this operation reads it transposed.
    pub transposed: bool,
    /// Its elements.
    pub elements: u64,
    /// Address of its zero-free data.
    pub data: u64,
    /// Address of its mask.
    pub masks: u64,
    /// Address of the data of the tensor that it is a part of: its own, if it is one by itself.
    pub whole: u64,
    /// Where in that tensor it begins: the number of its first element.
    pub first: u64,
}

/// The tensor that an operation makes: `batch` matrices of `rows` x `columns`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActivationTensor {
    /// Its number.
    pub tensor: TensorId,
    /// Items of the batch.
    pub batch: u32,
    /// Rows of each.
    pub rows: u32,
    /// Columns of each.
    pub columns: u32,
    /// What it holds.
    pub kind: TensorKind,
    /// Reads of it to come: one per operand of the operations that read it.
    pub consumers: u32,
    /// Where it goes in main memory if the buffer has no room, for a tensor that the backward pass reads again: it is kept
    /// for a long time. Others share what main memory has left.
    pub kept_at: Option<u64>,
}

/// One operation: the unit of the mapper's program.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Its place in program order.
    pub id: OperationId,
    /// The layer, from 0.
    pub layer: u32,
    /// The head within the layer, if it belongs to one.
    pub head: Option<u32>,
    /// What it is for.
    pub role: Role,
    /// What is done to each tile.
    pub work: Work,
    /// How it is cut.
    pub grid: TileGrid,
    /// Left operand first, then right; for an addition, all terms.
    pub operands: Vec<Operand>,
    /// What it makes; a write-back makes nothing.
    pub output: Option<ActivationTensor>,
    /// Operations of the same kind that can run side by side with this one, itself included: decides how finely it
    /// is spread over the lanes.
    pub siblings: u32,
    /// Operations up to this one must be finished before this one loads anything from main memory: they write what it reads
    /// there, or read what it overwrites.
    pub after: Option<OperationId>,
}

impl Operation {
    /// Tile operations issued to PEs.
    #[must_use]
    pub fn tile_operations(&self) -> u64 {
        if self.work.is_compute() {
            self.grid.total()
        } else {
            0
        }
    }

    /// Multiplications with all zeros counted.
    #[must_use]
    pub fn dense_multiplications(&self) -> u64 {
        let extents = Dimension::ALL.map(|dimension| u64::from(self.grid.extent(dimension)));
        self.work.multiplications(extents)
    }

    /// The tensors that it reads from the weight buffer.
    pub fn weights(&self) -> impl Iterator<Item = &WeightTensor> {
        self.operands.iter().filter_map(|operand| match operand {
            Operand::Weight(weight) => Some(weight),
            Operand::Activation { .. } => None,
        })
    }

    /// The activations it reads.
    pub fn inputs(&self) -> impl Iterator<Item = (TensorId, RowAccess)> + '_ {
        self.operands.iter().filter_map(|operand| match *operand {
            Operand::Activation { tensor, rows, .. } => Some((tensor, rows)),
            Operand::Weight(_) => None,
        })
    }
}

/// Bytes a tensor takes: zero-free data and mask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Zero-free data.
    pub data: Bytes,
    /// One bit an element.
    pub mask: Bytes,
}

impl Footprint {
    /// What `elements` of a tensor take of which `density` are not zero: zero-free data and, if there can be zeros to leave
    /// out, a mask.
    #[must_use]
    pub fn of(elements: u64, kind: TensorKind, density: Density, word: WordFormat) -> Self {
        Self {
            data: word.data(elements, density),
            mask: match kind {
                TensorKind::OptimizerState => Bytes(0),
                _ => word::mask(elements),
            },
        }
    }
}
