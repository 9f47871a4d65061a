//! Perfetto's protobuf, a packet at a time, as elector writes it: the header first, names before what they name, and
//! the end of a span right behind its beginning.

mod dictionary;
mod packets;

use std::borrow::Cow;
use std::fs::File;
use std::path::{Path, PathBuf};

use analysis::Error;

use self::dictionary::{Argument, Dictionary};
use self::packets::{Packet, Packets, Problem};
use super::unreadable;
use crate::perfetto::decode::{Fields, Wrong};
use crate::perfetto::field::{self, COUNTER, INSTANT, SLICE_BEGIN, SLICE_END};
use crate::perfetto::rounding::Rounding;
use crate::{Entry, Form, Header};

/// A file of packets.
pub(super) struct Slices {
    path: PathBuf,
    packets: Packets,
    dictionary: Dictionary,
    rounding: Rounding,
}

/// An event, its track and names by number.
#[derive(Clone, Copy, Debug, Default)]
struct Event {
    kind: u64,
    nanosecond: u64,
    track: u64,
    category: u64,
    name: u64,
    value: Option<u64>,
    rounding: u64,
    operation: Option<u32>,
    tile: [Option<u16>; 4],
    transfer: Option<u32>,
    bytes: Option<u64>,
    /// Bank, row and column.
    place: [Option<u32>; 3],
}

impl Slices {
    /// Opens a file, and reads the header.
    pub(super) fn open(path: &Path) -> Result<(Header, Self), Error> {
        let file = File::open(path).map_err(|error| unreadable(path, error))?;
        let (mut packets, mut dictionary) = (Packets::new(file), Dictionary::default());
        let first = packets.next().map_err(|problem| problem.of(path))?;
        let first = first.ok_or_else(|| unreadable(path, "it is empty"))?;
        let header = header_of(first, &mut dictionary).map_err(|problem| problem.of(path))?;
        let slices = Self {
            path: path.to_owned(),
            packets,
            dictionary,
            rounding: Rounding::new(header.ticks_per_second),
        };
        Ok((header, slices))
    }

    /// The record of the next event.
    pub(super) fn next_entry(&mut self, header: &Header) -> Result<Option<Entry<'_>>, Error> {
        let event = next_event(&mut self.packets, &mut self.dictionary);
        let event = event.map_err(|problem| problem.of(&self.path))?;
        let Some((event, at)) = event else { return Ok(None) };
        let mut end = None;
        if event.kind == SLICE_BEGIN {
            let closing = next_event(&mut self.packets, &mut self.dictionary);
            let closing = closing.map_err(|problem| problem.of(&self.path))?;
            let closing = closing.filter(|(end, _)| end.kind == SLICE_END && end.track == event.track);
            let Some((closing, _)) = closing else {
                let what = "a span has no end";
                return Err(Problem::Damaged { at, what }.of(&self.path));
            };
            end = Some(closing.nanosecond);
        }
        let ticks = self.rounding.ticks(event.nanosecond, end, event.rounding);
        let entry = event.entry(ticks, &self.dictionary, header);
        entry
            .map(Some)
            .map_err(|what| Problem::Damaged { at, what }.of(&self.path))
    }
}

/// The header, which the root's description holds.
fn header_of(first: Packet<'_>, dictionary: &mut Dictionary) -> Result<Header, Problem> {
    let missing = "the header of elector's traces is missing (those of older versions have none)";
    let mut fields = Fields(first.message);
    while let Some((field, value)) = fields.next().map_err(|what| first.wrong(what))? {
        if field == field::TRACK_DESCRIPTOR {
            let text = value.bytes().and_then(|message| dictionary.describe(message));
            let text = text.map_err(|what| first.wrong(what))?;
            let header = text.and_then(|text| serde_json::from_str(text).ok());
            return header.ok_or_else(|| first.wrong(missing));
        }
    }
    Err(first.wrong(missing))
}

/// The next event and where it begins, with all descriptions and names in front of it learnt.
fn next_event(packets: &mut Packets, dictionary: &mut Dictionary) -> Result<Option<(Event, u64)>, Problem> {
    while let Some(packet) = packets.next()? {
        let event = learn(packet.message, dictionary).map_err(|what| packet.wrong(what))?;
        if let Some(event) = event {
            return Ok(Some((event, packet.at)));
        }
    }
    Ok(None)
}

