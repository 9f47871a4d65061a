//! The forward pass of a transformer in plain matrices: no tiles, no lanes, no buffers, and nothing of the mapper.

use std::collections::BTreeMap;

use components::operation::Role;
use components::values::ValueSettings;
use sim_core::random;

use super::constants::{Key, SeededConstants};
use super::matrix::{Grain, Matrix};
use crate::schema::Workload;
use crate::transformer::{AttentionKind, Head, Layer};

/// Every tensor of the forward pass, by what it is; one matrix an item of the batch.
pub(super) struct Reference {
    tensors: BTreeMap<Key, Vec<Matrix>>,
    settings: ValueSettings,
    tile_columns: usize,
}

/// The rounding of a machine's words.
pub(super) fn grain(settings: &ValueSettings) -> Grain {
    let step = 2f64.powi(-(settings.word.fraction_bits as i32));
    let half = 2f64.powi(settings.word.integer_bits as i32 - 1);
    Grain {
        step,
        least: -half,
        greatest: half - step,
    }
}

/// All items of a batch.
type Batch = Vec<Matrix>;

/// The steepest slope of x·Φ(x).
const GELU_SLOPE: f64 = 1.13;

impl Reference {
    /// Computes the whole forward pass.
    pub(super) fn new(
        workload: &Workload,
        settings: ValueSettings,
        constants: &SeededConstants,
        tile_columns: u32,
    ) -> Self {
        let mut reference = Self {
            tensors: BTreeMap::new(),
            settings,
            tile_columns: tile_columns as usize,
        };
        let mut current = reference.embed(workload, constants);
        for (index, layer) in workload.transformer.layers.iter().enumerate() {
            let next = workload.transformer.layers.get(index + 1);
            let pass = Pass {
                constants,
                layer,
                index: index as u32,
            };
            current = reference.layer(&pass, &current, next);
        }
        reference
    }

    /// The tensor that `key` names.
    pub(super) fn get(&self, key: Key) -> Option<&Batch> {
        self.tensors.get(&key)
    }

    fn keep(&mut self, layer: u32, head: Option<u32>, role: Role, batch: Batch, roundings: usize) -> Batch {
        let rounded: Batch = batch
            .iter()
            .map(|matrix| self.rounded(matrix, roundings))
            .collect();
        let mut key = Key {
            layer,
            head,
            role,
            ordinal: 0,
        };
        while self.tensors.contains_key(&key) {
            key.ordinal += 1;
        }
        self.tensors.insert(key, rounded.clone());
        rounded
    }

    fn rounded(&self, matrix: &Matrix, roundings: usize) -> Matrix {
        matrix.rounded(roundings as u32 - 1, grain(&self.settings))
    }

    /// A constant as the weight buffer holds it.
    fn constant(&self, rows: usize, columns: usize, numbers: &[f64]) -> Matrix {
        self.rounded(&Matrix::of(rows, columns, numbers, 0.0), 1)
    }

