//! How far pruning changes the result.

use components::values::{Finished, Thresholds, ValueSettings};

use super::matrix::Matrix;
use super::parameters::Parameters;
use super::reference::Reference;
use crate::schema::{Phase, Workload};
use crate::weights::Key;

/// The last tensor of the forward pass as it would be without pruning, and how far the machine's is from it.
pub(super) struct Unpruned {
    key: Key,
    items: Vec<Matrix>,
    /// Squared distances, summed.
    distances: f64,
    /// Squared words, summed.
    squares: f64,
}

impl Unpruned {
    /// Computes the forward pass once more; `None` if nothing is pruned.
    pub(super) fn new(
        workload: &Workload,
        settings: &ValueSettings,
        parameters: &Parameters,
        tile: [u32; 2],
    ) -> Option<Self> {
        if settings.thresholds == Thresholds::default() {
            return None;
        }
        let forward = Workload {
            phase: Phase::Inference,
            ..workload.clone()
        };
        let dense = ValueSettings {
            thresholds: Thresholds::default(),
            ..settings.clone()
        };
        let reference = Reference::new(&forward, dense, parameters.clone(), tile);
        let key = reference.result()?;
        Some(Self {
            key,
            items: reference.get(key)?.clone(),
            distances: 0.0,
            squares: 0.0,
        })
    }

    /// Compares a batch tile of the last tensor, if `finished` is one.
    pub(super) fn look_at(&mut self, finished: &Finished<'_>, key: Key, items_of_tile: usize) {
        if key != self.key {
            return;
        }
        let items = self.items.iter().skip(finished.b as usize * items_of_tile);
        let numbers = items.flat_map(|item| &item.numbers);
        for (found, dense) in finished.result.iter().zip(numbers) {
            self.distances += (found - dense.number) * (found - dense.number);
            self.squares += dense.number * dense.number;
        }
    }

    /// The root mean square distance, over the root mean square of the words.
    pub(super) fn relative_error(&self) -> f64 {
        match self.squares > 0.0 {
            true => (self.distances / self.squares).sqrt(),
            false => 0.0,
        }
    }
}
