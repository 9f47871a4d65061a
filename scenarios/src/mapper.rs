//! The mapper: it lowers a transformer, layer by layer and head by head, into operations over tiled tensors.
//!
//! It is an iterator that holds one layer at a time, so its memory does not grow with the depth of the transformer,
//! and tiles are never listed: an operation's grid says what they are.
//!
//! Shapes, with batch B, sequence S, layer width h, head width d (left x right, both per item of the batch):
//!
//! | operation | extents (b, i, j, k) |
//! |---|---|
//! | query, key, value | B, S, d, h |
//! | weighted query (weighted multiplicative heads) | B, S, d, d |
//! | scores | B, S, S, d |
//! | softmax | B, S, S |
//! | context | B, S, d, S |
//! | head output | B, S, h, d |
//! | linear transform | B, S, h, S |
//! | convolution, kernel n | B, S, h, n multiplications an output |
//! | head sum (one for each head but the first), residual add, layer norm | B, S, h |
//! | feed forward, from width m to n | B, S, n, m |
//! | activation, between two feed-forward products | B, S, n |
//! | projection, to the next layer's width h' | B, S, h', h |
//!
//! Training adds the backward pass (`backward.rs`) and the update of the weights (`update.rs`).

mod address;
mod attention;
mod backward;
mod draft;
mod embedding;
mod layer;
mod mixing;
mod tape;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod training_tests;
mod update;

use std::collections::VecDeque;

use components::operation::{Operand, Operation, Role, RowAccess, TensorId, TensorKind, WeightTensor, Work};
use components::runs::Tiling;

use crate::schema::Optimizer;
use crate::transformer::Transformer;
use address::AddressSpace;
use draft::Draft;
use tape::Tape;

/// How words are embedded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbeddingLoad {
    /// Only the rows of the batch's tokens are loaded.
    Gather,
    /// The whole table is loaded into the weight buffer, as the papers do.
    WholeTable,
}

/// What the mapper must know besides the transformer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapperParameters {
    /// Items of the batch.
    pub batch: u32,
    /// Tokens of an item.
    pub sequence: u32,
    /// Words of the embedding table.
    pub vocabulary: u32,
    /// How words are embedded.
    pub embedding: EmbeddingLoad,
    /// Who makes new weights of gradients; none for a forward pass alone.
    pub training: Option<Optimizer>,
    /// Where its tensors begin in main memory.
    pub first_address: u64,
}

/// The forward pass of a transformer, or a whole training step, as operations in program order.
pub struct Mapper {
    parameters: MapperParameters,
    tiling: Tiling,
    transformer: Transformer,
    ready: VecDeque<Operation>,
    stage: Stage,
    addresses: AddressSpace,
    next_operation: u32,
    next_tensor: u32,
    /// The output of the stage before.
    current: TensorId,
    transforms: mixing::TransformMatrices,
    tape: Tape,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Embedding,
    Layer(usize),
    /// Write-back of the result, in inference.
    Store,
    Loss,
    Backward(usize),
    EmbeddingBackward,
    WordUpdate,
    /// Of the next weights on the tape.
    Update,
    End,
}

impl Mapper {
    /// The program of `transformer`, which has at least one layer, cut by `tiling`.
    #[must_use]
    pub fn new(transformer: Transformer, tiling: Tiling, parameters: MapperParameters) -> Self {
        Self {
            addresses: AddressSpace::new(tiling, parameters.first_address),
            parameters,
            tiling,
            transformer,
            ready: VecDeque::new(),
            stage: Stage::Embedding,
            next_operation: 0,
            next_tensor: 0,
            current: TensorId::default(),
            transforms: mixing::TransformMatrices::default(),
            tape: Tape::default(),
        }
    }

    fn advance(&mut self) {
        self.stage = match self.stage {
            Stage::Embedding => {
                self.embed();
                Stage::Layer(0)
            }
            Stage::Layer(layer) => {
                self.lower_layer(layer);
                if layer + 1 < self.transformer.layers.len() {
                    Stage::Layer(layer + 1)
                } else if self.parameters.training.is_some() {
                    Stage::Loss
                } else {
                    Stage::Store
                }
            }
            Stage::Store => {
                self.store();
                Stage::End
            }
            Stage::End => Stage::End,
            backwards => self.advance_backwards(backwards),
        };
    }

    /// The next stage of the way back.
    fn advance_backwards(&mut self, stage: Stage) -> Stage {
        match stage {
            Stage::Loss => {
                self.loss();
                Stage::Backward(self.transformer.layers.len() - 1)
            }
            Stage::Backward(layer) => {
                self.backward_layer(layer);
                layer
                    .checked_sub(1)
                    .map_or(Stage::EmbeddingBackward, Stage::Backward)
            }
            Stage::EmbeddingBackward => {
                self.backward_embedding();
                Stage::WordUpdate
            }
            Stage::WordUpdate => {
                self.update_words();
                Stage::Update
            }
            _ if self.update_next() => Stage::Update,
            _ => Stage::End,
        }
    }

    /// Write-back of the last layer's output.
    fn store(&mut self) {
        let layer = self.transformer.layers.len() - 1;
        let columns = self.transformer.layers[layer].hidden;
        let (data, masks) = self
            .addresses
            .result(self.parameters.batch, self.parameters.sequence, columns);
        let operands = vec![activation(self.current, RowAccess::AllRows)];
        let extents = [self.parameters.sequence, columns, 1];
        let work = Work::Store { data, masks };
        self.emit(Draft::new(layer, Role::Store, work, extents, operands).read_by(0));
    }

    /// Main memory that the transformer takes, once the whole program has been walked.
    #[must_use]
    pub fn memory_used(&self) -> u64 {
        self.addresses.used()
    }
}

impl Iterator for Mapper {
    type Item = Operation;

    fn next(&mut self) -> Option<Operation> {
        while self.ready.is_empty() && self.stage != Stage::End {
            self.advance();
        }
        self.ready.pop_front()
    }
}

/// What the forward pass made.
fn activation(tensor: TensorId, rows: RowAccess) -> Operand {
    Operand::Activation {
        tensor,
        rows,
        kind: TensorKind::Activation,
        transposed: false,
    }
}

/// What the backward pass made.
fn gradient(tensor: TensorId, rows: RowAccess) -> Operand {
    Operand::Activation {
        tensor,
        rows,
        kind: TensorKind::Gradient,
        transposed: false,
    }
}

/// `operand`, read with rows and columns exchanged.
fn transposed(operand: Operand) -> Operand {
    match operand {
        Operand::Activation {
            tensor, rows, kind, ..
        } => Operand::Activation {
            tensor,
            rows,
            kind,
            transposed: true,
        },
        Operand::Weight(weight) => Operand::Weight(WeightTensor {
            transposed: true,
            ..weight
        }),
    }
}
