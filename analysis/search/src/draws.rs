//! Random numbers by coordinate: one stream for each member of each batch of a seed, so that a search that is resumed
//! needs no saved generator; and the two space-filling designs.

mod filling;

use rand_core::Rng;
use sim_core::random::{self, Stream};

pub use filling::{Sobol, latin_hypercube};

/// The stream of one member of one batch.
///
/// Streams of different (seed, batch, member) are independent for all practical purposes. The numbers of a stream are the
/// same on all machines; they change only with the version of `rand_pcg`.
///
/// ```
/// use search::draws::Draws;
/// let mut draws = Draws::new(1, 0, 3);
/// assert!(draws.below(6) < 6);
/// assert_eq!(Draws::new(1, 0, 3).uniform(), Draws::new(1, 0, 3).uniform());
/// ```
#[derive(Clone, Debug)]
pub struct Draws {
    stream: Stream,
}

impl Draws {
    /// The stream of `member` of `batch` under `seed`, from its beginning.
    #[must_use]
    pub fn new(seed: u64, batch: u64, member: u64) -> Self {
        Self {
            stream: random::stream(random::draw(seed, batch), member),
        }
    }

    /// Uniform in [0, 1), in steps of 2^-53.
    #[must_use]
    pub fn uniform(&mut self) -> f64 {
        (self.stream.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Uniform in 0..`n`; 0 if `n` is 0. The bias is below `n` / 2^64.
    #[must_use]
    pub fn below(&mut self, n: usize) -> usize {
        let product = u128::from(self.stream.next_u64()) * n as u128;
        (product >> 64) as usize
    }

    /// True with probability `probability`.
    #[must_use]
    pub fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// One of `items`, all equally likely; nothing of nothing.
    #[must_use]
    pub fn choose<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// Brings `items` into a random order, all orders equally likely (Fisher and Yates, as Durstenfeld, Algorithm 235,
    /// 1964).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end + 1));
        }
    }

    /// Normal with mean 0 and standard deviation 1 (the polar method: Marsaglia and Bray, SIAM Review 6, 1964).
    #[must_use]
    pub fn normal(&mut self) -> f64 {
        loop {
            let x = 2.0 * self.uniform() - 1.0;
            let y = 2.0 * self.uniform() - 1.0;
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                // Not `f64::ln`, whose last bit depends on the platform.
                return x * (-2.0 * libm::log(square) / square).sqrt();
            }
        }
    }
}

impl crate::space::Draws for Draws {
    fn unit(&mut self) -> f64 {
        self.uniform()
    }

    fn below(&mut self, n: usize) -> usize {
        Self::below(self, n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_repeats_and_differs_from_its_neighbours() {
        let first = |seed, batch, member| Draws::new(seed, batch, member).uniform().to_bits();
        assert_eq!(first(1, 2, 3), first(1, 2, 3));
        let mut seen: Vec<u64> = Vec::new();
        for seed in 0..4 {
            for batch in 0..16 {
                seen.extend((0..16).map(|member| first(seed, batch, member)));
            }
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 4 * 16 * 16);
    }

    #[test]
    fn numbers_are_pinned() {
        let mut draws = Draws::new(1, 2, 3);
        let uniform = draws.uniform();
        let below: Vec<usize> = (0..6).map(|_| draws.below(10)).collect();
        let normal = draws.normal();
        assert_eq!(
            (uniform, below, normal),
            (0.1573176570846262, vec![6, 6, 8, 2, 8, 4], 0.8443363657558322)
        );
    }

    #[test]
    fn below_reaches_all_numbers_equally() {
        let mut draws = Draws::new(5, 0, 0);
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            counts[draws.below(7)] += 1;
        }
        assert!(
            counts.iter().all(|&count| (9_600..10_400).contains(&count)),
            "{counts:?}"
        );
        assert_eq!(draws.below(0), 0);
        assert_eq!(draws.choose::<u8>(&[]), None);
    }

    #[test]
    fn shuffle_reaches_all_orders_equally() {
        let mut draws = Draws::new(6, 0, 0);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..24_000 {
            let mut items = [0, 1, 2, 3];
            draws.shuffle(&mut items);
            *counts.entry(items).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 24);
        assert!(
            counts.values().all(|count| (850..1_150).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn normal_has_the_moments_of_the_normal_distribution() {
        let mut draws = Draws::new(7, 0, 0);
        let numbers: Vec<f64> = (0..100_000).map(|_| draws.normal()).collect();
        let moment = |power| numbers.iter().map(|x| x.powi(power)).sum::<f64>() / numbers.len() as f64;
        assert!(moment(1).abs() < 0.015 && (moment(2) - 1.0).abs() < 0.02 && (moment(4) - 3.0).abs() < 0.15);
    }
}
