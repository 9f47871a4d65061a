//! What the mapper yields and the control block runs: operations over tiled tensors.

use serde::{Deserialize, Serialize};

pub use crate::role::{OperationClass, Phase, Role};
use crate::tile::{Dimension, TileGrid};
use crate::units::Bytes;
pub use crate::work::Work;
use crate::work::ZerosSkipped;

/// The number of an operation, in program order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(pub u32);

/// The number of a tensor, in order of first mention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TensorId(pub u32);

/// What a tensor holds: it decides the share of zeros and so what the tensor takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TensorKind {
    /// Weights, embeddings.
    Weight,
    /// What the forward pass makes.
    Activation,
    /// What the backward pass makes, of activations and of weights.
    Gradient,
    /// What no one learns: a transform's matrix. Not pruned; it has the zeros that it has.
    Constant,
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

impl RowAccess {
    /// How many rows on either side of its own a row of the result needs; `None` for all rows.
    #[must_use]
    pub fn radius(self) -> Option<u32> {
        match self {
            Self::SameRow => Some(0),
            Self::Halo { radius } => Some(radius),
            Self::AllRows => None,
        }
    }
}

/// An operand of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A tensor that an earlier operation made.
    Activation {
        /// Its number.
        tensor: TensorId,
        /// The rows that each row of the result reads.
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

/// A tensor in main memory that is loaded whole into the weight buffer: weights, a transform's matrix, an embedding
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
    /// Address of the data of the tensor that it is a part of; its own if it is whole.
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
    /// Where it is spilled to, if the backward pass reads it again: it lives long, so it has an address of its own. Others
    /// share what main memory has left.
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

    /// What its left and its right operand hold, each if its zeros need no work.
    #[must_use]
    pub fn skipped(&self) -> [Option<TensorKind>; 2] {
        let kind = |place: usize| {
            self.operands
                .get(place)
                .map_or(TensorKind::Activation, Operand::kind)
        };
        match self.work.profile().skips {
            ZerosSkipped::OfBoth => [Some(kind(0)), Some(kind(1))],
            ZerosSkipped::OfLeft => [Some(kind(0)), None],
            ZerosSkipped::Never => [None; 2],
        }
    }

    /// Whether it updates all its operands but the first, in the weight buffer and then in main memory.
    #[must_use]
    pub fn updates_in_place(&self) -> bool {
        self.output.is_none() && self.work.profile().updates
    }

    /// What the tensor holds that it moves; `None` if units execute it.
    #[must_use]
    pub fn moved_kind(&self) -> Option<TensorKind> {
        let movement = self.work.profile().movement();
        let made = self.output.as_ref().map(|made| made.kind);
        movement.and_then(|_| made.or_else(|| self.operands.first().map(Operand::kind)))
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
    /// One bit per element.
    pub mask: Bytes,
}

impl Footprint {
    /// Of no elements.
    pub(crate) const NOTHING: Self = Self {
        data: Bytes(0),
        mask: Bytes(0),
    };
}
