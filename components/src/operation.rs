//! What the mapper yields and the control block runs: operations over tiled tensors.

use std::fmt;

use serde::Serialize;

use crate::tile::{Dimension, TileGrid};
use crate::units::Bytes;

/// The number of an operation, in program order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct OperationId(pub u32);

/// The number of a tensor, in order of first mention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct TensorId(pub u32);

/// What an operation is for in the transformer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Rows of the word embedding table, one a token.
    WordEmbedding,
    /// Word plus position embedding.
    EmbeddingAdd,
    /// X·Wq of one head.
    Query,
    /// X·Wk of one head.
    Key,
    /// X·Wv of one head.
    Value,
    /// Q·Wa of a weighted multiplicative head.
    WeightedQuery,
    /// Q·Kᵀ.
    Scores,
    /// Softmax over the scores' rows.
    Softmax,
    /// P·V.
    Context,
    /// Context·Wo, of one head's share of Wo.
    HeadOutput,
    /// F·X, a discrete Fourier or cosine transform along the sequence.
    LinearTransform,
    /// Depthwise 1-D convolution along the sequence.
    Convolution,
    /// Sum of all heads' outputs.
    HeadSum,
    /// Residual addition.
    ResidualAdd,
    /// Layer normalisation.
    LayerNorm,
    /// One matrix of a feed-forward stack.
    FeedForward,
    /// The non-linearity between two matrices of the stack.
    Activation,
    /// Projection to the next layer's width.
    Projection,
    /// Write-back of the result to main memory.
    Store,
}

impl Role {
    /// Whether the operation adds tensors: embeddings, sums over heads, residuals. Their tiles are counted apart.
    #[must_use]
    pub fn is_add(self) -> bool {
        matches!(self, Self::EmbeddingAdd | Self::HeadSum | Self::ResidualAdd)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::WordEmbedding => "word embedding",
            Self::EmbeddingAdd => "embedding add",
            Self::Query => "query",
            Self::Key => "key",
            Self::Value => "value",
            Self::WeightedQuery => "weighted query",
            Self::Scores => "scores",
            Self::Softmax => "softmax",
            Self::Context => "context",
            Self::HeadOutput => "head output",
            Self::LinearTransform => "linear transform",
            Self::Convolution => "convolution",
            Self::HeadSum => "head sum",
            Self::ResidualAdd => "residual add",
            Self::LayerNorm => "layer norm",
            Self::FeedForward => "feed forward",
            Self::Activation => "activation",
            Self::Projection => "projection",
            Self::Store => "store",
        })
    }
}

/// What is done to each tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Multiply a left tile by a right one and accumulate, on a MAC lane.
    Product,
    /// Multiply-accumulate each element with `kernel` neighbours along the sequence, on a MAC lane.
    Convolution {
        /// Taps of the kernel.
        kernel: u32,
    },
    /// Apply the lane's non-linear unit.
    NonLinearity,
    /// Add `terms` tiles, through the adder tree of a MAC lane.
    Add {
        /// Tensors added.
        terms: u32,
    },
    /// Exponentials and their normalisation, on a softmax module.
    Softmax,
    /// Mean, variance and scaling, on a layer-norm module.
    LayerNorm,
    /// Load of table rows, by the DMA.
    Gather {
        /// Rows of the table.
        table_rows: u32,
        /// Address of the table's zero-free data, its rows one after another.
        data: u64,
        /// Address of the table's masks.
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
        !matches!(self, Self::Gather { .. } | Self::Store { .. })
    }

    /// Whether it adds tensors: residuals, sums over heads, embeddings. Their tiles are counted apart.
    #[must_use]
    pub fn is_add(self) -> bool {
        matches!(self, Self::Add { .. })
    }
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
    },
    /// A tensor from main memory.
    Weight(WeightTensor),
}

/// A constant tensor in main memory: weights, a transform's matrix, an embedding table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightTensor {
    /// Its number; operations that share a tensor name the same one.
    pub tensor: TensorId,
    /// Its elements.
    pub elements: u64,
    /// Address of its zero-free data.
    pub data: u64,
    /// Address of its mask.
    pub masks: u64,
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
    /// Operations that will read it.
    pub consumers: u32,
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
        let extent = |dimension| u64::from(self.grid.extent(dimension));
        let outputs = extent(Dimension::B) * extent(Dimension::I) * extent(Dimension::J);
        match self.work {
            Work::Product => outputs * extent(Dimension::K),
            Work::Convolution { kernel } => outputs * u64::from(kernel),
            _ => 0,
        }
    }

    /// The constant tensors it reads.
    pub fn weights(&self) -> impl Iterator<Item = &WeightTensor> {
        self.operands.iter().filter_map(|operand| match operand {
            Operand::Weight(weight) => Some(weight),
            Operand::Activation { .. } => None,
        })
    }

    /// The activations it reads.
    pub fn inputs(&self) -> impl Iterator<Item = (TensorId, RowAccess)> + '_ {
        self.operands.iter().filter_map(|operand| match *operand {
            Operand::Activation { tensor, rows } => Some((tensor, rows)),
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
