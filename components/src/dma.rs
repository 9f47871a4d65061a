//! The DMA: it splits transfers into 64-byte requests to main memory and hands the blocks on to the buffers.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use sim_core::{Clock, Context, Span, Tick, Ticks};

use crate::memory::{Access, MemoryMessage, MemoryRequest, MemoryResponse, MemoryRoute, RequestorId};
use crate::message::{Message, Traffic, Transfer, TransferPattern};
use crate::trace_event::{Counter, Event, TransferRecord};
use crate::units::{BLOCK, Bytes};
use crate::words::Words;

/// What the DMA must know of the machine.
#[derive(Clone, Debug)]
pub struct DmaParameters {
    /// The accelerator's clock.
    pub clock: Clock,
    /// Requests that may be in flight at once.
    pub outstanding_requests: u32,
    /// The route to main memory.
    pub memory: MemoryRoute,
    /// The words of the tokens whose embeddings are gathered.
    pub words: Words,
    /// The number in main memory of the first kind of traffic; the others follow.
    pub first_requestor: RequestorId,
}

/// A transfer in flight.
#[derive(Clone, Copy, Debug)]
struct Active {
    transfer: Transfer,
    row: u32,
    next_address: u64,
    row_end: u64,
    outstanding: u32,
    issued_all: bool,
    /// Accumulating: the old row is being read; the sum is written once all of it has arrived.
    reading: bool,
    ordered: Tick,
    /// When its first block was requested; kept for a trace only.
    started: Option<Tick>,
}

/// Outcome of requesting the next block.
enum Requested {
    /// Requested; more blocks follow.
    More,
    /// Requested: the last block of its transfer, or the last before answers must come.
    Last,
    /// Its channel has no room.
    NoRoom,
}

/// The DMA engine.
///
/// What the oldest step waits for goes first, and of two transfers for one step the one that was asked for first; blocks go in
/// order of address. Several transfers overlap as far as `outstanding_requests` allows.
#[derive(Clone, Debug)]
pub struct Dma {
    parameters: DmaParameters,
    slots: Vec<Option<Active>>,
    free: Vec<u32>,
    /// Transfers with blocks to request: by step, then by the order in which they were asked for; and their slots.
    waiting: BinaryHeap<Reverse<(u32, u64, u32)>>,
    ordered: u64,
    outstanding: u32,
    requests: [u64; Traffic::ALL.len()],
    /// Blocks read by the adders, which no buffer sees.
    added: u64,
    busy_since: Tick,
    busy: Ticks,
}

impl Dma {
    /// An idle DMA.
    #[must_use]
    pub fn new(parameters: DmaParameters) -> Self {
        Self {
            parameters,
            slots: Vec::new(),
            free: Vec::new(),
            waiting: BinaryHeap::new(),
            ordered: 0,
            outstanding: 0,
            requests: [0; Traffic::ALL.len()],
            added: 0,
            busy_since: Tick::ZERO,
            busy: Ticks::ZERO,
        }
    }

