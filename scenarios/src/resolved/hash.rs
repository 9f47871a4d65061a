//! A hash of contents that is the same on every machine.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// A hash of what a scenario is, of 128 bits. Not cryptographic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContentHash(u128);

impl ContentHash {
    /// The hash of a value; the order in which an object has its fields does not matter.
    pub(super) fn of(value: &Value) -> Self {
        let mut hash = Fnv::default();
        hash.value(value);
        Self(hash.0)
    }

    /// The hash of the bytes of a file.
    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        let mut hash = Fnv::default();
        hash.bytes(bytes);
        Self(hash.0)
    }

    /// The hash as a number.
    #[must_use]
    pub fn value(self) -> u128 {
        self.0
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Serialize for ContentHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// FNV-1a of 128 bits (Fowler, Noll, Vo; RFC 9923).
struct Fnv(u128);

impl Default for Fnv {
    fn default() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }
}

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(PRIME);
        }
    }

    /// A tag says what follows, and a length how much, so that no two values give the same bytes.
    fn tagged(&mut self, tag: u8, number: u64) {
        self.bytes(&[tag]);
        self.bytes(&number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.tagged(b's', text.len() as u64);
        self.bytes(text.as_bytes());
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.bytes(b"0"),
            Value::Bool(value) => self.tagged(b'b', u64::from(*value)),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(natural), ..) => self.tagged(b'n', natural),
                (_, Some(whole), _) => self.tagged(b'i', whole.cast_unsigned()),
                // Both zeros are one.
                (.., real) => self.tagged(b'r', (real.unwrap_or_default() + 0.0).to_bits()),
            },
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                self.tagged(b'a', items.len() as u64);
                items.iter().for_each(|item| self.value(item));
            }
            Value::Object(fields) => {
                let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
                fields.sort_unstable_by_key(|(name, _)| *name);
                self.tagged(b'o', fields.len() as u64);
                for (name, value) in fields {
                    self.text(name);
                    self.value(value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_hashed_as_published() {
        // RFC 9923, test vectors of FNV-1a 128.
        assert_eq!(
            ContentHash::of_bytes(b"a").to_string(),
            "d228cb696f1a8caf78912b704e4a8964"
        );
        assert_eq!(
            ContentHash::of_bytes(b"foobar").to_string(),
            "343e1662793c64bf6f0d3597ba446f18"
        );
    }

    #[test]
    fn values_differ_in_what_they_are() {
        let of = |text: &str| ContentHash::of(&serde_json::from_str(text).unwrap());
        assert_eq!(of(r#"{"a": 1, "b": 2}"#), of(r#"{"b": 2, "a": 1}"#));
        assert_eq!(of("0.0"), of("-0.0"));
        for (one, other) in [
            (r#"["a", "b"]"#, r#"["ab"]"#),
            ("[[], []]", "[[[]]]"),
            ("null", "false"),
            ("0", "false"),
            (r#"{"a": 1}"#, r#"["a", 1]"#),
        ] {
            assert_ne!(of(one), of(other), "{one} {other}");
        }
    }
}
