//! Profiled curves: what share of a tensor's elements a threshold prunes.

use std::fmt;

use thiserror::Error;

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// The threshold on magnitudes.
    pub threshold: f64,
    /// The share of elements that are zero after pruning by it.
    pub sparsity: f64,
}

/// What is wrong with a point of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum CurveFault {
    /// There are fewer than two points.
    #[error("a curve needs at least two points")]
    TooShort,
    /// There are more points than are accepted.
    #[error("a curve has too many points")]
    TooLong,
    /// The first threshold is not 0.
    #[error("the first point has to be at threshold 0, with the zeros that are there without pruning")]
    NoOrigin,
    /// The threshold is not a number, infinite, or not above the one before.
    #[error("thresholds have to be finite and to rise from point to point")]
    Threshold {
        /// Number of the point, from 0.
        point: usize,
    },
    /// The sparsity is not a share, or below the one before.
    #[error("sparsities have to lie between 0 and 1 and not to fall from point to point")]
    Sparsity {
        /// Number of the point, from 0.
        point: usize,
    },
}

/// What looking up a threshold gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// The threshold.
    pub value: f64,
    /// The sparsity that the curve promises at it: the wanted one, the upper end of the step in which that lies, or the nearest
    /// end of the curve.
    pub sparsity: f64,
}

/// Two points whose thresholds differ by no more than this share of the upper one are the two sides of a step: of values that
/// all have one magnitude, a threshold prunes all or none.
const STEP: f64 = 1.0 / 1024.0;

/// A curve of threshold and sparsity: straight lines between its points, level beyond the last one. Where two thresholds are
/// next to each other (within 1/1024), the curve has a step.
#[derive(Clone, PartialEq)]
pub struct SparsityCurve {
    points: Vec<CurvePoint>,
}

impl SparsityCurve {
    /// The curve through `points`, of which the first is at threshold 0; thresholds rise, sparsities do not fall.
    ///
    /// ```
    /// use components::sparsity::curve::{CurvePoint, SparsityCurve};
    /// let points = [(0.0, 0.125), (1.0, 0.5), (3.0, 0.75)];
    /// let points = points.map(|(threshold, sparsity)| CurvePoint { threshold, sparsity });
    /// let curve = SparsityCurve::new(points.to_vec())?;
    /// assert_eq!(curve.threshold_for(0.625).value, 2.0);
    /// // Beyond the ends, the end.
    /// assert_eq!(curve.threshold_for(0.95).sparsity, 0.75);
    /// # Ok::<(), components::sparsity::curve::CurveFault>(())
    /// ```
    ///
    /// # Errors
    /// The first point that breaks a rule.
    pub fn new(points: Vec<CurvePoint>) -> Result<Self, CurveFault> {
        if points.len() < 2 {
            return Err(CurveFault::TooShort);
        }
        if points[0].threshold != 0.0 {
            return Err(CurveFault::NoOrigin);
        }
        for (point, CurvePoint { threshold, sparsity }) in points.iter().enumerate() {
            let before = point.checked_sub(1).map(|before| points[before]);
            if !threshold.is_finite() || before.is_some_and(|before| *threshold <= before.threshold) {
                return Err(CurveFault::Threshold { point });
            }
            if !(0.0..=1.0).contains(sparsity) || before.is_some_and(|before| *sparsity < before.sparsity) {
                return Err(CurveFault::Sparsity { point });
            }
        }
        Ok(Self { points })
    }

    /// Its points, by rising threshold.
    #[must_use]
    pub fn points(&self) -> &[CurvePoint] {
        &self.points
    }

    /// The sparsity that pruning by `threshold` gives.
    #[must_use]
    pub fn sparsity_at(&self, threshold: f64) -> f64 {
        let above = self.points.partition_point(|point| point.threshold <= threshold);
        let Some(low) = above.checked_sub(1).map(|low| self.points[low]) else {
            return self.points[0].sparsity;
        };
        match self.points.get(above) {
            Some(high) => {
                let share = (threshold - low.threshold) / (high.threshold - low.threshold);
                low.sparsity + share * (high.sparsity - low.sparsity)
            }
            None => low.sparsity,
        }
    }

    /// The threshold that prunes to `wanted`: the lowest one if there are several. What the hardware looks up at run time,
    /// by bisection. Within a step it is the step's upper end, which prunes more than `wanted`; just below, less is pruned.
    ///
    /// The curve's ends bound the answer, as hardware cannot fail: a tensor that already has more zeros than wanted gets
    /// threshold 0, and for more than the curve reaches there is the threshold that reaches most. [`Threshold::sparsity`]
    /// says which sparsity is reached; a caller should warn when it is below what was wanted.
    #[must_use]
    pub fn threshold_for(&self, wanted: f64) -> Threshold {
        let wanted = wanted.min(self.points[self.points.len() - 1].sparsity);
        let first = self.points.partition_point(|point| point.sparsity < wanted);
        let high = self.points[first];
        let Some(low) = first.checked_sub(1).map(|low| self.points[low]) else {
            return Threshold {
                value: high.threshold,
                sparsity: high.sparsity,
            };
        };
        let width = high.threshold - low.threshold;
        if width <= STEP * high.threshold {
            return Threshold {
                value: high.threshold,
                sparsity: high.sparsity,
            };
        }
        let share = (wanted - low.sparsity) / (high.sparsity - low.sparsity);
        Threshold {
            value: low.threshold + share * width,
            sparsity: wanted,
        }
    }
}

