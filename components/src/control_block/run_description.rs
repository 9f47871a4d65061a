//! Describing a run to a PE: its work, where its operands come from, and what they and its result take on the buses.

use super::ControlBlockParameters;
use super::cursor::Cursor;
use crate::density::Density;
use crate::operation::{Operand, Operation, Work};
use crate::run::{Indexing, OperandSources, Run, RunKind};
use crate::tile::{Dimension, TileCoordinate};

impl ControlBlockParameters {
    /// The run of `length` tiles from `first` on, as lanes and modules need to know it.
    pub(super) fn describe(
        &self,
        operation: &Operation,
        cursor: &Cursor,
        first: TileCoordinate,
        length: u16,
    ) -> Run {
        let along = cursor.along();
        let edges = operation.grid.edges_at(first);
        let last_edges = operation.grid.edges_at(first.stepped(along, length - 1));
        let operands = self.operands(operation, edges);
        let result_tiles = if along == Dimension::K {
            1
        } else {
            u64::from(length)
        };
        let result_elements = elements(edges) * (result_tiles - 1) + elements(last_edges);
        let result = if cursor.finishes_sums() {
            self.word.data(result_elements, self.activation_density)
        } else {
            // Partial sums are read and written with zeros in place.
            self.word.dense(result_elements) * 2
        };
        Run {
            operation: operation.id,
            first,
            length,
            along,
            kind: kind_of(operation.work),
            sources: operands.sources,
            work: dense_work(operation.work, edges),
            last_work: dense_work(operation.work, last_edges),
            left_bytes: operands.left_bytes,
            right_bytes: operands.right_bytes,
            result_bytes: u32::try_from(result.0).unwrap_or(u32::MAX),
            left_tensor: operands.left_tensor,
            right_tensor: operands.right_tensor,
            left_density: operands.left_density,
            right_density: operands.right_density,
        }
    }

    /// Where the two operands of a tile come from, and what they take on the way.
    fn operands(&self, operation: &Operation, edges: [u32; 4]) -> Operands {
        let [b, i, j, k] = edges.map(u64::from);
        let (indexing, left_elements, right_elements) = match operation.work {
            Work::Product => (Indexing::Product, b * i * k, k * j),
            Work::Convolution { kernel } => {
                let kernel = u64::from(kernel);
                (Indexing::Convolution, b * (i + kernel - 1) * j, kernel * j)
            }
            _ => (Indexing::Elementwise, b * i * j, i * j),
        };
        let is_weight = |operand: &Operand| matches!(operand, Operand::Weight(_));
        let left_is_weight = operation.operands.first().is_some_and(is_weight);
        let right = operation.operands.get(1);
        let right_is_weight = right.is_some_and(is_weight);
        let density = |weight: bool| {
            if weight {
                self.weight_density
            } else {
                self.activation_density
            }
        };
        let tensor = |operand: Option<&Operand>| match operand {
            Some(Operand::Activation { tensor, .. }) => tensor.0,
            Some(Operand::Weight(weight)) => weight.tensor.0,
            None => u32::MAX,
        };
        let bytes = |elements: u64, weight: bool| {
            u32::try_from(self.word.data(elements, density(weight)).0).unwrap_or(u32::MAX)
        };
        // The terms of a sum come one after another; all but a weight in second place count as the left operand.
        let terms = if operation.work.is_add() {
            operation.operands.len() as u32 - u32::from(right_is_weight)
        } else {
            1
        };
        let has_right = right.is_some() && (!operation.work.is_add() || right_is_weight);
        // Work on single elements cannot skip zeros of a sum; a non-linear unit maps zero to zero and can.
        let (left_density, right_density) = match operation.work {
            Work::Product | Work::Convolution { .. } => (density(left_is_weight), density(right_is_weight)),
            Work::NonLinearity => (density(left_is_weight), Density::FULL),
            _ => (Density::FULL, Density::FULL),
        };
        let batched = |elements: u64, weight: bool| if weight { elements } else { elements * b };
        let right_elements = if indexing == Indexing::Product {
            batched(right_elements, right_is_weight)
        } else {
            right_elements
        };
        Operands {
            sources: OperandSources {
                indexing,
                left_is_weight,
                right_is_weight,
            },
            left_bytes: bytes(left_elements, left_is_weight).saturating_mul(terms),
            right_bytes: if has_right {
                bytes(right_elements, right_is_weight)
            } else {
                0
            },
            left_tensor: tensor(operation.operands.first()),
            right_tensor: tensor(right),
            left_density,
            right_density,
        }
    }
}

struct Operands {
    sources: OperandSources,
    left_bytes: u32,
    right_bytes: u32,
    left_tensor: u32,
    right_tensor: u32,
    left_density: Density,
    right_density: Density,
}

/// Elements of a result tile.
fn elements(edges: [u32; 4]) -> u64 {
    u64::from(edges[0]) * u64::from(edges[1]) * u64::from(edges[2])
}

fn kind_of(work: Work) -> RunKind {
    match work {
        Work::Product | Work::Convolution { .. } => RunKind::MultiplyAccumulate,
        Work::Softmax => RunKind::Softmax,
        Work::LayerNorm => RunKind::LayerNorm,
        Work::NonLinearity | Work::Add { .. } | Work::Gather { .. } | Work::Store { .. } => {
            RunKind::Elementwise
        }
    }
}

/// Work of a tile with all zeros counted: multiplications, element operations, or cycles of a row module.
fn dense_work(work: Work, edges: [u32; 4]) -> u32 {
    let [b, i, j, k] = edges;
    match work {
        Work::Product => b * i * j * k,
        Work::Convolution { kernel } => b * i * j * kernel,
        Work::Add { terms } => b * i * j * terms,
        Work::Softmax | Work::LayerNorm => b * (i + j),
        Work::NonLinearity | Work::Gather { .. } | Work::Store { .. } => b * i * j,
    }
}
