//! Top-k pruning, the baseline that the papers set DynaProp against: the `k` largest magnitudes stay.

use sim_core::{Cycles, random};

/// Keeps the `k` values of the largest magnitude, of equal ones those that come first, and sets the others to zero;
/// the smallest magnitude kept, or infinity if none is. `scratch` is room for the order of the values.
///
/// ```
/// use components::sparsity::top_k::keep_top;
/// let mut values = [0.5, -3.0, 1.0, -1.0];
/// assert_eq!(keep_top(&mut values, 2, &mut Vec::new()), 1.0);
/// assert_eq!(values, [0.0, -3.0, 1.0, 0.0]);
/// ```
pub fn keep_top(values: &mut [f64], k: usize, scratch: &mut Vec<usize>) -> f64 {
    if k == 0 {
        values.fill(0.0);
        return f64::INFINITY;
    }
    scratch.clear();
    scratch.extend(0..values.len());
    let order = |&a: &usize, &b: &usize| values[b].abs().total_cmp(&values[a].abs()).then(a.cmp(&b));
    if k >= values.len() {
        return scratch
            .iter()
            .max_by(|a, b| order(a, b))
            .map_or(f64::INFINITY, |&least| values[least].abs());
    }
    let (_, &mut least, _) = scratch.select_nth_unstable_by(k - 1, order);
    let least = values[least].abs();
    for &index in &scratch[k..] {
        values[index] = 0.0;
    }
    least
}

/// A top-k engine like SpAtten's (arXiv:2012.09852, HPCA 2021): quick-select with an array of comparators.
///
/// Each round compares what is left with a pivot drawn from it, `comparators` values per cycle, and keeps the side that holds
/// the k-th largest; zero eliminators close the gaps. When the k-th is found, all values pass once more and those below it
/// are dropped. SpAtten has two arrays of 16 comparators, for the two sides of the pivot: 16 values per cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopKEngine {
    /// Values compared per cycle; at least 1.
    pub comparators: u32,
    /// Cycles of each round, and of the last pass, beyond the comparisons: comparison, and log2 of the comparators in the
    /// zero eliminator.
    pub round_latency: Cycles,
}

impl TopKEngine {
    /// An engine of `comparators`, the latency of its rounds following from them.
    #[must_use]
    pub fn new(comparators: u32) -> Self {
        let comparators = comparators.max(1);
        Self {
            comparators,
            round_latency: Cycles(1 + u64::from(comparators.next_power_of_two().trailing_zeros())),
        }
    }

    /// The engine as published.
    #[must_use]
    pub fn spatten() -> Self {
        Self::new(16)
    }

    /// Cycles for `rounds` over so many values each, and the pass that filters `all`.
    fn cycles(self, rounds: impl Iterator<Item = usize>, all: usize) -> Cycles {
        let pass = |values: usize| values.div_ceil(self.comparators as usize) as u64 + self.round_latency.0;
        Cycles(rounds.map(pass).sum::<u64>() + pass(all))
    }

    /// Cycles to select the `k` largest magnitudes of `values`, the pivots drawn by `seed`: the rounds are played on them.
    #[must_use]
    pub fn selection(self, values: &[f64], k: usize, seed: u64) -> Cycles {
        if k == 0 || k >= values.len() {
            // Nothing to select: all go or all stay.
            return Cycles(0);
        }
        let mut left: Vec<f64> = values.iter().map(|value| value.abs()).collect();
        let mut rounds = Vec::new();
        let mut wanted = k;
        loop {
            rounds.push(left.len());
            let draw = random::draw(seed, rounds.len() as u64);
            let pivot = left[(draw % left.len() as u64) as usize];
            let above = left.iter().filter(|&&value| value > pivot).count();
            let same = left.iter().filter(|&&value| value == pivot).count();
            if wanted <= above {
                left.retain(|&value| value > pivot);
            } else if wanted <= above + same {
                return self.cycles(rounds.into_iter(), values.len());
            } else {
                wanted -= above + same;
                left.retain(|&value| value < pivot);
            }
        }
    }

    /// Cycles expected for the `k` largest of `n` distinct values in random order: the mean number of comparisons of
    /// quick-select, 2·((n + 1)·H(n) - (n + 3 - k)·H(n + 1 - k) - (k + 2)·H(k) + n + 3) (Knuth, Mathematical analysis of
    /// algorithms, 1971), over the comparators, and the filtering pass. Neither the latency of the rounds nor what remains
    /// of a last row of comparators is in it: real selections take longer, tiles of a few hundred values noticeably.
    #[must_use]
    pub fn expected(self, n: usize, k: usize) -> f64 {
        if k == 0 || k >= n {
            return 0.0;
        }
        let (n_real, k_real) = (n as f64, k as f64);
        let comparisons = 2.0
            * ((n_real + 1.0) * harmonic(n)
                - (n_real + 3.0 - k_real) * harmonic(n + 1 - k)
                - (k_real + 2.0) * harmonic(k)
                + n_real
                + 3.0);
        (comparisons + n_real) / f64::from(self.comparators)
    }

    /// A lower bound for any engine of so many comparators: every value has to be looked at once to find the k-th, and once
    /// to be kept or dropped.
    #[must_use]
    pub fn least(self, n: usize) -> Cycles {
        Cycles(2 * n.div_ceil(self.comparators as usize) as u64)
    }
}

/// 1 + 1/2 + ... + 1/n.
fn harmonic(n: usize) -> f64 {
    (1..=n).rev().map(|i| 1.0 / i as f64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sparsity::samples::word;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_stays_is_what_sorting_puts_first(
            values in prop::collection::vec(word(), 0..200),
            share in 0.0..=1.2,
        ) {
            let k = (share * values.len() as f64) as usize;
            let mut order: Vec<usize> = (0..values.len()).collect();
            order.sort_by(|&a, &b| values[b].abs().total_cmp(&values[a].abs()));
            let mut expected = vec![0.0; values.len()];
            order.iter().take(k).for_each(|&index| expected[index] = values[index]);
            let mut kept = values.clone();
            let least = keep_top(&mut kept, k, &mut Vec::new());
            prop_assert_eq!(&kept, &expected);
            let smallest = order.iter().take(k).map(|&index| values[index].abs()).fold(f64::INFINITY, f64::min);
            prop_assert_eq!(least, smallest);
        }

        #[test]
        fn a_selection_takes_no_less_than_the_bound(
            values in prop::collection::vec(word(), 2..300),
            share in 0.01..0.99,
            comparators in 1_u32..40,
            seed: u64,
        ) {
            let k = ((share * values.len() as f64) as usize).max(1);
            let engine = TopKEngine::new(comparators);
            let taken = engine.selection(&values, k, seed);
            prop_assert!(taken >= engine.least(values.len()));
            prop_assert_eq!(engine.selection(&values, values.len(), seed), Cycles(0));
        }
    }

    #[test]
    fn the_mean_over_pivots_is_the_expected_number_of_comparisons() {
        let values: Vec<f64> = (0..400).map(|value| f64::from(value * 7919 % 400)).collect();
        let engine = TopKEngine {
            comparators: 1,
            round_latency: Cycles(0),
        };
        for k in [1, 40, 200, 390] {
            let total: u64 = (0..4000).map(|seed| engine.selection(&values, k, seed).0).sum();
            // A round here looks at the pivot too, which Knuth's count does not; there are some 2·ln(n) rounds.
            let (mean, expected) = (total as f64 / 4000.0, engine.expected(400, k));
            assert!(
                (mean - expected).abs() < 0.03 * expected,
                "{k}: {mean} {expected}"
            );
        }
    }
}
