//! The mapper: it lowers a transformer, layer by layer and head by head, into operations over tiled tensors.
//!
//! It goes by stages (`stages.rs`): embedding, layers, and in training their backward passes and the updates. A stage is
//! emitted as a list of drafts, which say what each operation reads and makes; how often a tensor is read, what is kept for
//! the backward pass and where everything lies in main memory follow from the lists. Two stages are held at a time, so the
//! mapper's memory does not grow with the depth of the transformer (in training by a few numbers per operation, `tape.rs`),
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
//! | convolution, kernel n | B, S, h, n multiplications per output |
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
mod emitter;
mod layer;
mod mixing;
mod stage;
mod stages;
mod stored;
mod tape;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod training_tests;
mod transform_matrices;
mod update;
mod uses;
#[cfg(test)]
mod uses_tests;

use components::operation::Operation;
use components::runs::Tiling;

use crate::schema::Optimizer;
use crate::transformer::Transformer;
pub use stages::Stages;

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
    /// The optimiser; `None` for inference.
    pub training: Option<Optimizer>,
    /// Address in main memory at which the tensors begin.
    pub first_address: u64,
}

/// The forward pass of a transformer, or a whole training step, as operations in program order.
pub struct Mapper {
    stages: Stages,
    /// Of the stage that is being handed on.
    ready: std::vec::IntoIter<Operation>,
}

impl Mapper {
    /// The program of `transformer`, which has at least one layer, cut by `tiling`.
    #[must_use]
    pub fn new(transformer: Transformer, tiling: Tiling, parameters: MapperParameters) -> Self {
        Self::from(Stages::new(transformer, tiling, parameters))
    }

    /// Main memory that the transformer takes, in bytes, once the whole program has been walked.
    #[must_use]
    pub fn memory_used(&self) -> u64 {
        self.stages.memory_used()
    }
}

impl From<Stages> for Mapper {
    fn from(stages: Stages) -> Self {
        Self {
            stages,
            ready: Vec::new().into_iter(),
        }
    }
}

impl Iterator for Mapper {
    type Item = Operation;

    fn next(&mut self) -> Option<Operation> {
        loop {
            if let Some(operation) = self.ready.next() {
                return Some(operation);
            }
            self.ready = self.stages.next()?.operations.into_iter();
        }
    }
}
