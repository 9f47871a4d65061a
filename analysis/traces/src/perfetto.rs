//! Perfetto's protobuf: a stream of packets, with names that are written once.
//!
//! A span is two packets, its beginning and its end; viewers sort by time. Instants are in whole nanoseconds, the only
//! unit that viewers know; what the rounding takes away stands beside them, for who reads the file back.

pub(crate) mod decode;
mod encode;
pub(crate) mod field;
pub(crate) mod names;
pub(crate) mod rounding;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use scenarios::system::Track;

use self::encode::{bytes, fixed64, number, short, varint};
use self::field::{COUNTER, INSTANT, ROOT, SLICE_BEGIN, SLICE_END};
use self::names::{Interned, long_name};
use self::rounding::Rounding;
use super::exporter::{Exporter, track_name};
use super::row::Row;
use super::{Form, Header};

/// The one sequence of packets of a file.
const SEQUENCE: u64 = 1;
/// Sequence flags: what was known before is forgotten; what is known is needed.
const CLEARED: u64 = 1;
const NEEDS_NAMES: u64 = 2;
/// Children stand in the order of their ranks.
const EXPLICIT: u64 = 3;

/// The tracks of an actor that have been described: 0 for those that have not.
#[derive(Clone, Default)]
struct Described {
    own: u64,
    slots: Vec<u64>,
    counters: Vec<(&'static str, u64)>,
}

/// Writes a Perfetto trace.
pub(super) struct Perfetto {
    out: BufWriter<File>,
    rounding: Rounding,
    described: Vec<Described>,
    /// Tracks by the names of all their levels.
    groups: BTreeMap<String, u64>,
    last_track: u64,
    categories: Interned,
    names: Interned,
    annotations: Interned,
    event: Vec<u8>,
    packet: Vec<u8>,
    length: Vec<u8>,
    text: String,
}

impl Perfetto {
    pub(super) fn begin(file: File, header: &Header, tracks: &[Track]) -> io::Result<Self> {
        let mut perfetto = Self {
            out: BufWriter::with_capacity(1 << 18, file),
            rounding: Rounding::new(header.ticks_per_second),
            described: vec![Described::default(); tracks.len()],
            groups: BTreeMap::new(),
            last_track: ROOT,
            categories: Interned::default(),
            names: Interned::default(),
            annotations: Interned::default(),
            event: Vec::new(),
            packet: Vec::new(),
            length: Vec::new(),
            text: String::new(),
        };
        perfetto.begin_sequence(header)?;
        Ok(perfetto)
    }

    fn begin_sequence(&mut self, header: &Header) -> io::Result<()> {
        let mut process = Vec::new();
        number(&mut process, 1, 1);
        bytes(&mut process, 6, header.scenario.as_bytes());
        let mut track = Vec::new();
        number(&mut track, field::TRACK_UUID, ROOT);
        bytes(&mut track, field::TRACK_PROCESS, &process);
        number(&mut track, field::TRACK_CHILD_ORDER, EXPLICIT);
        bytes(&mut track, field::TRACK_DESCRIPTION, &serde_json::to_vec(header)?);
        self.packet.clear();
        bytes(&mut self.packet, field::TRACK_DESCRIPTOR, &track);
        self.write_packet(CLEARED)
    }

    /// Writes the packet that has been begun.
    fn write_packet(&mut self, flags: u64) -> io::Result<()> {
        number(&mut self.packet, field::SEQUENCE_ID, SEQUENCE);
        number(&mut self.packet, field::SEQUENCE_FLAGS, flags);
        self.length.clear();
        varint(&mut self.length, u64::from(field::PACKET) << 3 | 2);
        varint(&mut self.length, self.packet.len() as u64);
        self.out.write_all(&self.length)?;
        self.out.write_all(&self.packet)
    }

    /// Writes the event that has been begun, at `tick`.
    fn write_event(&mut self, tick: u64) -> io::Result<()> {
        let nanoseconds = self.rounding.nanoseconds(tick);
        self.packet.clear();
        number(&mut self.packet, field::TIMESTAMP, nanoseconds);
        bytes(&mut self.packet, field::TRACK_EVENT, &self.event);
        self.write_packet(NEEDS_NAMES)
    }

