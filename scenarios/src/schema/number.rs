//! A number as a file states it, before anything is known of its kind or range.

use std::fmt;

use serde::de::{Deserializer, Error, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

/// A number as written: `4`, `-4`, `4.0`, `NaN`.
///
/// Every numeric field of a file accepts any number; whether it is whole and in range is checked afterwards, so
/// that all impossible values of a file are reported at once and each at its own place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Written without a fraction.
    Whole(i128),
    /// Written with a fraction or an exponent, or not a number at all.
    Real(f64),
}

impl Number {
    /// The number as a real one.
    #[must_use]
    pub fn as_real(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Real(real) => real,
        }
    }

    /// The number as a whole one, if it was written without a fraction.
    #[must_use]
    pub fn as_whole(self) -> Option<i128> {
        match self {
            Self::Whole(whole) => Some(whole),
            Self::Real(_) => None,
        }
    }
}

impl From<u32> for Number {
    fn from(whole: u32) -> Self {
        Self::Whole(whole.into())
    }
}

impl From<u64> for Number {
    fn from(whole: u64) -> Self {
        Self::Whole(whole.into())
    }
}

impl From<f64> for Number {
    fn from(real: f64) -> Self {
        Self::Real(real)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(whole) => write!(f, "{whole}"),
            Self::Real(real) => write!(f, "{real:?}"),
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Whole(whole) => match u64::try_from(whole) {
                Ok(natural) => serializer.serialize_u64(natural),
                Err(_) => serializer.serialize_i64(i64::try_from(whole).unwrap_or(i64::MIN)),
            },
            Self::Real(real) => serializer.serialize_f64(real),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_i64<E: Error>(self, whole: i64) -> Result<Number, E> {
        Ok(Number::Whole(whole.into()))
    }

    fn visit_u64<E: Error>(self, whole: u64) -> Result<Number, E> {
        Ok(Number::Whole(whole.into()))
    }

    fn visit_f64<E: Error>(self, real: f64) -> Result<Number, E> {
        Ok(Number::Real(real))
    }
}
