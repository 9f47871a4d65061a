//! The order of the fields of an address.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One field of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `ro`
    Row,
    /// `ch`
    Channel,
    /// `ra`
    Rank,
    /// `ba`, the bank within its group
    Bank,
    /// `bg`
    BankGroup,
    /// `co`, in units of bursts
    Column,
}

impl Field {
    const NAMES: [(&'static str, Self); 6] = [
        ("ro", Self::Row),
        ("ch", Self::Channel),
        ("ra", Self::Rank),
        ("ba", Self::Bank),
        ("bg", Self::BankGroup),
        ("co", Self::Column),
    ];

    fn name(self) -> &'static str {
        Self::NAMES[self as usize].0
    }
}

/// The order of the fields in an address, most significant first, written as `rochrababgco`: the two
/// letters of each of row, channel, rank, bank, bank group and column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct FieldOrder(pub(crate) [Field; 6]);

impl FromStr for FieldOrder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let complaint = || {
            format!(
                "`{text}` is not an address map: write each of ro, ch, ra, ba, bg and co once, most significant first, \
                 as in `rochrababgco`"
            )
        };
        if text.len() != 12 || !text.is_ascii() {
            return Err(complaint());
        }
        let mut order = [Field::Row; 6];
        for (place, field) in order.iter_mut().enumerate() {
            let name = &text[2 * place..2 * place + 2];
            *field = Field::NAMES
                .iter()
                .find(|known| known.0 == name)
                .ok_or_else(complaint)?
                .1;
        }
        if (1..order.len()).any(|place| order[..place].contains(&order[place])) {
            return Err(complaint());
        }
        Ok(Self(order))
    }
}

impl TryFrom<String> for FieldOrder {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<FieldOrder> for String {
    fn from(order: FieldOrder) -> Self {
        order.to_string()
    }
}

impl fmt::Display for FieldOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|field| f.write_str(field.name()))
    }
}
