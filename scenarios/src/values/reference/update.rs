//! New weights from gradients.

use components::operation::Role;
use components::values::UpdateRule;

use super::super::constants::Key;
use super::super::matrix::{Bounded, Matrix};
use super::super::optimizer::{new_state, new_weights, updated_in_place};
use super::{Batch, Reference, grain, nearest};
use crate::schema::Workload;

/// The gradient of weights, by the role of the product that has them.
pub(super) const WEIGHTS: &[(Role, Role)] = &[
    (Role::ProjectionWeightGradient, Role::Projection),
    (Role::FeedForwardWeightGradient, Role::FeedForward),
    (Role::HeadOutputWeightGradient, Role::HeadOutput),
    (Role::WeightedQueryWeightGradient, Role::WeightedQuery),
    (Role::QueryWeightGradient, Role::Query),
    (Role::KeyWeightGradient, Role::Key),
    (Role::ValueWeightGradient, Role::Value),
    (Role::ConvolutionKernelGradient, Role::Convolution),
    (Role::PositionGradient, Role::EmbeddingAdd),
];

impl Reference {
    pub(super) fn update(&mut self, workload: &Workload) {
        let Some(rule) = self.settings.update else { return };
        self.update_words(workload, rule);
        let gradients: Vec<(Key, Batch)> = self
            .tensors
            .iter()
            .map(|(key, batch)| (*key, batch.clone()))
            .collect();
        for (key, gradient) in gradients {
            if let [gradient] = gradient.as_slice() {
                let is_of_weights = WEIGHTS.iter().any(|(role, _)| *role == key.role);
                if is_of_weights {
                    self.update_matrix(rule, self.weights_of(key), gradient);
                }
            }
        }
    }

    /// The weights whose gradient `key` names. The last products of a feed-forward stack come first.
    pub(super) fn weights_of(&self, key: Key) -> Key {
        let of_gradient = WEIGHTS.iter().find(|(role, _)| *role == key.role);
        let role = of_gradient.map_or(key.role, |(_, weights)| *weights);
        let ordinal = match role {
            Role::FeedForward => {
                let is_there = |&ordinal: &u32| self.tensors.contains_key(&Key { role, ordinal, ..key });
                (0..).take_while(is_there).count() as u32 - 1 - key.ordinal
            }
            _ => 0,
        };
        Key { role, ordinal, ..key }
    }

    fn update_matrix(&mut self, rule: UpdateRule, key: Key, gradient: &Matrix) {
        let shape = [gradient.rows, gradient.columns];
        let grain = grain(&self.settings);
        let old = self.weights(key, shape.map(|extent| extent as u32));
        let states = self.parameters.states(key, rule.states(), shape);
        let updated = updated_in_place(rule, gradient, &old, &states);
        let mut rounded = updated.iter().map(|matrix| matrix.rounded(0, grain));
        if let Some(new) = rounded.next() {
            self.parameters.train(key, new, rounded.collect());
        }
    }

    /// Each word once, with the sum of its tokens' gradients; the rows of other tokens are nothing.
    fn update_words(&mut self, workload: &Workload, rule: UpdateRule) {
        let width = workload.transformer.layers[0].hidden as usize;
        let rows: Vec<Vec<u32>> = (0..workload.batch)
            .map(|item| {
                let tokens = item * workload.sequence_length..(item + 1) * workload.sequence_length;
                tokens.map(|token| self.settings.words.row(token)).collect()
            })
            .collect();
        let mut sums: std::collections::BTreeMap<u32, Vec<Bounded>> = std::collections::BTreeMap::new();
        for (rows, gradient) in rows.iter().zip(&self.word_gradient) {
            for (row, numbers) in rows.iter().zip(gradient.numbers.chunks(width)) {
                let sum = sums
                    .entry(*row)
                    .or_insert_with(|| vec![Bounded::default(); width]);
                for (sum, number) in sum.iter_mut().zip(numbers) {
                    sum.number += number.number;
                    sum.error += number.error;
                }
            }
        }
        let nearest = nearest(&self.settings);
        for sum in sums.values_mut() {
            *sum = row_matrix(std::mem::take(sum)).rounded(0, nearest).numbers;
        }
        let gather = |of_row: &dyn Fn(u32) -> Vec<Bounded>| -> Batch {
            let mut seen = std::collections::BTreeSet::new();
            let items = rows.iter().map(|rows| Matrix {
                rows: rows.len(),
                columns: width,
                numbers: rows
                    .iter()
                    .flat_map(|row| match seen.insert(*row) {
                        true => of_row(*row),
                        false => vec![Bounded::default(); width],
                    })
                    .collect(),
            });
            items.collect()
        };
        let gradient = gather(&|row| sums[&row].clone());
        let mut states = Vec::new();
        let mut old_states = Vec::new();
        for index in 0..rule.states() {
            old_states.push(gather(&|row| {
                self.parameters.word_states(row, rule.states(), width)[index].clone()
            }));
        }
        let old = gather(&|row| self.parameters.word(row, width, nearest));
        let gradient = self.keep_rows(0, None, Role::WordRows, gradient);
        for (index, old) in old_states.into_iter().enumerate() {
            let old = self.keep_rows(0, None, Role::WordRows, old);
            let pairs = gradient.iter().zip(&old);
            let new = pairs
                .map(|(g, s)| g.with(s, |g, s| new_state(rule, index, g, s)))
                .collect();
            states.push(self.keep(0, None, Role::WordStateUpdate, new, 1));
        }
        let old = self.keep_rows(0, None, Role::WordRows, old);
        let new = (0..old.len()).map(|item| {
            let states = states.iter().map(|state| &state[item]);
            let from: Vec<&Matrix> = match states.len() {
                0 => vec![&gradient[item]],
                _ => states.collect(),
            };
            new_weights(rule, &old[item], &from)
        });
        let new = new.collect();
        let new = self.keep(0, None, Role::WordUpdate, new, 1);
        let mut seen = std::collections::BTreeSet::new();
        for (item, rows) in rows.iter().enumerate() {
            for (place, row) in rows.iter().enumerate() {
                if seen.insert(*row) {
                    let of_row = |batch: &Batch| batch[item].numbers[place * width..][..width].to_vec();
                    let states = states.iter().map(of_row).collect();
                    self.parameters.train_word(*row, of_row(&new), states);
                }
            }
        }
    }
}

fn row_matrix(numbers: Vec<Bounded>) -> Matrix {
    Matrix {
        rows: 1,
        columns: numbers.len(),
        numbers,
    }
}
