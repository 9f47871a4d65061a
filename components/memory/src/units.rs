//! Quantities with their units in the type. In RON they are plain numbers.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul};

use serde::{Deserialize, Serialize};

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub f64);
    };
}

quantity!(
    /// Energy in picojoules.
    PicoJoules
);
quantity!(
    /// Current in milliamperes.
    Milliamperes
);
quantity!(
    /// Electric potential in volts.
    Volts
);
quantity!(
    /// Time in nanoseconds.
    Nanoseconds
);
quantity!(
    /// Power in milliwatts.
    Milliwatts
);

impl Add for PicoJoules {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for PicoJoules {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Mul<u64> for PicoJoules {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        Self(self.0 * times as f64)
    }
}

impl Sum for PicoJoules {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self(0.0), Add::add)
    }
}
