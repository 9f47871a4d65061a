//! The gradients of an attention head.

use components::operation::{Role, TensorKind};

use super::super::matrix::Matrix;
use super::backward::Product;
use super::{Batch, Pass, Reference};
use crate::transformer::AttentionKind;

impl Reference<'_> {
    /// The gradients of the layer's input by way of values, queries and keys.
    pub(super) fn attention_gradients(
        &mut self,
        pass: &Pass<'_>,
        head: u32,
        kind: AttentionKind,
        dimension: u32,
        output: &Batch,
    ) -> Vec<Batch> {
        let (width, at) = (pass.layer.hidden, Some(head));
        let forward = |role| pass.key(at, role, 0);
        let product = |role, shape, roles| Product {
            head: at,
            weights: forward(role),
            shape,
            roles,
        };
        let input = self.layer_input(pass);
        let roles = [Role::HeadOutputInputGradient, Role::HeadOutputWeightGradient];
        let of_output = product(Role::HeadOutput, [dimension, width], roles);
        let context = self.made(forward(Role::Context));
        let d_context = self.product_gradients(pass, of_output, &context, output);

        let shares = self.made(forward(Role::Softmax));
        let d_value = self.pairwise(
            pass,
            at,
            Role::ContextValueGradient,
            (&shares, TensorKind::Activation),
            (&d_context, TensorKind::Gradient),
            |p, d| p.transposed().times(d),
        );
        let roles = [Role::ValueInputGradient, Role::ValueWeightGradient];
        let of_value = product(Role::Value, [width, dimension], roles);
        let by_value = self.product_gradients(pass, of_value, &input, &d_value);

        let [d_query, d_key] = self.score_gradients(pass, head, kind, dimension, &d_context);
        let roles = [Role::QueryInputGradient, Role::QueryWeightGradient];
        let of_query = product(Role::Query, [width, dimension], roles);
        let by_query = self.product_gradients(pass, of_query, &input, &d_query);
        let roles = [Role::KeyInputGradient, Role::KeyWeightGradient];
        let of_key = product(Role::Key, [width, dimension], roles);
        let by_key = self.product_gradients(pass, of_key, &input, &d_key);
        vec![by_value, by_query, by_key]
    }

    /// From the context's gradient, through probabilities and scores, to those of queries and keys.
    fn score_gradients(
        &mut self,
        pass: &Pass<'_>,
        head: u32,
        kind: AttentionKind,
        dimension: u32,
        d_context: &Batch,
    ) -> [Batch; 2] {
        let at = Some(head);
        let forward = |role| pass.key(at, role, 0);
        let (activation, gradient) = (TensorKind::Activation, TensorKind::Gradient);
        let [shares, query, key, value] =
            [Role::Softmax, Role::Query, Role::Key, Role::Value].map(|role| self.made(forward(role)));
        let d_shares = self.pairwise(
            pass,
            at,
            Role::ContextProbabilityGradient,
            (d_context, gradient),
            (&value, activation),
            |d, v| d.times(&v.transposed()),
        );
        let pairs = shares.iter().zip(&d_shares);
        let d_scores = pairs.map(|(p, d)| p.softmax_gradient(d)).collect();
        let d_scores = self.keep_rows(pass.index, at, Role::SoftmaxGradient, d_scores);
        let mut d_query = self.pairwise(
            pass,
            at,
            Role::ScoresQueryGradient,
            (&d_scores, gradient),
            (&key, activation),
            |d, k| d.times(k),
        );
        let is_weighted = kind == AttentionKind::WeightedMultiplicative;
        let asking = match is_weighted {
            true => self.made(forward(Role::WeightedQuery)),
            false => query.clone(),
        };
        let d_key = self.pairwise(
            pass,
            at,
            Role::ScoresKeyGradient,
            (&d_scores, gradient),
            (&asking, activation),
            |d, q| d.transposed().times(q),
        );
        if is_weighted {
            let product = Product {
                head: at,
                weights: forward(Role::WeightedQuery),
                shape: [dimension; 2],
                roles: [
                    Role::WeightedQueryInputGradient,
                    Role::WeightedQueryWeightGradient,
                ],
            };
            d_query = self.product_gradients(pass, product, &query, &d_query);
        }
        [d_query, d_key]
    }

    /// A product of two tensors, item by item, each pruned by what it holds.
    fn pairwise(
        &mut self,
        pass: &Pass<'_>,
        head: Option<u32>,
        role: Role,
        (left, left_kind): (&Batch, TensorKind),
        (right, right_kind): (&Batch, TensorKind),
        product: impl Fn(&Matrix, &Matrix) -> Matrix,
    ) -> Batch {
        let (left, right) = (
            self.all_pruned(role, left, left_kind),
            self.all_pruned(role, right, right_kind),
        );
        let products: Batch = left.iter().zip(&right).map(|(l, r)| product(l, r)).collect();
        // Sums are over the sequence or over the head's width.
        let terms = match role {
            Role::ContextProbabilityGradient => left[0].columns,
            _ => left[0].rows,
        };
        let parts = self.parts(terms);
        self.keep(pass.index, head, role, products, parts)
    }
}