    fn embed(&mut self, workload: &Workload, constants: &SeededConstants) -> Batch {
        let (sequence, width) = (
            workload.sequence_length as usize,
            workload.transformer.layers[0].hidden as usize,
        );
        let words = (0..workload.batch as usize).map(|item| {
            let tokens = (0..sequence).map(|place| (item * sequence + place) as u64);
            let rows =
                tokens.map(|token| random::draw(self.settings.seed, token) % u64::from(workload.vocabulary));
            let numbers: Vec<f64> = rows.flat_map(|row| constants.word(row as u32, width)).collect();
            Matrix::of(sequence, width, &numbers, 0.0)
        });
        let words: Batch = words.collect();
        let words = self.keep(0, None, Role::WordEmbedding, words, 1);
        let positions = self.constant(sequence, width, &constants.positions(sequence, width));
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
            fed = self.product(pass, None, Role::FeedForward, &fed, width, next);
            let function = self.settings.function;
            let through = fed
                .iter()
                .map(|matrix| matrix.through(|x| function.at(x), GELU_SLOPE));
            let through = through.collect();
            fed = self.keep(pass.index, None, Role::Activation, through, 1);
            width = next;
        }
        fed = self.product(pass, None, Role::FeedForward, &fed, width, pass.layer.hidden);
        let summed = self.add(pass, Role::ResidualAdd, &fed, &normed);
        let output = self.norm(pass, &summed);
        match next {
            Some(next) if next.hidden != pass.layer.hidden => self.product(
                pass,
                None,
                Role::Projection,
                &output,
                pass.layer.hidden,
                next.hidden,
            ),
            _ => output,
        }
    }

    fn head(&mut self, pass: &Pass<'_>, head: u32, shape: Head, input: &Batch) -> Batch {
        let width = pass.layer.hidden;
        let thresholds = self.settings.thresholds;
        match shape {
            Head::Attention { kind, dimension } => self.attention(pass, head, kind, dimension, input),
            Head::LinearTransform { kind, .. } => {
                let sequence = input[0].rows;
                let matrix = SeededConstants::transform(kind, sequence);
                let matrix = self
                    .constant(sequence, sequence, &matrix)
                    .pruned(thresholds.weights);
                let transformed = input
                    .iter()
                    .map(|x| matrix.times(&x.pruned(thresholds.activations)));
                let transformed = transformed.collect();
                let parts = self.parts(sequence);
                self.keep(pass.index, Some(head), Role::LinearTransform, transformed, parts)
            }
            Head::Convolution { kernel, .. } => {
                let key = pass.key(Some(head), Role::Convolution, 0);
                let taps = pass.constants.factor(key, kernel as usize, width as usize);
                let taps = self
                    .constant(kernel as usize, width as usize, &taps)
                    .pruned(thresholds.weights);
                let convolved = input
                    .iter()
                    .map(|x| x.pruned(thresholds.activations).convolved(&taps));
                let convolved = convolved.collect();
                self.keep(pass.index, Some(head), Role::Convolution, convolved, 1)
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
        let mut query = self.product(pass, at, Role::Query, input, width, dimension);
        let key = self.product(pass, at, Role::Key, input, width, dimension);
        let value = self.product(pass, at, Role::Value, input, width, dimension);
        if kind == AttentionKind::WeightedMultiplicative {
            query = self.product(pass, at, Role::WeightedQuery, &query, dimension, dimension);
        }
        let threshold = self.settings.thresholds.activations;
        let pruned = |batch: &Batch| -> Batch { batch.iter().map(|x| x.pruned(threshold)).collect() };
        let pairs = pruned(&query).into_iter().zip(pruned(&key));
        let scores = pairs.map(|(query, key)| query.times(&key.transposed())).collect();
        let parts = self.parts(dimension as usize);
        let scores = self.keep(pass.index, at, Role::Scores, scores, parts);
        let shares = scores.iter().map(Matrix::softmax).collect();
        let shares = self.keep(pass.index, at, Role::Softmax, shares, 1);
        let pairs = pruned(&shares).into_iter().zip(pruned(&value));
        let context = pairs.map(|(shares, value)| shares.times(&value)).collect();
        let parts = self.parts(input[0].rows);
        let context = self.keep(pass.index, at, Role::Context, context, parts);
        self.product(pass, at, Role::HeadOutput, &context, dimension, width)
    }

    /// Times a weight matrix of `from` x `to`.
    fn product(
        &mut self,
        pass: &Pass<'_>,
        head: Option<u32>,
        role: Role,
        input: &Batch,
        from: u32,
        to: u32,
    ) -> Batch {
        let earlier = (0..).take_while(|&ordinal| self.tensors.contains_key(&pass.key(head, role, ordinal)));
        let key = pass.key(head, role, earlier.count() as u32);
        let (from, to) = (from as usize, to as usize);
        let thresholds = self.settings.thresholds;
        let weights = self
            .constant(from, to, &pass.constants.factor(key, from, to))
            .pruned(thresholds.weights);
        let products = input
            .iter()
            .map(|x| x.pruned(thresholds.activations).times(&weights));
        let products = products.collect();
        let parts = self.parts(from);
        self.keep(pass.index, head, role, products, parts)
    }

    fn add(&mut self, pass: &Pass<'_>, role: Role, left: &Batch, right: &Batch) -> Batch {
        let sums = left
            .iter()
            .zip(right)
            .map(|(left, right)| left.plus(right))
            .collect();
        self.keep(pass.index, None, role, sums, 1)
    }

    fn norm(&mut self, pass: &Pass<'_>, input: &Batch) -> Batch {
        // BERT's epsilon.
        let normed = input.iter().map(|matrix| matrix.normalised(1e-12)).collect();
        self.keep(pass.index, None, Role::LayerNorm, normed, 1)
    }

    /// In how many parts the sums over `terms` terms are written back at most, each part being rounded.
    fn parts(&self, terms: usize) -> usize {
        terms.div_ceil(self.tile_columns)
    }
}

/// A layer and where its weights come from.
struct Pass<'a> {
    constants: &'a SeededConstants,
    layer: &'a Layer,
    index: u32,
}

impl Pass<'_> {
    fn key(&self, head: Option<u32>, role: Role, ordinal: u32) -> Key {
        Key {
            layer: self.index,
            head,
            role,
            ordinal,
        }
    }
}
