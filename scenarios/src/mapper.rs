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

mod address;
mod attention;
mod embedding;
mod layer;
mod mixing;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use components::density::Density;
use components::operation::{
    ActivationTensor, Operand, Operation, OperationId, Role, RowAccess, TensorId, Work,
};
use components::tile::{TileGrid, TileShape};
use components::word::WordFormat;

use crate::transformer::Transformer;
use address::AddressSpace;

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
    /// How tensors are cut.
    pub tile: TileShape,
    /// What a word takes in main memory.
    pub word: WordFormat,
    /// Share of weights that are not zero: what they take in main memory.
    pub weight_density: Density,
    /// Share of activations that are not zero.
    pub activation_density: Density,
    /// Where its tensors begin in main memory.
    pub first_address: u64,
}

/// The forward pass of a transformer, as operations in program order.
pub struct Mapper {
    parameters: MapperParameters,
    transformer: Transformer,
    ready: VecDeque<Operation>,
    stage: Stage,
    addresses: AddressSpace,
    next_operation: u32,
    next_tensor: u32,
    /// The output of the stage before.
    current: TensorId,
    transforms: mixing::TransformMatrices,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Embedding,
    Layer(usize),
    Store,
    End,
}

/// An operation about to be emitted: what the mapper fills in by itself is left out.
struct Draft {
    layer: usize,
    head: Option<usize>,
    role: Role,
    work: Work,
    /// (i, j, k); the batch is known.
    extents: [u32; 3],
    operands: Vec<Operand>,
    /// Readers of the result.
    consumers: u32,
    siblings: u32,
}

impl Mapper {
    /// The forward pass of `transformer`, which has at least one layer.
    #[must_use]
    pub fn new(transformer: Transformer, parameters: MapperParameters) -> Self {
        Self {
            addresses: AddressSpace::new(&parameters),
            parameters,
            transformer,
            ready: VecDeque::new(),
            stage: Stage::Embedding,
            next_operation: 0,
            next_tensor: 0,
            current: TensorId::default(),
            transforms: mixing::TransformMatrices::default(),
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
                } else {
                    Stage::Store
                }
            }
            Stage::Store => {
                self.store();
                Stage::End
            }
            Stage::End => Stage::End,
        };
    }

    /// Emits an operation and names its result.
    fn emit(&mut self, draft: Draft) -> TensorId {
        let parameters = &self.parameters;
        let [rows, columns, reduction] = draft.extents;
        let tensor = TensorId(self.next_tensor);
        self.next_tensor += 1;
        let is_store = matches!(draft.work, Work::Store { .. });
        let output = ActivationTensor {
            tensor,
            batch: parameters.batch,
            rows,
            columns,
            consumers: draft.consumers,
        };
        self.ready.push_back(Operation {
            id: OperationId(self.next_operation),
            layer: draft.layer as u32,
            head: draft.head.map(|head| head as u32),
            role: draft.role,
            work: draft.work,
            grid: TileGrid::new([parameters.batch, rows, columns, reduction], parameters.tile),
            operands: draft.operands,
            output: (!is_store).then_some(output),
            siblings: draft.siblings,
        });
        self.next_operation += 1;
        tensor
    }

    /// A new constant tensor in main memory, as an operand.
    fn weight(&mut self, elements: u64) -> Operand {
        let tensor = TensorId(self.next_tensor);
        self.next_tensor += 1;
        Operand::Weight(self.addresses.weight(tensor, elements))
    }

    /// Write-back of the last layer's output.
    fn store(&mut self) {
        let layer = self.transformer.layers.len() - 1;
        let columns = self.transformer.layers[layer].hidden;
        let (data, masks) = self
            .addresses
            .result(self.parameters.batch, self.parameters.sequence, columns);
        self.emit(Draft {
            layer,
            head: None,
            role: Role::Store,
            work: Work::Store { data, masks },
            extents: [self.parameters.sequence, columns, 1],
            operands: vec![activation(self.current, RowAccess::AllRows)],
            consumers: 0,
            siblings: 1,
        });
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

fn activation(tensor: TensorId, rows: RowAccess) -> Operand {
    Operand::Activation { tensor, rows }
}
