//! Rounding to the word format.

use sim_core::random;

use crate::word::WordFormat;

/// How a sum becomes a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest word, ties to the even one.
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
    rounding: Rounding,
    steps_to_one: f64,
    step: f64,
    least: f64,
    greatest: f64,
    draws: u64,
    saturated: u64,
}

impl Rounder {
    /// A rounder to words of `format`: two's complement, so from -2^(i-1) to 2^(i-1) less one step.
    #[must_use]
    pub fn new(format: WordFormat, rounding: Rounding) -> Self {
        let steps_to_one = 2f64.powi(format.fraction_bits as i32);
        let half = 2f64.powi(format.integer_bits as i32 - 1);
        let step = 1.0 / steps_to_one;
        Self {
            rounding,
            steps_to_one,
            step,
            least: -half,
            greatest: half - step,
            draws: 0,
            saturated: 0,
        }
    }

    /// The distance of two neighbouring words.
    #[must_use]
    pub fn step(&self) -> f64 {
        self.step
    }

    /// Words that were out of range and became the nearest end of it.
    #[must_use]
    pub fn saturated(&self) -> u64 {
        self.saturated
    }

    /// The word for `x`, within the range of the format.
    pub fn round(&mut self, x: f64) -> f64 {
        let word = self.round_partial(x);
        if word < self.least || word > self.greatest {
            self.saturated += 1;
        }
        word.clamp(self.least, self.greatest)
    }

    /// The word for a sum that is not complete: with guard bits above the point, so that what exceeds the range for a
    /// while is not lost.
    pub fn round_partial(&mut self, x: f64) -> f64 {
        let steps = x * self.steps_to_one;
        let whole = match self.rounding {
            Rounding::Nearest => steps.round_ties_even(),
            Rounding::Stochastic { seed } => {
                self.draws += 1;
                let below = steps.floor();
                below + f64::from(random::draw_unit(seed, self.draws) < steps - below)
            }
        };
        whole * self.step
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
        let step = rounder.step();
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
        let step = rounder.step();
        for (x, share) in [(0.25, 0.25), (-0.25, -0.25), (3.0, 3.0)] {
            let mean = (0..40_000).map(|_| rounder.round(x * step)).sum::<f64>() / 40_000.0 / step;
            // Standard error: sqrt(0.25 * 0.75 / 40 000) = 0.002.
            assert!((mean - share).abs() < 0.01, "{x}: {mean}");
        }
    }
}