    /// Writes a string and its number.
    fn intern(&mut self, kind: u32, number_of: u64, text: &str) -> io::Result<()> {
        let mut entry = Vec::new();
        number(&mut entry, 1, number_of);
        bytes(&mut entry, 2, text.as_bytes());
        let mut data = Vec::new();
        bytes(&mut data, kind, &entry);
        self.packet.clear();
        bytes(&mut self.packet, field::INTERNED_DATA, &data);
        self.write_packet(NEEDS_NAMES)
    }

    fn category(&mut self, text: &'static str) -> io::Result<u64> {
        let (number, new) = self.categories.fixed(text);
        if new {
            self.intern(field::INTERNED_CATEGORIES, number, text)?;
        }
        Ok(number)
    }

    fn annotation(&mut self, text: &'static str) -> io::Result<u64> {
        let (number, new) = self.annotations.fixed(text);
        if new {
            self.intern(field::INTERNED_ANNOTATIONS, number, text)?;
        }
        Ok(number)
    }

    /// The number of a row's name: that of the operation for tiles, with what is done in front of it for others.
    fn name(&mut self, row: &Row<'_>) -> io::Result<u64> {
        let operation = row.operation.and_then(|(_, names)| names);
        let (number, new) = match operation {
            Some(names) if row.tile.is_some() && row.form == Form::Span => {
                self.names.operation(row.track.machine, names.number)
            }
            None if row.detail.is_none() => self.names.fixed(row.kind),
            _ => {
                self.text.clear();
                self.text.push_str(row.kind);
                for part in [row.detail.map(str::to_owned), operation.map(long_name)]
                    .into_iter()
                    .flatten()
                {
                    self.text.push(' ');
                    self.text.push_str(&part);
                }
                self.names.made(&self.text)
            }
        };
        if new {
            let text = match operation {
                Some(names) if row.tile.is_some() && row.form == Form::Span => long_name(names),
                None if row.detail.is_none() => row.kind.to_owned(),
                _ => self.text.clone(),
            };
            self.intern(field::INTERNED_NAMES, number, &text)?;
        }
        Ok(number)
    }

    /// The track of a row, described if it is new.
    fn track(&mut self, row: &Row<'_>) -> io::Result<u64> {
        let described = &self.described[row.actor as usize];
        let known = match row.slot {
            None => described.own,
            Some(slot) => described.slots.get(usize::from(slot)).copied().unwrap_or(0),
        };
        if known > 0 {
            return Ok(known);
        }
        let mut buffer = String::new();
        let name = track_name(row, &mut buffer).to_owned();
        let uuid = self.group(&name, row.actor)?;
        let described = &mut self.described[row.actor as usize];
        match row.slot {
            None => described.own = uuid,
            Some(slot) => {
                let slots = described.slots.len().max(usize::from(slot) + 1);
                described.slots.resize(slots, 0);
                described.slots[usize::from(slot)] = uuid;
            }
        }
        Ok(uuid)
    }

    /// The track called `name`, and those above it, described if they are new.
    fn group(&mut self, name: &str, rank: u32) -> io::Result<u64> {
        if let Some(&uuid) = self.groups.get(name) {
            return Ok(uuid);
        }
        let (parent, own) = match name.rsplit_once('.') {
            Some((above, own)) => (self.group(above, rank)?, own),
            None => (ROOT, name),
        };
        let uuid = self.describe(own, parent, rank, false)?;
        self.groups.insert(name.to_owned(), uuid);
        Ok(uuid)
    }

    fn describe(&mut self, name: &str, parent: u64, rank: u32, counts: bool) -> io::Result<u64> {
        self.last_track += 1;
        let uuid = self.last_track;
        let mut track = Vec::new();
        number(&mut track, field::TRACK_UUID, uuid);
        number(&mut track, field::TRACK_PARENT, parent);
        bytes(&mut track, field::TRACK_NAME, name.as_bytes());
        if counts {
            bytes(&mut track, field::TRACK_COUNTER, &[]);
        }
        number(&mut track, field::TRACK_CHILD_ORDER, EXPLICIT);
        number(&mut track, field::TRACK_RANK, u64::from(rank));
        self.packet.clear();
        bytes(&mut self.packet, field::TRACK_DESCRIPTOR, &track);
        self.write_packet(NEEDS_NAMES)?;
        Ok(uuid)
    }