    pub(crate) fn on_transfer(&mut self, transfer: Transfer, context: &mut Context<'_, Message>) {
        let mut active = Active {
            transfer,
            row: 0,
            next_address: 0,
            row_end: 0,
            outstanding: 0,
            issued_all: false,
            reading: false,
            ordered: context.now(),
            started: None,
        };
        self.begin_row(&mut active, 0);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() as u32 - 1
        });
        if context.is_traced() && slot > u32::from(u16::MAX) {
            return context.stop("more transfers are ordered at once than a trace can tell apart: 65536");
        }
        self.slots[slot as usize] = Some(active);
        // 0 is for sums that go back to their table.
        self.ordered += 1;
        self.waiting.push(Reverse((transfer.turn, self.ordered, slot)));
        self.issue(context);
    }

    /// Advances to the first row from number `row` on that has to move; if there is none, all has been requested.
    fn begin_row(&self, active: &mut Active, row: u32) {
        let (transfer, words) = (&active.transfer, &self.parameters.words);
        let start = match transfer.pattern.token_rows() {
            None if row == 0 => Some(transfer.address),
            None => None,
            Some(rows) => rows.next(row, words).map(|row| {
                let token = rows.first_token + row;
                active.row = row;
                active.reading =
                    matches!(transfer.pattern, TransferPattern::Accumulate(_)) && words.repeats(token);
                transfer.address + u64::from(words.row(token)) * transfer.bytes
            }),
        };
        match start {
            Some(start) => {
                active.next_address = start / BLOCK.0 * BLOCK.0;
                active.row_end = start + transfer.bytes;
            }
            None => active.issued_all = true,
        }
    }

    /// Requests as many blocks as `outstanding_requests` and main memory's queues allow.
    fn issue(&mut self, context: &mut Context<'_, Message>) {
        while self.outstanding < self.parameters.outstanding_requests {
            let Some(&Reverse((.., slot))) = self.waiting.peek() else {
                return;
            };
            match self.request_block(slot, context) {
                Requested::NoRoom => return,
                Requested::More => {}
                Requested::Last => drop(self.waiting.pop()),
            }
        }
    }

    /// Requests the next block of a transfer.
    fn request_block(&mut self, slot: u32, context: &mut Context<'_, Message>) -> Requested {
        let Some(mut active) = self.slots[slot as usize] else {
            return Requested::Last;
        };
        let address = active.next_address;
        let access = if active.transfer.pattern.is_outward() && !active.reading {
            Access::Write
        } else {
            Access::Read
        };
        let traffic = active.transfer.traffic;
        let Some(channel) = self.parameters.memory.admit(address, access, traffic as usize) else {
            return Requested::NoRoom;
        };
        if context.is_traced() && active.started.is_none() {
            active.started = Some(context.now());
            self.trace_start(&active, slot, context);
        }
        active.next_address += BLOCK.0;
        active.outstanding += 1;
        let row_requested = active.next_address >= active.row_end;
        if row_requested && !active.reading {
            let next = active.row + 1;
            self.begin_row(&mut active, next);
        }
        self.slots[slot as usize] = Some(active);
        if self.outstanding == 0 {
            self.busy_since = context.now();
        }
        self.outstanding += 1;
        self.requests[traffic as usize] += 1;
        self.trace_outstanding(context);
        let requestor = RequestorId(self.parameters.first_requestor.0 + traffic as u8);
        let request = MemoryRequest {
            address,
            tag: slot,
            requestor,
            access,
            reply_to: context.me(),
        };
        context.send(
            channel,
            Ticks::ZERO,
            Message::Memory(MemoryMessage::Request(request)),
        );
        if active.issued_all || row_requested && active.reading && access == Access::Read {
            self.trace_requested(&active, context);
            Requested::Last
        } else {
            Requested::More
        }
    }

    pub(crate) fn on_memory(&mut self, message: MemoryMessage, context: &mut Context<'_, Message>) {
        match message {
            MemoryMessage::Response(response) => self.on_response(response, context),
            MemoryMessage::Credit(credit) => {
                let traffic = credit.requestor.0 - self.parameters.first_requestor.0;
                self.parameters.memory.give(credit, usize::from(traffic));
                self.issue(context);
            }
            other => context.stop(format!("the DMA takes no {other:?}")),
        }
    }

    fn on_response(&mut self, response: MemoryResponse, context: &mut Context<'_, Message>) {
        let slot = response.tag;
        let Some(active) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) else {
            context.stop("main memory answered a request that the DMA never made");
            return;
        };
        active.outstanding -= 1;
        self.outstanding -= 1;
        if self.outstanding == 0 {
            self.busy += context.now().since(self.busy_since);
        }
        let active = *active;
        self.trace_outstanding(context);
        if active.reading && active.outstanding == 0 && active.next_address >= active.row_end {
            self.write_sum(slot);
        }
        let outward = active.transfer.pattern.is_outward();
        if outward && response.access == Access::Read {
            self.added += 1;
            return self.issue(context);
        }
        let completes = active.issued_all && active.outstanding == 0;
        let transfer = active.transfer.id;
        let message = if outward {
            Message::BlockDrained { transfer, completes }
        } else {
            Message::BlockFilled { transfer, completes }
        };
        context.send(active.transfer.buffer, Ticks::ZERO, message);
        if completes {
            self.slots[slot as usize] = None;
            self.free.push(slot);
            self.trace_end(&active, slot, context);
        }
        self.issue(context);
    }

    /// All of an accumulated row has arrived: the sum is written back before anything else.
    fn write_sum(&mut self, slot: u32) {
        let Some(mut active) = self.slots[slot as usize] else {
            return;
        };
        active.reading = false;
        active.next_address = (active.row_end - active.transfer.bytes) / BLOCK.0 * BLOCK.0;
        self.slots[slot as usize] = Some(active);
        self.waiting.push(Reverse((0, 0, slot)));
    }

    /// Requests made, by kind of traffic.
    #[must_use]
    pub fn requests(&self) -> [u64; Traffic::ALL.len()] {
        self.requests
    }

    /// Blocks that were read for its own adders: rows that are accumulated in a table.
    #[must_use]
    pub fn blocks_added(&self) -> u64 {
        self.added
    }

    /// Requests not answered yet.
    #[must_use]
    pub fn outstanding(&self) -> u32 {
        self.outstanding
    }

    /// Requests not answered yet, by kind of traffic, and the one that waits for room in main memory's queues, if any.
    #[must_use]
    pub fn waiting(&self) -> [u64; Traffic::ALL.len()] {
        let mut waiting = [0; Traffic::ALL.len()];
        for active in self.slots.iter().flatten() {
            waiting[active.transfer.traffic as usize] += u64::from(active.outstanding);
        }
        let has_room = self.outstanding < self.parameters.outstanding_requests;
        let next = self.waiting.peek().filter(|_| has_room);
        if let Some(active) = next.and_then(|&Reverse((.., slot))| self.slots[slot as usize]) {
            waiting[active.transfer.traffic as usize] += 1;
        }
        waiting
    }

    /// Time with at least one request in flight.
    #[must_use]
    pub fn busy(&self) -> Ticks {
        self.busy
    }
}

