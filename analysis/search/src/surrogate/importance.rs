//! How well predictions agree with what came, and how much of that hangs on each input.

use std::ops::Range;

use super::GaussianProcess;
use crate::draws::Draws;
use crate::rows::Rows;

/// The share of the variance of `targets` that `predictions` explain: 1 at best, negative if their mean predicts better.
/// Nothing if the targets are all equal.
#[must_use]
pub fn r_squared(targets: &[f64], predictions: &[f64]) -> Option<f64> {
    let mean = targets.iter().sum::<f64>() / targets.len() as f64;
    let total: f64 = targets.iter().map(|y| (y - mean) * (y - mean)).sum();
    let left: f64 = targets
        .iter()
        .zip(predictions)
        .map(|(y, p)| (y - p) * (y - p))
        .sum();
    (total > 0.0).then(|| 1.0 - left / total)
}

/// For each input, by how much R² falls if its numbers are dealt anew among the rows (Breiman, Random forests, Machine Learning
/// 45, 2001, section 10). Nothing if the targets are all equal.
///
/// On rows that were not fitted this says what prediction hangs on; on those that were, what the fit does. Inputs that tell the
/// same share their importance in no particular way.
///
/// # Panics
/// If the rows have fewer columns than those fitted.
#[must_use]
pub fn importance(process: &GaussianProcess, inputs: &Rows, targets: &[f64], seed: u64) -> Option<Vec<f64>> {
    let alone: Vec<Range<usize>> = (0..inputs.columns()).map(|column| column..column + 1).collect();
    importance_of_groups(process, inputs, targets, &alone, seed)
}

/// As [`importance`], of groups of neighbouring columns that are dealt together, such as those of one category.
///
/// # Panics
/// If the rows have fewer columns than those fitted, or than a group names.
#[must_use]
pub fn importance_of_groups(
    process: &GaussianProcess,
    inputs: &Rows,
    targets: &[f64],
    groups: &[Range<usize>],
    seed: u64,
) -> Option<Vec<f64>> {
    let score = |inputs: &Rows| {
        let means: Vec<f64> = inputs.iter().map(|row| process.mean(row)).collect();
        r_squared(targets, &means)
    };
    let whole = score(inputs)?;
    groups
        .iter()
        .map(|group| {
            let mut from: Vec<usize> = (0..inputs.len()).collect();
            Draws::new(seed, 0, group.start as u64).shuffle(&mut from);
            let mut dealt = inputs.clone();
            for (row, &from) in from.iter().enumerate() {
                dealt.row_mut(row)[group.clone()].copy_from_slice(&inputs.row(from)[group.clone()]);
            }
            Some(whole - score(&dealt)?)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::latin_hypercube;
    use crate::surrogate::Refit;

    #[test]
    fn r_squared_by_hand() {
        assert_eq!(r_squared(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), Some(1.0));
        assert_eq!(r_squared(&[1.0, 2.0, 3.0], &[2.0, 2.0, 2.0]), Some(0.0));
        assert_eq!(r_squared(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]), Some(-3.0));
        assert_eq!(r_squared(&[1.0, 1.0], &[1.0, 1.0]), None);
        assert_eq!(r_squared(&[], &[]), None);
    }

    #[test]
    fn importance_follows_the_function() {
        let inputs = latin_hypercube(60, 4, &mut Draws::new(1, 0, 0));
        let targets: Vec<f64> = inputs
            .iter()
            .map(|row| 3.0 * row[0] + (4.0 * row[2]).sin())
            .collect();
        let process = GaussianProcess::fit(&inputs, &targets, None, Refit::Optimise).unwrap();
        let importance = importance(&process, &inputs, &targets, 1).unwrap();
        assert!(
            importance[0] > importance[2] && importance[2] > 0.1,
            "{importance:?}"
        );
        assert!(
            importance[1].abs() < 0.01 && importance[3].abs() < 0.01,
            "{importance:?}"
        );
    }
}
