//! The DMA: it splits transfers into 64-byte requests to main memory and hands the blocks on to the buffers.

use std::collections::VecDeque;

use sim_core::{Clock, Context, Label, Span, Tick, Ticks, random};

use crate::memory::{Access, MemoryMessage, MemoryRequest, MemoryRoute, RequestorId};
use crate::message::{Message, Traffic, Transfer, TransferPattern};
use crate::trace_labels::{self as labels, TransferPart};
use crate::units::{BLOCK, Bytes};

/// What the DMA must know of the machine.
#[derive(Clone, Debug)]
pub struct DmaParameters {
    /// The accelerator's clock.
    pub clock: Clock,
    /// Requests that may be under way at once.
    pub outstanding_requests: u32,
    /// The way to main memory.
    pub memory: MemoryRoute,
    /// Seed of the tokens whose embeddings are gathered.
    pub seed: u64,
    /// The number in main memory of the first kind of traffic; the others follow.
    pub first_requestor: RequestorId,
}

/// A transfer on its way.
#[derive(Clone, Copy, Debug)]
struct Active {
    transfer: Transfer,
    row: u32,
    next_address: u64,
    row_end: u64,
    outstanding: u32,
    issued_all: bool,
    ordered: Tick,
    /// When its first block was requested; kept for a trace only.
    started: Option<Tick>,
}

/// What came of trying to request a block.
enum Requested {
    /// It is on its way, and more are to come.
    More,
    /// It is on its way, the last of its transfer.
    Last,
    /// Its channel has no room.
    NoRoom,
}

