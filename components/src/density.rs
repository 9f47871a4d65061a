//! Densities: the share of a tensor's elements that are not zero, and how they vary from tile to tile.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use rand_distr::{Beta, Distribution};
use serde::{Deserialize, Serialize};
use sim_core::random;

/// A share between 0 and 1, held as a multiple of 2^-31 so that products of it are exact on any machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Density(u32);

impl Density {
    /// No element is zero.
    pub const FULL: Self = Self(Self::ONE);
    const ONE: u32 = 1 << Self::BITS;
    const BITS: u32 = 31;

    /// The nearest density to `share`, which is clamped to [0, 1].
    #[must_use]
    pub fn from_share(share: f64) -> Self {
        Self((share.clamp(0.0, 1.0) * f64::from(Self::ONE)).round() as u32)
    }

    /// The density as a fraction.
    #[must_use]
    pub fn share(self) -> f64 {
        f64::from(self.0) / f64::from(Self::ONE)
    }

    /// Elements of `count` that are not zero, rounded up. The share is known to half a unit, by which it may be too high: a tenth
    /// of 320 is 32, not 33.
    #[must_use]
    #[inline]
    pub fn of(self, count: u64) -> u64 {
        let count = u128::from(count);
        rounded_up(count * u128::from(self.0), count / 2, Self::BITS) as u64
    }

    /// Pairs of `count` in which neither element is zero, the zeros of both being independent; rounded up as in [`Self::of`].
    /// It is what multipliers have to take in a tile; sums over tiles are [`Self::pairs`].
    #[must_use]
    #[inline]
    pub fn of_pairs(self, other: Self, count: u32) -> u32 {
        let (count, both) = (u128::from(count), u128::from(self.both(other)));
        let excess = count * (u128::from(self.0) + u128::from(other.0)) / 2;
        rounded_up(count * both, excess, PairSum::BITS) as u32
    }

    /// The same number, not rounded.
    #[must_use]
    #[inline]
    pub fn pairs(self, other: Self, count: u128) -> PairSum {
        PairSum(count * u128::from(self.both(other)))
    }

    /// The share of pairs, in units of 2^-62.
    #[inline]
    fn both(self, other: Self) -> u64 {
        u64::from(self.0) * u64::from(other.0)
    }
}

/// `product`, in units of 2^-`bits` and too high by `excess` at most, rounded up: to the whole number that it exceeds by less than
/// half and no more than `excess`.
#[inline]
fn rounded_up(product: u128, excess: u128, bits: u32) -> u128 {
    let one = 1_u128 << bits;
    (product.saturating_sub(excess.min(one / 2)) + (one - 1)) >> bits
}

/// A number of pairs of which neither word is zero, held as a multiple of 2^-62: a share of the pairs of a tile is seldom a whole
/// number, and sums of many tiles must not add up what each was rounded by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PairSum(u128);

impl PairSum {
    const ONE: u64 = 1 << Self::BITS;
    const BITS: u32 = 2 * Density::BITS;

    /// So many pairs, as they were counted.
    #[must_use]
    #[inline]
    pub fn counted(pairs: u32) -> Self {
        Self(u128::from(pairs) << Self::BITS)
    }

    /// The nearest whole number.
    #[must_use]
    pub fn nearest(self) -> u64 {
        u64::try_from((self.0 + u128::from(Self::ONE / 2)) >> Self::BITS).unwrap_or(u64::MAX)
    }
}

impl Add for PairSum {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for PairSum {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for PairSum {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), Add::add)
    }
}

/// Where a tile's density comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum DensitySource {
    /// Every tile of a tensor has the tensor's own density, as the papers assume.
    #[default]
    Uniform,
    /// Each tile draws its density from a beta distribution about the tensor's density. The draw depends on the
    /// seed, the tensor and the tile's place alone, so a tile has one density however often it is used.
    Sampled {
        /// Seed of the run.
        seed: u64,
        /// The sum of the beta distribution's two parameters: the larger, the closer tiles lie to the mean
        /// (variance = mean·(1 - mean) / (concentration + 1)).
        concentration: f64,
    },
}

