//! Counting values by magnitude.

use components::sparsity::curve::CurvePoint;

/// Bits of a single-precision number that a bin leaves out: 11 bits of fraction remain, so that neighbouring bounds differ
/// by a 2048th at most.
const DROPPED_BITS: u32 = 12;

/// Bins up to the largest finite number.
const BINS: usize = (f32::MAX.to_bits() >> DROPPED_BITS) as usize + 1;

/// How many values there are of each magnitude, in bins between single-precision numbers of 11 bits of fraction.
///
/// Takes 4 MB however many values there are. How many values lie below the bound of a bin is exact.
#[derive(Clone, Debug, Default)]
pub struct Magnitudes {
    /// Values that are not zero, by bin; empty until there is one.
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

    /// A curve of at most `points` points, at least 2: the first at threshold 0, the last where all is pruned, the others
    /// the lowest bounds of bins that reach sparsities which are evenly spaced at first and then close in on 1.
    #[must_use]
    pub fn curve(&self, points: usize) -> Vec<CurvePoint> {
        let share = |count: u64| (count as f64 / (self.values.max(1)) as f64 * 1e6).round() / 1e6;
        let mut curve = vec![CurvePoint {
            threshold: 0.0,
            sparsity: share(self.zeros),
        }];
        let rest = (self.values - self.zeros) as f64;
        let mut targets = targets(points).peekable();
        let mut below = self.zeros;
        for (bin, &count) in self.bins.iter().enumerate() {
            below += count;
            let reached = (below - self.zeros) as f64;
            let mut reaches = false;
            while targets.next_if(|target| reached >= target * rest).is_some() {
                reaches = true;
            }
            if count > 0 && reaches {
                curve.push(CurvePoint {
                    threshold: bound(bin + 1),
                    sparsity: share(below),
                });
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

/// Shares of the values that are not zero at which a curve has points: evenly spaced ones, and for a quarter of the points
/// such that halve what is left time and again, because tails are long and high sparsities wanted.
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

/// The lower bound of a bin, in as few digits as tell it from its neighbours in single precision.
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
