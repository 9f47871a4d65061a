//! Through a self-attention head.

use components::operation::{Role, RowAccess, TensorId, Work};

use super::{GradientPlace, WeightedProduct};
use crate::mapper::tape::AttentionTape;
use crate::mapper::{Mapper, activation, gradient, transposed};

impl Mapper {
    /// What the head says of the gradient of its input, in three parts: by way of the values, of the queries and of the
    /// keys. `output` is the gradient of the head's output.
    pub(super) fn attention_gradients(
        &mut self,
        place: GradientPlace,
        input: TensorId,
        tape: &AttentionTape,
        output: TensorId,
    ) -> Vec<TensorId> {
        let width = self.transformer.layers[place.layer].hidden;
        let d = tape.dimension;
        let triple = GradientPlace {
            siblings: place.siblings * 3,
            ..place
        };
        let output_product = WeightedProduct {
            input: tape.context,
            weights: tape.output_weights,
            from: d,
            to: width,
            roles: [Role::HeadOutputInputGradient, Role::HeadOutputWeightGradient],
        };
        // Read by the gradients of probabilities and values.
        let context = self.product_gradients(place, output_product, output, 2);
        let projection = |weights, roles| WeightedProduct {
            input,
            weights,
            from: width,
            to: d,
            roles,
        };
        let value = self.value_gradient(place, tape, context);
        let roles = [Role::ValueInputGradient, Role::ValueWeightGradient];
        let by_values = self.product_gradients(triple, projection(tape.value_weights, roles), value, 1);
        let [query, key] = self.score_gradients(place, tape, context);
        let roles = [Role::QueryInputGradient, Role::QueryWeightGradient];
        let by_queries = self.product_gradients(triple, projection(tape.query_weights, roles), query, 1);
        let roles = [Role::KeyInputGradient, Role::KeyWeightGradient];
        let by_keys = self.product_gradients(triple, projection(tape.key_weights, roles), key, 1);
        vec![by_values, by_queries, by_keys]
    }

    /// dV = Pᵀ·dC, read for the input and for the weights of V = X·Wv.
    fn value_gradient(&mut self, place: GradientPlace, tape: &AttentionTape, context: TensorId) -> TensorId {
        let sequence = self.parameters.sequence;
        let operands = vec![
            transposed(activation(tape.probabilities, RowAccess::AllRows)),
            gradient(context, RowAccess::AllRows),
        ];
        let extents = [sequence, tape.dimension, sequence];
        let draft = place.draft(Role::ContextValueGradient, Work::Product, extents, operands);
        self.emit(draft.read_by(2))
    }

    /// From dC to dP, dS, dQ and dK; the last two are returned. A weighted multiplicative head goes on from its weighted
    /// queries to its queries.
    fn score_gradients(
        &mut self,
        place: GradientPlace,
        tape: &AttentionTape,
        context: TensorId,
    ) -> [TensorId; 2] {
        let (sequence, d) = (self.parameters.sequence, tape.dimension);
        let operands = vec![
            gradient(context, RowAccess::SameRow),
            transposed(activation(tape.value, RowAccess::AllRows)),
        ];
        let extents = [sequence, sequence, d];
        let draft = place.draft(Role::ContextProbabilityGradient, Work::Product, extents, operands);
        let probabilities = self.emit(draft);
        let operands = vec![
            activation(tape.probabilities, RowAccess::SameRow),
            gradient(probabilities, RowAccess::SameRow),
        ];
        let extents = [sequence, sequence, 1];
        let draft = place.draft(Role::SoftmaxGradient, Work::SoftmaxGradient, extents, operands);
        let scores = self.emit(draft.read_by(2));
        let operands = vec![
            gradient(scores, RowAccess::SameRow),
            activation(tape.key, RowAccess::AllRows),
        ];
        let extents = [sequence, d, sequence];
        let draft = place.draft(Role::ScoresQueryGradient, Work::Product, extents, operands);
        // Either way read for the input and for the weights of the product that made the queries.
        let mut query = self.emit(draft.read_by(2));
        let asking = tape.weighted.map_or(tape.query, |(weighted, _)| weighted);
        let operands = vec![
            transposed(gradient(scores, RowAccess::AllRows)),
            activation(asking, RowAccess::AllRows),
        ];
        let draft = place.draft(Role::ScoresKeyGradient, Work::Product, extents, operands);
        let key = self.emit(draft.read_by(2));
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
            query = self.product_gradients(place, product, query, 2);
        }
        [query, key]
    }
}
