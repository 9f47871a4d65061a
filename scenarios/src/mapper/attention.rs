//! Self-attention heads: scaled dot product and weighted multiplicative.

use components::operation::{Operand, Role, RowAccess, TensorId, Work};

use super::{Draft, Mapper, activation};
use crate::transformer::AttentionKind;

/// Where a head stands, and how many like it there are.
#[derive(Clone, Copy)]
pub(super) struct HeadPlace {
    pub(super) layer: usize,
    pub(super) head: usize,
    pub(super) siblings: u32,
    pub(super) input: TensorId,
}

impl Mapper {
    /// softmax(Q·Kᵀ)·V·Wo; a weighted multiplicative head has Q·Wa in place of Q. The scale 1/sqrt(d) is part of Wq.
    pub(super) fn attention(&mut self, place: HeadPlace, kind: AttentionKind, dimension: u32) -> TensorId {
        let (sequence, width) = (
            self.parameters.sequence,
            self.transformer.layers[place.layer].hidden,
        );
        let d = dimension;
        let triple = HeadPlace {
            siblings: place.siblings * 3,
            ..place
        };
        let mut query = self.project(triple, Role::Query, place.input, width, d);
        let key = self.project(triple, Role::Key, place.input, width, d);
        let value = self.project(triple, Role::Value, place.input, width, d);
        if kind == AttentionKind::WeightedMultiplicative {
            query = self.project(place, Role::WeightedQuery, query, d, d);
        }
        let keys = activation(key, RowAccess::AllRows);
        let scores = self.product(place, Role::Scores, query, keys, [sequence, sequence, d]);
        let weights = self.emit(Draft {
            layer: place.layer,
            head: Some(place.head),
            role: Role::Softmax,
            work: Work::Softmax,
            extents: [sequence, sequence, 1],
            operands: vec![activation(scores, RowAccess::SameRow)],
            consumers: 1,
            siblings: place.siblings,
        });
        let values = activation(value, RowAccess::AllRows);
        let context = self.product(place, Role::Context, weights, values, [sequence, d, sequence]);
        self.project(place, Role::HeadOutput, context, d, width)
    }

    /// `left` times a weight matrix of `from` x `to`.
    fn project(&mut self, place: HeadPlace, role: Role, left: TensorId, from: u32, to: u32) -> TensorId {
        let weight = self.weight(u64::from(from) * u64::from(to));
        self.product(place, role, left, weight, [self.parameters.sequence, to, from])
    }

    fn product(
        &mut self,
        place: HeadPlace,
        role: Role,
        left: TensorId,
        right: Operand,
        extents: [u32; 3],
    ) -> TensorId {
        self.emit(Draft {
            layer: place.layer,
            head: Some(place.head),
            role,
            work: Work::Product,
            extents,
            operands: vec![activation(left, RowAccess::SameRow), right],
            consumers: 1,
            siblings: place.siblings,
        })
    }
}
