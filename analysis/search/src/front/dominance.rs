//! Pareto dominance, ranks and crowding (Deb, Pratap, Agarwal, Meyarivan, A fast and elitist multiobjective genetic
//! algorithm: NSGA-II, IEEE Transactions on Evolutionary Computation 6(2), 2002).

use std::cmp::Ordering;

/// Whether `a` is at least as good as `b` in every objective and better in one.
///
/// ```
/// use search::front::dominance::dominates;
/// assert!(dominates(&[1.0, 2.0], &[1.0, 3.0]));
/// assert!(!dominates(&[1.0, 2.0], &[1.0, 2.0]));
/// ```
#[must_use]
pub fn dominates(a: &[f64], b: &[f64]) -> bool {
    dominance(a, b) == Ordering::Less
}

/// Less if `a` dominates `b`, greater if `b` dominates `a`, equal if neither does.
fn dominance(a: &[f64], b: &[f64]) -> Ordering {
    let (mut a_wins, mut b_wins) = (false, false);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (rated(*a), rated(*b));
        a_wins |= a < b;
        b_wins |= b < a;
    }
    b_wins.cmp(&a_wins)
}

/// The value of an objective as it counts: infinite if it is not a number.
fn rated(value: f64) -> f64 {
    if value.is_nan() { f64::INFINITY } else { value }
}

/// The positions of the points that no other point dominates, in order. Equal points are all kept.
#[must_use]
pub fn non_dominated<P: AsRef<[f64]>>(points: &[P]) -> Vec<usize> {
    let point = |index: usize| points[index].as_ref();
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| lexicographic(point(a), point(b)));
    // Who dominates comes earlier, and whoever is dominated is dominated by one of the front.
    let mut front: Vec<usize> = Vec::new();
    for index in order {
        let dominator = front
            .iter()
            .position(|&other| dominates(point(other), point(index)));
        match dominator {
            // One that dominates much is asked sooner.
            Some(place) => front.swap(place, place / 2),
            None => front.push(index),
        }
    }
    front.sort_unstable();
    front
}

fn lexicographic(a: &[f64], b: &[f64]) -> Ordering {
    let pairs = a.iter().zip(b);
    let order = pairs.map(|(a, b)| rated(*a).partial_cmp(&rated(*b)).unwrap_or(Ordering::Equal));
    order.fold(Ordering::Equal, Ordering::then)
}

/// The points by rank: the front that nobody dominates, then the front of the rest, and so on. Positions ascend in each.
///
/// The fast non-dominated sort of section III-A: of the order of objectives x points².
#[must_use]
pub fn fronts<P: AsRef<[f64]>>(points: &[P]) -> Vec<Vec<usize>> {
    let (dominated_by_it, mut dominators) = domination(points);
    let mut fronts = Vec::new();
    let mut front: Vec<usize> = (0..points.len())
        .filter(|&index| dominators[index] == 0)
        .collect();
    while !front.is_empty() {
        let mut next = Vec::new();
        for &index in &front {
            for &below in &dominated_by_it[index] {
                dominators[below] -= 1;
                if dominators[below] == 0 {
                    next.push(below);
                }
            }
        }
        next.sort_unstable();
        fronts.push(std::mem::replace(&mut front, next));
    }
    fronts
}

/// For each point, which points it dominates, and by how many it is dominated.
fn domination<P: AsRef<[f64]>>(points: &[P]) -> (Vec<Vec<usize>>, Vec<usize>) {
    let mut dominated_by_it = vec![Vec::new(); points.len()];
    let mut dominators = vec![0; points.len()];
    for a in 0..points.len() {
        for b in 0..a {
            let (winner, loser) = match dominance(points[a].as_ref(), points[b].as_ref()) {
                Ordering::Less => (a, b),
                Ordering::Greater => (b, a),
                Ordering::Equal => continue,
            };
            dominated_by_it[winner].push(loser);
            dominators[loser] += 1;
        }
    }
    (dominated_by_it, dominators)
}

