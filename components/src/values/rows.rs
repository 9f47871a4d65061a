//! What softmax and layer-norm modules compute: whole rows.

use std::sync::Arc;

use super::operands::{check_present, range};
use super::store::{ValueStore, gone};
use crate::operation::Work;
use crate::runs::Run;
use crate::tile::Dimension;

impl ValueStore {
    /// A softmax or layer-norm module works through its rows.
    pub(crate) fn row_operation(&mut self, run: &Run) -> Result<(), String> {
        let operation = Arc::clone(&self.active(run.operation.0)?.operation);
        let made = operation.output.ok_or("a row operation makes nothing")?;
        let [batch, rows] = [Dimension::B, Dimension::I].map(|d| range(&operation, run.first, d));
        let b = usize::from(run.first.along(Dimension::B));
        let mut inputs = Vec::new();
        for operand in &operation.operands {
            let tensor = operand.tensor();
            let input = self.activations.get(&tensor).ok_or_else(|| gone(tensor))?;
            input.check_complete(b, rows.clone(), 0..input.columns)?;
            let words = input.words(b)?;
            let width = input.columns;
            for item in 0..batch.len() {
                let first = (item * input.rows + rows.start) * width;
                check_present(&words[first..first + rows.len() * width], &operation, tensor)?;
            }
            inputs.push(words);
        }
        let (height, width) = (made.rows as usize, made.columns as usize);
        let mut results = Vec::with_capacity(batch.len() * rows.len() * width);
        for item in 0..batch.len() {
            for row in rows.clone() {
                let start = (item * height + row) * width;
                let row = start..start + width;
                match (operation.work, inputs.as_slice()) {
                    (Work::Softmax, [input]) => softmax(&input[row], &mut results),
                    (Work::LayerNorm, [input]) => layer_norm(&input[row], &mut results),
                    (Work::SoftmaxGradient, [shares, gradient]) => {
                        softmax_gradient(&shares[row.clone()], &gradient[row], &mut results);
                    }
                    (Work::LayerNormGradient, [input, gradient]) => {
                        layer_norm_gradient(&input[row.clone()], &gradient[row], &mut results);
                    }
                    _ => return Err(format!("no module works on the rows of a {}", operation.role)),
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
                *word = self.rounder.nearest(*result);
            }
        }
        for item in 0..batch.len() {
            owner.note_made(b, item, rows.clone(), 0..width);
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

/// dS = P·(dP - sum of P·dP), element by element.
fn softmax_gradient(shares: &[f64], gradient: &[f64], results: &mut Vec<f64>) {
    let sum: f64 = shares.iter().zip(gradient).map(|(share, d)| share * d).sum();
    results.extend(shares.iter().zip(gradient).map(|(share, d)| share * (d - sum)));
}

/// dX = (dY - mean of dY - N·mean of N·dY) / deviation, with N the normalised row.
fn layer_norm_gradient(row: &[f64], gradient: &[f64], results: &mut Vec<f64>) {
    let count = row.len() as f64;
    let mean = row.iter().sum::<f64>() / count;
    let variance = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
    let scale = 1.0 / (variance + LAYER_NORM_EPSILON).sqrt();
    let normed = |x: f64| (x - mean) * scale;
    let mean_gradient = gradient.iter().sum::<f64>() / count;
    let products = row.iter().zip(gradient).map(|(&x, d)| normed(x) * d);
    let mean_product = products.sum::<f64>() / count;
    let pairs = row.iter().zip(gradient);
    results.extend(pairs.map(|(&x, d)| (d - mean_gradient - normed(x) * mean_product) * scale));
}
