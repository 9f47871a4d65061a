//! Where strategies get their random numbers.

/// A source of random numbers. The same source gives the same numbers everywhere.
pub trait Draws {
    /// A number from 0 to below 1, all equally likely.
    fn unit(&mut self) -> f64;

    /// A whole number below `n`, all equally likely; 0 if `n` is 0.
    fn below(&mut self, n: usize) -> usize;
}

impl<D: Draws + ?Sized> Draws for &mut D {
    fn unit(&mut self) -> f64 {
        (**self).unit()
    }

    fn below(&mut self, n: usize) -> usize {
        (**self).below(n)
    }
}

/// The place among `n` that a number from 0 to below 1 falls in, when they share the unit interval equally; 0 if `n` is 0.
///
/// Numbers outside the interval, and none at all, are taken for the nearest end.
#[must_use]
pub fn place(unit: f64, n: usize) -> usize {
    // A conversion to a whole number saturates, and takes what is not a number for 0.
    ((unit * n as f64) as usize).min(n.saturating_sub(1))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A small generator for tests: SplitMix64.
    pub(crate) struct Dice(pub(crate) u64);

    impl Draws for Dice {
        fn unit(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        }

        fn below(&mut self, n: usize) -> usize {
            place(self.unit(), n)
        }
    }

    #[test]
    fn the_unit_interval_is_shared_equally() {
        assert_eq!([0.0, 0.24, 0.25, 0.999].map(|unit| place(unit, 4)), [0, 0, 1, 3]);
        assert_eq!(
            [-1.0, 1.0, f64::NAN, f64::INFINITY].map(|unit| place(unit, 4)),
            [0, 3, 0, 3]
        );
        assert_eq!(place(0.5, 0), 0);
    }
}
