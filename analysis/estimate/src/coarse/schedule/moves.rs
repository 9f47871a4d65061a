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

/// Cycles from the order of a write to its end, in addition to the time for its blocks: to the DMA, into main memory's
/// queue, and through a port of the buffer.
const WRITE_DELAY: f64 = 3.0;

/// What a transfer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// A block comes into its buffer.
    Arrival { stay: StayPlace },
    /// A block leaves its buffer for the bytes from an address on.
    Departure { stay: StayPlace, address: u64 },
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
    /// Blocks that have not been moved.
    blocks: f64,
    is_write: bool,
    /// Cycles of main memory per block.
    pace: f64,
    /// How long after its last block it ends.
    delay: f64,
    purpose: Purpose,
}

/// The transfer that main memory works on.
#[derive(Clone, Copy, Debug)]
struct Served {
    turn: StepNumber,
    order: u64,
    slot: u32,
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
    /// Cycles that main memory needs for writes accepted but not yet written.
    write_debt: f64,
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
        self.order(purpose, step, &DataOrder { moved, traffic, pattern }, buffer);
    }

    /// Orders what a step of the DMA moves.
    pub(super) fn order_data(&mut self, number: StepNumber) {
        let Some(entry) = self.window.get_mut(number) else { return };
        let orders = DataOrder::of(&entry.step.operation, &entry.step.tiles, &self.plan.tiling);
        entry.next = entry.pieces;
        entry.missing = orders.len() as u32;
        for order in orders {
            self.order(Purpose::Data { step: number }, number, &order, 0);
        }
    }

    fn order(&mut self, purpose: Purpose, step: StepNumber, order: &DataOrder, buffer: usize) {
        let Move { data, masks, footprint } = order.moved;
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
        self.timeline.count(&Moved { blocks: moved, added, is_write, buffer });
        for (traffic, blocks) in order.traffic.into_iter().zip(all) {
            self.timeline.requests[traffic as usize] += blocks;
        }
        let memory = self.memory;
        let (pace, delay) = match (order.pattern.token_rows().is_some(), is_write) {
            (false, false) => (memory.read, memory.latency),
            (false, true) => (memory.write, WRITE_DELAY),
            (true, false) => (memory.gather, memory.latency),
            (true, true) => (memory.scatter, WRITE_DELAY),
        };
        let blocks = (moved[0] + moved[1]) as f64;
        let mut transfer = Transfer {
            blocks,
            is_write,
            pace,
            delay,
            purpose,
        };
        if let TransferPattern::Accumulate(rows) = order.pattern {
            let waits = self.words.repeats_among(rows.first_token, rows.tokens);
            transfer.pace += added as f64 * memory.gather / blocks.max(1.0);
            // Other transfers go on while this one waits for a row.
            transfer.delay += f64::from(waits) * memory.latency;
        }
        if blocks == 0.0 {
            return self.send(fractions(1.0), Event::Moved(purpose));
        }
        // Reads go in the order of the steps that need them; writes go with the oldest step, which may wait for their room.
        let turn = match is_write {
            true => self.window.oldest().min(step),
            false => step,
        };
        self.line_up(turn, transfer);
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

    /// An older step's transfer comes before what is left of the one that is served, but for the blocks in flight.
    fn cut(&mut self, served: Served) {
        let pipe = &mut self.pipe;
        let transfer = &mut pipe.transfers[served.slot as usize];
        let in_flight = fractions(self.memory.in_flight * transfer.pace);
        let left = (served.ends_at - self.now).saturating_sub(in_flight);
        let blocks = left as f64 / FRACTIONS / transfer.pace.max(1e-9);
        if served.is_cut || blocks < 1.0 {
            return;
        }
        transfer.blocks = blocks;
        pipe.version += 1;
        pipe.waiting.push(Reverse((served.turn, served.order, served.slot)));
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
        let Transfer { blocks, is_write, pace, .. } = self.pipe.transfers[slot as usize];
        let time = fractions(self.held(blocks * pace, is_write.then_some(pace)));
        self.pipe.version += 1;
        self.pipe.served = Some(Served {
            turn,
            order,
            slot,
            ends_at: self.now + time,
            is_cut: false,
        });
        let version = self.pipe.version;
        self.send(time, Event::Pipe { version });
    }

    /// How long a transfer of `time` that begins now occupies main memory; of a write, `pace` is that of its blocks. A write ends
    /// once main memory has accepted it: it may defer as many as its queues have places, and performs them when it has
    /// nothing else to do.
    fn held(&mut self, time: f64, pace: Option<f64>) -> f64 {
        let Some(pace) = pace else { return time };
        let pipe = &mut self.pipe;
        let idle = (self.now - pipe.idle_since) as f64 / FRACTIONS;
        let owed = (pipe.write_debt - idle).max(0.0);
        let most = self.memory.posted_writes * pace;
        pipe.write_debt = (owed + time).min(most);
        (owed + time - most).max(0.0)
    }

    /// What was served has ended, or has given way.
    pub(super) fn pipe_free(&mut self, version: u32) {
        if version != self.pipe.version {
            return;
        }
        let Some(served) = self.pipe.served.take() else { return };
        if !served.is_cut {
            let Transfer { delay, purpose, .. } = self.pipe.transfers[served.slot as usize];
            self.pipe.free.push(served.slot);
            self.send(fractions(delay), Event::Moved(purpose));
        }
        self.pipe.idle_since = self.now;
        self.serve_next();
    }
}