impl fmt::Debug for SparsityCurve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let points = self.points.iter().map(|point| (point.threshold, point.sparsity));
        f.debug_list().entries(points).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn curve(points: &[(f64, f64)]) -> Result<SparsityCurve, CurveFault> {
        let points = points
            .iter()
            .map(|&(threshold, sparsity)| CurvePoint { threshold, sparsity });
        SparsityCurve::new(points.collect())
    }

    /// Steps of threshold, and of sparsity, some of them level.
    fn curves() -> impl Strategy<Value = SparsityCurve> {
        let step = (0.01..2.0, prop_oneof![Just(0.0), 0.001..1.0]);
        (0.0..0.3, prop::collection::vec(step, 1..40), 0.1..=1.0).prop_map(
            |(first, steps, last): (f64, Vec<(f64, f64)>, f64)| {
                let total: f64 = steps.iter().map(|step| step.1).sum::<f64>().max(1e-9);
                let mut points = vec![(0.0, first)];
                let (mut threshold, mut sum) = (0.0, 0.0);
                for (dx, dy) in steps {
                    threshold += dx;
                    sum += dy;
                    points.push((
                        threshold,
                        (first + (last - first).max(0.0) * sum / total).min(1.0),
                    ));
                }
                curve(&points).unwrap()
            },
        )
    }

    proptest! {
        #[test]
        fn looking_up_inverts_the_curve(curve in curves(), wanted in 0.0..=1.0) {
            let found = curve.threshold_for(wanted);
            prop_assert!((curve.sparsity_at(found.value) - found.sparsity).abs() < 1e-9);
            let (low, high) = (curve.points()[0].sparsity, curve.points().last().unwrap().sparsity);
            let reached = wanted.clamp(low, high);
            prop_assert!(found.sparsity >= reached);
            // More comes of a step alone, and just below it not enough.
            prop_assert!(found.sparsity == reached || curve.sparsity_at(found.value * (1.0 - STEP)) <= reached);
            // No lower threshold would do.
            prop_assert!(found.value == 0.0 || curve.sparsity_at(found.value * (1.0 - 1e-6)) < found.sparsity);
        }

        #[test]
        fn more_sparsity_never_takes_a_lower_threshold(curve in curves(), a in 0.0..=1.0, b in 0.0..=1.0) {
            let [low, high] = [f64::min(a, b), f64::max(a, b)].map(|wanted| curve.threshold_for(wanted).value);
            prop_assert!(low <= high);
            prop_assert!(curve.sparsity_at(low) <= curve.sparsity_at(high));
        }
    }

    #[test]
    fn within_a_step_all_of_it_is_pruned() {
        // 30% zeros, 45.9% of magnitude 1 and 24.1% of magnitude 2.
        let levels = [
            (0.0, 0.3),
            (1.0, 0.3),
            (1.0005, 0.759),
            (2.0, 0.759),
            (2.001, 1.0),
        ];
        let curve = curve(&levels).unwrap();
        for (wanted, value, sparsity) in [
            (0.0, 0.0, 0.3),
            (0.3, 0.0, 0.3),
            (0.3001, 1.0005, 0.759),
            (0.5, 1.0005, 0.759),
            (0.759, 1.0005, 0.759),
            (0.7591, 2.001, 1.0),
            (1.0, 2.001, 1.0),
        ] {
            assert_eq!(
                curve.threshold_for(wanted),
                Threshold { value, sparsity },
                "{wanted}"
            );
        }
    }

    #[test]
    fn what_is_no_curve_is_refused() {
        assert_eq!(curve(&[(0.0, 0.0)]), Err(CurveFault::TooShort));
        assert_eq!(curve(&[(0.1, 0.0), (1.0, 1.0)]), Err(CurveFault::NoOrigin));
        assert_eq!(curve(&[(f64::NAN, 0.0), (1.0, 1.0)]), Err(CurveFault::NoOrigin));
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(
                curve(&[(0.0, 0.0), (wrong, 1.0)]),
                Err(CurveFault::Threshold { point: 1 })
            );
        }
        for wrong in [0.1, -1.0, 1.1, f64::NAN] {
            assert_eq!(
                curve(&[(0.0, 0.2), (1.0, wrong)]),
                Err(CurveFault::Sparsity { point: 1 })
            );
        }
    }
}
