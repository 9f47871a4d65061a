//! The fixed-point word, and what a compressed tensor takes in a buffer.

use serde::{Deserialize, Serialize};

use crate::density::Density;
use crate::units::Bytes;

/// A fixed-point format: sign and integer bits, then fraction bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordFormat {
    /// Bits before the point, the sign among them.
    pub integer_bits: u32,
    /// Bits after the point.
    pub fraction_bits: u32,
}

impl WordFormat {
    /// Bits a word.
    #[must_use]
    pub fn bits(self) -> u64 {
        u64::from(self.integer_bits) + u64::from(self.fraction_bits)
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
