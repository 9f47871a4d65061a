//! The forward pass.

use components::operation::{Role, TensorKind};

use super::super::matrix::Matrix;
use super::{Batch, Pass, Reference, nearest};
use crate::schema::Workload;
use crate::transformer::{AttentionKind, Head, Layer};
use crate::weights::SeededConstants;

/// The steepest slope of x·Φ(x).
const GELU_SLOPE: f64 = 1.13;

/// Added to the variance by layer normalisation (BERT's).
pub(super) const LAYER_NORM_EPSILON: f64 = 1e-12;

impl Reference<'_> {
    pub(super) fn forward(&mut self, workload: &Workload) {
        let mut current = self.embed(workload);
        let layers = &workload.transformer.layers;
        for (index, layer) in layers.iter().enumerate() {
            let pass = Pass {
                layer,
                index: index as u32,
            };
            current = self.layer(&pass, &current, layers.get(index + 1));
        }
    }

    fn embed(&mut self, workload: &Workload) -> Batch {
        let sequence = workload.sequence_length;
        let width = workload.transformer.layers[0].hidden as usize;
        let grain = nearest(&self.settings);
        let words = (0..workload.batch).map(|item| {
            let tokens = item * sequence..(item + 1) * sequence;
            let rows = tokens.map(|token| self.settings.words.row(token));
            let numbers = rows.flat_map(|row| self.parameters.word(row, width, grain));
            Matrix {
                rows: sequence as usize,
                columns: width,
                numbers: numbers.collect(),
            }
        });
        let words = words.collect();
        let words = self.keep_rows(0, None, Role::WordEmbedding, words);
        let key = self.next_key(0, None, Role::EmbeddingAdd);
        let positions = self.weights(key, [sequence, width as u32]);
        let sums = words.iter().map(|words| words.plus(&positions)).collect();
        self.keep(0, None, Role::EmbeddingAdd, sums, 1)
    }

    fn layer(&mut self, pass: &Pass<'_>, input: &Batch, next: Option<&Layer>) -> Batch {
        let mut sum: Option<Batch> = None;
        for (head, shape) in pass.layer.heads.iter().enumerate() {
            let output = self.head(pass, head as u32, *shape, input);
            sum = Some(match sum {
                None => output,
                Some(before) => self.add(pass, Role::HeadSum, &before, &output),
            });
        }
        let mixed = sum.unwrap_or_else(|| input.clone());
        let attended = self.add(pass, Role::ResidualAdd, &mixed, input);
        let normed = self.norm(pass, &attended);
        let mut fed = normed.clone();
        let mut width = pass.layer.hidden;
        for &next in &pass.layer.feed_forward {
            fed = self.product(pass, None, Role::FeedForward, &fed, [width, next]);
            let function = self.settings.function;
            let through = fed
                .iter()
                .map(|matrix| matrix.through(|x| function.at(x), GELU_SLOPE));
            let through = through.collect();
            fed = self.keep(pass.index, None, Role::Activation, through, 1);
            width = next;
        }
        fed = self.product(pass, None, Role::FeedForward, &fed, [width, pass.layer.hidden]);
        let summed = self.add(pass, Role::ResidualAdd, &fed, &normed);
        let output = self.norm(pass, &summed);
        match next {
            Some(next) if next.hidden != pass.layer.hidden => {
                let shape = [pass.layer.hidden, next.hidden];
                self.outputs.push(pass.key(None, Role::Projection, 0));
                self.product(pass, None, Role::Projection, &output, shape)
            }
            _ => {
                self.outputs.push(pass.key(None, Role::LayerNorm, 1));
                output
            }
        }
    }

    fn head(&mut self, pass: &Pass<'_>, head: u32, shape: Head, input: &Batch) -> Batch {
        match shape {
            Head::Attention { kind, dimension } => self.attention(pass, head, kind, dimension, input),
            Head::LinearTransform { kind, .. } => {
                let sequence = input[0].rows;
                let matrix = SeededConstants::transform(kind, sequence);
                let matrix = Matrix::of(sequence, sequence, &matrix, 0.0).rounded(0, nearest(&self.settings));
                let role = Role::LinearTransform;
                let matrix = self.pruned(role, &matrix, TensorKind::Constant);
                let input = self.all_pruned(role, input, TensorKind::Activation);
                let transformed = input.iter().map(|x| matrix.times(x)).collect();
                let parts = self.parts(sequence);
                self.keep(pass.index, Some(head), role, transformed, parts)
            }
            Head::Convolution { kernel, .. } => {
                let role = Role::Convolution;
                let key = pass.key(Some(head), role, 0);
                let taps = self.weights(key, [kernel, pass.layer.hidden]);
                let taps = self.pruned(role, &taps, TensorKind::Weight);
                let input = self.all_pruned(role, input, TensorKind::Activation);
                let convolved = input.iter().map(|x| x.convolved(&taps)).collect();
                self.keep(pass.index, Some(head), role, convolved, 1)
            }
        }
    }

    fn attention(
        &mut self,
        pass: &Pass<'_>,
        head: u32,
        kind: AttentionKind,
        dimension: u32,
        input: &Batch,
    ) -> Batch {
        let (width, at) = (pass.layer.hidden, Some(head));
        let shape = [width, dimension];
        let mut query = self.product(pass, at, Role::Query, input, shape);
        let key = self.product(pass, at, Role::Key, input, shape);
        let value = self.product(pass, at, Role::Value, input, shape);
        if kind == AttentionKind::WeightedMultiplicative {
            query = self.product(pass, at, Role::WeightedQuery, &query, [dimension; 2]);
        }
        let pruned = |batch: &Batch| self.all_pruned(Role::Scores, batch, TensorKind::Activation);
        let pairs = pruned(&query).into_iter().zip(pruned(&key));
        let scores = pairs.map(|(query, key)| query.times(&key.transposed())).collect();
        let parts = self.parts(dimension as usize);
        let scores = self.keep(pass.index, at, Role::Scores, scores, parts);
        let shares = scores.iter().map(Matrix::softmax).collect();
        let shares = self.keep_rows(pass.index, at, Role::Softmax, shares);
        let pruned = |batch: &Batch| self.all_pruned(Role::Context, batch, TensorKind::Activation);
        let pairs = pruned(&shares).into_iter().zip(pruned(&value));
        let context = pairs.map(|(shares, value)| shares.times(&value)).collect();
        let parts = self.parts(input[0].rows);
        let context = self.keep(pass.index, at, Role::Context, context, parts);
        self.product(pass, at, Role::HeadOutput, &context, [dimension, width])
    }

    /// Times a weight matrix of `from` x `to`.
    fn product(
        &mut self,
        pass: &Pass<'_>,
        head: Option<u32>,
        role: Role,
        input: &Batch,
        shape: [u32; 2],
    ) -> Batch {
        let key = self.next_key(pass.index, head, role);
        let weights = self.pruned(role, &self.weights(key, shape), TensorKind::Weight);
        let input = self.all_pruned(role, input, TensorKind::Activation);
        let products = input.iter().map(|x| x.times(&weights)).collect();
        let parts = self.parts(shape[0] as usize);
        self.keep(pass.index, head, role, products, parts)
    }

    fn add(&mut self, pass: &Pass<'_>, role: Role, left: &Batch, right: &Batch) -> Batch {
        let pairs = left.iter().zip(right);
        let sums = pairs.map(|(left, right)| left.plus(right)).collect();
        self.keep(pass.index, None, role, sums, 1)
    }

    fn norm(&mut self, pass: &Pass<'_>, input: &Batch) -> Batch {
        let normed = input
            .iter()
            .map(|matrix| matrix.normalised(LAYER_NORM_EPSILON))
            .collect();
        self.keep_rows(pass.index, None, Role::LayerNorm, normed)
    }
}
