//! Waveforms: the values of each track's signals over time, for GTKWave and Surfer.
//!
//! A waveform is written in order of time. Records come in the order in which the actors make them, and may be about
//! what is still to come; so changes wait in a queue until time has passed them. Times are in picoseconds.
//!
//! A channel of main memory with nothing to do sleeps, and tells of the refreshes that it slept through when it wakes. Time
//! has passed them by then, so they are drawn at once as it wakes.

mod fst;
mod signals;
mod vcd;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io;

use components::memory::label::MemoryEvent;
use components::trace_event::{Event, TilePlace};
use scenarios::system::Track;

pub(super) use self::fst::FstSignals;
use self::signals::Layout;
pub(super) use self::vcd::VcdSignals;
use super::exporter::Exporter;
use super::row::Row;
use super::{Form, Header};

/// A file of signals, first defined and then changed in order of time.
pub(super) trait SignalFile: Sized + Send {
    /// Begins the file.
    fn begin(file: File, header: &Header) -> io::Result<Self>;
    /// Opens a scope within the present one.
    fn open_scope(&mut self, name: &str) -> io::Result<()>;
    /// Closes the present scope.
    fn close_scope(&mut self) -> io::Result<()>;
    /// Defines the next signal, of `width` bits.
    fn define(&mut self, name: &str, width: u32) -> io::Result<()>;
    /// All are defined.
    fn end_definitions(&mut self) -> io::Result<()>;
    /// What follows happens at this picosecond.
    fn time(&mut self, picosecond: u64) -> io::Result<()>;
    /// A signal has a new value, or none.
    fn change(&mut self, signal: usize, width: u32, value: Option<u64>) -> io::Result<()>;
    /// Writes what is left.
    fn finish(self) -> io::Result<()>;
}

/// The present value of a signal.
#[derive(Clone, Copy)]
struct Signal {
    width: u32,
    value: Option<u64>,
    written: bool,
}

/// A change to come: tick, order of records, signal, value.
type Change = (u64, u64, u32, Option<u64>);

/// Writes a waveform.
pub(super) struct Waveform<F: SignalFile> {
    file: F,
    layout: Layout,
    signals: Vec<Signal>,
    changes: BinaryHeap<Reverse<Change>>,
    together: Vec<(u32, u64, Option<u64>)>,
    records: u64,
    /// What was before has been written.
    written: u64,
    from: u64,
    to: u64,
    has_begun: bool,
    ticks_per_second: u64,
    memory_cycle: u64,
}

impl<F: SignalFile> Waveform<F> {
    pub(super) fn begin(
        file: File,
        header: &Header,
        tracks: &[Track],
        selected: &[bool],
    ) -> io::Result<Self> {
        let mut file = F::begin(file, header)?;
        let (layout, widths) = Layout::define(&mut file, tracks, selected)?;
        file.end_definitions()?;
        let signal = |width| Signal {
            width,
            value: None,
            written: false,
        };
        Ok(Self {
            file,
            layout,
            signals: widths.into_iter().map(signal).collect(),
            changes: BinaryHeap::new(),
            together: Vec::new(),
            records: 0,
            written: 0,
            from: header.from_tick,
            to: header.to_tick.unwrap_or(u64::MAX),
            has_begun: false,
            ticks_per_second: header.ticks_per_second,
            memory_cycle: header.ticks_per_memory_cycle,
        })
    }

    /// Notes that the signal called `name` of an actor changes at `tick`.
    fn set(&mut self, row: &Row<'_>, name: &str, tick: u64, value: Option<u64>) {
        if let Some(signal) = self.layout.signal(row.actor, name) {
            self.records += 1;
            let tick = tick.max(self.written);
            self.changes.push(Reverse((tick, self.records, signal, value)));
        }
    }

    /// Notes that a signal has a value for a while.
    fn hold(&mut self, row: &Row<'_>, name: &str, value: Option<u64>, rest: Option<u64>) {
        self.set(row, name, row.start, value);
        self.set(row, name, row.end, rest);
    }

    fn tile(&mut self, row: &Row<'_>, place: TilePlace) {
        self.hold(row, "busy", Some(1), Some(0));
        self.hold(row, "operation", Some(place.operation.into()), None);
        self.hold(row, "tile", Some(place.tile.packed()), None);
    }

    fn begin_span(&mut self, row: &Row<'_>) {
        match row.event.and_then(Event::marks) {
            Some(Event::Memory(MemoryEvent::RowOpen { row: open })) => {
                self.set(row, "open", row.start, Some(1));
                self.set(row, "row", row.start, Some(open.into()));
            }
            Some(Event::Stall(stall)) => {
                // 0 is none.
                self.set(row, "stall", row.start, Some(stall.cause as u64 + 1));
                self.set(row, "leader", row.start, stall.operation.map(u64::from));
            }
            Some(Event::Transfer(_)) => self.move_transfers(row, row.start, 1),
            _ => {}
        }
    }

