//! The numbers that training changes, as the reference computes them.

use std::collections::BTreeMap;

use super::matrix::{Bounded, Grain, Matrix};
use crate::weights::{Key, SeededConstants};

/// Weights, word rows and the optimiser's states: the seed's, until training changes them.
#[derive(Clone, Debug)]
pub(super) struct Parameters {
    seeded: SeededConstants,
    /// Each with the states that the optimiser keeps for it.
    trained: BTreeMap<Key, Trained<Matrix>>,
    words: BTreeMap<u32, Trained<Vec<Bounded>>>,
    /// Training steps done so far.
    pub(super) steps: u32,
}

/// New numbers and the optimiser's state for them.
#[derive(Clone, Debug)]
pub(super) struct Trained<T> {
    pub(super) numbers: T,
    pub(super) states: Vec<T>,
}

impl Parameters {
    pub(super) fn new(seeded: SeededConstants) -> Self {
        Self {
            seeded,
            trained: BTreeMap::new(),
            words: BTreeMap::new(),
            steps: 0,
        }
    }

    pub(super) fn seeded(&self) -> &SeededConstants {
        &self.seeded
    }

    /// The words of a factor of a product, of a kernel (taps x channels) or of the position rows.
    pub(super) fn matrix(&self, key: Key, [rows, columns]: [usize; 2], grain: Grain) -> Matrix {
        if let Some(trained) = self.trained.get(&key) {
            return trained.numbers.clone();
        }
        let numbers = self.seeded.matrix(key, rows, columns);
        Matrix::of(rows, columns, &numbers, 0.0).rounded(0, grain)
    }

    /// The row of a word.
    pub(super) fn word(&self, row: u32, columns: usize, grain: Grain) -> Vec<Bounded> {
        match self.words.get(&row) {
            Some(trained) => trained.numbers.clone(),
            None => {
                let numbers = self.seeded.word(row, columns);
                Matrix::of(1, columns, &numbers, 0.0).rounded(0, grain).numbers
            }
        }
    }

    /// The optimiser's states for a matrix of this shape.
    pub(super) fn states(&self, key: Key, count: usize, [rows, columns]: [usize; 2]) -> Vec<Matrix> {
        match self.trained.get(&key) {
            Some(trained) => trained.states.clone(),
            None => vec![Matrix::of(rows, columns, &vec![0.0; rows * columns], 0.0); count],
        }
    }

    /// The optimiser's states for a word.
    pub(super) fn word_states(&self, row: u32, count: usize, columns: usize) -> Vec<Vec<Bounded>> {
        match self.words.get(&row) {
            Some(trained) => trained.states.clone(),
            None => vec![vec![Bounded::default(); columns]; count],
        }
    }

    pub(super) fn train(&mut self, key: Key, numbers: Matrix, states: Vec<Matrix>) {
        self.trained.insert(key, Trained { numbers, states });
    }

    pub(super) fn train_word(&mut self, row: u32, numbers: Vec<Bounded>, states: Vec<Vec<Bounded>>) {
        self.words.insert(row, Trained { numbers, states });
    }

    /// The matrix that `key` names, after a training step.
    pub(super) fn trained(&self, key: Key) -> Option<&Trained<Matrix>> {
        self.trained.get(&key)
    }
}
