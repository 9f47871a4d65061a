//! From records to rows: labels become names.

use std::collections::BTreeMap;
use std::io;

use components::control_block::StallCause;
use components::memory::label as memory;
use components::message::Traffic;
use components::trace_labels::{self as labels, TransferPart};
use scenarios::system::{MainMemory, Plan, Track, TrackKind};

use super::Form;
use super::recorder::Record;
use super::row::Row;
use analysis::critical_path::Part;
use analysis::power::{COUNTERS, POWER};
use analysis::ticks::{ticks_per_microsecond, ticks_per_second};
use scenarios::system::OperationNames;

/// Takes rows, one after another.
pub(super) type Emit<'a> = &'a mut dyn FnMut(&Row<'_>) -> io::Result<()>;

/// An order to the DMA: its number, and the operation it is for.
#[derive(Clone, Copy)]
struct Order {
    number: u32,
    operation: u32,
}

/// What is known of a machine's operations and transfers.
struct Machine {
    operations: OperationNames,
    /// By the transfer's number at the control block, halved: data and mask are ordered together.
    orders: Vec<Option<Order>>,
    ordered: u32,
    /// The transfers whose ends let operations go on that have not shown a tile since.
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
        let machine = |program| Machine {
            operations: OperationNames::new(program),
            orders: Vec::new(),
            ordered: 0,
            waited_for: BTreeMap::new(),
        };
        let ticks_per_second = ticks_per_second(plan);
        Self {
            tracks: plan.tracks(),
            machines: plan
                .machines()
                .map(|plan| machine(Box::new(plan.program()) as _))
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
        if matches!(record.kind, memory::READ_DATA | memory::WRITE_DATA) && record.form == Form::Span {
            self.count_burst(record, emit)?;
        }
        let Some(track) = self.tracks.get(record.actor as usize) else {
            return Ok(());
        };
        let machine = &mut self.machines[track.machine];
        let mut row = Row::new(record.form, record.actor, track, "", record.start, record.end);
        match record.form {
            Form::Counter => describe_counter(&mut row, record),
            Form::Now => {}
            _ if track.kind == TrackKind::CriticalPath => machine.describe_path(&mut row, record),
            _ if track.kind == TrackKind::Channel => describe_channel(&mut row, record),
            _ if matches!(track.kind, TrackKind::Rank | TrackKind::Bank) => describe_device(&mut row, record),
            _ => machine.describe(&mut row, record),
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
    fn describe(&mut self, row: &mut Row<'_>, record: &Record) {
        match record.kind {
            labels::MAC_TILE => self.describe_tile(row, record, "mac_tile"),
            labels::SOFTMAX_TILE => self.describe_tile(row, record, "softmax_tile"),
            labels::LAYER_NORM_TILE => self.describe_tile(row, record, "layer_norm_tile"),
            labels::RUN_STARTED => {
                row.kind = "run_started";
                self.name(row, record.work);
                row.tile = Some(tile(record.part));
            }
            labels::TRANSFER | labels::TRANSFER_BEGAN | labels::TRANSFER_QUEUED => {
                self.describe_transfer(row, record);
            }
            labels::TRANSFER_ORDERED => self.describe_order(row, record),
            labels::OPERATION_WOKEN => {
                row.kind = "operation_woken";
                self.name(row, record.work);
                row.transfer = self.number_of(record.part as u32);
                if let Some(transfer) = row.transfer {
                    self.waited_for.insert(record.work, transfer);
                    if self.waited_for.len() > MOST_WAITING {
                        self.waited_for.pop_first();
                    }
                }
            }
            labels::FINISHED => row.kind = "finished",
            kind => {
                row.kind = "stall";
                let first = match row.form {
                    Form::Mark => labels::STALL_BEGAN,
                    _ => labels::STALL,
                };
                let cause = StallCause::ALL.get(usize::from(kind - first.min(kind)));
                row.detail = cause.map(|cause| cause.name());
                self.name(row, record.work);
            }
        }
    }

    fn describe_path(&mut self, row: &mut Row<'_>, record: &Record) {
        row.kind = Part::ALL
            .get(usize::from(record.kind))
            .map_or("?", |part| part.name());
        row.detail = Traffic::ALL
            .get(record.part as usize)
            .map(|traffic| traffic.name());
        self.name(row, record.work);
    }

    fn describe_tile(&mut self, row: &mut Row<'_>, record: &Record, kind: &'static str) {
        row.kind = kind;
        row.tile = Some(tile(record.part));
        self.name(row, record.work);
        if !self.waited_for.is_empty() {
            row.waited_for = self.waited_for.remove(&record.work);
        }
    }

    fn describe_order(&mut self, row: &mut Row<'_>, record: &Record) {
        row.kind = "transfer_ordered";
        self.name(row, record.work);
        let place = (record.part / 2) as usize;
        if place >= self.orders.len() {
            self.orders.resize(place + 1, None);
        }
        self.orders[place] = Some(Order {
            number: self.ordered,
            operation: record.work,
        });
        row.transfer = Some(self.ordered);
        self.ordered += 2;
    }

    fn describe_transfer(&mut self, row: &mut Row<'_>, record: &Record) {
        let part = TransferPart::unpacked(record.part);
        let queued = record.kind == labels::TRANSFER_QUEUED;
        row.kind = match (part.outward, queued) {
            (false, false) => "load",
            (true, false) => "store",
            (false, true) => "load_queued",
            (true, true) => "store_queued",
        };
        row.detail = Some(part.traffic.name());
        row.slot = Some(part.slot);
        row.bytes = Some(part.bytes);
        row.transfer = self.number_of(record.work);
        let order = self.orders.get((record.work / 2) as usize).copied().flatten();
        if let Some(order) = order {
            self.name(row, order.operation);
        }
    }

    /// The number of a transfer in order of the orders; even for data, odd for a mask.
    fn number_of(&self, transfer: u32) -> Option<u32> {
        let order = self.orders.get((transfer / 2) as usize).copied().flatten()?;
        Some(order.number + transfer % 2)
    }

    fn name(&mut self, row: &mut Row<'_>, operation: u32) {
        if operation != u32::MAX {
            row.operation = Some((operation, self.operations.get(operation)));
        }
    }
}

/// The tile's place along (b, i, j, k).
fn tile(packed: u64) -> [u16; 4] {
    [48, 32, 16, 0].map(|shift| (packed >> shift) as u16)
}

fn describe_counter(row: &mut Row<'_>, record: &Record) {
    row.value = Some(record.part);
    row.kind = match record.kind {
        labels::BUFFER_OCCUPANCY => "occupancy_bytes",
        labels::OUTSTANDING_REQUESTS => "outstanding_requests",
        memory::QUEUED_READS => "queued_reads",
        memory::QUEUED_WRITES => "queued_writes",
        kind => {
            let power = usize::from(kind.wrapping_sub(POWER));
            COUNTERS.get(power).copied().unwrap_or("counter")
        }
    };
}

fn describe_channel(row: &mut Row<'_>, record: &Record) {
    let command = memory::CommandKind::of(sim_core::Label {
        kind: record.kind,
        work: record.work,
        part: record.part,
    });
    let Some(command) = command else {
        row.kind = if record.kind == memory::READ_DATA {
            "read_data"
        } else {
            "write_data"
        };
        row.place = [Some(record.work), Some(record.part as u32), None];
        return;
    };
    row.kind = command.mnemonic();
    let (memory_row, column) = (record.part as u32, (record.part >> 32) as u32);
    row.place = match command {
        memory::CommandKind::Activate => [Some(record.work), Some(memory_row), None],
        memory::CommandKind::Read | memory::CommandKind::Write => {
            [Some(record.work), Some(memory_row), Some(column)]
        }
        _ => [Some(record.work), None, None],
    };
}

fn describe_device(row: &mut Row<'_>, record: &Record) {
    if record.kind == memory::REFRESH {
        row.kind = "refresh";
        return;
    }
    row.kind = "row_open";
    row.place[1] = Some(record.work);
}
