//! Who lives on and who breeds, by rank and then crowding, as in NSGA-II (Deb et al. 2002, section III-C).

use std::cmp::Ordering;

use super::dominance::{crowding, fronts};
use crate::draws::Draws;

/// A member that lives on, and how it stands among those that do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Survivor {
    /// Its position in the population.
    pub index: usize,
    /// Its front, from 0, which nobody dominates.
    pub rank: usize,
    /// How far its neighbours in its front are, in shares of the ranges of the objectives: more is better.
    pub crowding: f64,
}

impl Survivor {
    /// The crowded comparison: the lower rank first, then the one with more room.
    fn compare(&self, other: &Self) -> Ordering {
        self.rank
            .cmp(&other.rank)
            .then(other.crowding.total_cmp(&self.crowding))
    }
}

/// The `keep` best members of a population by rank, the last rank that does not fit whole by crowding, then by position. Fewer
/// if there are not so many. Best first.
///
/// ```
/// let population = [[1.0, 4.0], [2.0, 2.0], [3.0, 3.0], [4.0, 1.0]];
/// let survivors = search::front::selection::survivors(&population, 3);
/// assert!(survivors.iter().all(|survivor| survivor.rank == 0));
/// ```
#[must_use]
pub fn survivors<P: AsRef<[f64]>>(population: &[P], keep: usize) -> Vec<Survivor> {
    let mut survivors = Vec::with_capacity(keep.min(population.len()));
    for (rank, front) in fronts(population).into_iter().enumerate() {
        let room = keep - survivors.len();
        if room == 0 {
            break;
        }
        let distances = crowding(population, &front);
        let mut members: Vec<Survivor> = (front.iter().zip(distances))
            .map(|(&index, crowding)| Survivor {
                index,
                rank,
                crowding,
            })
            .collect();
        // Stable, and the members of a front ascend: ties go by position.
        members.sort_by(Survivor::compare);
        survivors.extend(members.into_iter().take(room));
    }
    survivors
}

/// The better of two members drawn at random, the first one drawn if they stand equal; nothing of nobody.
#[must_use]
pub fn tournament(members: &[Survivor], draws: &mut Draws) -> Option<Survivor> {
    let first = draws.choose(members)?;
    let second = draws.choose(members)?;
    Some(if second.compare(first).is_lt() {
        *second
    } else {
        *first
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const POPULATION: [[f64; 2]; 6] = [
        [5.0, 5.0],
        [0.0, 10.0],
        [1.0, 6.0],
        [1.5, 5.0],
        [4.0, 2.0],
        [8.0, 0.0],
    ];

    fn kept(keep: usize) -> Vec<usize> {
        survivors(&POPULATION, keep)
            .iter()
            .map(|survivor| survivor.index)
            .collect()
    }

    #[test]
    fn the_last_front_is_thinned_where_it_is_crowded() {
        assert_eq!(kept(2), [1, 5]);
        assert_eq!(kept(3), [1, 5, 4]);
        assert_eq!(kept(4), [1, 5, 4, 3]);
        assert_eq!(kept(5), [1, 5, 4, 3, 2]);
        assert_eq!(kept(100), [1, 5, 4, 3, 2, 0]);
        assert!(kept(0).is_empty());
    }

    #[test]
    fn a_tournament_prefers_the_better_and_knows_an_empty_field() {
        let members = survivors(&POPULATION, 6);
        let mut draws = Draws::new(1, 0, 0);
        let mut wins = [0; 6];
        for _ in 0..3_600 {
            if let Some(winner) = tournament(&members, &mut draws) {
                wins[winner.index] += 1;
            }
        }
        // The one of the second rank wins against itself alone, the two ends against everybody else.
        assert!((60..140).contains(&wins[0]), "{wins:?}");
        assert!(
            (900..1_100).contains(&wins[1]) && (900..1_100).contains(&wins[5]),
            "{wins:?}"
        );
        assert_eq!(tournament(&[], &mut draws), None);
    }
}
