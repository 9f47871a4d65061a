use sim_core::random;

use super::Draws;
use crate::rows::Rows;

/// Points that the generator gives before the sequence repeats.
const LONGEST: u32 = 1 << 16;

/// A scrambled Sobol sequence in [0, 1): any point and dimension, without its predecessors.
///
/// Scrambled by hash as Owen would (Burley, Practical Hash-based Owen Scrambling, JCGT 9(4), 2020), on direction numbers of
/// Joe and Kuo. The first 256 dimensions and 65,536 points are one sequence; what lies beyond comes from sequences
/// of other seeds, equally spread within themselves. Values have 24 bits.
///
/// ```
/// let sobol = search::draws::Sobol::new(1);
/// assert!((0.0..1.0).contains(&sobol.at(31, 170)));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Sobol {
    seed: u64,
}

impl Sobol {
    /// The sequence of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Coordinate `dimension` of point `point`, both counted from 0.
    #[must_use]
    pub fn at(&self, point: u32, dimension: usize) -> f64 {
        let dimensions = sobol_burley::NUM_DIMENSIONS as usize;
        let beyond = (dimension / dimensions) as u64 * u64::from(u32::MAX) + u64::from(point / LONGEST);
        // The upper half of a well mixed word, so that nearby seeds give unrelated sequences.
        let seed = (random::draw(self.seed, beyond) >> 32) as u32;
        f64::from(sobol_burley::sample(
            point % LONGEST,
            (dimension % dimensions) as u32,
            seed,
        ))
    }

    /// The first `dimensions` coordinates of point `point`.
    #[must_use]
    pub fn point(&self, point: u32, dimensions: usize) -> Vec<f64> {
        (0..dimensions)
            .map(|dimension| self.at(point, dimension))
            .collect()
    }
}

/// A Latin hypercube: `points` rows of `dimensions` numbers in [0, 1). Each column has exactly one number in
/// each of the `points` equal parts of the interval (McKay, Beckman, Conover, Technometrics 21, 1979).
#[must_use]
pub fn latin_hypercube(points: usize, dimensions: usize, draws: &mut Draws) -> Rows {
    let mut rows = Rows::zeros(points, dimensions);
    let mut parts: Vec<usize> = (0..points).collect();
    for dimension in 0..dimensions {
        draws.shuffle(&mut parts);
        for (point, &part) in parts.iter().enumerate() {
            rows.row_mut(point)[dimension] = within(part, points, draws.uniform());
        }
    }
    rows
}

/// The number at `share` of part `part` of `parts`, rounded so that it stays below the next part.
fn within(part: usize, parts: usize, share: f64) -> f64 {
    let end = (part + 1) as f64 / parts as f64;
    ((part as f64 + share) / parts as f64).min(end.next_down())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_in_each_part(mut column: Vec<f64>) -> bool {
        let parts = column.len() as f64;
        column.sort_by(f64::total_cmp);
        column
            .iter()
            .enumerate()
            .all(|(part, x)| (x * parts).floor() == part as f64)
    }

    #[test]
    fn every_dimension_of_sobol_is_stratified() {
        let sobol = Sobol::new(9);
        for dimension in [0, 1, 30, 169, 255, 256, 600] {
            assert!(
                one_in_each_part((0..64).map(|point| sobol.at(point, dimension)).collect()),
                "{dimension}"
            );
        }
    }

    #[test]
    fn pairs_of_dimensions_of_sobol_fill_the_square() {
        let sobol = Sobol::new(2);
        let mut cells = [0; 16];
        for point in 0..16 {
            let (x, y) = (sobol.at(point, 0), sobol.at(point, 1));
            cells[(x * 4.0) as usize * 4 + (y * 4.0) as usize] += 1;
        }
        assert_eq!(cells, [1; 16]);
    }

    #[test]
    fn seeds_and_points_beyond_the_sequence_differ() {
        assert_ne!(Sobol::new(1).point(0, 8), Sobol::new(2).point(0, 8));
        assert_ne!(Sobol::new(1).point(3, 8), Sobol::new(1).point(LONGEST + 3, 8));
        assert_ne!(Sobol::new(1).at(3, 0), Sobol::new(1).at(3, 256));
        assert!((0.0..1.0).contains(&Sobol::new(1).at(u32::MAX, usize::MAX >> 32)));
    }

    #[test]
    fn sobol_is_pinned() {
        assert_eq!(
            Sobol::new(1).point(5, 3),
            [0.10942375659942627, 0.7762284278869629, 0.8320327997207642]
        );
    }

    #[test]
    fn a_latin_hypercube_has_one_point_in_each_part() {
        let rows = latin_hypercube(50, 6, &mut Draws::new(3, 0, 0));
        for column in 0..6 {
            assert!(one_in_each_part(rows.column(column).collect()));
        }
        assert_ne!(rows.row(0)[0], rows.row(0)[1]);
        assert!(latin_hypercube(0, 3, &mut Draws::new(3, 0, 0)).is_empty());
        assert_eq!(latin_hypercube(2, 0, &mut Draws::new(3, 0, 0)).len(), 2);
    }
}
