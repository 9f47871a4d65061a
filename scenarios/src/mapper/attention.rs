//! Self-attention heads: scaled dot product and weighted multiplicative.

use components::operation::{Role, RowAccess, TensorId, Work};

use super::draft::{Draft, Site};
use super::emitter::Emitter;
use super::stored::{DraftOperand, DraftWeight, activation, transposed};
use super::tape::{AttentionTape, HeadTape};
use crate::transformer::AttentionKind;

impl Emitter {
    /// softmax(Q·Kᵀ)·V·Wo; a weighted multiplicative head has Q·Wa in place of Q. The scale 1/sqrt(d) is part of Wq.
    ///
    /// The backward pass reads Q, Q·Wa, K, V, the probabilities and the context; not the scores.
    pub(super) fn attention(
        &mut self,
        site: Site,
        input: TensorId,
        kind: AttentionKind,
        dimension: u32,
    ) -> (TensorId, HeadTape) {
        let (sequence, width) = (
            self.parameters.sequence,
            self.transformer.layers[site.layer].hidden,
        );
        let d = dimension;
        let (query, query_weights) = self.project(site.triple(), Role::Query, input, [width, d]);
        let (key, key_weights) = self.project(site.triple(), Role::Key, input, [width, d]);
        let (value, value_weights) = self.project(site.triple(), Role::Value, input, [width, d]);
        let weighted = (kind == AttentionKind::WeightedMultiplicative)
            .then(|| self.project(site, Role::WeightedQuery, query, [d, d]));
        let compared = weighted.map_or(query, |(weighted, _)| weighted);
        let keys = transposed(activation(key, RowAccess::AllRows));
        let scores = self.product(site, Role::Scores, compared, keys, [sequence, sequence, d]);
        let operands = vec![activation(scores, RowAccess::SameRow)];
        let extents = [sequence, sequence, 1];
        let probabilities = self.emit(Draft::new(site, Role::Softmax, Work::Softmax, extents, operands));
        let values = activation(value, RowAccess::AllRows);
        let extents = [sequence, d, sequence];
        let context = self.product(site, Role::Context, probabilities, values, extents);
        let (output, output_weights) = self.project(site, Role::HeadOutput, context, [d, width]);
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
        site: Site,
        role: Role,
        left: TensorId,
        [from, to]: [u32; 2],
    ) -> (TensorId, DraftWeight) {
        let weight = self.weight(u64::from(from) * u64::from(to));
        let extents = [self.parameters.sequence, to, from];
        let product = self.product(site, role, left, weight.whole(), extents);
        (product, weight)
    }

    fn product(
        &mut self,
        site: Site,
        role: Role,
        left: TensorId,
        right: DraftOperand,
        extents: [u32; 3],
    ) -> TensorId {
        let operands = vec![activation(left, RowAccess::SameRow), right];
        self.emit(Draft::new(site, role, Work::Product, extents, operands))
    }
}
