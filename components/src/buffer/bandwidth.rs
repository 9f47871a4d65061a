//! A buffer's bandwidth: one server that works through the accesses of all requestors in the order in which they come.

use sim_core::{ActorId, Clock, Context, Tick};

use crate::message::{BufferRequest, Message, TransferId};
use crate::units::Bytes;

/// Bits that a buffer moves per cycle of the accelerator: banks x bits of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bandwidth {
    bits_per_cycle: u64,
}

impl Bandwidth {
    /// The bandwidth of `banks` banks, each `width` bits wide; at least a bit per cycle.
    #[must_use]
    pub fn of(banks: u32, width: u32) -> Self {
        Self {
            bits_per_cycle: (u64::from(banks) * u64::from(width)).max(1),
        }
    }

    /// Bits per cycle.
    #[must_use]
    pub fn bits_per_cycle(self) -> u64 {
        self.bits_per_cycle
    }

    /// Bytes per cycle.
    #[must_use]
    pub fn bytes_per_cycle(self) -> f64 {
        self.bits_per_cycle as f64 / 8.0
    }
}

/// Whom to tell that accesses have been made.
#[derive(Clone, Copy, Debug)]
enum Asked {
    /// A PE, which waits for the end of its request.
    Pe { pe: ActorId, ticket: u32 },
    /// The DMA; with the last block of a transfer, and not before this time, the control block is told.
    Dma { completes: Option<(TransferId, Tick)> },
}

/// Accesses that wait for their turn.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    at: Tick,
    accesses: u32,
    asked: Asked,
}

impl Waiting {
    /// First come, first served; of what comes in one tick the DMA's first, then the PEs' by number, each in its own order.
    fn turn(&self) -> (Tick, u32, u32) {
        match self.asked {
            Asked::Dma { .. } => (self.at, 0, 0),
            Asked::Pe { pe, ticket } => (self.at, pe.0 + 1, ticket),
        }
    }
}

/// The ports of a buffer of limited bandwidth.
///
/// Requests of a cycle are served at its end, so that their order is that of their requestors, whatever the order of sending.
/// That takes no time: service counts from the tick of the request. It is fluid: all banks serve a request together, and
/// conflicts of banks are not modelled.
#[derive(Clone, Debug)]
pub(super) struct Ports {
    bandwidth: Bandwidth,
    clock: Clock,
    bits_per_access: u128,
    /// When all that was served is done, in ticks x bits per cycle: so no time is rounded away.
    free_at: u128,
    waiting: Vec<Waiting>,
    is_woken: bool,
}

impl Ports {
    /// Idle ports, an access through which moves `access`.
    pub(super) fn new(bandwidth: Bandwidth, access: Bytes, clock: Clock) -> Self {
        Self {
            bandwidth,
            clock,
            bits_per_access: u128::from(access.0) * 8,
            free_at: 0,
            waiting: Vec::new(),
            is_woken: false,
        }
    }

    /// A PE asks for accesses.
    pub(super) fn on_request(&mut self, request: BufferRequest, context: &mut Context<'_, Message>) {
        let BufferRequest { pe, ticket, accesses } = request;
        self.line_up(accesses, Asked::Pe { pe, ticket }, context);
    }

    /// The DMA moves a block; with the last one a transfer is complete, at that time or later.
    pub(super) fn on_block(
        &mut self,
        accesses: u64,
        completes: Option<(TransferId, Tick)>,
        context: &mut Context<'_, Message>,
    ) {
        let accesses = u32::try_from(accesses).unwrap_or(u32::MAX);
        self.line_up(accesses, Asked::Dma { completes }, context);
    }

    fn line_up(&mut self, accesses: u32, asked: Asked, context: &mut Context<'_, Message>) {
        let at = context.now();
        self.waiting.push(Waiting { at, accesses, asked });
        self.wake(context);
    }

    /// Has the requests of this cycle served at its end.
    fn wake(&mut self, context: &mut Context<'_, Message>) {
        if !self.is_woken {
            self.is_woken = true;
            let next = self.clock.edge_at_or_after(Tick(context.now().0 + 1));
            context.wake(next.since(context.now()), Message::ServePorts);
        }
    }

    /// Serves what has come before this tick.
    pub(super) fn serve(&mut self, control_block: ActorId, context: &mut Context<'_, Message>) {
        self.is_woken = false;
        let now = context.now();
        self.waiting.sort_unstable_by_key(Waiting::turn);
        let due = self.waiting.partition_point(|waiting| waiting.at < now);
        for place in 0..due {
            let waiting = self.waiting[place];
            let end = self.end_of(&waiting);
            match waiting.asked {
                Asked::Pe { pe, ticket } => {
                    context.send_at(pe, now, Message::BufferServed { ticket, end });
                }
                Asked::Dma {
                    completes: Some((transfer, earliest)),
                } => {
                    let done = end.max(earliest).max(now);
                    context.send_at(control_block, done, Message::TransferDone(transfer));
                }
                Asked::Dma { completes: None } => {}
            }
        }
        self.waiting.drain(..due);
        if !self.waiting.is_empty() {
            self.wake(context);
        }
    }

    /// Serves a request after all others; when it is done.
    fn end_of(&mut self, waiting: &Waiting) -> Tick {
        let bits_per_cycle = u128::from(self.bandwidth.bits_per_cycle);
        let bits = u128::from(waiting.accesses) * self.bits_per_access;
        let came = u128::from(waiting.at.0) * bits_per_cycle;
        self.free_at = self.free_at.max(came) + bits * u128::from(self.clock.period().0);
        let end = self.free_at.div_ceil(bits_per_cycle);
        Tick(u64::try_from(end).unwrap_or(u64::MAX))
    }
}