/// The crowding distance of each of `members` (positions in `points`) within that set, in their order.
///
/// The sum over the objectives of the distance between a member's two neighbours, as a share of the objective's range; the
/// ends of each objective are infinitely far out (section III-B). An objective in which all members are equal, or in which
/// some are not finite, adds nothing but its ends.
#[must_use]
pub fn crowding<P: AsRef<[f64]>>(points: &[P], members: &[usize]) -> Vec<f64> {
    let objectives = members.first().map_or(0, |&member| points[member].as_ref().len());
    let mut distances = vec![0.0; members.len()];
    let mut order: Vec<usize> = (0..members.len()).collect();
    for objective in 0..objectives {
        let value = |place: usize| rated(points[members[place]].as_ref()[objective]);
        order.sort_by(|&a, &b| value(a).total_cmp(&value(b)).then(a.cmp(&b)));
        let (first, last) = (order[0], order[order.len() - 1]);
        if value(first) == value(last) {
            continue;
        }
        let range = value(last) - value(first);
        distances[first] = f64::INFINITY;
        distances[last] = f64::INFINITY;
        if range.is_finite() {
            for around in order.windows(3) {
                distances[around[1]] += (value(around[2]) - value(around[0])) / range;
            }
        }
    }
    distances
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nan_counts_as_infinite() {
        assert!(dominates(&[1.0, 1e300], &[1.0, f64::NAN]));
        assert!(!dominates(&[1.0, f64::INFINITY], &[1.0, -f64::NAN]));
        assert!(!dominates(&[f64::NAN, 0.0], &[f64::NAN, 0.0]));
        assert_eq!(non_dominated(&[[1.0, f64::NAN], [1.0, 1.0]]), [1]);
    }

    #[test]
    fn fronts_by_hand() {
        let points = [
            [1.0, 4.0],
            [2.0, 2.0],
            [4.0, 1.0],
            [2.0, 5.0],
            [3.0, 3.0],
            [5.0, 5.0],
            [2.0, 2.0],
        ];
        assert_eq!(fronts(&points), [vec![0, 1, 2, 6], vec![3, 4], vec![5]]);
        assert!(fronts::<[f64; 2]>(&[]).is_empty());
    }

    #[test]
    fn crowding_by_hand() {
        let points = [[0.0, 10.0], [1.0, 6.0], [9.0, 9.0], [4.0, 2.0], [8.0, 0.0]];
        let distances = crowding(&points, &[0, 1, 3, 4]);
        assert_eq!(
            distances,
            [
                f64::INFINITY,
                4.0 / 8.0 + 8.0 / 10.0,
                7.0 / 8.0 + 6.0 / 10.0,
                f64::INFINITY
            ]
        );
        assert_eq!(crowding(&points, &[2]), [0.0]);
        assert!(crowding(&points, &[]).is_empty());
    }

    proptest! {
        #[test]
        fn a_rank_is_dominated_by_the_rank_above_and_by_no_lower(
            points in prop::collection::vec([0_u8..6, 0_u8..6, 0_u8..6], 0..30)
        ) {
            let points: Vec<[f64; 3]> = points.iter().map(|point| point.map(f64::from)).collect();
            let fronts = fronts(&points);
            prop_assert_eq!(fronts.iter().map(Vec::len).sum::<usize>(), points.len());
            for (rank, front) in fronts.iter().enumerate() {
                for &member in front {
                    let dominated = |others: &[usize]| others.iter().any(|&other| dominates(&points[other], &points[member]));
                    prop_assert!(!fronts[rank..].iter().any(|lower| dominated(lower)));
                    prop_assert!(rank == 0 || dominated(&fronts[rank - 1]));
                }
            }
            prop_assert_eq!(fronts.first().cloned().unwrap_or_default(), non_dominated(&points));
        }
    }
}
