//! How the best grew with the number of evaluations.

use crate::campaign::FrontRow;
use crate::draws::Sobol;
use crate::front::hypervolume::Covered;
use crate::objective::Objective;

/// Numbers that a curve has at most.
const MOST_POINTS: usize = 300;

/// Designs of a front above which its hypervolume is estimated: exact ones take too long.
const MOST_EXACT: usize = 300;

/// Points that an estimate counts.
const PROBES: u32 = 1 << 14;

/// How the best grew.
#[derive(Clone, Debug, PartialEq)]
pub struct Convergence {
    /// Evaluations, counted from 1, and the best after them.
    pub points: Vec<(usize, f64)>,
    /// Whether it is the hypervolume of a front, against `worst` of each term, rather than the least objective.
    pub is_hypervolume: bool,
    /// Whether the numbers are exact; otherwise they are counted on points that fill the space evenly.
    pub is_exact: bool,
}

/// How the best grew over `candidates`, in the order in which they were proposed; `front` is how many designs the front has.
#[must_use]
pub fn convergence(candidates: &[FrontRow], objective: &Objective, front: usize) -> Convergence {
    let every = candidates.len().div_ceil(MOST_POINTS).max(1);
    let is_exact = front <= MOST_EXACT;
    let best: Vec<f64> = match objective {
        Objective::Front(terms) => {
            let points: Vec<Vec<f64>> = candidates.iter().map(|row| row.point(objective)).collect();
            match is_exact {
                true => exact(&points, terms.len()),
                false => probed(&points, terms.len()),
            }
        }
        Objective::Scalar(_) | Objective::Published => least(candidates),
    };
    let last = best.len();
    let points = (1..).zip(best);
    Convergence {
        points: points
            .filter(|&(count, value)| {
                (count == 1 || count % every == 0 || count == last) && value.is_finite()
            })
            .collect(),
        is_hypervolume: matches!(objective, Objective::Front(_)),
        is_exact,
    }
}

/// The least objective so far.
fn least(candidates: &[FrontRow]) -> Vec<f64> {
    let objectives = candidates
        .iter()
        .map(|row| row.objective().unwrap_or(f64::INFINITY));
    let least = |least: &mut f64, objective: f64| {
        *least = least.min(objective);
        Some(*least)
    };
    objectives.scan(f64::INFINITY, least).collect()
}

/// The hypervolume so far: what each point adds, summed up.
fn exact(points: &[Vec<f64>], terms: usize) -> Vec<f64> {
    let mut covered = Covered::new(&vec![1.0; terms]);
    let mut volume = 0.0;
    let gain = |point: &Vec<f64>| {
        volume += covered.gain(point);
        covered.add(point);
        volume
    };
    points.iter().map(gain).collect()
}

/// The hypervolume so far, counted on points that fill the box of the front.
fn probed(points: &[Vec<f64>], terms: usize) -> Vec<f64> {
    let counts = |point: &&Vec<f64>| point.iter().all(|&value| value.is_finite() && value < 1.0);
    let lows: Vec<f64> = (0..terms)
        .map(|term| {
            points
                .iter()
                .filter(counts)
                .map(|point| point[term])
                .fold(1.0, f64::min)
        })
        .collect();
    let whole: f64 = lows.iter().map(|low| 1.0 - low).product();
    let sobol = Sobol::new(0);
    let mut probes: Vec<Vec<f64>> = (0..PROBES)
        .map(|probe| {
            let place = sobol.point(probe, terms);
            lows.iter()
                .zip(place)
                .map(|(low, place)| low + place * (1.0 - low))
                .collect()
        })
        .collect();
    let mut front: Vec<&Vec<f64>> = Vec::new();
    let is_covered = |by: &[f64], point: &[f64]| by.iter().zip(point).all(|(by, point)| by <= point);
    let add = |point| {
        if counts(&point) && !front.iter().any(|other| is_covered(other, point)) {
            front.retain(|other| !is_covered(point, other));
            front.push(point);
            probes.retain(|probe| !is_covered(point, probe));
        }
        whole * (1.0 - probes.len() as f64 / f64::from(PROBES))
    };
    points.iter().map(add).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::hypervolume::hypervolume;

    #[test]
    fn what_points_add_is_the_hypervolume_exact_or_probed() {
        let sobol = Sobol::new(7);
        let points: Vec<Vec<f64>> = (0..200).map(|point| sobol.point(point, 3)).collect();
        let whole = hypervolume(&points, &[1.0; 3]);
        let last = |curve: Vec<f64>| curve.last().copied().unwrap();
        assert!((last(exact(&points, 3)) - whole).abs() < 1e-12);
        assert!((last(probed(&points, 3)) - whole).abs() < 5e-3);
        assert!(exact(&points, 3).is_sorted() && probed(&points, 3).is_sorted());
        assert_eq!(probed(&[vec![1.5, 0.0, 0.0]], 3), [0.0]);
    }
}
