//! From records to rows: labels become names.

use std::collections::BTreeMap;
use std::io;

use analysis::critical_path::Part;
use analysis::power::counter_name;
use analysis::ticks::{ticks_per_microsecond, ticks_per_second};
use components::memory::label::MemoryEvent;
use components::message::Traffic;
use components::trace_event::{Counter, Event, TransferOrder, TransferRecord};
use scenarios::system::{MainMemory, OperationNames, Plan, Track, TrackKind};

use super::Form;
use super::recorder::Record;
use super::row::Row;

/// Takes rows, one after another.
pub(super) type Emit<'a> = &'a mut dyn FnMut(&Row<'_>) -> io::Result<()>;

/// An order to the DMA: its number, and the operation it is for.
#[derive(Clone, Copy)]
struct Order {
    number: u32,
    operation: Option<u32>,
}

/// What is known of a machine's operations and transfers.
struct Machine {
    operations: OperationNames,
    /// By the transfer's number at the control block, halved: data and mask are ordered together.
    orders: Vec<Option<Order>>,
    ordered: u32,
    /// The transfers whose ends unblocked operations that have not shown a tile since.
    waited_for: BTreeMap<u32, u32>,
}

/// Operations whose wait is remembered until they show a tile: more than the control block looks at.
const MOST_WAITING: usize = 4096;

/// Bytes on a channel's data bus in the current microsecond.
#[derive(Clone, Copy, Default)]
struct Bandwidth {
    window: u64,
    bytes: u64,
}

/// Gives records their names.
pub(super) struct Annotator {
    tracks: Vec<Track>,
    machines: Vec<Machine>,
    bandwidths: BTreeMap<u32, Bandwidth>,
    /// Ticks in which bandwidth is counted: a microsecond.
    window: u64,
    ticks_per_second: u64,
    burst_bytes: u64,
    last: u64,
}

impl Annotator {
    pub(super) fn new(plan: &Plan) -> Self {
        let machine = |(program, operations)| Machine {
            operations: OperationNames::new(program, operations),
            orders: Vec::new(),
            ordered: 0,
            waited_for: BTreeMap::new(),
        };
        let ticks_per_second = ticks_per_second(plan);
        Self {
            tracks: plan.tracks(),
            machines: plan
                .machines()
                .map(|plan| machine((Box::new(plan.program()) as _, plan.operations_of_batch())))
                .collect(),
            bandwidths: BTreeMap::new(),
            window: ticks_per_microsecond(plan),
            ticks_per_second,
            burst_bytes: match &plan.memory {
                MainMemory::Banked(memory) => u64::from(memory.request_bytes()),
                MainMemory::Ideal => 0,
            },
            last: 0,
        }
    }

    /// All tracks.
    pub(super) fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// Hands the rows of `record` on.
    pub(super) fn annotate(&mut self, record: &Record, emit: Emit<'_>) -> io::Result<()> {
        self.last = self.last.max(record.end);
        let Some(track) = self.tracks.get(record.actor as usize) else {
            return Ok(());
        };
        let path = track.kind == TrackKind::CriticalPath;
        let event = match record.form {
            Form::Counter | Form::Now => None,
            _ if path => None,
            Form::Span | Form::Instant | Form::Mark => record.event(),
        };
        if let Some(Event::Memory(MemoryEvent::Burst { .. })) = event {
            self.count_burst(record, emit)?;
        }
        // Counting bandwidth has borrowed all of it.
        let track = &self.tracks[record.actor as usize];
        let machine = &mut self.machines[track.machine];
        let mut row = Row::new(record.form, record.actor, track, "", record.start, record.end);
        match record.form {
            Form::Counter => describe_counter(&mut row, record),
            _ if path => machine.describe_path(&mut row, record),
            _ => {
                if let Some(event) = event {
                    machine.describe(&mut row, event);
                }
            }
        }
        if record.shown { emit(&row) } else { Ok(()) }
    }

    /// Closes what is still being counted.
    pub(super) fn finish(&mut self, emit: Emit<'_>) -> io::Result<()> {
        for (&actor, bandwidth) in &self.bandwidths {
            let track = &self.tracks[actor as usize];
            for (window, bytes) in [(bandwidth.window, bandwidth.bytes), (bandwidth.window + 1, 0)] {
                emit(&self.bandwidth_row(actor, track, window, bytes))?;
            }
        }
        Ok(())
    }

    /// Adds a burst to its microsecond; when that is over, hands its bandwidth on.
    fn count_burst(&mut self, record: &Record, emit: Emit<'_>) -> io::Result<()> {
        let window = record.start / self.window;
        let counted = self
            .bandwidths
            .entry(record.actor)
            .or_insert(Bandwidth { window, bytes: 0 });
        let before = *counted;
        if window == before.window {
            counted.bytes += self.burst_bytes;
            return Ok(());
        }
        *counted = Bandwidth {
            window,
            bytes: self.burst_bytes,
        };
        let track = &self.tracks[record.actor as usize];
        emit(&self.bandwidth_row(record.actor, track, before.window, before.bytes))?;
        if window > before.window + 1 {
            emit(&self.bandwidth_row(record.actor, track, before.window + 1, 0))?;
        }
        Ok(())
    }

    fn bandwidth_row<'a>(&self, actor: u32, track: &'a Track, window: u64, bytes: u64) -> Row<'a> {
        let at = window * self.window;
        let a_second = u128::from(bytes) * u128::from(self.ticks_per_second) / u128::from(self.window);
        Row {
            value: Some(a_second as u64),
            ..Row::new(Form::Counter, actor, track, "bandwidth_bytes_per_second", at, at)
        }
    }
}