    fn counter_track(&mut self, row: &Row<'_>) -> io::Result<u64> {
        let counters = &self.described[row.actor as usize].counters;
        if let Some(&(_, uuid)) = counters.iter().find(|(kind, _)| *kind == row.kind) {
            return Ok(uuid);
        }
        let parent = self.track(row)?;
        let own = row.track.name.rsplit('.').next().unwrap_or_default();
        let uuid = self.describe(&format!("{own} {}", row.kind), parent, 0, true)?;
        self.described[row.actor as usize].counters.push((row.kind, uuid));
        Ok(uuid)
    }

    fn counter(&mut self, row: &Row<'_>) -> io::Result<()> {
        let track = self.counter_track(row)?;
        self.event.clear();
        number(&mut self.event, field::EVENT_TYPE, COUNTER);
        number(&mut self.event, field::EVENT_TRACK, track);
        number(&mut self.event, field::EVENT_VALUE, row.value.unwrap_or(0));
        self.annotate(row)?;
        self.write_event(row.start)
    }

    fn event(&mut self, row: &Row<'_>, kind: u64) -> io::Result<()> {
        let (track, category, name) = (self.track(row)?, self.category(row.kind)?, self.name(row)?);
        self.event.clear();
        number(&mut self.event, field::EVENT_TYPE, kind);
        number(&mut self.event, field::EVENT_TRACK, track);
        number(&mut self.event, field::EVENT_CATEGORY, category);
        number(&mut self.event, field::EVENT_NAME, name);
        self.annotate(row)?;
        self.add_flow(row);
        self.write_event(row.start)?;
        if kind == SLICE_BEGIN {
            self.event.clear();
            number(&mut self.event, field::EVENT_TYPE, SLICE_END);
            number(&mut self.event, field::EVENT_TRACK, track);
            self.write_event(row.end)?;
        }
        Ok(())
    }

    /// Adds numbers with their names to the event.
    fn annotate(&mut self, row: &Row<'_>) -> io::Result<()> {
        let tile = |place: usize| row.tile.map(|tile| u64::from(tile[place]));
        let [bank, memory_row, column] = row.place.map(|place| place.map(u64::from));
        let end = (row.form == Form::Span).then_some(row.end);
        let values = [
            (
                "operation",
                row.operation.map(|(operation, _)| u64::from(operation)),
            ),
            ("b", tile(0)),
            ("i", tile(1)),
            ("j", tile(2)),
            ("k", tile(3)),
            ("transfer", row.transfer.or(row.waited_for).map(u64::from)),
            ("bytes", row.bytes),
            ("bank", bank),
            ("row", memory_row),
            ("column", column),
            ("rounding", self.rounding.lost(row.start, end)),
        ];
        for (name, value) in values {
            let Some(value) = value else { continue };
            let name = self.annotation(name)?;
            short(&mut self.event, field::EVENT_ANNOTATION, |annotation| {
                number(annotation, 1, name);
                number(annotation, 3, value);
            });
        }
        Ok(())
    }

    /// A flow begins at each transfer, and ends at the first tile that had waited for it.
    fn add_flow(&mut self, row: &Row<'_>) {
        let flow = |transfer: u32| (row.track.machine as u64) << 32 | (u64::from(transfer) + 1);
        if let Some(transfer) = row
            .transfer
            .filter(|_| row.form == Form::Span && !row.kind.ends_with("queued"))
        {
            fixed64(&mut self.event, field::EVENT_FLOW, flow(transfer));
        }
        if let Some(transfer) = row.waited_for {
            fixed64(&mut self.event, field::EVENT_FLOW_END, flow(transfer));
        }
    }
}

impl Exporter for Perfetto {
    fn row(&mut self, row: &Row<'_>) -> io::Result<()> {
        match row.form {
            Form::Span => self.event(row, SLICE_BEGIN),
            Form::Instant => self.event(row, INSTANT),
            Form::Counter => self.counter(row),
            Form::Mark | Form::Now => Ok(()),
        }
    }

    fn finish(mut self: Box<Self>, _last: u64) -> io::Result<()> {
        self.out.flush()
    }
}
