//! New rows of the word table: each word once, with the sum of the gradients of all its tokens.

use std::collections::{BTreeMap, BTreeSet};

use components::operation::Role;
use components::values::UpdateRule;

use super::super::matrix::{Bounded, Matrix};
use super::super::optimizer::{new_state, new_weights};
use super::{Batch, Reference, nearest};
use crate::schema::Workload;

impl Reference<'_> {
    /// Tensors of the update have one row per token: that of a word's first token is the word's, the others are empty.
    pub(super) fn update_words(&mut self, workload: &Workload, rule: UpdateRule) {
        let width = workload.transformer.layers[0].hidden as usize;
        let tokens = self.words_of_tokens(workload);
        let sums = self.word_gradients(&tokens, width);
        let grain = nearest(&self.settings);
        let gradient = gathered(&tokens, width, |row| sums[&row].clone());
        let old_states: Vec<Batch> = (0..rule.states())
            .map(|index| {
                gathered(&tokens, width, |row| {
                    self.parameters.word_states(row, rule.states(), width)[index].clone()
                })
            })
            .collect();
        let old = gathered(&tokens, width, |row| self.parameters.word(row, width, grain));

        let gradient = self.keep_rows(0, None, Role::WordRows, gradient);
        let mut states = Vec::new();
        for (index, old) in old_states.into_iter().enumerate() {
            let old = self.keep_rows(0, None, Role::WordRows, old);
            let pairs = gradient.iter().zip(&old);
            let new = pairs.map(|(g, s)| g.with(s, |g, s| new_state(rule, index, g, s)));
            let new = new.collect();
            states.push(self.keep(0, None, Role::WordStateUpdate, new, 1));
        }
        let old = self.keep_rows(0, None, Role::WordRows, old);
        let new = old.iter().enumerate().map(|(item, old)| {
            let from: Vec<&Matrix> = match states.len() {
                0 => vec![&gradient[item]],
                _ => states.iter().map(|state| &state[item]).collect(),
            };
            new_weights(rule, old, &from)
        });
        let new = new.collect();
        let new = self.keep(0, None, Role::WordUpdate, new, 1);
        self.train_words(&tokens, width, &new, &states);
    }

    /// The row of the table that each token reads, item by item.
    fn words_of_tokens(&self, workload: &Workload) -> Vec<Vec<u32>> {
        let sequence = workload.sequence_length;
        let of_item = |item: u32| {
            let tokens = item * sequence..(item + 1) * sequence;
            tokens.map(|token| self.settings.words.row(token)).collect()
        };
        (0..workload.batch).map(of_item).collect()
    }

    /// The gradient of each word: the sum over all its tokens.
    fn word_gradients(&self, tokens: &[Vec<u32>], width: usize) -> BTreeMap<u32, Vec<Bounded>> {
        let mut sums: BTreeMap<u32, Matrix> = BTreeMap::new();
        for (rows, gradient) in tokens.iter().zip(&self.word_gradient) {
            for (row, numbers) in rows.iter().zip(gradient.numbers.chunks(width)) {
                let of_token = row_of(numbers.to_vec());
                let sum = match sums.get(row) {
                    Some(before) => before.plus(&of_token),
                    None => of_token,
                };
                sums.insert(*row, sum);
            }
        }
        let grain = nearest(&self.settings);
        let rounded = sums
            .into_iter()
            .map(|(row, sum)| (row, sum.rounded(0, grain).numbers));
        rounded.collect()
    }

    fn train_words(&mut self, tokens: &[Vec<u32>], width: usize, new: &Batch, states: &[Batch]) {
        let mut seen = BTreeSet::new();
        for (item, rows) in tokens.iter().enumerate() {
            for (place, row) in rows.iter().enumerate() {
                if seen.insert(*row) {
                    let of_row = |batch: &Batch| batch[item].numbers[place * width..][..width].to_vec();
                    let states = states.iter().map(of_row).collect();
                    self.parameters.train_word(*row, of_row(new), states);
                }
            }
        }
    }
}

/// One row per token: what `of_word` yields for the first token of each word; the others are empty.
fn gathered(tokens: &[Vec<u32>], width: usize, of_word: impl Fn(u32) -> Vec<Bounded>) -> Batch {
    let mut seen = BTreeSet::new();
    let mut of_token = |row: u32| match seen.insert(row) {
        true => of_word(row),
        false => vec![Bounded::default(); width],
    };
    let items = tokens.iter().map(|rows| Matrix {
        rows: rows.len(),
        columns: width,
        numbers: rows.iter().flat_map(|&row| of_token(row)).collect(),
    });
    items.collect()
}

fn row_of(numbers: Vec<Bounded>) -> Matrix {
    Matrix {
        rows: 1,
        columns: numbers.len(),
        numbers,
    }
}
