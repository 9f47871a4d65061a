//! The columns of JSON lines and Parquet.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::row::Row;

/// What kind of record an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Something took a time.
    Span,
    /// Something happened at once.
    Instant,
    /// A quantity has a new value.
    Counter,
    /// The beginning of a span that is recorded at its end. Not part of files.
    #[serde(skip)]
    Mark,
    /// Time has gone on. Not part of files.
    #[serde(skip)]
    Now,
}

impl Form {
    /// The name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Span => "span",
            Self::Instant => "instant",
            Self::Counter => "counter",
            Self::Mark => "mark",
            Self::Now => "now",
        }
    }
}

/// What a trace says of itself, before all entries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The version of this form.
    pub version: u32,
    /// The scenario's name.
    pub scenario: String,
    /// The seed of its random draws.
    pub seed: u64,
    /// Ticks in a second: all instants are whole numbers of them.
    pub ticks_per_second: u64,
    /// Ticks in a cycle of the accelerator.
    pub ticks_per_cycle: u64,
    /// Ticks in a cycle of main memory.
    pub ticks_per_memory_cycle: u64,
    /// The patterns that selected tracks; none for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// First tick of the window.
    pub from_tick: u64,
    /// End of the window, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_tick: Option<u64>,
    /// One of how many records was kept.
    pub sample: u32,
    /// How many tracks were recorded of each kind, as `pe[*].mac[*]`: 64.
    #[serde(default)]
    pub tracks: BTreeMap<String, u64>,
}

impl Header {
    /// Nanoseconds at a tick.
    #[must_use]
    pub fn nanoseconds(&self, tick: u64) -> f64 {
        tick as f64 * 1e9 / self.ticks_per_second as f64
    }
}

/// The kind of track that `name` belongs to: all its numbers in brackets are `*`.
#[must_use]
pub fn track_class(name: &str) -> String {
    let mut class = String::with_capacity(name.len());
    let mut in_brackets = false;
    for letter in name.chars() {
        match letter {
            '[' => class.push_str("[*"),
            ']' => class.push(']'),
            _ if in_brackets => {}
            _ => class.push(letter),
        }
        in_brackets = letter == '[' || (in_brackets && letter != ']');
    }
    class
}

/// One record of a trace. What does not apply to it is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry<'a> {
    /// Span, instant or counter.
    pub record: Form,
    /// Where it happened.
    #[serde(borrow)]
    pub track: Cow<'a, str>,
    /// What happened.
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
    /// The cause of a stall, or for whom a transfer is.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Cow<'a, str>>,
    /// When it began, exactly.
    pub start_tick: u64,
    /// When it ended, exactly; of instants and counters the same.
    pub end_tick: u64,
    /// When it began, in simulated nanoseconds.
    pub start_ns: f64,
    /// How long it took, in simulated nanoseconds.
    pub duration_ns: f64,
    /// The operation, in program order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<u32>,
    /// What the operation is for.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Cow<'a, str>>,
    /// Its layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<u32>,
    /// Its head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<u32>,
    /// The tile along (b, i, j, k).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tile: Option<[u16; 4]>,
    /// The transfer, in order of the orders; of a tile, the one that its operation had waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<u32>,
    /// Bytes of a transfer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The bank in its channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<u32>,
    /// The row of the bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// The column of the row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// A counter's new value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
}

impl<'a> Entry<'a> {
    /// The entry, with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> Entry<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Entry {
            record: self.record,
            track: own(self.track),
            kind: own(self.kind),
            detail: self.detail.map(own),
            role: self.role.map(own),
            start_tick: self.start_tick,
            end_tick: self.end_tick,
            start_ns: self.start_ns,
            duration_ns: self.duration_ns,
            operation: self.operation,
            layer: self.layer,
            head: self.head,
            tile: self.tile,
            transfer: self.transfer,
            bytes: self.bytes,
            bank: self.bank,
            row: self.row,
            column: self.column,
            value: self.value,
        }
    }

    /// The entry of `row` on the track called `track`.
    pub(super) fn new(row: &Row<'_>, track: &'a str, header: &Header) -> Self {
        let names = row.operation.and_then(|(_, names)| names);
        let [bank, memory_row, column] = row.place;
        Self {
            record: row.form,
            track: Cow::Borrowed(track),
            kind: Cow::Borrowed(row.kind),
            detail: row.detail.map(Cow::Borrowed),
            start_tick: row.start,
            end_tick: row.end,
            start_ns: header.nanoseconds(row.start),
            duration_ns: header.nanoseconds(row.end - row.start),
            operation: row.operation.map(|(operation, _)| operation),
            role: names.map(|names| Cow::Borrowed(names.role.name())),
            layer: names.map(|names| names.layer),
            head: names.and_then(|names| names.head),
            tile: row.tile,
            transfer: row.transfer.or(row.waited_for),
            bytes: row.bytes,
            bank,
            row: memory_row,
            column,
            value: row.value,
        }
    }
}
