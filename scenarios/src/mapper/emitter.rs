//! Emission: stages of the program as drafts, in program order. The folder's other files say what a stage consists of.

use components::operation::{OperationId, Role, RowAccess, TensorId, TensorKind};

use super::MapperParameters;
use super::draft::{Draft, Site, Task};
use super::stage::Stage;
use super::stored::{DraftWeight, Region, Stored, activation};
use super::tape::Tape;
use super::transform_matrices::TransformMatrices;
use crate::transformer::Transformer;

/// Emits the stages of a program one after another.
pub(super) struct Emitter {
    pub(super) parameters: MapperParameters,
    pub(super) transformer: Transformer,
    drafts: Vec<Draft>,
    next_operation: u32,
    next_tensor: u32,
    /// The output of the stage before.
    pub(super) current: TensorId,
    pub(super) transforms: TransformMatrices,
    pub(super) tape: Tape,
}

impl Emitter {
    pub(super) fn new(transformer: Transformer, parameters: MapperParameters) -> Self {
        Self {
            parameters,
            transformer,
            drafts: Vec::new(),
            next_operation: 0,
            next_tensor: 0,
            current: TensorId::default(),
            transforms: TransformMatrices::default(),
            tape: Tape::default(),
        }
    }

    pub(super) fn layers(&self) -> usize {
        self.transformer.layers.len()
    }

    pub(super) fn trains(&self) -> bool {
        self.parameters.training.is_some()
    }

    /// What follows `stage`, which has been emitted.
    pub(super) fn stage_after(&self, stage: Stage) -> Option<Stage> {
        let update = |index| self.tape.updates.front().map(|_| Stage::Update(index));
        match stage {
            Stage::Embedding => Some(Stage::Layer(0)),
            Stage::Layer(layer) if layer + 1 < self.layers() => Some(Stage::Layer(layer + 1)),
            Stage::Layer(_) if self.trains() => Some(Stage::Loss),
            Stage::Layer(_) => Some(Stage::Store),
            Stage::Store => None,
            Stage::Loss => Some(Stage::Backward(self.layers() - 1)),
            Stage::Backward(0) => Some(Stage::EmbeddingBackward),
            Stage::Backward(layer) => Some(Stage::Backward(layer - 1)),
            Stage::EmbeddingBackward => Some(Stage::WordUpdate),
            Stage::WordUpdate => update(0),
            Stage::Update(index) => update(index + 1),
        }
    }

    /// The operations of `stage`, which follows the one before.
    pub(super) fn emit_stage(&mut self, stage: Stage) -> Vec<Draft> {
        match stage {
            Stage::Embedding => self.embed(),
            Stage::Layer(layer) => self.lower_layer(layer),
            Stage::Store => self.store(),
            Stage::Loss => self.loss(),
            Stage::Backward(layer) => {
                if let Some(tape) = self.tape.layers.pop() {
                    self.backward_layer(layer, &tape);
                }
            }
            Stage::EmbeddingBackward => self.backward_embedding(),
            Stage::WordUpdate => self.update_words(),
            Stage::Update(_) => self.update_next(),
        }
        std::mem::take(&mut self.drafts)
    }

    /// The operations of `backward`, right after the stage of the forward pass that it goes back through and with numbers
    /// that will not be theirs. It leaves no trace.
    pub(super) fn rehearse(&mut self, backward: Stage) -> Vec<Draft> {
        let before = (self.next_operation, self.next_tensor, self.current);
        let (updates, word_gradient) = (self.tape.updates.len(), self.tape.word_gradient);
        // The gradient of the stage's output, which nothing has made yet.
        self.current = self.new_tensor();
        let drafts = match backward {
            Stage::Backward(layer) => {
                let tape = self.tape.layers.pop();
                if let Some(tape) = &tape {
                    self.backward_layer(layer, tape);
                }
                self.tape.layers.extend(tape);
                std::mem::take(&mut self.drafts)
            }
            other => self.emit_stage(other),
        };
        (self.next_operation, self.next_tensor, self.current) = before;
        self.tape.updates.truncate(updates);
        self.tape.word_gradient = word_gradient;
        drafts
    }

    /// Write-back of the last layer's output.
    fn store(&mut self) {
        let layer = self.layers() - 1;
        let columns = self.transformer.layers[layer].hidden;
        let operands = vec![activation(self.current, RowAccess::AllRows)];
        let extents = [self.parameters.sequence, columns, 1];
        let task = Task::Store(Stored::Result { columns });
        self.emit_sink(Draft::new(
            Site::of_layer(layer),
            Role::Store,
            task,
            extents,
            operands,
        ));
    }

    /// Emits an operation and names its result.
    pub(super) fn emit(&mut self, draft: Draft) -> TensorId {
        let tensor = self.new_tensor();
        self.push(draft, Some(tensor));
        tensor
    }

    /// Emits an operation that makes no tensor: a write-back or an update in place.
    pub(super) fn emit_sink(&mut self, draft: Draft) -> OperationId {
        // It has a tensor's number all the same.
        self.new_tensor();
        self.push(draft, None)
    }

    fn push(&mut self, draft: Draft, result: Option<TensorId>) -> OperationId {
        let id = OperationId(self.next_operation);
        self.next_operation += 1;
        self.drafts.push(Draft { id, result, ..draft });
        id
    }

    /// A number for a tensor.
    pub(super) fn new_tensor(&mut self) -> TensorId {
        let tensor = TensorId(self.next_tensor);
        self.next_tensor += 1;
        tensor
    }

    /// A new tensor of weights in main memory.
    pub(super) fn weight(&mut self, elements: u64) -> DraftWeight {
        self.stored_tensor(TensorKind::Weight, elements)
    }

    /// A new tensor in main memory.
    pub(super) fn stored_tensor(&mut self, kind: TensorKind, elements: u64) -> DraftWeight {
        let tensor = self.new_tensor();
        DraftWeight::new(tensor, Region::Tensor(tensor), kind, elements)
    }
}