/// Trace records of transfers.
impl Dma {
    #[inline]
    fn trace_outstanding(&self, context: &mut Context<'_, Message>) {
        let (actor, now, requests) = (context.me(), context.now(), self.outstanding);
        context
            .trace(|sink| sink.counter(actor, now, Counter::OutstandingRequests.number(), requests.into()));
    }

    /// What records say of the transfer in `slot`.
    fn record(&self, active: &Active, slot: u32) -> TransferRecord {
        let transfer = &active.transfer;
        let (pattern, bytes) = (transfer.pattern, Bytes(transfer.bytes));
        TransferRecord {
            transfer: transfer.id.0,
            bytes: pattern.bytes_moved(bytes, &self.parameters.words).0,
            traffic: transfer.traffic,
            outward: pattern.is_outward(),
            slot: u16::try_from(slot).unwrap_or(u16::MAX),
        }
    }

    /// Records that a transfer begins to move, and how long it waited for its turn.
    #[cold]
    fn trace_start(&self, active: &Active, slot: u32, context: &mut Context<'_, Message>) {
        let (actor, now) = (context.me(), context.now());
        let queued = Span {
            actor,
            start: active.ordered,
            end: now,
            label: Event::TransferQueued(self.record(active, slot)).label(),
        };
        context.trace(|sink| {
            sink.span(queued);
            let began = Event::TransferBegan(self.record(active, slot));
            sink.instant(actor, now, began.label());
        });
    }

    /// Records that the DMA turns to the next transfer.
    #[inline]
    fn trace_requested(&self, active: &Active, context: &mut Context<'_, Message>) {
        let (actor, now) = (context.me(), context.now());
        context.trace(|sink| {
            let transfer = active.transfer.id.0;
            sink.instant(actor, now, Event::TransferRequested { transfer }.label());
        });
    }

    /// Records a transfer that is complete.
    fn trace_end(&self, active: &Active, slot: u32, context: &mut Context<'_, Message>) {
        let (actor, end) = (context.me(), context.now());
        context.trace(|sink| {
            sink.span(Span {
                actor,
                start: active.started.unwrap_or(active.ordered),
                end,
                label: Event::Transfer(self.record(active, slot)).label(),
            });
        });
    }
}
