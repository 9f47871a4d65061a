//! Gradients of a self-attention head.

use components::operation::{Role, RowAccess, TensorId, Work};

use super::{WeightedProduct, draft_of_gradient};
use crate::mapper::draft::Site;
use crate::mapper::emitter::Emitter;
use crate::mapper::stored::{activation, gradient, transposed};
use crate::mapper::tape::AttentionTape;

impl Emitter {
    /// The head's part of the gradient of its input, in three terms: by way of the values, of the queries and of the
    /// keys. `output` is the gradient of the head's output.
    pub(super) fn attention_gradients(
        &mut self,
        site: Site,
        input: TensorId,
        tape: &AttentionTape,
        output: TensorId,
    ) -> Vec<TensorId> {
        let width = self.transformer.layers[site.layer].hidden;
        let d = tape.dimension;
        let output_product = WeightedProduct {
            input: tape.context,
            weights: tape.output_weights,
            from: d,
            to: width,
            roles: [Role::HeadOutputInputGradient, Role::HeadOutputWeightGradient],
        };
        let context = self.product_gradients(site, output_product, output);
        let projection = |weights, roles| WeightedProduct {
            input,
            weights,
            from: width,
            to: d,
            roles,
        };
        let value = self.value_gradient(site, tape, context);
        let roles = [Role::ValueInputGradient, Role::ValueWeightGradient];
        let by_values = self.product_gradients(site.triple(), projection(tape.value_weights, roles), value);
        let [query, key] = self.score_gradients(site, tape, context);
        let roles = [Role::QueryInputGradient, Role::QueryWeightGradient];
        let by_queries = self.product_gradients(site.triple(), projection(tape.query_weights, roles), query);
        let roles = [Role::KeyInputGradient, Role::KeyWeightGradient];
        let by_keys = self.product_gradients(site.triple(), projection(tape.key_weights, roles), key);
        vec![by_values, by_queries, by_keys]
    }

    /// dV = Pᵀ·dC.
    fn value_gradient(&mut self, site: Site, tape: &AttentionTape, context: TensorId) -> TensorId {
        let sequence = self.parameters.sequence;
        let operands = vec![
            transposed(activation(tape.probabilities, RowAccess::AllRows)),
            gradient(context, RowAccess::AllRows),
        ];
        let extents = [sequence, tape.dimension, sequence];
        let draft = draft_of_gradient(site, Role::ContextValueGradient, Work::Product, extents, operands);
        self.emit(draft)
    }

    /// From dC to dP, dS, dQ and dK; the last two are returned. A weighted multiplicative head goes on from its weighted
    /// queries to its queries.
    fn score_gradients(&mut self, site: Site, tape: &AttentionTape, context: TensorId) -> [TensorId; 2] {
        let (sequence, d) = (self.parameters.sequence, tape.dimension);
        let operands = vec![
            gradient(context, RowAccess::SameRow),
            transposed(activation(tape.value, RowAccess::AllRows)),
        ];
        let extents = [sequence, sequence, d];
        let draft = draft_of_gradient(
            site,
            Role::ContextProbabilityGradient,
            Work::Product,
            extents,
            operands,
        );
        let probabilities = self.emit(draft);
        let operands = vec![
            activation(tape.probabilities, RowAccess::SameRow),
            gradient(probabilities, RowAccess::SameRow),
        ];
        let extents = [sequence, sequence, 1];
        let draft = draft_of_gradient(
            site,
            Role::SoftmaxGradient,
            Work::SoftmaxGradient,
            extents,
            operands,
        );
        let scores = self.emit(draft);
        let operands = vec![
            gradient(scores, RowAccess::SameRow),
            activation(tape.key, RowAccess::AllRows),
        ];
        let extents = [sequence, d, sequence];
        let draft = draft_of_gradient(site, Role::ScoresQueryGradient, Work::Product, extents, operands);
        let mut query = self.emit(draft);
        let compared = tape.weighted.map_or(tape.query, |(weighted, _)| weighted);
        let operands = vec![
            transposed(gradient(scores, RowAccess::AllRows)),
            activation(compared, RowAccess::AllRows),
        ];
        let draft = draft_of_gradient(site, Role::ScoresKeyGradient, Work::Product, extents, operands);
        let key = self.emit(draft);
        if let Some((_, weights)) = tape.weighted {
            let product = WeightedProduct {
                input: tape.query,
                weights,
                from: d,
                to: d,
                roles: [
                    Role::WeightedQueryInputGradient,
                    Role::WeightedQueryWeightGradient,
                ],
            };
            query = self.product_gradients(site, product, query);
        }
        [query, key]
    }
}
