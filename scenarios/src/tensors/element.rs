//! Numbers in files.

/// The format of a stored number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// IEEE 754 half precision.
    Half,
    /// The upper half of single precision.
    Brain,
    /// IEEE 754 single precision.
    Single,
    /// IEEE 754 double precision.
    Double,
    /// Whole, in two's complement, of so many bytes.
    Signed(u8),
    /// Whole and not negative, of so many bytes.
    Unsigned(u8),
}

/// A format and the order of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) format: Format,
    pub(super) big_endian: bool,
}

impl Element {
    /// Bytes of a number.
    pub(super) fn bytes(self) -> usize {
        match self.format {
            Format::Half | Format::Brain => 2,
            Format::Single => 4,
            Format::Double => 8,
            Format::Signed(bytes) | Format::Unsigned(bytes) => bytes.into(),
        }
    }

    /// Whether its numbers are whole.
    pub(super) fn is_whole(self) -> bool {
        matches!(self.format, Format::Signed(_) | Format::Unsigned(_))
    }

    /// The number in `bytes`, of which there are [`Self::bytes`].
    pub(super) fn read(self, bytes: &[u8]) -> f64 {
        let mut bits = 0_u64;
        for index in 0..bytes.len() {
            let byte = if self.big_endian {
                bytes[index]
            } else {
                bytes[bytes.len() - 1 - index]
            };
            bits = bits << 8 | u64::from(byte);
        }
        match self.format {
            Format::Half => half(bits as u16),
            Format::Brain => f32::from_bits((bits as u32) << 16).into(),
            Format::Single => f32::from_bits(bits as u32).into(),
            Format::Double => f64::from_bits(bits),
            Format::Signed(bytes) => {
                let above = 64 - 8 * u32::from(bytes);
                (((bits << above) as i64) >> above) as f64
            }
            Format::Unsigned(_) => bits as f64,
        }
    }
}

/// The number of half precision that `bits` are: a sign, five bits of exponent, ten of the fraction.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => fraction * 2_f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    };
    if bits >> 15 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use ::half::{bf16, f16};

    use super::*;

    #[test]
    fn every_number_of_half_precision_is_right() {
        for bits in 0..=u16::MAX {
            let read = |format, big_endian| Element { format, big_endian }.read(&bits.to_le_bytes());
            let expected = f16::from_bits(bits).to_f64();
            assert!(
                read(Format::Half, false).to_bits() == expected.to_bits() || expected.is_nan(),
                "{bits:#x}"
            );
            assert_eq!(read(Format::Half, false).is_nan(), expected.is_nan(), "{bits:#x}");
            let expected = bf16::from_bits(bits).to_f64();
            assert_eq!(
                read(Format::Brain, false).to_bits(),
                expected.to_bits(),
                "{bits:#x}"
            );
        }
    }

    #[test]
    fn all_formats_read_in_both_orders() {
        let cases: [(Format, Vec<u8>, f64); 7] = [
            (Format::Half, f16::from_f32(-1.5).to_le_bytes().to_vec(), -1.5),
            (Format::Brain, bf16::from_f32(-1.5).to_le_bytes().to_vec(), -1.5),
            (Format::Single, (-1.5_f32).to_le_bytes().to_vec(), -1.5),
            (Format::Double, (-1.5_f64).to_le_bytes().to_vec(), -1.5),
            (Format::Signed(2), (-300_i16).to_le_bytes().to_vec(), -300.0),
            (Format::Signed(8), (-300_i64).to_le_bytes().to_vec(), -300.0),
            (Format::Unsigned(4), 3_000_000_000_u32.to_le_bytes().to_vec(), 3e9),
        ];
        for (format, mut bytes, value) in cases {
            let element = |big_endian| Element { format, big_endian };
            assert_eq!(element(false).read(&bytes), value);
            bytes.reverse();
            assert_eq!(element(true).read(&bytes), value);
            assert_eq!(bytes.len(), element(true).bytes());
        }
    }
}
