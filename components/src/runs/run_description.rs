//! Describing a run to a PE: its work, where its operands come from, and what they and its result take on the buses.

use super::cursor::Cursor;
use super::run::{Indexing, OperandSources, Run, RunKind};
use crate::control_block::ControlBlockParameters;
use crate::density::Density;
use crate::operation::{Operand, Operation, TensorKind, Work};
use crate::tile::{Dimension, TileCoordinate};
use crate::units::Bytes;

impl ControlBlockParameters {
    /// The run of `length` tiles from `first` on, as lanes and modules need to know it.
    pub(crate) fn describe(
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
        let elements = |edges| result_elements(operation.work, edges);
        let result_elements = elements(edges) * (result_tiles - 1) + elements(last_edges);
        let result = if cursor.finishes_sums() {
            self.result_bytes(operation, result_elements)
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

    /// What `elements` of a final result take: of what an operation makes, or of all that it updates in place.
    fn result_bytes(&self, operation: &Operation, elements: u64) -> Bytes {
        match &operation.output {
            Some(made) => self.word.data(elements, self.density(made.kind)),
            None => operation
                .operands
                .iter()
                .skip(1)
                .map(|updated| self.word.data(elements, self.density(updated.kind())))
                .sum(),
        }
    }

    /// Where the operands of a tile come from, and what they take on the way.
    fn operands(&self, operation: &Operation, edges: [u32; 4]) -> Operands {
        let (work, all) = (operation.work, &operation.operands);
        let (left, right) = (all.first(), all.get(1));
        let is_weight = |operand: Option<&Operand>| operand.is_some_and(Operand::is_weight);
        let (left_is_weight, right_is_weight) = (is_weight(left), is_weight(right));
        let kind = |operand: Option<&Operand>| operand.map_or(TensorKind::Activation, Operand::kind);
        let density = |operand: Option<&Operand>| self.density(kind(operand));
        let tensor = |operand: Option<&Operand>| operand.map_or(u32::MAX, |operand| operand.tensor().0);
        let shapes = OperandShapes::of(work, edges, right_is_weight);
        let bytes = |elements: u64, operand: Option<&Operand>| {
            u32::try_from(self.word.data(elements, density(operand)).0).unwrap_or(u32::MAX)
        };
        let left_bytes = match work {
            // The terms of a sum come one after another; all but a weight in second place count as the left operand.
            Work::Add { .. } => {
                let terms = all.len() as u32 - u32::from(right_is_weight);
                bytes(shapes.left, left).saturating_mul(terms)
            }
            Work::Update { .. } => all.iter().fold(0, |sum: u32, operand| {
                sum.saturating_add(bytes(shapes.left, Some(operand)))
            }),
            _ => bytes(shapes.left, left),
        };
        let right_comes_apart = match work {
            Work::Add { .. } => right_is_weight,
            Work::Update { .. } => false,
            _ => right.is_some(),
        };
        // Work on single elements cannot skip zeros of a sum; a non-linear unit maps zero to zero and can, and so does
        // its derivative, multiplied by a gradient of zero.
        let (left_density, right_density) = match work {
            _ if work.multiplications([1; 4]) > 0 => (density(left), density(right)),
            Work::NonLinearity | Work::NonLinearityGradient => (density(left), Density::FULL),
            _ => (Density::FULL, Density::FULL),
        };
        Operands {
            sources: OperandSources {
                indexing: shapes.indexing,
                left_is_weight,
                right_is_weight,
                result_is_weight: operation.output.is_none(),
            },
            left_bytes,
            right_bytes: if right_comes_apart {
                bytes(shapes.right, right)
            } else {
                0
            },
            left_tensor: tensor(left),
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

/// Elements of the operands' tiles, and how they are indexed.
struct OperandShapes {
    indexing: Indexing,
    left: u64,
    right: u64,
}

impl OperandShapes {
    fn of(work: Work, edges: [u32; 4], right_is_weight: bool) -> Self {
        let [b, i, j, k] = edges.map(u64::from);
        // Weights have no batch dimension.
        let items = if right_is_weight { 1 } else { b };
        let (indexing, left, right) = match work {
            Work::Product | Work::WeightGradient => (Indexing::Product, b * i * k, items * k * j),
            Work::Convolution { kernel } => {
                let kernel = u64::from(kernel);
                (Indexing::Convolution, b * (i + kernel - 1) * j, kernel * j)
            }
            Work::KernelGradient => (Indexing::KernelGradient, b * (k + i - 1) * j, b * k * j),
            _ => (Indexing::Elementwise, b * i * j, items * i * j),
        };
        Self {
            indexing,
            left,
            right,
        }
    }
}

/// Elements of a result tile.
fn result_elements(work: Work, edges: [u32; 4]) -> u64 {
    let [b, i, j, _] = edges.map(u64::from);
    if work.sums_batch() { i * j } else { b * i * j }
}

fn kind_of(work: Work) -> RunKind {
    match work {
        Work::Softmax | Work::SoftmaxGradient => RunKind::Softmax,
        Work::LayerNorm | Work::LayerNormGradient => RunKind::LayerNorm,
        _ if work.multiplications([1; 4]) > 0 => RunKind::MultiplyAccumulate,
        _ => RunKind::Elementwise,
    }
}

/// Work of a tile with all zeros counted: multiplications, element operations, or cycles of a row module.
fn dense_work(work: Work, edges: [u32; 4]) -> u32 {
    let [b, i, j, k] = edges;
    match work {
        Work::Product | Work::WeightGradient | Work::KernelGradient => b * i * j * k,
        Work::Convolution { kernel } => b * i * j * kernel,
        Work::Add { terms } => b * i * j * terms,
        Work::Update { operations } => b * i * j * operations,
        Work::Softmax | Work::SoftmaxGradient | Work::LayerNorm | Work::LayerNormGradient => b * (i + j),
        _ => b * i * j,
    }
}
