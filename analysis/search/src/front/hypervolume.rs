//! The hypervolume: how much of the space between a front and a reference point the front dominates (Zitzler, Thiele,
//! Multiobjective evolutionary algorithms: a comparative case study, IEEE Transactions on Evolutionary Computation 3(4),
//! 1999).
//!
//! Exact for any number of objectives: sweeps for two and three, WFG above. A point counts only as far as it is better
//! than the reference in every objective; one that is not, or has an objective that is not finite, counts nothing.

mod choice;

use super::wfg::{Corners, Scratch, covers};

pub use choice::{Choice, choose};

/// The hypervolume of `points` against `reference`, in the product of the objectives' units.
///
/// The order of the points makes no difference, to the bit.
///
/// ```
/// use search::front::hypervolume::hypervolume;
/// assert_eq!(hypervolume(&[[1.0, 2.0], [2.0, 1.0]], &[3.0, 3.0]), 3.0);
/// ```
///
/// # Panics
/// If a point has not as many objectives as the reference.
#[must_use]
pub fn hypervolume<P: AsRef<[f64]>>(points: &[P], reference: &[f64]) -> f64 {
    let mut covered = Covered::new(reference);
    for point in points {
        covered.add(point.as_ref());
    }
    covered.volume()
}

/// What the points of a front dominate, up to a reference point.
#[derive(Clone, Debug)]
pub struct Covered {
    reference: Vec<f64>,
    corners: Corners,
    scratch: Scratch,
}

impl Covered {
    /// Nothing yet, up to `reference`.
    #[must_use]
    pub fn new(reference: &[f64]) -> Self {
        let corners = Corners::new(reference.len());
        Self {
            reference: reference.to_vec(),
            corners,
            scratch: Scratch::default(),
        }
    }

    /// Adds what `point` dominates.
    ///
    /// # Panics
    /// If the point has not as many objectives as the reference.
    pub fn add(&mut self, point: &[f64]) {
        if let Some(corner) = self.corner(point) {
            self.corners.add(&corner);
        }
    }

    /// The hypervolume that `point` would add: what it alone would dominate.
    ///
    /// Found from the intersections with the point's own box, not as a difference of two totals, so small gains are exact.
    ///
    /// # Panics
    /// If the point has not as many objectives as the reference.
    #[must_use]
    pub fn gain(&mut self, point: &[f64]) -> f64 {
        let Some(corner) = self.corner(point) else {
            return 0.0;
        };
        if self.corners.iter().any(|other| covers(other, &corner)) {
            return 0.0;
        }
        self.scratch.exclusive(&corner, &self.corners)
    }

    /// The hypervolume of all points added.
    #[must_use]
    pub fn volume(&mut self) -> f64 {
        self.scratch.volume(&mut self.corners)
    }

    /// By how much `point` is better than the reference in each objective; nothing if it is not in all of them.
    fn corner(&self, point: &[f64]) -> Option<Vec<f64>> {
        assert_eq!(
            point.len(),
            self.reference.len(),
            "a point has as many objectives as the reference"
        );
        let corner: Vec<f64> = self
            .reference
            .iter()
            .zip(point)
            .map(|(reference, x)| reference - x)
            .collect();
        corner
            .iter()
            .all(|&gain| gain > 0.0 && gain.is_finite())
            .then_some(corner)
    }
}

#[cfg(test)]
mod tests;
