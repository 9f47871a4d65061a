//! Checks whether the resulting tensors are right.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use components::operation::{Operation, Phase, Role};
use components::sparsity::threshold::TensorKind;
use components::tile::Dimension;
use components::values::{Finished, Observer, ValueSettings, ValueTotals};
use components::work::UnitClass;

use super::local;
use super::matrix::Matrix;
use super::parameters::Parameters;
use super::reference::{Reference, grain, nearest};
use super::unpruned::Unpruned;
use crate::system::{MachinePlan, Pruned, ValueCheck, Wrong};
use crate::weights::Key;

/// Tensors whose largest magnitude is smaller are compared with this: a gradient that should be zero has no relative error.
const LEAST_MAGNITUDE: f64 = 1.0 / 1024.0;

/// How many wrong words are shown.
const SHOWN: usize = 5;

/// Holds each result against both computations.
pub(super) struct Checker {
    settings: ValueSettings,
    reference: Reference<'static>,
    items_of_tile: usize,
    /// The shares of zeros that are wanted, by kind of tensor.
    wanted: [Option<f64>; TensorKind::ALL.len()],
    /// The densities that are stated, likewise.
    stated: [f64; TensorKind::ALL.len()],
    /// The last tensor as it would be without pruning; `None` if nothing is pruned.
    unpruned: Option<Unpruned>,
    /// Unfinished sums over the batch, by operation.
    sums: BTreeMap<u32, Matrix>,
    /// The purpose of the weights at each address.
    weights_at: BTreeMap<u64, Key>,
    found: ValueCheck,
}

/// The checker, as the numbers of the machine know it.
pub(super) struct Shared(pub(super) Arc<Mutex<Checker>>);

impl Observer for Shared {
    fn finished(&self, finished: &Finished<'_>) {
        let mut checker = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        checker.look_at(finished);
    }
}

impl Checker {
    pub(super) fn new(plan: &MachinePlan, settings: ValueSettings, parameters: Parameters) -> Self {
        let (workload, tile) = (&plan.scenario.workload, plan.tiling.tile);
        let tile_extents = [tile.b, tile.y];
        Self {
            unpruned: Unpruned::new(workload, &settings, &parameters, tile_extents),
            reference: Reference::new(workload, settings.clone(), parameters, tile_extents),
            settings,
            items_of_tile: tile.b as usize,
            wanted: TensorKind::ALL.map(|kind| plan.scenario.sparsity.source.wanted(kind)),
            stated: TensorKind::ALL.map(|kind| plan.scenario.sparsity.density(kind)),
            sums: BTreeMap::new(),
            weights_at: BTreeMap::new(),
            found: ValueCheck::default(),
        }
    }

    /// The parameters, as the reference's step has left them.
    pub(super) fn parameters(&self) -> &Parameters {
        self.reference.parameters()
    }

    pub(super) fn found(&self, totals: ValueTotals) -> ValueCheck {
        ValueCheck {
            zero_share: totals.all_pruned().zero_share(),
            pruned: self.pruned(totals),
            pruning_error: self.unpruned.as_ref().map(Unpruned::relative_error),
            saturated: totals.saturated,
            ..self.found.clone()
        }
    }