impl DensitySource {
    /// The density of the tile at `place` of `tensor`, whose mean density is `mean`.
    #[must_use]
    #[inline]
    pub fn tile(&self, mean: Density, tensor: u32, place: u64) -> Density {
        match *self {
            Self::Uniform => mean,
            Self::Sampled { seed, concentration } => sample(seed, concentration, mean, tensor, place),
        }
    }
}

fn sample(seed: u64, concentration: f64, mean: Density, tensor: u32, place: u64) -> Density {
    let share = mean.share();
    // A tensor that is all zero, or has no zero, has no tile that differs.
    let Ok(beta) = Beta::new(share * concentration, (1.0 - share) * concentration) else {
        return mean;
    };
    let mut dice = random::stream(random::draw(seed, u64::from(tensor)), place);
    Density::from_share(beta.sample(&mut dice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_the_pairs_survive_two_halves() {
        let half = Density::from_share(0.5);
        assert_eq!(half.of_pairs(half, 4096), 1024);
        assert_eq!(half.of_pairs(Density::FULL, 4096), 2048);
        assert_eq!(half.of_pairs(Density::from_share(0.0), 4096), 0);
        assert_eq!(Density::FULL.of(77), 77);
    }

    #[test]
    fn rounding_up_adds_nothing_to_whole_numbers() {
        let share = Density::from_share;
        for count in 1..100_u32 {
            assert_eq!(share(0.1).of(u64::from(count) * 10), u64::from(count));
            assert_eq!(share(0.1).of(u64::from(count) * 10 + 1), u64::from(count) + 1);
            assert_eq!(share(0.1).of_pairs(share(0.3), count * 100), count * 3);
            assert_eq!(share(0.1).of_pairs(share(0.3), count * 100 + 1), count * 3 + 1);
            assert_eq!(Density::FULL.of_pairs(Density::FULL, count), count);
        }
        assert_eq!(share(1.0 / 3.0).of(300_000_000), 100_000_000);
        assert_eq!(Density::FULL.of_pairs(Density::FULL, u32::MAX), u32::MAX);
    }

    #[test]
    fn sums_of_pairs_are_not_rounded_up_tile_by_tile() {
        // A thousand tiles of 64 pairs at a tenth of a tenth: 640, not the 1,000 that the tiles give rounded up.
        let tenth = Density::from_share(0.1);
        let tiles: PairSum = (0..1_000).map(|_| tenth.pairs(tenth, 64)).sum();
        assert_eq!((tenth.of_pairs(tenth, 64), tiles.nearest()), (1, 640));
        assert_eq!(tiles, tenth.pairs(tenth, 64_000));
        // What was counted is whole.
        let counted: PairSum = [3, 4, u32::MAX].map(PairSum::counted).into_iter().sum();
        assert_eq!(counted.nearest(), 7 + u64::from(u32::MAX));
        // The products of BERT-Large in training at a batch of 1,024.
        assert_eq!(Density::FULL.pairs(Density::FULL, 1 << 60).nearest(), 1 << 60);
        assert_eq!(tenth.pairs(tenth, 1_000_000_000_000).nearest(), 10_000_000_019);
    }

    #[test]
    fn sampled_densities_repeat_and_average_to_the_mean() {
        let source = DensitySource::Sampled {
            seed: 3,
            concentration: 20.0,
        };
        let mean = Density::from_share(0.3);
        assert_eq!(source.tile(mean, 5, 9), source.tile(mean, 5, 9));
        let total: f64 = (0..20_000).map(|place| source.tile(mean, 5, place).share()).sum();
        // Standard error of the mean: sqrt(0.3 * 0.7 / 21 / 20000) = 0.0007.
        assert!((total / 20_000.0 - 0.3).abs() < 0.004, "{}", total / 20_000.0);
    }

    #[test]
    fn the_extremes_have_no_variance() {
        let source = DensitySource::Sampled {
            seed: 3,
            concentration: 20.0,
        };
        assert_eq!(source.tile(Density::FULL, 1, 2), Density::FULL);
        assert_eq!(
            source.tile(Density::from_share(0.0), 1, 2),
            Density::from_share(0.0)
        );
    }
}
