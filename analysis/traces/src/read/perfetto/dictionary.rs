//! What a Perfetto file has said of tracks and names: events know them by number.

use crate::perfetto::decode::{Fields, Value, Wrong};
use crate::perfetto::field::{self, ROOT};
use crate::perfetto::names::Parts;

/// Names of elector are far shorter, and so are their levels together.
const LONGEST_NAME: usize = 4096;

/// A track, or a counter below it.
#[derive(Debug, Default)]
pub(super) struct TrackName {
    /// The names of all levels.
    pub(super) name: String,
    /// What is counted.
    pub(super) counter: Option<String>,
}

/// What the name of a slice or of an instant says.
#[derive(Debug)]
struct Name {
    detail: Option<String>,
    role: Option<String>,
    layer: Option<u32>,
    head: Option<u32>,
}

impl Name {
    fn of(text: &str) -> Self {
        let parts = Parts::of(text);
        Self {
            detail: parts.detail.map(str::to_owned),
            role: parts.role.map(str::to_owned),
            layer: parts.layer,
            head: parts.head,
        }
    }
}

/// The arguments of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Argument {
    Operation,
    /// Of the tile, along b, i, j and k.
    Tile(usize),
    Transfer,
    Bytes,
    Bank,
    Row,
    Column,
    Rounding,
    /// One that this version knows nothing of.
    Other,
}

impl Argument {
    fn of(name: &str) -> Self {
        match name {
            "operation" => Self::Operation,
            "b" => Self::Tile(0),
            "i" => Self::Tile(1),
            "j" => Self::Tile(2),
            "k" => Self::Tile(3),
            "transfer" => Self::Transfer,
            "bytes" => Self::Bytes,
            "bank" => Self::Bank,
            "row" => Self::Row,
            "column" => Self::Column,
            "rounding" => Self::Rounding,
            _ => Self::Other,
        }
    }
}

/// Tracks and names, each by its number less one.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    tracks: Vec<TrackName>,
    categories: Vec<String>,
    names: Vec<Name>,
    arguments: Vec<Argument>,
}

/// The place of what is known by a number.
fn place(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX).wrapping_sub(1)
}

impl Dictionary {
    pub(super) fn track(&self, number: u64) -> Result<&TrackName, Wrong> {
        self.tracks
            .get(place(number))
            .ok_or("an event is on no known track")
    }

    pub(super) fn category(&self, number: u64) -> Result<&str, Wrong> {
        let text = self.categories.get(place(number));
        text.map(String::as_str).ok_or("an event has no known category")
    }

    pub(super) fn name(&self, number: u64) -> Result<Parts<'_>, Wrong> {
        let name = self
            .names
            .get(place(number))
            .ok_or("an event has no known name")?;
        Ok(Parts {
            detail: name.detail.as_deref(),
            role: name.role.as_deref(),
            layer: name.layer,
            head: name.head,
        })
    }

    pub(super) fn argument(&self, number: u64) -> Result<Argument, Wrong> {
        let argument = self.arguments.get(place(number));
        argument.copied().ok_or("an event has an argument without a name")
    }

    /// Takes the description of a track. That of the root has a text that is handed on.
    pub(super) fn describe<'a>(&mut self, message: &'a [u8]) -> Result<Option<&'a str>, Wrong> {
        let (mut number, mut name, mut parent, mut counts, mut text) = (0, "", 0, false, None);
        let mut fields = Fields(message);
        while let Some((field, value)) = fields.next()? {
            match field {
                field::TRACK_UUID => number = value.number()?,
                field::TRACK_NAME => name = value.text()?,
                field::TRACK_PARENT => parent = value.number()?,
                field::TRACK_COUNTER => counts = true,
                field::TRACK_DESCRIPTION => text = Some(value.text()?),
                _ => {}
            }
        }
        if place(number) != self.tracks.len() {
            return Err("a track's number is out of turn");
        }
        let track = if number == ROOT {
            TrackName::default()
        } else {
            self.below(parent, name, counts)?
        };
        self.tracks.push(track);
        Ok(text)
    }

    /// The track called `name` below another one.
    fn below(&self, parent: u64, name: &str, counts: bool) -> Result<TrackName, Wrong> {
        let parent = self
            .tracks
            .get(place(parent))
            .ok_or("a track is below no known one")?;
        if parent.name.len() + name.len() > LONGEST_NAME {
            return Err("a track's name is longer than any of elector's");
        }
        if counts {
            // A counter is called by the last level of its track and what is counted.
            let own = parent.name.rsplit('.').next().unwrap_or_default();
            let counter = name.strip_prefix(own).and_then(|rest| rest.strip_prefix(' '));
            return Ok(TrackName {
                name: parent.name.clone(),
                counter: Some(counter.unwrap_or(name).to_owned()),
            });
        }
        let name = match parent.name.is_empty() {
            true => name.to_owned(),
            false => format!("{}.{name}", parent.name),
        };
        Ok(TrackName { name, counter: None })
    }

    /// Takes names and their numbers.
    pub(super) fn intern(&mut self, message: &[u8]) -> Result<(), Wrong> {
        let mut fields = Fields(message);
        while let Some((field, value)) = fields.next()? {
            let known = match field {
                field::INTERNED_CATEGORIES => self.categories.len(),
                field::INTERNED_NAMES => self.names.len(),
                field::INTERNED_ANNOTATIONS => self.arguments.len(),
                _ => continue,
            };
            let (number, text) = numbered(value)?;
            if place(number) != known {
                return Err("a name's number is out of turn");
            }
            match field {
                field::INTERNED_CATEGORIES => self.categories.push(text.to_owned()),
                field::INTERNED_NAMES => self.names.push(Name::of(text)),
                _ => self.arguments.push(Argument::of(text)),
            }
        }
        Ok(())
    }
}

/// A name and its number.
fn numbered(value: Value<'_>) -> Result<(u64, &str), Wrong> {
    let (mut number, mut text) = (0, "");
    let mut fields = Fields(value.bytes()?);
    while let Some((field, value)) = fields.next()? {
        match field {
            1 => number = value.number()?,
            2 => text = value.text()?,
            _ => {}
        }
    }
    Ok((number, text))
}