    /// The shares of zeros of each kind of operand that occurred.
    fn pruned(&self, totals: ValueTotals) -> BTreeMap<Cow<'static, str>, Pruned> {
        let kinds = TensorKind::ALL.into_iter().zip(totals.pruned);
        let kinds = kinds.filter(|(_, of_kind)| of_kind.words > 0);
        let kinds = kinds.map(|(kind, of_kind)| {
            let pruned = Pruned {
                wanted: self.wanted[kind as usize],
                stated_density: self.stated[kind as usize],
                zero_share: of_kind.zero_share(),
                words: of_kind.words,
            };
            (kind.name().into(), pruned)
        });
        kinds.collect()
    }

    fn look_at(&mut self, finished: &Finished<'_>) {
        self.against_its_own_operands(finished);
        let operation = finished.operation;
        let key = Key {
            layer: operation.layer,
            head: operation.head,
            role: operation.role,
            ordinal: finished.ordinal,
        };
        self.note_weights(operation, key);
        let movement = operation.work.profile().movement();
        if movement.is_some_and(|movement| movement.outward) || !finished.complete {
            return;
        }
        if operation.role == Role::LossGradient {
            let squares: f64 = finished.result.iter().map(|word| word * word).sum();
            *self.found.loss.get_or_insert(0.0) += squares / 2.0 / self.settings.loss_scale;
            self.found.reference_loss = self.reference.loss;
        }
        if let Some(unpruned) = &mut self.unpruned {
            unpruned.look_at(finished, key, self.items_of_tile);
        }
        let Some(expected) = self.expected(finished, key) else {
            self.unknown(finished, "which the reference does not have");
            return;
        };
        let worst = self.compare(finished, &expected, "against the reference");
        let largest = expected.iter().flat_map(|matrix| &matrix.numbers);
        let largest = largest.fold(0.0f64, |most, x| most.max(x.number.abs()));
        self.found.relative_error = worst / largest.max(LEAST_MAGNITUDE);
        self.found.worst_relative_error = self.found.worst_relative_error.max(self.found.relative_error);
        let is_last = finished.b + 1 == operation.grid.tiles(Dimension::B);
        if is_last || operation.work.sums_batch() {
            self.found.tensors += 1;
        }
    }

    /// Compares with the same operation on the operands that the machine had.
    fn against_its_own_operands(&mut self, finished: &Finished<'_>) {
        let operation = finished.operation;
        let Some(mut expected) = local::recomputed(finished, &self.settings) else {
            if operation.work.is_compute() {
                self.unknown(finished, "which cannot be computed from its own operands");
            }
            return;
        };
        if operation.work.sums_batch() {
            let here = expected.pop();
            let before = self.sums.remove(&operation.id.0);
            let sum = match (before, here) {
                (Some(before), Some(here)) => Some(before.plus(&here)),
                (before, here) => before.or(here),
            };
            if !finished.complete {
                self.sums.extend(sum.map(|sum| (operation.id.0, sum)));
                return;
            }
            expected.extend(sum);
        }
        let grain = match operation.work.profile().unit() {
            Some(UnitClass::Softmax | UnitClass::LayerNorm) => nearest(&self.settings),
            Some(UnitClass::Lane) | None => grain(&self.settings),
        };
        let before = finished.parts.max(1) - 1;
        let rounded = expected.iter().map(|matrix| matrix.rounded(before, grain));
        let expected: Vec<Matrix> = rounded.collect();
        let worst = self.compare(finished, &expected, "against its own operands");
        self.found.worst_rounding_steps = self.found.worst_rounding_steps.max(worst / grain.step);
    }

    /// Remembers where the weights of a forward operation lie, by which the update will name them.
    fn note_weights(&mut self, operation: &Operation, key: Key) {
        if operation.role.phase() == Phase::Forward {
            for weight in operation.weights() {
                self.weights_at.entry(weight.whole).or_insert(key);
            }
        }
    }

    /// The reference's result.
    fn expected(&self, finished: &Finished<'_>, key: Key) -> Option<Vec<Matrix>> {
        let operation = finished.operation;
        if operation.role == Role::WeightUpdate {
            let part = operation.weights().nth(1)?;
            let trained = self
                .reference
                .parameters()
                .trained(*self.weights_at.get(&part.whole)?)?;
            let (first, count) = (part.first as usize, part.elements as usize);
            let cut = |matrix: &Matrix| {
                Some(Matrix {
                    rows: 1,
                    columns: count,
                    numbers: matrix.numbers.get(first..first + count)?.to_vec(),
                })
            };
            let all = std::iter::once(&trained.numbers).chain(&trained.states);
            return all.map(cut).collect();
        }
        let tensor = self.reference.get(key)?;
        if operation.work.sums_batch() {
            return Some(tensor.clone());
        }
        let first = finished.b as usize * self.items_of_tile;
        let items = operation.grid.edge_at(Dimension::B, finished.b) as usize;
        Some(tensor.get(first..first + items)?.to_vec())
    }

    /// Compares a result word by word; the largest error.
    fn compare(&mut self, finished: &Finished<'_>, expected: &[Matrix], what: &str) -> f64 {
        let mut worst = 0.0f64;
        let words: usize = expected.iter().map(|matrix| matrix.numbers.len()).sum();
        if words != finished.result.len() {
            self.unknown(
                finished,
                &format!("of which there should be {words} words {what}"),
            );
            return worst;
        }
        let numbers = expected.iter().flat_map(|matrix| &matrix.numbers);
        for (place, (&found, expected)) in finished.result.iter().zip(numbers).enumerate() {
            let error = (found - expected.number).abs();
            worst = worst.max(error);
            self.found.unbounded_words += u64::from(expected.error == f64::INFINITY);
            if expected.error > 0.0 && expected.error.is_finite() {
                self.found.worst_of_bound = self.found.worst_of_bound.max(error / expected.error);
            }
            self.found.words += 1;
            if error > expected.error || error.is_nan() {
                self.found.wrong_words += 1;
                if self.found.wrong.len() < SHOWN {
                    self.found.wrong.push(Wrong {
                        tensor: format!("{}, {what}", name(finished)),
                        place: locate(finished, place),
                        found,
                        expected: expected.number,
                        bound: expected.error,
                    });
                }
            }
        }
        worst
    }

    /// Records a result that cannot be compared with anything: all of it counts as wrong.
    fn unknown(&mut self, finished: &Finished<'_>, why: &str) {
        self.found.wrong_words += finished.result.len().max(1) as u64;
        if self.found.wrong.len() < SHOWN {
            self.found.wrong.push(Wrong {
                tensor: format!("{}, {why}", name(finished)),
                place: [0; 3],
                found: finished.result.first().copied().unwrap_or(0.0),
                expected: 0.0,
                bound: 0.0,
            });
        }
    }
}

fn name(finished: &Finished<'_>) -> String {
    let operation = finished.operation;
    let head = operation
        .head
        .map(|head| format!(", head {head}"))
        .unwrap_or_default();
    format!(
        "{} {} of layer {}{head}",
        operation.role, finished.ordinal, operation.layer
    )
}

fn locate(finished: &Finished<'_>, place: usize) -> [usize; 3] {
    let extent = |dimension| finished.operation.grid.extent(dimension) as usize;
    let (rows, columns) = (extent(Dimension::I).max(1), extent(Dimension::J).max(1));
    [place / (rows * columns), place / columns % rows, place % columns]
}

#[cfg(test)]
mod tests;