/// The DMA engine.
///
/// Spilled activations and embedding rows go before weights, which are prefetched, and before gradients of weights. Within each of the two classes,
/// transfers are served in the order they were asked for, and blocks in order of address; several transfers overlap
/// as far as `outstanding_requests` allows.
#[derive(Clone, Debug)]
pub struct Dma {
    parameters: DmaParameters,
    slots: Vec<Option<Active>>,
    free: Vec<u32>,
    urgent: VecDeque<u32>,
    prefetches: VecDeque<u32>,
    outstanding: u32,
    requests: [u64; Traffic::ALL.len()],
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
            urgent: VecDeque::new(),
            prefetches: VecDeque::new(),
            outstanding: 0,
            requests: [0; Traffic::ALL.len()],
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
            ordered: context.now(),
            started: None,
        };
        self.begin_row(&mut active);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() as u32 - 1
        });
        self.slots[slot as usize] = Some(active);
        match transfer.traffic {
            Traffic::Weights | Traffic::Gradients => self.prefetches.push_back(slot),
            Traffic::Masks if transfer.pattern == TransferPattern::Load => self.prefetches.push_back(slot),
            _ => self.urgent.push_back(slot),
        }
        self.issue(context);
    }

    /// Sets the block addresses of the transfer's current row.
    fn begin_row(&self, active: &mut Active) {
        let transfer = &active.transfer;
        let start = match transfer.pattern {
            TransferPattern::Load | TransferPattern::Store => transfer.address,
            TransferPattern::Gather {
                table_rows,
                first_token,
                ..
            }
            | TransferPattern::Scatter {
                table_rows,
                first_token,
                ..
            } => {
                let token = u64::from(first_token + active.row);
                let row = random::draw(self.parameters.seed, token) % u64::from(table_rows.max(1));
                transfer.address + row * transfer.bytes
            }
        };
        active.next_address = start / BLOCK.0 * BLOCK.0;
        active.row_end = start + transfer.bytes;
    }

    /// Requests blocks as far as the window of outstanding requests and the room in main memory's queues go.
    fn issue(&mut self, context: &mut Context<'_, Message>) {
        while self.outstanding < self.parameters.outstanding_requests {
            let from_urgent = !self.urgent.is_empty();
            let queue = if from_urgent {
                &self.urgent
            } else {
                &self.prefetches
            };
            let Some(&slot) = queue.front() else { return };
            match self.request_block(slot, context) {
                Requested::NoRoom => return,
                Requested::More => {}
                Requested::Last if from_urgent => drop(self.urgent.pop_front()),
                Requested::Last => drop(self.prefetches.pop_front()),
            }
        }
    }

    /// Requests the next block of a transfer.
    fn request_block(&mut self, slot: u32, context: &mut Context<'_, Message>) -> Requested {
        let Some(mut active) = self.slots[slot as usize] else {
            return Requested::Last;
        };
        let address = active.next_address;
        let access = if active.transfer.pattern.is_outward() {
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
            trace_start(&active, slot, context);
        }
        active.next_address += BLOCK.0;
        active.outstanding += 1;
        if active.next_address >= active.row_end {
            active.row += 1;
            match active.transfer.pattern {
                TransferPattern::Gather { rows, .. } | TransferPattern::Scatter { rows, .. }
                    if active.row < rows =>
                {
                    self.begin_row(&mut active);
                }
                _ => active.issued_all = true,
            }
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
        if active.issued_all {
            Requested::Last
        } else {
            Requested::More
        }
    }

    pub(crate) fn on_memory(&mut self, message: MemoryMessage, context: &mut Context<'_, Message>) {
        match message {
            MemoryMessage::Response(response) => self.on_response(response.tag, context),
            MemoryMessage::Credit(credit) => {
                let traffic = credit.requestor.0 - self.parameters.first_requestor.0;
                self.parameters.memory.give(credit, usize::from(traffic));
                self.issue(context);
            }
            other => context.stop(format!("the DMA takes no {other:?}")),
        }
    }

    fn on_response(&mut self, slot: u32, context: &mut Context<'_, Message>) {
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
        let completes = active.issued_all && active.outstanding == 0;
        let transfer = active.transfer.id;
        let message = if active.transfer.pattern.is_outward() {
            Message::BlockDrained { transfer, completes }
        } else {
            Message::BlockFilled { transfer, completes }
        };
        context.send(active.transfer.buffer, Ticks::ZERO, message);
        if completes {
            self.slots[slot as usize] = None;
            self.free.push(slot);
            trace_end(&active, slot, context);
        }
        self.issue(context);
    }

    #[inline]
    fn trace_outstanding(&self, context: &mut Context<'_, Message>) {
        let (actor, now, requests) = (context.me(), context.now(), self.outstanding);
        context.trace(|sink| sink.counter(actor, now, labels::OUTSTANDING_REQUESTS, requests.into()));
    }

    /// Requests made, by kind of traffic.
    #[must_use]
    pub fn requests(&self) -> [u64; Traffic::ALL.len()] {
        self.requests
    }

    /// Requests not answered yet.
    #[must_use]
    pub fn outstanding(&self) -> u32 {
        self.outstanding
    }

    /// Time with at least one request under way.
    #[must_use]
    pub fn busy(&self) -> Ticks {
        self.busy
    }
}

/// The label of a record of the transfer in `slot`.
fn label(kind: u16, active: &Active, slot: u32) -> Label {
    let transfer = &active.transfer;
    let part = TransferPart {
        bytes: transfer.pattern.bytes_moved(Bytes(transfer.bytes)).0,
        traffic: transfer.traffic,
        outward: transfer.pattern.is_outward(),
        slot: slot as u16,
    };
    Label {
        kind,
        work: transfer.id.0,
        part: part.packed(),
    }
}

/// Records that a transfer has waited for its turn, and begins to move.
#[cold]
fn trace_start(active: &Active, slot: u32, context: &mut Context<'_, Message>) {
    let (actor, now) = (context.me(), context.now());
    let queued = Span {
        actor,
        start: active.ordered,
        end: now,
        label: label(labels::TRANSFER_QUEUED, active, slot),
    };
    context.trace(|sink| {
        sink.span(queued);
        sink.instant(actor, now, label(labels::TRANSFER_BEGAN, active, slot));
    });
}

/// Records a transfer that is complete.
fn trace_end(active: &Active, slot: u32, context: &mut Context<'_, Message>) {
    let (actor, end) = (context.me(), context.now());
    context.trace(|sink| {
        sink.span(Span {
            actor,
            start: active.started.unwrap_or(active.ordered),
            end,
            label: label(labels::TRANSFER, active, slot),
        });
    });
}
