//! A transformer in plain matrices, forwards and backwards: no tiles, no lanes, no buffers, and nothing of the mapper.

mod attention;
mod backward;
mod forward;
#[cfg(test)]
mod tests;
mod update;
mod words;

use std::cell::RefCell;
use std::collections::BTreeMap;

use components::operation::{Role, TensorKind};
use components::values::{Rounding, ValueSettings};

use super::matrix::{Grain, Matrix};
use super::parameters::Parameters;
use crate::schema::{Phase, Workload};
use crate::transformer::Layer;
use crate::weights::Key;

/// Every tensor of the forward pass and, in training, of the backward pass and the update, by its key; one matrix per
/// item of the batch.
pub(super) struct Reference<'a> {
    tensors: BTreeMap<Key, Batch>,
    /// What each layer makes.
    outputs: Vec<Key>,
    settings: ValueSettings,
    tile_columns: usize,
    /// Items of a batch tile.
    tile_items: usize,
    parameters: Parameters,
    /// Half the squared distance between result and target, scaled.
    pub(super) loss: Option<f64>,
    /// The gradient of the embeddings, one row per token.
    word_gradient: Batch,
    /// Observes what operations read, before it is pruned.
    reader: RefCell<Option<Reader<'a>>>,
}

/// Observes an operand that is to be pruned, and the operation that reads it.
pub(super) type Reader<'a> = &'a mut (dyn FnMut(Role, TensorKind, &Matrix) + Send);

/// The rounding of a machine's lanes.
pub(super) fn grain(settings: &ValueSettings) -> Grain {
    Grain {
        stochastic: matches!(settings.rounding, Rounding::Stochastic { .. }),
        ..nearest(settings)
    }
}

/// The rounding of everything else: row modules, and what is in main memory from the beginning.
pub(super) fn nearest(settings: &ValueSettings) -> Grain {
    let step = 2f64.powi(-(settings.word.fraction_bits as i32));
    let half = 2f64.powi(settings.word.integer_bits as i32 - 1);
    Grain {
        step,
        least: -half,
        greatest: half - step,
        stochastic: false,
    }
}

/// All items of a batch.
type Batch = Vec<Matrix>;

/// Items of a batch, and the one matrix that is the sum over them.
fn summed(batch: impl Iterator<Item = Matrix>) -> Option<Matrix> {
    batch.reduce(|sum, item| sum.plus(&item))
}

impl<'a> Reference<'a> {
    /// Computes the whole forward pass and, in training, the rest of the step. Batches are cut into tiles of `tile` items and
    /// sums into tiles of `tile` columns, which decides how often they can be rounded.
    pub(super) fn new(
        workload: &Workload,
        settings: ValueSettings,
        parameters: Parameters,
        tile: [u32; 2],
    ) -> Self {
        Self::read_by(workload, settings, parameters, tile, None)
    }

    /// As [`Self::new`]; `reader` sees all operands that are pruned, before they are.
    pub(super) fn read_by(
        workload: &Workload,
        settings: ValueSettings,
        parameters: Parameters,
        [tile_items, tile_columns]: [u32; 2],
        reader: Option<Reader<'a>>,
    ) -> Self {
        let mut reference = Self {
            reader: RefCell::new(reader),
            tensors: BTreeMap::new(),
            outputs: Vec::new(),
            settings,
            tile_columns: tile_columns as usize,
            tile_items: tile_items as usize,
            parameters,
            loss: None,
            word_gradient: Batch::new(),
        };
        reference.forward(workload);
        if workload.phase == Phase::Training {
            reference.backward(workload);
            reference.update(workload);
            reference.parameters.steps += 1;
        }
        reference
    }

    /// The tensor that `key` names.
    pub(super) fn get(&self, key: Key) -> Option<&Batch> {
        self.tensors.get(&key)
    }

    /// The result of the forward pass.
    pub(super) fn result(&self) -> Option<Key> {
        self.outputs.last().copied()
    }

    /// The parameters, as the step has left them.
    pub(super) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The number of the next tensor of this role.
    fn next_key(&self, layer: u32, head: Option<u32>, role: Role) -> Key {
        let mut key = Key {
            layer,
            head,
            role,
            ordinal: 0,
        };
        while self.tensors.contains_key(&key) {
            key.ordinal += 1;
        }
        key
    }

    /// Keeps the results of lanes, rounded at most that often.
    fn keep(&mut self, layer: u32, head: Option<u32>, role: Role, batch: Batch, roundings: usize) -> Batch {
        let grain = grain(&self.settings);
        let rounded = batch
            .iter()
            .map(|matrix| matrix.rounded(roundings as u32 - 1, grain));
        let rounded: Batch = rounded.collect();
        let key = self.next_key(layer, head, role);
        self.tensors.insert(key, rounded.clone());
        rounded
    }

    /// Keeps results that were not made by lanes.
    fn keep_rows(&mut self, layer: u32, head: Option<u32>, role: Role, batch: Batch) -> Batch {
        let grain = nearest(&self.settings);
        let rounded: Batch = batch.iter().map(|matrix| matrix.rounded(0, grain)).collect();
        let key = self.next_key(layer, head, role);
        self.tensors.insert(key, rounded.clone());
        rounded
    }

    /// A parameter as the weight buffer holds it.
    fn weights(&self, key: Key, shape: [u32; 2]) -> Matrix {
        let shape = shape.map(|extent| extent as usize);
        self.parameters.matrix(key, shape, nearest(&self.settings))
    }

    /// What DynaProp leaves of `matrix`, which holds `kind`, for an operation of `role`.
    fn pruned(&self, role: Role, matrix: &Matrix, kind: TensorKind) -> Matrix {
        if let Some(reader) = &mut *self.reader.borrow_mut() {
            reader(role, kind, matrix);
        }
        matrix.pruned(self.settings.thresholds.of(role, kind))
    }

    fn all_pruned(&self, role: Role, batch: &Batch, kind: TensorKind) -> Batch {
        batch
            .iter()
            .map(|matrix| self.pruned(role, matrix, kind))
            .collect()
    }

    /// The largest number of parts in which sums over `terms` terms are written back; each part is rounded.
    fn parts(&self, terms: usize) -> usize {
        terms.div_ceil(self.tile_columns)
    }
}

/// A layer, and where it stands.
struct Pass<'a> {
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
