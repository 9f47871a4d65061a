//! Describing a run to a PE: its work, where its operands come from, and what they and its result take on the buses.

use super::cursor::Cursor;
use super::lane_group::LaneGroup;
use super::run::{OperandSources, Run};
use super::tiling::Tiling;
use crate::operation::{Operand, Operation, TensorKind};
use crate::tile::{Dimension, TileCoordinate};
use crate::units::Bytes;
use crate::work::{OperandStreams, RunKind, WorkProfile};

impl Tiling {
    /// The run of `length` tiles from `first` on, as lanes and modules need to know it; `kind` is that of the operation.
    pub(crate) fn describe(
        &self,
        operation: &Operation,
        kind: RunKind,
        cursor: &Cursor,
        first: TileCoordinate,
        length: u16,
    ) -> Run {
        let along = cursor.along();
        let profile = operation.work.profile();
        let edges = operation.grid.edges_at(first).map(u64::from);
        let last_edges = operation
            .grid
            .edges_at(first.stepped(along, length - 1))
            .map(u64::from);
        let operands = self.operands(operation, &profile, edges);
        let result_tiles = if along == Dimension::K {
            1
        } else {
            u64::from(length)
        };
        let result_elements =
            profile.result_elements(edges) * (result_tiles - 1) + profile.result_elements(last_edges);
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
            kind,
            sources: operands.sources,
            work: saturated(profile.effort.of(edges)),
            last_work: saturated(profile.effort.of(last_edges)),
            left_bytes: operands.left_bytes,
            right_bytes: operands.right_bytes,
            result_bytes: saturated(result.0),
            left_tensor: operands.left_tensor,
            right_tensor: operands.right_tensor,
            skipped: operation.skipped(),
            group: LaneGroup::SINGLE,
        }
    }

    /// What `elements` of a final result take: of what an operation makes, or of all that it updates in place.
    fn result_bytes(&self, operation: &Operation, elements: u64) -> Bytes {
        match &operation.output {
            Some(made) => self.word.data(elements, self.densities.of(made.kind)),
            None => operation
                .operands
                .iter()
                .skip(1)
                .map(|updated| self.word.data(elements, self.densities.of(updated.kind())))
                .sum(),
        }
    }

    /// Where the operands of a tile come from, and what they take on the way.
    fn operands(&self, operation: &Operation, profile: &WorkProfile, edges: [u64; 4]) -> Operands {
        let all = &operation.operands;
        let (left, right) = (all.first(), all.get(1));
        let is_weight = |operand: Option<&Operand>| operand.is_some_and(Operand::is_weight);
        let (left_is_weight, right_is_weight) = (is_weight(left), is_weight(right));
        let kind = |operand: Option<&Operand>| operand.map_or(TensorKind::Activation, Operand::kind);
        let density = |operand: Option<&Operand>| self.densities.of(kind(operand));
        let tensor = |operand: Option<&Operand>| operand.map_or(u32::MAX, |operand| operand.tensor().0);
        let [of_left, of_right] = profile.operand_elements(edges, right_is_weight);
        let bytes = |elements: u64, operand: Option<&Operand>| {
            saturated(self.word.data(elements, density(operand)).0)
        };
        let left_bytes = match profile.streams {
            OperandStreams::LeftAndRight => bytes(of_left, left),
            OperandStreams::Terms => {
                let terms = all.len() as u32 - u32::from(right_is_weight);
                bytes(of_left, left).saturating_mul(terms)
            }
            OperandStreams::All => all.iter().fold(0, |sum: u32, operand| {
                sum.saturating_add(bytes(of_left, Some(operand)))
            }),
        };
        let right_comes_apart = match profile.streams {
            OperandStreams::LeftAndRight => right.is_some(),
            OperandStreams::Terms => right_is_weight,
            OperandStreams::All => false,
        };
        Operands {
            sources: OperandSources {
                indexing: profile.indexing,
                left_is_weight,
                right_is_weight,
                result_is_weight: operation.output.is_none(),
            },
            left_bytes,
            right_bytes: if right_comes_apart {
                bytes(of_right, right)
            } else {
                0
            },
            left_tensor: tensor(left),
            right_tensor: tensor(right),
        }
    }
}

struct Operands {
    sources: OperandSources,
    left_bytes: u32,
    right_bytes: u32,
    left_tensor: u32,
    right_tensor: u32,
}

/// Counts of a run have 32 bits; plans whose tiles need more are refused.
fn saturated(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
