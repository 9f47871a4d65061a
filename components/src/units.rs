//! Quantities with their units in the type.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

/// One block of every access to main memory: 64 bytes. Buffers have blocks of their own ([`Bytes::accesses`]).
pub const BLOCK: Bytes = Bytes(64);

impl Bytes {
    /// The bytes that hold `bits`.
    #[must_use]
    pub fn holding_bits(bits: u64) -> Self {
        Self(bits.div_ceil(8))
    }

    /// Accesses of `block` bytes each, to a buffer, that this much takes.
    #[must_use]
    #[inline]
    pub fn accesses(self, block: Self) -> u64 {
        self.0.div_ceil(block.0)
    }

    /// Whole blocks of 64 bytes that hold this much.
    #[must_use]
    #[inline]
    pub fn blocks(self) -> u64 {
        self.0.div_ceil(BLOCK.0)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes >= 1 << 30 => write!(f, "{:.2} GiB", bytes as f64 / (1u64 << 30) as f64),
            bytes if bytes >= 1 << 20 => write!(f, "{:.2} MiB", bytes as f64 / (1u64 << 20) as f64),
            bytes if bytes >= 1 << 10 => write!(f, "{:.2} KiB", bytes as f64 / (1u64 << 10) as f64),
            bytes => write!(f, "{bytes} B"),
        }
    }
}

// Sums and products saturate, differences panic below zero: the same in debug and release builds, as with spans of time.

impl Add for Bytes {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Bytes {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Bytes {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(
            self.0
                .checked_sub(other.0)
                .expect("a number of bytes cannot be negative"),
        )
    }
}

impl SubAssign for Bytes {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Mul<u64> for Bytes {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

impl Sum for Bytes {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self(0), Add::add)
    }
}

/// An energy in nanojoules.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NanoJoules(pub f64);

/// A power in milliwatts.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Milliwatts(pub f64);

/// An area in square millimetres.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SquareMillimetres(pub f64);

impl Milliwatts {
    /// The energy of this power over `seconds`.
    #[must_use]
    pub fn over_seconds(self, seconds: f64) -> NanoJoules {
        // mW x s = mJ = 1e6 nJ.
        NanoJoules(self.0 * seconds * 1e6)
    }
}

macro_rules! real_quantity {
    ($quantity:ident) => {
        impl Add for $quantity {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl AddAssign for $quantity {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }
        impl Mul<f64> for $quantity {
            type Output = Self;
            fn mul(self, times: f64) -> Self {
                Self(self.0 * times)
            }
        }
        impl Sum for $quantity {
            fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
                parts.fold(Self(0.0), Add::add)
            }
        }
    };
}

real_quantity!(NanoJoules);
real_quantity!(Milliwatts);
real_quantity!(SquareMillimetres);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_access_may_be_for_less_than_a_block() {
        let accesses = |bytes| [16, 32, 64, 128, 256].map(|block| Bytes(bytes).accesses(Bytes(block)));
        assert_eq!(accesses(320), [20, 10, 5, 3, 2]);
        assert_eq!(accesses(321), [21, 11, 6, 3, 2]);
        assert_eq!(accesses(0), [0; 5]);
    }

    #[test]
    fn sums_and_products_of_bytes_saturate() {
        assert_eq!(Bytes(u64::MAX) + Bytes(1), Bytes(u64::MAX));
        assert_eq!(Bytes(1 << 40) * (1 << 40), Bytes(u64::MAX));
        assert_eq!(Bytes(3) - Bytes(3), Bytes(0));
    }

    #[test]
    #[should_panic(expected = "cannot be negative")]
    fn fewer_bytes_than_none_are_a_fault() {
        let _ = Bytes(1) - Bytes(2);
    }
}
