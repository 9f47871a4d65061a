//! Main memory: one transfer after another, in the order of the steps that wait for them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use components::block_plan::Move;
use components::data_order::DataOrder;
use components::message::{Traffic, TransferPattern, traffic_of};
use components::units::{BLOCK, Bytes};

use super::stays::{StayPlace, StepNumber};
use super::{Event, FRACTIONS, Schedule, fractions};
use crate::coarse::account::Moved;
use crate::coarse::queues::Parts;

/// Cycles from the order of a write to its end, in addition to the time for its blocks: to the DMA, into main memory's
/// queue, and through a port of the buffer.
const WRITE_DELAY: f64 = 3.0;

/// What a transfer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// A block comes into its buffer.
    Arrival { stay: StayPlace },
    /// A block leaves its buffer for the bytes from an address on.
    Departure {
        stay: StayPlace,
        step: StepNumber,
        address: u64,
    },
    /// What a step of the DMA moves.
    Data { step: StepNumber },
    /// A block that a step has updated.
    WriteBack {
        stay: StayPlace,
        step: StepNumber,
        address: u64,
    },
}

/// A transfer that gives way to those of older steps.
#[derive(Clone, Copy, Debug)]
struct Transfer {
    flow: Flow,
    /// How long after its last access it ends.
    delay: f64,
    /// Cycles of the ports of the buffers that it passes.
    ports: [f64; 3],
    purpose: Purpose,
}

/// What main memory is to do.
#[derive(Clone, Copy, Debug)]
enum Flow {
    Read(Parts),
    Write(Parts),
    /// Rows of a table move, which takes so long.
    Rows {
        time: f64,
    },
}

/// The transfer that main memory works on.
#[derive(Clone, Copy, Debug)]
struct Served {
    turn: StepNumber,
    order: u64,
    slot: u32,
    began_at: u64,
    ends_at: u64,
    /// Whether others come before its last blocks.
    is_cut: bool,
}

/// Transfers that wait, and the one that is served.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    waiting: BinaryHeap<Reverse<(StepNumber, u64, u32)>>,
    transfers: Vec<Transfer>,
    free: Vec<u32>,
    ordered: u64,
    served: Option<Served>,
    /// Raised whenever the end of what is served changes.
    version: u32,
    /// Since when main memory has been idle.
    idle_since: u64,
}

