//! The program of a machine: operations in stages, with the places where each tensor is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::operation::{Operation, TensorId};

/// The place of an operation in the program. Positions are in program order, also those of operations that have not been
/// lowered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The number of its stage.
    pub stage: u32,
    /// Its place among the stage's operations.
    pub index: u32,
}

/// The operations of one stage (an embedding, a layer, a layer's backward pass), and the uses of what they make.
#[derive(Clone, Debug, PartialEq)]
pub struct StageOperations {
    /// The stage's place in the program: operation `index` has the position (`number`, `index`).
    pub number: u32,
    /// In program order.
    pub operations: Vec<Operation>,
    /// Of each tensor that they make, where it is read, in program order: once for each operand. Uses by the backward pass
    /// are among them.
    pub uses: BTreeMap<TensorId, Vec<Position>>,
    /// Whether it begins only once every item of the batch has passed the stages before it.
    pub needs_whole_batch: bool,
    /// Of each weight that they read and that later stages read again, where those read it, in program order.
    pub weights_again: BTreeMap<TensorId, Vec<Position>>,
}

impl StageOperations {
    /// Whether any of its operations does more than to move data.
    #[must_use]
    pub fn computes(&self) -> bool {
        self.operations
            .iter()
            .any(|operation| operation.work.is_compute())
    }

    /// This stage and the one after it, as one.
    #[must_use]
    pub fn joined(mut self, next: Self) -> Self {
        self.operations.extend(next.operations);
        self.uses.extend(next.uses);
        // What both read is read again where the later one says.
        self.weights_again.extend(next.weights_again);
        Self {
            number: next.number,
            needs_whole_batch: self.needs_whole_batch || next.needs_whole_batch,
            ..self
        }
    }
}

/// Where the same stages come from, as often as they are asked for: a machine that takes a few items of the batch at a time
/// walks through the whole program for each of them.
pub type StageSource = Arc<dyn Fn() -> Box<dyn Iterator<Item = StageOperations> + Send> + Send + Sync>;
