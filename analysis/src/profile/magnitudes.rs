//! Counting values by magnitude.

use components::sparsity::curve::CurvePoint;

/// Bits of a single-precision number that a bin ignores: 11 bits of fraction remain, so neighbouring bounds differ by at
/// most 1/2048.
const DROPPED_BITS: u32 = 12;

/// Bins up to the largest finite number.
const BINS: usize = (f32::MAX.to_bits() >> DROPPED_BITS) as usize + 1;

/// A histogram of magnitudes, in bins between single-precision numbers with 11 bits of fraction.
///
/// It takes 4 MB however many values there are. The number of values below the bound of a bin is exact.
#[derive(Clone, Debug, Default)]
pub struct Magnitudes {
    /// Non-zero values, by bin; empty until there is one.
    bins: Vec<u64>,
    zeros: u64,
    values: u64,
}

impl Magnitudes {
    /// Counts a finite value. Magnitudes beyond single precision count as its largest number.
    pub fn add(&mut self, value: f64) {
        self.values += 1;
        if value == 0.0 {
            self.zeros += 1;
            return;
        }
        if self.bins.is_empty() {
            self.bins = vec![0; BINS];
        }
        self.bins[bin(value.abs())] += 1;
    }

    /// Values counted.
    #[must_use]
    pub fn values(&self) -> u64 {
        self.values
    }

    /// Values that are zero.
    #[must_use]
    pub fn zeros(&self) -> u64 {
        self.zeros
    }

    /// A curve of at most `points` points (at least 2): the first at threshold 0, the last where everything is pruned,
    /// the others at the lowest bounds of bins that reach target sparsities. The targets are evenly spaced at first and
    /// then approach 1.
    ///
    /// A bin that reaches several targets at once is a step, with points on both sides. If there are few enough bins that each
    /// can have both, each has, and the curve is exact.
    #[must_use]
    pub fn curve(&self, points: usize) -> Vec<CurvePoint> {
        let share = |count: u64| (count as f64 / (self.values.max(1)) as f64 * 1e6).round() / 1e6;
        let mut curve = vec![CurvePoint {
            threshold: 0.0,
            sparsity: share(self.zeros),
        }];
        let mut push = |bin: usize, count: u64| {
            let threshold = bound(bin);
            // A bin's lower bound is the upper one of the bin before.
            if curve.last().is_some_and(|last| threshold > last.threshold) {
                let sparsity = share(count);
                curve.push(CurvePoint { threshold, sparsity });
            }
        };
        let filled = || self.bins.iter().enumerate().filter(|(_, count)| **count > 0);
        let is_exact = filled().count() * 2 < points;
        let rest = (self.values - self.zeros) as f64;
        let mut targets = targets(points).peekable();
        let mut below = self.zeros;
        for (bin, &count) in filled() {
            let before = below;
            below += count;
            let reached = (below - self.zeros) as f64;
            let mut reaches = 0;
            while targets.next_if(|target| reached >= target * rest).is_some() {
                reaches += 1;
            }
            if is_exact || reaches > 1 {
                push(bin, before);
            }
            if is_exact || reaches > 0 {
                push(bin + 1, below);
            }
        }
        if curve.len() == 1 {
            // All are zeros: a curve has two points.
            curve.push(CurvePoint {
                threshold: 1.0,
                sparsity: 1.0,
            });
        }
        curve
    }
}

/// Shares of the non-zero values at which a curve has points. Three quarters of the points are evenly spaced; the others
/// halve the remainder again and again, because tails are long and high sparsities are of interest.
fn targets(points: usize) -> impl Iterator<Item = f64> {
    let tail = points / 4;
    let steps = (points.saturating_sub(1 + tail)).max(1) as f64;
    let even = (1..steps as usize).map(move |step| step as f64 / steps);
    let halves = (1..=tail as i32).map(move |halving| 1.0 - 0.5_f64.powi(halving) / steps);
    even.chain(halves).chain([1.0])
}

/// The bin of a magnitude above 0.
fn bin(magnitude: f64) -> usize {
    let mut single = (magnitude as f32).min(f32::MAX);
    if f64::from(single) > magnitude {
        // Rounding must not lift a value over the bound of its bin.
        single = single.next_down();
    }
    (single.to_bits() >> DROPPED_BITS) as usize
}

