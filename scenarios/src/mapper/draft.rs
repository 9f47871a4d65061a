//! What is said of an operation before it gets its numbers and its tensors their addresses.

use components::operation::{
    ActivationTensor, Operand, Operation, OperationId, Role, TensorId, TensorKind, WeightTensor, Work,
};
use components::tile::TileGrid;

use super::Mapper;

/// An operation about to be emitted: what the mapper fills in by itself is left out.
pub(super) struct Draft {
    pub(super) layer: usize,
    pub(super) head: Option<usize>,
    pub(super) role: Role,
    pub(super) work: Work,
    /// Items of the batch; none for all of them.
    pub(super) batch: Option<u32>,
    /// (i, j, k).
    pub(super) extents: [u32; 3],
    pub(super) operands: Vec<Operand>,
    /// What the result holds.
    pub(super) kind: TensorKind,
    /// Readers of the result in its own pass.
    pub(super) consumers: u32,
    /// Readers of it in the backward pass, if there is one and the result is the forward pass's.
    pub(super) backward_consumers: u32,
    pub(super) siblings: u32,
    pub(super) after: Option<OperationId>,
}

impl Draft {
    /// An operation over the whole batch that belongs to no head, whose result is an activation with one reader.
    pub(super) fn new(
        layer: usize,
        role: Role,
        work: Work,
        extents: [u32; 3],
        operands: Vec<Operand>,
    ) -> Self {
        Self {
            layer,
            head: None,
            role,
            work,
            batch: None,
            extents,
            operands,
            kind: TensorKind::Activation,
            consumers: 1,
            backward_consumers: 0,
            siblings: 1,
            after: None,
        }
    }

    /// Of the head at `place`, one of `siblings` that run side by side.
    pub(super) fn of_head(self, head: usize, siblings: u32) -> Self {
        Self {
            head: Some(head),
            siblings,
            ..self
        }
    }

    /// With so many readers of its result.
    pub(super) fn read_by(self, consumers: u32) -> Self {
        Self { consumers, ..self }
    }

    /// With a result that the backward pass reads so often again.
    pub(super) fn kept_for(self, backward_consumers: u32) -> Self {
        Self {
            backward_consumers,
            ..self
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
}

impl Mapper {
    /// Emits an operation and names its result.
    pub(super) fn emit(&mut self, draft: Draft) -> TensorId {
        let [rows, columns, reduction] = draft.extents;
        let batch = draft.batch.unwrap_or(self.parameters.batch);
        let tensor = self.new_tensor();
        let backward_consumers = match self.parameters.training {
            Some(_) => draft.backward_consumers,
            None => 0,
        };
        let output = makes_tensor(&draft).then(|| ActivationTensor {
            tensor,
            batch: if draft.work.sums_batch() { 1 } else { batch },
            rows,
            columns,
            kind: draft.kind,
            consumers: draft.consumers + backward_consumers,
            kept_at: (backward_consumers > 0).then(|| self.addresses.kept(batch, rows, columns)),
        });
        self.ready.push_back(Operation {
            id: OperationId(self.next_operation),
            layer: draft.layer as u32,
            head: draft.head.map(|head| head as u32),
            role: draft.role,
            work: draft.work,
            grid: TileGrid::new([batch, rows, columns, reduction], self.tiling.tile),
            operands: draft.operands,
            output,
            siblings: draft.siblings,
            after: draft.after,
        });
        self.next_operation += 1;
        tensor
    }

    /// The number of the operation emitted last.
    pub(super) fn last_operation(&self) -> OperationId {
        OperationId(self.next_operation.saturating_sub(1))
    }

    /// A number for a tensor.
    pub(super) fn new_tensor(&mut self) -> TensorId {
        let tensor = TensorId(self.next_tensor);
        self.next_tensor += 1;
        tensor
    }

    /// A new tensor of weights in main memory.
    pub(super) fn weight(&mut self, elements: u64) -> WeightTensor {
        let tensor = self.new_tensor();
        self.addresses.weight(tensor, TensorKind::Weight, elements)
    }
}

/// Write-backs and updates in place make nothing; a draft says so by having no readers.
fn makes_tensor(draft: &Draft) -> bool {
    draft.consumers + draft.backward_consumers > 0
}