    fn span(&mut self, row: &Row<'_>) {
        match row.event {
            Some(Event::Tile(_, place)) => self.tile(row, place),
            Some(Event::Memory(MemoryEvent::RowOpen { .. })) => {
                self.set(row, "open", row.end, Some(0));
                self.set(row, "row", row.end, None);
            }
            Some(Event::Stall(_)) => {
                self.set(row, "stall", row.end, Some(0));
                self.set(row, "leader", row.end, None);
            }
            Some(Event::Transfer(_)) => self.move_transfers(row, row.end, -1),
            Some(Event::Memory(MemoryEvent::Refresh { .. })) => {
                self.hold(row, "refreshing", Some(1), Some(0));
            }
            Some(Event::Memory(MemoryEvent::Burst { .. })) => self.hold(row, row.kind, Some(1), Some(0)),
            _ => {}
        }
    }

    /// Counts the transfers that the DMA moves.
    fn move_transfers(&mut self, row: &Row<'_>, tick: u64, step: i64) {
        let moving = self.layout.moving(row.actor);
        *moving = moving.saturating_add_signed(step);
        let value = *moving;
        self.set(row, "moving", tick, Some(value));
    }

    fn instant(&mut self, row: &Row<'_>) {
        let Some(Event::Memory(MemoryEvent::Command(command))) = row.event else {
            return;
        };
        // 0 is none.
        let number = command.kind as u64 + 1;
        let end = row.start + self.memory_cycle;
        self.set(row, "command", row.start, Some(number));
        self.set(row, "command_bank", row.start, Some(command.bank.into()));
        self.set(row, "command", end, Some(0));
        self.set(row, "command_bank", end, None);
    }

    /// Writes the changes before `tick`: no earlier ones can come.
    fn write_before(&mut self, tick: u64) -> io::Result<()> {
        self.written = self.written.max(tick);
        while let Some(&Reverse((now, ..))) = self.changes.peek() {
            if now >= tick.min(self.to) {
                break;
            }
            self.together.clear();
            while let Some(&Reverse((at, record, signal, value))) = self.changes.peek() {
                if at != now {
                    break;
                }
                self.changes.pop();
                self.together.push((signal, record, value));
            }
            self.together.sort_unstable();
            self.write_together(now)?;
        }
        Ok(())
    }

    /// Of several changes of a signal at once the last one holds.
    fn write_together(&mut self, tick: u64) -> io::Result<()> {
        let visible = tick >= self.from;
        if tick > self.from && !self.has_begun {
            self.write_all_signals()?;
        }
        let mut timed = false;
        for place in 0..self.together.len() {
            let (signal, _, value) = self.together[place];
            if self.together.get(place + 1).is_some_and(|next| next.0 == signal) {
                continue;
            }
            let present = &mut self.signals[signal as usize];
            if present.written && present.value == value {
                continue;
            }
            present.value = value;
            present.written = true;
            if visible && self.has_begun {
                if !timed {
                    self.file.time(picoseconds(tick, self.ticks_per_second))?;
                    timed = true;
                }
                self.file
                    .change(signal as usize, self.signals[signal as usize].width, value)?;
            }
        }
        if visible && !self.has_begun {
            self.write_all_signals()?;
        }
        Ok(())
    }

    /// Writes what all signals are when the window begins.
    fn write_all_signals(&mut self) -> io::Result<()> {
        self.has_begun = true;
        self.file.time(picoseconds(self.from, self.ticks_per_second))?;
        for (place, signal) in self.signals.iter_mut().enumerate() {
            signal.written = true;
            self.file.change(place, signal.width, signal.value)?;
        }
        Ok(())
    }
}

fn picoseconds(tick: u64, ticks_per_second: u64) -> u64 {
    let second = u128::from(ticks_per_second);
    ((u128::from(tick) * 1_000_000_000_000 + second / 2) / second) as u64
}

impl<F: SignalFile> Exporter for Waveform<F> {
    fn row(&mut self, row: &Row<'_>) -> io::Result<()> {
        match row.form {
            Form::Now => return self.write_before(row.start),
            Form::Mark => self.begin_span(row),
            Form::Span => self.span(row),
            Form::Instant => self.instant(row),
            // Bandwidth is known only after the time it is about.
            Form::Counter if row.kind == "bandwidth_bytes_per_second" => {}
            Form::Counter => self.set(row, row.kind, row.start, row.value),
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, last: u64) -> io::Result<()> {
        self.write_before(u64::MAX)?;
        if !self.has_begun {
            self.write_all_signals()?;
        }
        let end = last.min(self.to).max(self.from);
        self.file.time(picoseconds(end, self.ticks_per_second))?;
        self.file.finish()
    }
}
