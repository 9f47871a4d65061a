//! Self-attention heads: scaled dot product and weighted multiplicative.

use components::operation::{Operand, Role, RowAccess, TensorId, WeightTensor, Work};

use super::tape::{AttentionTape, HeadTape};
use super::{Draft, Mapper, activation, transposed};
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
    ///
    /// Kept for the backward pass are Q, Q·Wa, K, V, the probabilities and the context; not the scores.
    pub(super) fn attention(
        &mut self,
        place: HeadPlace,
        kind: AttentionKind,
        dimension: u32,
    ) -> (TensorId, HeadTape) {
        let (sequence, width) = (
            self.parameters.sequence,
            self.transformer.layers[place.layer].hidden,
        );
        let d = dimension;
        let triple = HeadPlace {
            siblings: place.siblings * 3,
            ..place
        };
        let (query, query_weights) = self.project(triple, Role::Query, place.input, [width, d], 1);
        let (key, key_weights) = self.project(triple, Role::Key, place.input, [width, d], 1);
        let (value, value_weights) = self.project(triple, Role::Value, place.input, [width, d], 1);
        let weighted = (kind == AttentionKind::WeightedMultiplicative)
            .then(|| self.project(place, Role::WeightedQuery, query, [d, d], 1));
        let asking = weighted.map_or(query, |(weighted, _)| weighted);
        let keys = transposed(activation(key, RowAccess::AllRows));
        let scores = self.product(place, Role::Scores, asking, keys, [sequence, sequence, d], 0);
        // Read backwards by the gradients of the values and of the scores.
        let operands = vec![activation(scores, RowAccess::SameRow)];
        let softmax = Draft::new(
            place.layer,
            Role::Softmax,
            Work::Softmax,
            [sequence, sequence, 1],
            operands,
        );
        let probabilities = self.emit(softmax.of_head(place.head, place.siblings).kept_for(2));
        let values = activation(value, RowAccess::AllRows);
        let context = self.product(
            place,
            Role::Context,
            probabilities,
            values,
            [sequence, d, sequence],
            1,
        );
        let (output, output_weights) = self.project(place, Role::HeadOutput, context, [d, width], 0);
        let tape = AttentionTape {
            dimension,
            query,
            weighted,
            key,
            value,
            probabilities,
            context,
            query_weights,
            key_weights,
            value_weights,
            output_weights,
        };
        (output, HeadTape::Attention(tape))
    }

    /// `left` times a weight matrix of `from` x `to`.
    fn project(
        &mut self,
        place: HeadPlace,
        role: Role,
        left: TensorId,
        [from, to]: [u32; 2],
        backward_consumers: u32,
    ) -> (TensorId, WeightTensor) {
        let weight = self.weight(u64::from(from) * u64::from(to));
        let extents = [self.parameters.sequence, to, from];
        let product = self.product(
            place,
            role,
            left,
            Operand::Weight(weight),
            extents,
            backward_consumers,
        );
        (product, weight)
    }

    fn product(
        &mut self,
        place: HeadPlace,
        role: Role,
        left: TensorId,
        right: Operand,
        extents: [u32; 3],
        backward_consumers: u32,
    ) -> TensorId {
        let operands = vec![activation(left, RowAccess::SameRow), right];
        let draft = Draft::new(place.layer, role, Work::Product, extents, operands);
        self.emit(
            draft
                .of_head(place.head, place.siblings)
                .kept_for(backward_consumers),
        )
    }
}
