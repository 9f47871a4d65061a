//! What lies in main memory, before it has an address there, and operands that name it.

use components::operation::{RowAccess, TensorId, TensorKind};

use crate::transformer::TransformKind;

/// The name of something that lies in main memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Region {
    /// Weights, their gradient, or a state that the optimiser keeps for them.
    Tensor(TensorId),
    /// The matrix of a transform, which all layers share.
    Transform(TransformKind),
    /// The word table.
    Words,
    /// The gradient of the words.
    WordGradient,
    /// A state that the optimiser keeps for the words.
    WordState(u32),
    /// The result in inference, the target in training.
    Result,
}

/// Something in main memory.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stored {
    /// Its elements one after another.
    Dense {
        region: Region,
        kind: TensorKind,
        elements: u64,
    },
    Table(WordTable),
    /// Activations of this width, by batch tiles.
    Result {
        columns: u32,
    },
}

/// A table whose rows are read and written one by one.
#[derive(Clone, Copy, Debug)]
pub(super) struct WordTable {
    pub(super) region: Region,
    pub(super) kind: TensorKind,
    pub(super) rows: u32,
    pub(super) columns: u32,
}

impl Stored {
    pub(super) fn region(&self) -> Region {
        match self {
            Self::Dense { region, .. } => *region,
            Self::Table(table) => table.region,
            Self::Result { .. } => Region::Result,
        }
    }

    pub(super) fn kind(&self) -> TensorKind {
        match self {
            Self::Dense { kind, .. } => *kind,
            Self::Table(table) => table.kind,
            Self::Result { .. } => TensorKind::Activation,
        }
    }
}

/// A tensor that the weight buffer takes as a whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct DraftWeight {
    pub(super) tensor: TensorId,
    pub(super) stored: Stored,
    pub(super) elements: u64,
}

impl DraftWeight {
    pub(super) fn new(tensor: TensorId, region: Region, kind: TensorKind, elements: u64) -> Self {
        let stored = Stored::Dense {
            region,
            kind,
            elements,
        };
        Self {
            tensor,
            stored,
            elements,
        }
    }

    /// All of it, as an operand.
    pub(super) fn whole(self) -> DraftOperand {
        self.part(self.tensor, 0, self.elements)
    }

    /// `elements` of it from element `first` on, as an operand that is a tensor of its own.
    pub(super) fn part(self, tensor: TensorId, first: u64, elements: u64) -> DraftOperand {
        DraftOperand::Weight {
            tensor,
            of: self.stored,
            first,
            elements,
            transposed: false,
        }
    }
}

/// An operand before it has an address.
#[derive(Clone, Copy, Debug)]
pub(super) enum DraftOperand {
    /// What an earlier operation made.
    Made {
        tensor: TensorId,
        rows: RowAccess,
        kind: TensorKind,
        transposed: bool,
    },
    /// `elements` of something in main memory, from element `first` on.
    Weight {
        tensor: TensorId,
        of: Stored,
        first: u64,
        elements: u64,
        transposed: bool,
    },
}

/// What an earlier operation made.
pub(super) fn made(tensor: TensorId, rows: RowAccess, kind: TensorKind) -> DraftOperand {
    DraftOperand::Made {
        tensor,
        rows,
        kind,
        transposed: false,
    }
}

/// What the forward pass made.
pub(super) fn activation(tensor: TensorId, rows: RowAccess) -> DraftOperand {
    made(tensor, rows, TensorKind::Activation)
}

/// What the backward pass made.
pub(super) fn gradient(tensor: TensorId, rows: RowAccess) -> DraftOperand {
    made(tensor, rows, TensorKind::Gradient)
}

/// `source`, read with rows and columns exchanged.
pub(super) fn transposed(mut source: DraftOperand) -> DraftOperand {
    match &mut source {
        DraftOperand::Made { transposed, .. } | DraftOperand::Weight { transposed, .. } => *transposed = true,
    }
    source
}
