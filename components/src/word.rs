//! The fixed-point word, and what a compressed tensor takes in a buffer.

use serde::{Deserialize, Serialize};

use crate::density::Density;
use crate::units::Bytes;

/// A fixed-point format: sign and integer bits, then fraction bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordFormat {
    /// Bits before the point, including the sign.
    pub integer_bits: u32,
    /// Bits after the point.
    pub fraction_bits: u32,
}

impl WordFormat {
    /// Bits of a word.
    #[must_use]
    pub fn bits(self) -> u64 {
        u64::from(self.integer_bits) + u64::from(self.fraction_bits)
    }

    /// The difference between two neighbouring words: 2^-fraction_bits.
    ///
    /// ```
    /// use components::word::WordFormat;
    /// let word = WordFormat { integer_bits: 4, fraction_bits: 16 };
    /// assert_eq!((word.step(), word.lowest(), word.highest()), (1.0 / 65536.0, -8.0, 8.0 - word.step()));
    /// ```
    #[must_use]
    #[inline]
    pub fn step(self) -> f64 {
        power_of_two(-i64::from(self.fraction_bits))
    }

    /// The most negative word: -2^(integer_bits - 1).
    #[must_use]
    #[inline]
    pub fn lowest(self) -> f64 {
        -power_of_two(i64::from(self.integer_bits) - 1)
    }

    /// The largest word: 2^(integer_bits - 1) less a step. In formats of more than 53 bits, the `f64` next to it.
    #[must_use]
    #[inline]
    pub fn highest(self) -> f64 {
        -self.lowest() - self.step()
    }

    /// The word nearest to `value`, of two equally near ones the even one; beyond the range, its end. NaN becomes 0.
    ///
    /// Words are exact as `f64` up to 53 bits; wider formats round to `f64` where that is coarser.
    ///
    /// ```
    /// use components::word::WordFormat;
    /// let word = WordFormat { integer_bits: 4, fraction_bits: 1 };
    /// assert_eq!([0.25, 0.75, -0.75, 99.0].map(|value| word.nearest(value)), [0.0, 1.0, -1.0, 7.5]);
    /// ```
    #[must_use]
    #[inline]
    pub fn nearest(self, value: f64) -> f64 {
        self.saturate((value / self.step()).round_ties_even() * self.step())
    }

    /// Stochastic rounding to the word below or above `value`: above if `uniform`, a draw from [0, 1), is less than
    /// the distance from the word below in steps. The mean over draws is `value` itself (Gupta et al., ICML 2015; the
    /// rounding that SPRING, arXiv:1909.00557, and AccelTran's training hardware use). Beyond the range, its end. NaN
    /// becomes 0.
    #[must_use]
    #[inline]
    pub fn stochastic(self, value: f64, uniform: f64) -> f64 {
        let steps = value / self.step();
        let below = steps.floor();
        let up = f64::from(uniform < steps - below);
        self.saturate((below + up) * self.step())
    }

    #[inline]
    fn saturate(self, word: f64) -> f64 {
        if word.is_nan() {
            return 0.0;
        }
        // Adding 0 makes -0, which rounding can give, a plain 0.
        word.clamp(self.lowest(), self.highest()) + 0.0
    }

    /// Whether `value` is a word of this format.
    #[must_use]
    pub fn holds(self, value: f64) -> bool {
        self.nearest(value) == value
    }

    /// The zero-free data of `elements` at `density`.
    #[must_use]
    pub fn data(self, elements: u64, density: Density) -> Bytes {
        Bytes::holding_bits(density.of(elements) * self.bits())
    }

    /// `elements` with their zeros in place.
    #[must_use]
    pub fn dense(self, elements: u64) -> Bytes {
        Bytes::holding_bits(elements * self.bits())
    }
}

/// The mask of `elements`: one bit each.
#[must_use]
pub fn mask(elements: u64) -> Bytes {
    Bytes::holding_bits(elements)
}

/// 2^`exponent`, exactly.
#[inline]
fn power_of_two(exponent: i64) -> f64 {
    2.0_f64.powi(exponent as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn format() -> impl Strategy<Value = WordFormat> {
        (1_u32..12, 0_u32..30).prop_map(|(integer_bits, fraction_bits)| WordFormat {
            integer_bits,
            fraction_bits,
        })
    }

    proptest! {
        #[test]
        fn the_nearest_word_is_within_half_a_step(word in format(), value in -3000.0..3000.0) {
            let rounded = word.nearest(value);
            prop_assert!(word.lowest() <= rounded && rounded <= word.highest());
            prop_assert!(word.holds(rounded));
            prop_assert_eq!((rounded / word.step()).fract(), 0.0);
            if word.lowest() <= value && value <= word.highest() {
                prop_assert!((rounded - value).abs() <= word.step() / 2.0);
            } else {
                prop_assert!(rounded == word.lowest() || rounded == word.highest());
            }
        }

        #[test]
        fn stochastic_rounding_gives_a_neighbour(word in format(), value in -3000.0..3000.0, uniform in 0.0..1.0) {
            let rounded = word.stochastic(value, uniform);
            prop_assert!(word.holds(rounded));
            if word.lowest() <= value && value <= word.highest() {
                prop_assert!((rounded - value).abs() < word.step());
            }
            let exact = word.nearest(value);
            prop_assert_eq!(word.stochastic(exact, uniform), exact);
        }

        #[test]
        fn stochastic_rounding_has_no_bias(value in -7.9..7.9) {
            let word = WordFormat { integer_bits: 4, fraction_bits: 4 };
            // Draws that cover [0, 1) evenly show the mean to one part of their number.
            let draws = 4096;
            let total: f64 = (0..draws).map(|draw| word.stochastic(value, f64::from(draw) / 4096.0)).sum();
            let bound = word.step() / 4096.0 + 1e-12;
            prop_assert!(value > word.highest() || (total / f64::from(draws) - value).abs() <= bound);
        }
    }

    #[test]
    fn random_draws_average_to_the_value() {
        let word = WordFormat {
            integer_bits: 4,
            fraction_bits: 16,
        };
        for (index, value) in [1e-6, -1e-6, 0.123_456_789, -3.333_333_3].into_iter().enumerate() {
            let draws = 100_000_u64;
            let draw = |coordinate| sim_core::random::draw_unit(index as u64, coordinate);
            let total: f64 = (0..draws)
                .map(|coordinate| word.stochastic(value, draw(coordinate)))
                .sum();
            // A draw deviates by half a step at most (standard deviation): five standard errors.
            let bound = 5.0 * 0.5 * word.step() / (draws as f64).sqrt();
            assert!((total / draws as f64 - value).abs() < bound, "{value}");
        }
    }

    #[test]
    fn what_is_no_number_or_too_large_is_handled() {
        let word = WordFormat {
            integer_bits: 4,
            fraction_bits: 16,
        };
        assert_eq!(word.nearest(f64::NAN), 0.0);
        assert_eq!(word.stochastic(f64::NAN, 0.5), 0.0);
        assert_eq!(word.nearest(f64::INFINITY), word.highest());
        assert_eq!(word.stochastic(f64::NEG_INFINITY, 0.5), word.lowest());
        assert!(word.nearest(-1e-9).is_sign_positive());
    }
}