impl Schedule<'_> {
    /// Orders the transfer of a block.
    pub(super) fn move_block(&mut self, purpose: Purpose, step: StepNumber, place: StayPlace, moved: Move) {
        let Some(stay) = self.stays.get(place) else { return };
        let traffic = match (stay.block.is_weight, stay.block.is_kept) {
            (true, _) => [traffic_of(stay.block.kind), Traffic::Masks],
            (false, true) => [Traffic::Kept; 2],
            (false, false) => [Traffic::Spills; 2],
        };
        let buffer = usize::from(stay.block.is_weight);
        let pattern = match purpose {
            Purpose::Arrival { .. } => TransferPattern::Load,
            _ => TransferPattern::Store,
        };
        self.order(
            purpose,
            step,
            &DataOrder {
                moved,
                traffic,
                pattern,
            },
            buffer,
        );
    }

    /// Orders what a step of the DMA moves.
    pub(super) fn order_data(&mut self, number: StepNumber) {
        let Some(entry) = self.window.get_mut(number) else {
            return;
        };
        let orders = DataOrder::of(&entry.step.operation, &entry.step.tiles, &self.plan.tiling);
        entry.next = entry.pieces;
        entry.missing = orders.len() as u32;
        for order in orders {
            self.order(Purpose::Data { step: number }, number, &order, 0);
        }
    }

    fn order(&mut self, purpose: Purpose, step: StepNumber, order: &DataOrder, buffer: usize) {
        let Move {
            data,
            masks,
            footprint,
        } = order.moved;
        let is_write = order.pattern.is_outward();
        let blocks = |pattern: TransferPattern, address: u64, bytes: Bytes| match bytes.0 {
            0 => 0,
            _ => pattern.bytes_touched(address, bytes, &self.words).0 / BLOCK.0,
        };
        // What is added to is read first, past the buffers.
        let through = match order.pattern {
            TransferPattern::Accumulate(rows) => TransferPattern::Scatter(rows),
            other => other,
        };
        let moved = [
            blocks(through, data, footprint.data),
            blocks(through, masks, footprint.mask),
        ];
        let all = [
            blocks(order.pattern, data, footprint.data),
            blocks(order.pattern, masks, footprint.mask),
        ];
        let added = all[0] + all[1] - moved[0] - moved[1];
        self.timeline.count(&Moved {
            blocks: moved,
            added,
            is_write,
            buffer,
        });
        for (traffic, blocks) in order.traffic.into_iter().zip(all) {
            self.timeline.requests[traffic as usize] += blocks;
        }
        let blocks = moved[0] + moved[1];
        let flow = self.flow(order, moved, added);
        let delay = match (is_write, order.pattern) {
            (false, _) => self.memory.latency,
            // Other transfers go on while this one waits for a row.
            (true, TransferPattern::Accumulate(rows)) => {
                let waits = self.words.repeats_among(rows.first_token, rows.tokens);
                WRITE_DELAY + f64::from(waits) * self.memory.latency
            }
            (true, _) => WRITE_DELAY,
        };
        let mut through = [0, 0, moved[1]];
        through[buffer] = moved[0];
        let transfer = Transfer {
            flow,
            delay,
            ports: self.access_times.of_blocks(through),
            purpose,
        };
        if blocks == 0 {
            return self.send(fractions(1.0), Event::Moved(purpose));
        }
        // Reads go in the order of the steps that need them, and so do blocks that leave early; other writes go with the oldest
        // step, which may wait for their room.
        let is_early = matches!(purpose, Purpose::Departure { step, .. } if step > self.room.turn());
        let turn = match is_write && !is_early {
            true => self.window.oldest().min(step),
            false => step,
        };
        self.line_up(turn, transfer);
    }

    /// What main memory does for an order of so many accesses to data and masks.
    fn flow(&self, order: &DataOrder, moved: [u64; 2], added: u64) -> Flow {
        let memory = self.memory;
        let parts = [
            (order.moved.data / BLOCK.0, moved[0]),
            (order.moved.masks / BLOCK.0, moved[1]),
        ];
        let rows = (moved[0] + moved[1]) as f64;
        match (order.pattern.token_rows().is_some(), order.pattern.is_outward()) {
            (false, false) => Flow::Read(parts),
            (false, true) => Flow::Write(parts),
            (true, false) => Flow::Rows {
                time: rows * memory.gather,
            },
            (true, true) => Flow::Rows {
                time: rows * memory.scatter + added as f64 * memory.gather,
            },
        }
    }

    fn line_up(&mut self, turn: StepNumber, transfer: Transfer) {
        let pipe = &mut self.pipe;
        let slot = match pipe.free.pop() {
            Some(slot) => {
                pipe.transfers[slot as usize] = transfer;
                slot
            }
            None => {
                pipe.transfers.push(transfer);
                pipe.transfers.len() as u32 - 1
            }
        };
        pipe.ordered += 1;
        pipe.waiting.push(Reverse((turn, pipe.ordered, slot)));
        match pipe.served {
            None => self.serve_next(),
            Some(served) if turn < served.turn => self.cut(served),
            Some(_) => {}
        }
    }

    /// An older step's transfer comes before what is left of the one that is served, but for the accesses in flight.
    fn cut(&mut self, served: Served) {
        let pipe = &mut self.pipe;
        let transfer = &mut pipe.transfers[served.slot as usize];
        let Flow::Read(parts) = &mut transfer.flow else {
            return;
        };
        let in_flight = fractions(self.memory.in_flight * self.memory.read);
        let left = (served.ends_at - self.now).saturating_sub(in_flight);
        let left = (left as f64 / FRACTIONS / self.memory.read.max(1e-9)) as u64;
        if served.is_cut || left == 0 {
            return;
        }
        let mut done = (parts[0].1 + parts[1].1).saturating_sub(left);
        for (first, blocks) in parts {
            let of_part = done.min(*blocks);
            (*first, *blocks, done) = (*first + of_part, *blocks - of_part, done - of_part);
        }
        pipe.version += 1;
        pipe.waiting
            .push(Reverse((served.turn, served.order, served.slot)));
        pipe.served = Some(Served {
            ends_at: self.now + in_flight,
            is_cut: true,
            ..served
        });
        let version = pipe.version;
        self.send(in_flight, Event::Pipe { version });
    }

    fn serve_next(&mut self) {
        let Some(Reverse((turn, order, slot))) = self.pipe.waiting.pop() else {
            return;
        };
        let [since, now] = [self.pipe.idle_since, self.now].map(|at| at as f64 / FRACTIONS);
        let transfer = &mut self.pipe.transfers[slot as usize];
        let time = match &transfer.flow {
            Flow::Read(parts) => {
                let occupied = self.queues.read(parts, since, now);
                transfer.delay = occupied.delay;
                occupied.time
            }
            Flow::Write(parts) => self.queues.write(parts, since, now),
            Flow::Rows { time } => *time,
        };
        let time = fractions(time);
        self.pipe.version += 1;
        self.pipe.served = Some(Served {
            turn,
            order,
            slot,
            began_at: self.now,
            ends_at: self.now + time,
            is_cut: false,
        });
        let version = self.pipe.version;
        self.send(time, Event::Pipe { version });
    }

    /// What was served has ended, or has given way.
    pub(super) fn pipe_free(&mut self, version: u32) {
        if version != self.pipe.version {
            return;
        }
        let Some(served) = self.pipe.served.take() else {
            return;
        };
        if !served.is_cut {
            let Transfer {
                delay,
                ports,
                purpose,
                ..
            } = self.pipe.transfers[served.slot as usize];
            self.pipe.free.push(served.slot);
            let on_ports = self.use_buffers(ports, served.began_at);
            self.send(fractions(delay).max(on_ports), Event::Moved(purpose));
        }
        self.pipe.idle_since = self.now;
        self.serve_next();
    }
}
