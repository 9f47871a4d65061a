//! Rounding to the word format.

use sim_core::random;

use crate::word::WordFormat;

/// How a sum becomes a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest word, ties to even.
    Nearest,
    /// To the word above or below, with the probability of the distance to the other: the mean error is zero.
    Stochastic {
        /// Seed of the draws.
        seed: u64,
    },
}

/// Rounds to a word format and counts the words that were out of its range.
#[derive(Clone, Copy, Debug)]
pub struct Rounder {
    format: WordFormat,
    /// The format with guard bits, for sums that are not complete.
    guarded: WordFormat,
    rounding: Rounding,
    draws: u64,
    saturated: u64,
}

/// Bits above the point by which partial sums exceed a word.
const GUARD_BITS: u32 = 20;

impl Rounder {
    /// A rounder to words of `format`.
    #[must_use]
    pub fn new(format: WordFormat, rounding: Rounding) -> Self {
        Self {
            format,
            guarded: WordFormat {
                integer_bits: format.integer_bits + GUARD_BITS,
                ..format
            },
            rounding,
            draws: 0,
            saturated: 0,
        }
    }

    /// Words that were out of range and were clamped to it.
    #[must_use]
    pub fn saturated(&self) -> u64 {
        self.saturated
    }

    /// The word for a lane's result `x`, within the range of the format.
    pub fn round(&mut self, x: f64) -> f64 {
        self.note_range(x);
        self.rounded(self.format, x)
    }

    /// The nearest word to `x`, for results that were not made by a lane.
    pub fn nearest(&mut self, x: f64) -> f64 {
        self.note_range(x);
        self.format.nearest(x)
    }

    fn note_range(&mut self, x: f64) {
        let step = self.format.step();
        let out_of_range = x < self.format.lowest() - step || x > self.format.highest() + step;
        self.saturated += u64::from(out_of_range);
    }

    /// The word for a sum that is not complete: with guard bits above the point, so that a sum that exceeds the range
    /// temporarily is not lost.
    pub fn round_partial(&mut self, x: f64) -> f64 {
        self.rounded(self.guarded, x)
    }

    fn rounded(&mut self, format: WordFormat, x: f64) -> f64 {
        match self.rounding {
            Rounding::Nearest => format.nearest(x),
            Rounding::Stochastic { seed } => {
                self.draws += 1;
                format.stochastic(x, random::draw_unit(seed, self.draws))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: WordFormat = WordFormat {
        integer_bits: 4,
        fraction_bits: 16,
    };

    #[test]
    fn nearest_words() {
        let mut rounder = Rounder::new(FORMAT, Rounding::Nearest);
        let step = FORMAT.step();
        assert_eq!(step, 1.0 / 65536.0);
        assert_eq!(rounder.round(0.4 * step), 0.0);
        assert_eq!(rounder.round(0.5 * step), 0.0);
        assert_eq!(rounder.round(1.5 * step), 2.0 * step);
        assert_eq!(rounder.round(-0.6 * step), -step);
        assert_eq!(rounder.saturated(), 0);
        assert_eq!([rounder.round(100.0), rounder.round(-100.0)], [8.0 - step, -8.0]);
        assert_eq!(rounder.saturated(), 2);
    }

    #[test]
    fn stochastic_rounding_is_right_on_average() {
        let mut rounder = Rounder::new(FORMAT, Rounding::Stochastic { seed: 7 });
        let step = FORMAT.step();
        for (x, share) in [(0.25, 0.25), (-0.25, -0.25), (3.0, 3.0)] {
            let mean = (0..40_000).map(|_| rounder.round(x * step)).sum::<f64>() / 40_000.0 / step;
            // Standard error: sqrt(0.25 * 0.75 / 40 000) = 0.002.
            assert!((mean - share).abs() < 0.01, "{x}: {mean}");
        }
    }
}
