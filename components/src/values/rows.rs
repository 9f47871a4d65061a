//! What softmax and layer-norm modules compute: whole rows.

use super::operands::range;
use super::store::{ValueStore, gone};
use crate::operation::{Operand, Work};
use crate::run::Run;
use crate::tile::Dimension;

impl ValueStore {
    /// A softmax or layer-norm module works through its rows.
    pub(crate) fn row_operation(&mut self, run: &Run) -> Result<(), String> {
        let operation = self.active(run.operation.0)?.operation.clone();
        let made = operation.output.ok_or("a row operation makes nothing")?;
        let Some(Operand::Activation { tensor, .. }) = operation.operands.first() else {
            return Err("a row operation has no input".to_owned());
        };
        let input = self.activations.get(tensor).ok_or_else(|| gone(*tensor))?;
        let [batch, rows] = [Dimension::B, Dimension::I].map(|d| range(&operation, run.first, d));
        let b = usize::from(run.first.along(Dimension::B));
        input.check_complete(b, rows.clone())?;
        let (height, width) = (input.rows, input.columns);
        let mut results = Vec::with_capacity(batch.len() * rows.len() * width);
        for item in 0..batch.len() {
            for row in rows.clone() {
                let row = &input.words(b)?[(item * height + row) * width..][..width];
                match operation.work {
                    Work::Softmax => softmax(row, &mut results),
                    _ => layer_norm(row, &mut results),
                }
            }
        }
        let owner = self
            .activations
            .get_mut(&made.tensor)
            .ok_or_else(|| gone(made.tensor))?;
        for step in 0..run.length {
            owner.book(run.tile(step), 1)?;
        }
        let words = owner.words_mut(b)?;
        for item in 0..batch.len() {
            let from = &results[item * rows.len() * width..][..rows.len() * width];
            let to = &mut words[(item * height + rows.start) * width..][..rows.len() * width];
            for (word, result) in to.iter_mut().zip(from) {
                *word = self.rounder.round(*result);
            }
        }
        Ok(())
    }
}

fn softmax(row: &[f64], results: &mut Vec<f64>) {
    let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let first = results.len();
    results.extend(row.iter().map(|&x| libm::exp(x - largest)));
    let sum: f64 = results[first..].iter().sum();
    results[first..].iter_mut().for_each(|x| *x /= sum);
}

/// The variance that layer normalisation adds, so that a constant row does not divide by zero (BERT's 1e-12).
pub(super) const LAYER_NORM_EPSILON: f64 = 1e-12;

fn layer_norm(row: &[f64], results: &mut Vec<f64>) {
    let count = row.len() as f64;
    let mean = row.iter().sum::<f64>() / count;
    let variance = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
    let scale = 1.0 / (variance + LAYER_NORM_EPSILON).sqrt();
    results.extend(row.iter().map(|x| (x - mean) * scale));
}
