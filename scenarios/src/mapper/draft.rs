//! What is said of an operation before it is placed: what it does and with which tensors, but neither addresses nor readers.

use components::operation::{OperationId, Role, TensorId, TensorKind, Work};

use super::stored::{DraftOperand, Stored, WordTable};

/// Where an operation belongs, and how many like it can run side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Site {
    pub(super) layer: usize,
    /// `None` outside the heads of the layer.
    pub(super) head: Option<usize>,
    /// Itself included.
    pub(super) siblings: u32,
}

impl Site {
    /// Outside the heads of `layer`.
    pub(super) fn of_layer(layer: usize) -> Self {
        Self {
            layer,
            head: None,
            siblings: 1,
        }
    }

    /// Of one of three operations of the head that can run side by side.
    pub(super) fn triple(self) -> Self {
        Self {
            siblings: self.siblings * 3,
            ..self
        }
    }
}

/// What an operation does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    /// Work of PEs.
    Compute(Work),
    Load(Stored),
    Store(Stored),
    /// Load of the rows of the batch's tokens; `once` as in [`Work::Gather`].
    Gather {
        table: WordTable,
        once: bool,
    },
    /// Write-back of the rows of the batch's tokens; `accumulates` as in [`Work::Scatter`].
    Scatter {
        table: WordTable,
        accumulates: bool,
    },
}

impl From<Work> for Task {
    fn from(work: Work) -> Self {
        Self::Compute(work)
    }
}

/// An operation about to be placed.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) id: OperationId,
    pub(super) site: Site,
    pub(super) role: Role,
    pub(super) task: Task,
    /// Items of the batch; `None` for all of them.
    pub(super) batch: Option<u32>,
    /// (i, j, k).
    pub(super) extents: [u32; 3],
    pub(super) operands: Vec<DraftOperand>,
    /// What the result holds.
    pub(super) kind: TensorKind,
    /// `None` for a write-back or an update in place.
    pub(super) result: Option<TensorId>,
    pub(super) after: Option<OperationId>,
}

impl Draft {
    /// An operation over the whole batch, whose result is an activation.
    pub(super) fn new(
        site: Site,
        role: Role,
        task: impl Into<Task>,
        extents: [u32; 3],
        operands: Vec<DraftOperand>,
    ) -> Self {
        Self {
            id: OperationId::default(),
            site,
            role,
            task: task.into(),
            batch: None,
            extents,
            operands,
            kind: TensorKind::Activation,
            result: None,
            after: None,
        }
    }

    /// With a result of another kind.
    pub(super) fn holding(self, kind: TensorKind) -> Self {
        Self { kind, ..self }
    }

    /// Over one item in place of the batch.
    pub(super) fn without_batch(self) -> Self {
        Self {
            batch: Some(1),
            ..self
        }
    }

    /// Not before `operation` has finished.
    pub(super) fn after(self, operation: OperationId) -> Self {
        Self {
            after: Some(operation),
            ..self
        }
    }

    /// The tensors it reads that operations make, once for each operand.
    pub(super) fn inputs(&self) -> impl Iterator<Item = TensorId> + '_ {
        self.operands.iter().filter_map(|source| match source {
            DraftOperand::Made { tensor, .. } => Some(*tensor),
            DraftOperand::Weight { .. } => None,
        })
    }

    /// The weights it reads.
    pub(super) fn weights(&self) -> impl Iterator<Item = TensorId> + '_ {
        self.operands.iter().filter_map(|source| match source {
            DraftOperand::Weight { tensor, .. } => Some(*tensor),
            DraftOperand::Made { .. } => None,
        })
    }
}
