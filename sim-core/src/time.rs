//! Instants, spans and cycles: three integers that must not be mixed.

use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// An instant of simulated time, in ticks since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tick(pub u64);

/// A span of simulated time, in ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ticks(pub u64);

/// A number of cycles of one clock. The owner of the number knows which clock; a [`Clock`](crate::Clock) converts it into
/// [`Ticks`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cycles(pub u64);

impl Tick {
    /// The start of every run.
    pub const ZERO: Self = Self(0);
    /// The last instant for which an event can be scheduled.
    pub const LAST: Self = Self(u64::MAX - 1);
    /// Later than any event that can be scheduled.
    pub const NEVER: Self = Self(u64::MAX);

    /// The span since `earlier`; zero if `earlier` is in fact later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Ticks {
        Ticks(self.0.saturating_sub(earlier.0))
    }
}

impl Ticks {
    /// No time at all: a message sent with it arrives in the same tick, after everything that was sent before it.
    pub const ZERO: Self = Self(0);
}

/// Saturates at [`Tick::NEVER`]: what lies beyond the end of time never happens.
impl Add<Ticks> for Tick {
    type Output = Self;
    #[inline]
    fn add(self, span: Ticks) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Ticks> for Tick {
    #[inline]
    fn add_assign(&mut self, span: Ticks) {
        *self = *self + span;
    }
}

/// Panics if `earlier` is in fact later; [`Tick::since`] does not.
impl Sub for Tick {
    type Output = Ticks;
    #[inline]
    fn sub(self, earlier: Self) -> Ticks {
        Ticks(
            self.0
                .checked_sub(earlier.0)
                .expect("the span from a later instant is negative"),
        )
    }
}

impl fmt::Display for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tick {}", self.0)
    }
}

/// Sums and products saturate, differences panic below zero: the same in debug and release builds.
macro_rules! span_arithmetic {
    ($span:ident) => {
        impl Add for $span {
            type Output = Self;
            #[inline]
            fn add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }
        }
        impl AddAssign for $span {
            #[inline]
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }
        impl Sub for $span {
            type Output = Self;
            #[inline]
            fn sub(self, other: Self) -> Self {
                Self(
                    self.0
                        .checked_sub(other.0)
                        .expect("a span cannot be negative"),
                )
            }
        }
        impl SubAssign for $span {
            #[inline]
            fn sub_assign(&mut self, other: Self) {
                *self = *self - other;
            }
        }
        impl Mul<u64> for $span {
            type Output = Self;
            #[inline]
            fn mul(self, times: u64) -> Self {
                Self(self.0.saturating_mul(times))
            }
        }
        impl std::iter::Sum for $span {
            #[inline]
            fn sum<I: Iterator<Item = Self>>(spans: I) -> Self {
                spans.fold(Self(0), Add::add)
            }
        }
    };
}

span_arithmetic!(Ticks);
span_arithmetic!(Cycles);