/// Takes a packet: descriptions and names go into the dictionary, an event is handed on.
fn learn(message: &[u8], dictionary: &mut Dictionary) -> Result<Option<Event>, Wrong> {
    let (mut nanosecond, mut event) = (0, None);
    let mut fields = Fields(message);
    while let Some((field, value)) = fields.next()? {
        match field {
            field::TIMESTAMP => nanosecond = value.number()?,
            field::TRACK_EVENT => event = Some(value.bytes()?),
            field::INTERNED_DATA => dictionary.intern(value.bytes()?)?,
            field::TRACK_DESCRIPTOR => drop(dictionary.describe(value.bytes()?)?),
            _ => {}
        }
    }
    let Some(event) = event else { return Ok(None) };
    Event::of(event, nanosecond, dictionary).map(Some)
}

/// A number of fewer bits than the file could hold.
fn narrow<T: TryFrom<u64>>(number: u64) -> Result<Option<T>, Wrong> {
    T::try_from(number)
        .map(Some)
        .map_err(|_| "an argument is too large")
}

impl Event {
    fn of(message: &[u8], nanosecond: u64, dictionary: &Dictionary) -> Result<Self, Wrong> {
        let mut event = Self {
            nanosecond,
            ..Self::default()
        };
        let mut fields = Fields(message);
        while let Some((field, value)) = fields.next()? {
            match field {
                field::EVENT_TYPE => event.kind = value.number()?,
                field::EVENT_TRACK => event.track = value.number()?,
                field::EVENT_CATEGORY => event.category = value.number()?,
                field::EVENT_NAME => event.name = value.number()?,
                field::EVENT_VALUE => event.value = Some(value.number()?),
                field::EVENT_ANNOTATION => event.add_argument(value.bytes()?, dictionary)?,
                _ => {}
            }
        }
        Ok(event)
    }

    fn add_argument(&mut self, message: &[u8], dictionary: &Dictionary) -> Result<(), Wrong> {
        let (mut name, mut number) = (0, 0);
        let mut fields = Fields(message);
        while let Some((field, value)) = fields.next()? {
            match field {
                1 => name = value.number()?,
                3 => number = value.number()?,
                _ => {}
            }
        }
        match dictionary.argument(name)? {
            Argument::Operation => self.operation = narrow(number)?,
            Argument::Tile(place) => self.tile[place] = narrow(number)?,
            Argument::Transfer => self.transfer = narrow(number)?,
            Argument::Bytes => self.bytes = Some(number),
            Argument::Bank => self.place[0] = narrow(number)?,
            Argument::Row => self.place[1] = narrow(number)?,
            Argument::Column => self.place[2] = narrow(number)?,
            Argument::Rounding => self.rounding = number,
            Argument::Other => {}
        }
        Ok(())
    }

    fn entry<'a>(
        self,
        (start, end): (u64, u64),
        dictionary: &'a Dictionary,
        header: &Header,
    ) -> Result<Entry<'a>, Wrong> {
        let record = match self.kind {
            SLICE_BEGIN => Form::Span,
            INSTANT => Form::Instant,
            COUNTER => Form::Counter,
            _ => return Err("an event is neither span nor instant nor counter"),
        };
        let track = dictionary.track(self.track)?;
        let (kind, parts) = match (record, &track.counter) {
            (Form::Counter, Some(counter)) => (counter.as_str(), Default::default()),
            (Form::Counter, None) => return Err("a counter's value is on no counter's track"),
            _ => (dictionary.category(self.category)?, dictionary.name(self.name)?),
        };
        let length = end.checked_sub(start).ok_or("a span ends before it starts")?;
        let [bank, row, column] = self.place;
        Ok(Entry {
            record,
            track: Cow::Borrowed(&track.name),
            kind: Cow::Borrowed(kind),
            detail: parts.detail.map(Cow::Borrowed),
            start_tick: start,
            end_tick: end,
            start_ns: header.nanoseconds(start),
            duration_ns: header.nanoseconds(length),
            operation: self.operation,
            role: parts.role.map(Cow::Borrowed),
            layer: parts.layer,
            head: parts.head,
            tile: match self.tile {
                [Some(b), Some(i), Some(j), Some(k)] => Some([b, i, j, k]),
                _ => None,
            },
            transfer: self.transfer,
            bytes: self.bytes,
            bank,
            row,
            column,
            value: self.value,
        })
    }
}
