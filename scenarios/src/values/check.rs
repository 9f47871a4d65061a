//! Whether the tensors that came out are the right ones.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use components::operation::{Operation, Phase, Role, Work};
use components::tile::Dimension;
use components::values::{Finished, Observer, ValueSettings, ValueTotals};
use serde::Serialize;

use super::constants::Key;
use super::local;
use super::matrix::Matrix;
use super::parameters::Parameters;
use super::reference::{Reference, grain, nearest};
use crate::system::MachinePlan;

/// What the check of a run's numbers found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ValueCheck {
    /// Tensors held against the reference.
    pub tensors: u64,
    /// Words held against the reference.
    pub words: u64,
    /// Words that were further off than their bound.
    pub wrong_words: u64,
    /// Words of which the bound says nothing, because an error may have decided which words of a row were pruned.
    pub unbounded_words: u64,
    /// The first wrong ones.
    pub wrong: Vec<Wrong>,
    /// The largest error of a word, over its bound.
    pub worst_of_bound: f64,
    /// The largest error of a word of the last tensor, over that tensor's largest magnitude, or over 2^-10 if that is more.
    pub relative_error: f64,
    /// The largest such error of all tensors.
    pub worst_relative_error: f64,
    /// The largest error of a word against the same operation on the machine's own operands, in steps of the word format.
    pub worst_rounding_steps: f64,
    /// Share of the operands' words that were zero after pruning.
    pub zero_share: f64,
    /// Results beyond the words' range.
    pub saturated: u64,
    /// In training, half the squared distance between result and target, scaled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// The same, as the reference has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_loss: Option<f64>,
}

/// A word that is not what it should be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wrong {
    /// Of which tensor.
    pub tensor: String,
    /// The item of the batch, the row and the column.
    pub place: [usize; 3],
    /// The machine's word.
    pub found: f64,
    /// What it should be.
    pub expected: f64,
    /// How far it may be off.
    pub bound: f64,
}

impl ValueCheck {
    /// Whether all is right.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.wrong_words == 0 && self.tensors > 0
    }
}

/// Tensors that hold nothing larger are compared with this: a gradient that should be zero has no relative error.
const LEAST_MAGNITUDE: f64 = 1.0 / 1024.0;

/// How many wrong words are shown.
const SHOWN: usize = 5;

/// Holds each result against both computations.
pub(super) struct Checker {
    settings: ValueSettings,
    reference: Reference,
    items_of_tile: usize,
    /// Sums over the batch under way, by operation.
    sums: BTreeMap<u32, Matrix>,
    /// What the weights are for that lie at an address.
    weights_at: BTreeMap<u64, Key>,
    found: ValueCheck,
}

/// The checker, as the numbers of the machine know it.
pub(super) struct Shared(pub(super) Rc<RefCell<Checker>>);

impl Observer for Shared {
    fn finished(&mut self, finished: &Finished<'_>) {
        self.0.borrow_mut().look_at(finished);
    }
}

impl Checker {
    pub(super) fn new(plan: &MachinePlan, settings: ValueSettings, parameters: Parameters) -> Self {
        let tile = plan.mapper.tile;
        Self {
            reference: Reference::new(
                &plan.scenario.workload,
                settings.clone(),
                parameters,
                [tile.b, tile.y],
            ),
            settings,
            items_of_tile: tile.b as usize,
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
            zero_share: match totals.words {
                0 => 0.0,
                words => totals.zeros as f64 / words as f64,
            },
            saturated: totals.saturated,
            ..self.found.clone()
        }
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
        let is_write_back = matches!(operation.work, Work::Store { .. } | Work::Scatter { .. });
        if is_write_back || !finished.complete {
            return;
        }
        if operation.role == Role::LossGradient {
            let squares: f64 = finished.result.iter().map(|word| word * word).sum();
            *self.found.loss.get_or_insert(0.0) += squares / 2.0 / self.settings.loss_scale;
            self.found.reference_loss = self.reference.loss;
        }
        let Some(expected) = self.expected(finished, key) else {
            self.unknown(finished);
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
        let Some(mut expected) = local::recomputed(finished, &self.settings) else {
            return;
        };
        let operation = finished.operation;
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
        let of_rows = matches!(
            operation.work,
            Work::Softmax | Work::SoftmaxGradient | Work::LayerNorm | Work::LayerNormGradient
        );
        let grain = match of_rows {
            true => nearest(&self.settings),
            false => grain(&self.settings),
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

    /// What the reference has for a result.
    fn expected(&self, finished: &Finished<'_>, key: Key) -> Option<Vec<Matrix>> {
        let operation = finished.operation;
        if operation.role == Role::WeightUpdate {
            let part = operation.weights().nth(1)?;
            let trained = self
                .reference
                .parameters()
                .trained(*self.weights_at.get(&part.whole)?)?;
            let (first, count) = (part.first as usize, part.elements as usize);
            let cut = |matrix: &Matrix| Matrix {
                rows: 1,
                columns: count,
                numbers: matrix.numbers[first..first + count].to_vec(),
            };
            return Some(
                std::iter::once(&trained.numbers)
                    .chain(&trained.states)
                    .map(cut)
                    .collect(),
            );
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

    fn unknown(&mut self, finished: &Finished<'_>) {
        self.found.wrong_words += finished.result.len() as u64;
        if self.found.wrong.len() < SHOWN {
            self.found.wrong.push(Wrong {
                tensor: format!("{}, which the reference does not have", name(finished)),
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
