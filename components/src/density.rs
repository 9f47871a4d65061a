//! Densities: the share of a tensor's elements that are not zero, and how they vary from tile to tile.

use rand_distr::{Beta, Distribution};
use serde::{Deserialize, Serialize};
use sim_core::random;

/// A share between 0 and 1, held as a multiple of 2^-15 so that products of it are exact on any machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Density(u16);

impl Density {
    /// No element is zero.
    pub const FULL: Self = Self(Self::ONE);
    const ONE: u16 = 1 << 15;

    /// The nearest density to `share`, which is clamped to [0, 1].
    #[must_use]
    pub fn from_share(share: f64) -> Self {
        Self((share.clamp(0.0, 1.0) * f64::from(Self::ONE)).round() as u16)
    }

    /// The density as a fraction.
    #[must_use]
    pub fn share(self) -> f64 {
        f64::from(self.0) / f64::from(Self::ONE)
    }

    /// Elements of `count` that are not zero, rounded up.
    #[must_use]
    #[inline]
    pub fn of(self, count: u64) -> u64 {
        (count * u64::from(self.0)).div_ceil(u64::from(Self::ONE))
    }

    /// Pairs of `count` in which neither element is zero, the zeros of both being independent; rounded up.
    #[must_use]
    #[inline]
    pub fn of_pairs(self, other: Self, count: u32) -> u32 {
        let both = u64::from(self.0) * u64::from(other.0);
        ((u64::from(count) * both + ((1 << 30) - 1)) >> 30) as u32
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