/// The lower bound of a bin, with as few digits as distinguish it from its neighbours in single precision.
fn bound(bin: usize) -> f64 {
    let bits = (bin as u32) << DROPPED_BITS;
    let single = f32::from_bits(bits.min(f32::MAX.to_bits()));
    // The shortest decimal is what a person would write, and what the file holds.
    single.to_string().parse().unwrap_or(f64::from(single))
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::sparsity::curve::SparsityCurve;
    use components::sparsity::prune::sparsity_at;
    use proptest::prelude::*;

    fn counted(values: &[f64]) -> Magnitudes {
        let mut magnitudes = Magnitudes::default();
        values.iter().for_each(|&value| magnitudes.add(value));
        magnitudes
    }

    proptest! {
        #[test]
        fn every_curve_is_one_and_says_what_pruning_does(
            values in prop::collection::vec(
                prop_oneof![Just(0.0), -1.0..1.0, any::<f32>().prop_filter("finite", |v| v.is_finite()).prop_map(f64::from)],
                1..300,
            ),
            points in 2_usize..60,
        ) {
            let points_found = counted(&values).curve(points);
            prop_assert!(points_found.len() <= points);
            prop_assert_eq!(points_found.last().unwrap().sparsity, 1.0);
            let largest = values.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
            for point in &points_found {
                // The shortest decimal of a bound is within a rounding of it, and the last bound may be the largest number.
                if point.threshold < 3e38 {
                    let slack = point.threshold * 1e-7;
                    let (low, high) = (sparsity_at(&values, point.threshold - slack), sparsity_at(&values, point.threshold + slack));
                    prop_assert!(low - 1e-6 <= point.sparsity && point.sparsity <= high + 1e-6, "{point:?} of {largest}");
                }
            }
            prop_assert!(SparsityCurve::new(points_found).is_ok());
        }
    }

    /// Shares of the values with a magnitude below `threshold`, and with one below the next lower threshold that could differ.
    fn at_and_below(values: &[f64], threshold: f64) -> [f64; 2] {
        [threshold, threshold * (1.0 - 1.0 / 1000.0)].map(|threshold| sparsity_at(values, threshold))
    }

    #[test]
    fn values_of_few_magnitudes_are_pruned_level_by_level() {
        // Of 1,000 values, 300 are 0, 459 are 0.01 or -0.01, and 241 are 0.02: pruning half of them means pruning 75.9%.
        let levels = [(0.0, 300), (0.01, 200), (-0.01, 259), (0.02, 241)];
        let values: Vec<f64> = levels
            .iter()
            .flat_map(|&(value, count)| std::iter::repeat_n(value, count))
            .collect();
        for points in [8, 33, 257] {
            let curve = SparsityCurve::new(counted(&values).curve(points)).unwrap();
            for (wanted, pruned) in [
                (0.31, 0.759),
                (0.5, 0.759),
                (0.75, 0.759),
                (0.76, 1.0),
                (0.99, 1.0),
            ] {
                let found = curve.threshold_for(wanted);
                let [at, below] = at_and_below(&values, found.value);
                assert_eq!((at, found.sparsity), (pruned, pruned), "{wanted} of {points}");
                assert!(below < wanted, "{wanted} of {points}: {below}");
            }
            let none = curve.threshold_for(0.3);
            assert_eq!((none.value, none.sparsity), (0.0, 0.3));
            assert!((curve.threshold_for(0.5).value / 0.01 - 1.0).abs() < 1.0 / 1000.0);
        }
    }

    proptest! {
        #[test]
        fn a_threshold_prunes_what_it_is_said_to_and_no_lower_one_does(
            levels in prop::collection::vec((0.001..8.0_f64, 1_usize..40), 1..8),
            zeros in 0_usize..40,
            wanted in 0.0..=1.0_f64,
        ) {
            let mut values = vec![0.0; zeros];
            for (level, count) in levels {
                values.extend(std::iter::repeat_n(level, count));
            }
            let curve = SparsityCurve::new(counted(&values).curve(33)).unwrap();
            let found = curve.threshold_for(wanted);
            let [at, below] = at_and_below(&values, found.value);
            // Shares are held to six digits.
            prop_assert!((at - found.sparsity).abs() < 1e-6, "{found:?} prunes {at}");
            prop_assert!(at > wanted - 1e-6, "{found:?} prunes {at} for {wanted}");
            prop_assert!(found.value == 0.0 || below < wanted + 1e-6, "{found:?} is too much: {below}");
        }
    }

    #[test]
    fn thresholds_lie_at_the_quantiles() {
        let values: Vec<f64> = (1..=1000).map(f64::from).collect();
        let curve = SparsityCurve::new(counted(&values).curve(14)).unwrap();
        assert_eq!(curve.points().len(), 14);
        for tenth in 1..10 {
            let wanted = f64::from(tenth) / 10.0;
            let found = curve.threshold_for(wanted).value;
            assert!(
                (found / (wanted * 1000.0) - 1.0).abs() < 0.002,
                "{wanted}: {found}"
            );
        }
    }

    #[test]
    fn a_tensor_of_zeros_has_a_curve() {
        let curve = SparsityCurve::new(counted(&[0.0, -0.0]).curve(5)).unwrap();
        assert_eq!(curve.threshold_for(0.5).value, 0.0);
    }
}
