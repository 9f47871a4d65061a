//! Ticks as whole nanoseconds, and back.
//!
//! Where a tick is shorter than a nanosecond, several become the same one. Which of them it was is a small number, that
//! of the ticks between it and the one nearest to the nanosecond; those of a span's two ends are packed into one.

const NANOSECONDS: u64 = 1_000_000_000;

/// The rounding of a trace's instants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rounding {
    ticks_per_second: u64,
    /// How many numbers there are for what an instant loses.
    numbers: u64,
}

impl Rounding {
    /// The rounding where a second has so many ticks.
    pub(crate) fn new(ticks_per_second: u64) -> Self {
        // Half a nanosecond either way, and the rounding back.
        let farthest = ticks_per_second / NANOSECONDS / 2 + 1;
        Self {
            ticks_per_second,
            numbers: 2 * farthest + 1,
        }
    }

    /// Whole nanoseconds: order is kept, so spans that do not overlap still do not.
    pub(super) fn nanoseconds(self, tick: u64) -> u64 {
        let second = self.ticks_per_second;
        match tick.checked_mul(NANOSECONDS) {
            Some(scaled) => scaled.saturating_add(second / 2) / second,
            None => {
                let scaled = u128::from(tick) * u128::from(NANOSECONDS);
                ((scaled + u128::from(second / 2)) / u128::from(second)) as u64
            }
        }
    }

    /// The tick that is nearest to a nanosecond.
    fn nearest(self, nanosecond: u64) -> u64 {
        let half = NANOSECONDS / 2;
        match nanosecond.checked_mul(self.ticks_per_second) {
            Some(scaled) => scaled.saturating_add(half) / NANOSECONDS,
            None => {
                let scaled = u128::from(nanosecond) * u128::from(self.ticks_per_second);
                ((scaled + u128::from(half)) / u128::from(NANOSECONDS)) as u64
            }
        }
    }

    /// What an instant or a span's two ends lose; none if that is nothing.
    pub(super) fn lost(self, start: u64, end: Option<u64>) -> Option<u64> {
        if self.ticks_per_second <= NANOSECONDS {
            return None;
        }
        let lost = |tick: u64| {
            let off = tick.wrapping_sub(self.nearest(self.nanoseconds(tick))) as i64;
            (off << 1 ^ off >> 63) as u64
        };
        let of_end = end.map_or(0, lost);
        let packed = of_end.wrapping_mul(self.numbers).wrapping_add(lost(start));
        (packed > 0).then_some(packed)
    }

    /// The ticks that were rounded to nanoseconds, from what they lost.
    pub(crate) fn ticks(self, start: u64, end: Option<u64>, lost: u64) -> (u64, u64) {
        let tick = |nanosecond: u64, lost: u64| {
            let off = (lost >> 1) as i64 ^ -((lost & 1) as i64);
            self.nearest(nanosecond).wrapping_add_signed(off)
        };
        let of_start = tick(start, lost % self.numbers);
        let of_end = end.map_or(of_start, |end| tick(end, lost / self.numbers));
        (of_start, of_end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rounding_is_undone(ticks_per_second in 1_u64..1 << 50, start in 0_u64..1 << 40, length in 0_u64..1 << 40) {
            let rounding = Rounding::new(ticks_per_second);
            for end in [None, Some(start), Some(start + length)] {
                let lost = rounding.lost(start, end).unwrap_or(0);
                let ends = (rounding.nanoseconds(start), end.map(|end| rounding.nanoseconds(end)));
                prop_assert_eq!(rounding.ticks(ends.0, ends.1, lost), (start, end.unwrap_or(start)));
            }
        }
    }

    #[test]
    fn nothing_is_lost_where_ticks_are_no_shorter_than_nanoseconds() {
        for second in [1, 700_000_000, 999_999_999, NANOSECONDS] {
            assert_eq!(Rounding::new(second).lost(12_345, Some(67_890)), None);
        }
        assert!(Rounding::new(5_600_000_000).lost(12_347, Some(67_892)) < Some(0x80));
    }
}
