//! Where two traces part.

use std::path::Path;

use analysis::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::Entry;
use crate::read::TraceReader;

/// What comes of setting two traces side by side.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Difference {
    /// Whether they are equal.
    pub equal: bool,
    /// Records that are equal, from the beginning.
    pub equal_records: u64,
    /// What they say of themselves, where that differs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// The first record in which they part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parting: Option<Parting>,
}

/// The first record that differs: one or both.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parting {
    /// In the first trace; `None` if it has ended.
    #[serde(deserialize_with = "owned")]
    pub left: Option<Entry<'static>>,
    /// In the second one.
    #[serde(deserialize_with = "owned")]
    pub right: Option<Entry<'static>>,
    /// Names of the columns that differ.
    pub columns: Vec<String>,
}

fn owned<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Entry<'static>>, D::Error> {
    let entry = Option::<Entry<'de>>::deserialize(deserializer)?;
    Ok(entry.map(Entry::into_owned))
}

/// Reads both traces until they part.
///
/// # Errors
/// A trace cannot be read.
pub fn difference(left: &Path, right: &Path) -> Result<Difference, Error> {
    let (mut left, mut right) = (TraceReader::open(left)?, TraceReader::open(right)?);
    let headers = differing(
        &serde_json::to_value(left.header())?,
        &serde_json::to_value(right.header())?,
    );
    let mut equal_records = 0;
    loop {
        let (one, other) = (left.next_entry()?, right.next_entry()?);
        if one != other {
            let columns = match (&one, &other) {
                (Some(one), Some(other)) => {
                    differing(&serde_json::to_value(one)?, &serde_json::to_value(other)?)
                }
                _ => Vec::new(),
            };
            return Ok(Difference {
                equal: false,
                equal_records,
                headers,
                parting: Some(Parting {
                    left: one.map(Entry::into_owned),
                    right: other.map(Entry::into_owned),
                    columns,
                }),
            });
        }
        if one.is_none() {
            return Ok(Difference {
                equal: headers.is_empty(),
                equal_records,
                headers,
                parting: None,
            });
        }
        equal_records += 1;
    }
}

/// The names of the fields that differ.
fn differing(left: &serde_json::Value, right: &serde_json::Value) -> Vec<String> {
    let (Some(left), Some(right)) = (left.as_object(), right.as_object()) else {
        return Vec::new();
    };
    let added = right.keys().filter(|key| !left.contains_key(*key));
    let names = left.keys().chain(added);
    names
        .filter(|key| left.get(*key) != right.get(*key))
        .cloned()
        .collect()
}