impl Machine {
    fn describe(&mut self, row: &mut Row<'_>, event: Event) {
        row.event = Some(event);
        row.kind = event.name();
        row.detail = event.detail();
        row.tile = event.tile().map(|tile| tile.0);
        self.name(row, event.operation());
        match event {
            Event::Tile(_, place) if !self.waited_for.is_empty() => {
                row.waited_for = self.waited_for.remove(&place.operation);
            }
            Event::Transfer(record) | Event::TransferBegan(record) | Event::TransferQueued(record) => {
                self.describe_transfer(row, record);
            }
            Event::TransferOrdered(order) => self.note_order(row, order),
            Event::OperationWoken { operation, transfer } => {
                row.transfer = self.number_of(transfer);
                self.note_woken(operation, row.transfer);
            }
            Event::Memory(event) => row.place = event.place(),
            _ => {}
        }
    }

    /// Remembers the transfer that an operation had waited for, until it shows a tile.
    fn note_woken(&mut self, operation: u32, transfer: Option<u32>) {
        let Some(transfer) = transfer else { return };
        self.waited_for.insert(operation, transfer);
        if self.waited_for.len() > MOST_WAITING {
            self.waited_for.pop_first();
        }
    }

    fn describe_path(&mut self, row: &mut Row<'_>, record: &Record) {
        row.kind = Part::ALL
            .get(usize::from(record.kind))
            .map_or("?", |part| part.name());
        row.detail = Traffic::ALL
            .get(record.part as usize)
            .map(|traffic| traffic.name());
        self.name(row, (record.work != u32::MAX).then_some(record.work));
    }

    fn note_order(&mut self, row: &mut Row<'_>, order: TransferOrder) {
        let place = (order.transfer / 2) as usize;
        if place >= self.orders.len() {
            self.orders.resize(place + 1, None);
        }
        self.orders[place] = Some(Order {
            number: self.ordered,
            operation: order.operation,
        });
        row.transfer = Some(self.ordered);
        self.ordered += 2;
    }

    fn describe_transfer(&mut self, row: &mut Row<'_>, record: TransferRecord) {
        row.slot = Some(record.slot);
        row.bytes = Some(record.bytes);
        row.transfer = self.number_of(record.transfer);
        let order = self.orders.get((record.transfer / 2) as usize).copied().flatten();
        self.name(row, order.and_then(|order| order.operation));
    }

    /// The number of a transfer in order of the orders; even for data, odd for a mask.
    fn number_of(&self, transfer: u32) -> Option<u32> {
        let order = self.orders.get((transfer / 2) as usize).copied().flatten()?;
        Some(order.number + transfer % 2)
    }

    fn name(&mut self, row: &mut Row<'_>, operation: Option<u32>) {
        if let Some(operation) = operation {
            row.operation = Some((operation, self.operations.get(operation)));
        }
    }
}

fn describe_counter(row: &mut Row<'_>, record: &Record) {
    row.value = Some(record.part);
    let of_actor = Counter::of(record.kind).map(Counter::name);
    row.kind = of_actor
        .or_else(|| counter_name(record.kind))
        .unwrap_or("counter");
}
