//! Background traffic: other users of main memory while a transformer runs.
//!
//! A source asks for blocks at addresses that [`AddressPattern`] names, at times that [`ArrivalProcess`] names, or
//! replays a trace. It stops when the last transformer of the machine is finished.

mod addresses;
mod arrivals;
mod requests;

use sim_core::statistics::Latencies;
use sim_core::{ActorId, Clock, Context, Cycles, Tick, Ticks};

use crate::memory::{MemoryMessage, MemoryRequest, MemoryRoute, RequestorId};
use crate::message::Message;

pub use addresses::AddressPattern;
pub use arrivals::ArrivalProcess;
use requests::Due;
pub use requests::{GeneratedRequests, RequestStream};

/// What a source of background traffic must know of the machine.
#[derive(Clone, Debug)]
pub struct BackgroundParameters {
    /// Main memory's clock: requests are made at its edges.
    pub clock: Clock,
    /// The way to main memory.
    pub memory: MemoryRoute,
    /// Its requestor number in main memory.
    pub requestor: RequestorId,
    /// Requests that may be in flight at once.
    pub outstanding_requests: u32,
    /// When it starts: an edge of the clock.
    pub start: Tick,
    /// When it stops asking; `None` if it goes on as long as any transformer runs.
    pub stop: Option<Tick>,
    /// Transformers of the machine.
    pub transformers: u32,
}

/// A request in flight.
#[derive(Clone, Copy, Debug)]
struct UnderWay {
    due: Tick,
}

/// What a source has done.
#[derive(Clone, Debug, Default)]
pub struct BackgroundCounts {
    /// Requests made.
    pub requests: u64,
    /// Requests not answered yet.
    pub outstanding: u32,
    /// Latency from the moment at which a request was due until its answer, in ticks, including the wait for a place in the
    /// controller's queues. A write is answered when it is accepted.
    pub delay: Latencies,
}

/// A source of background traffic.
pub struct BackgroundTraffic {
    parameters: BackgroundParameters,
    requests: RequestStream,
    next: Option<Due>,
    running: u32,
    woken_for: Option<Tick>,
    last_sent: Option<Tick>,
    under_way: Vec<UnderWay>,
    free: Vec<u32>,
    counts: BackgroundCounts,
}

impl BackgroundTraffic {
    /// A source that will make `requests`. It begins when it is sent a wake-up at its start.
    #[must_use]
    pub fn new(parameters: BackgroundParameters, requests: RequestStream) -> Self {
        Self {
            running: parameters.transformers,
            parameters,
            requests,
            next: None,
            woken_for: None,
            last_sent: None,
            under_way: Vec::new(),
            free: Vec::new(),
            counts: BackgroundCounts::default(),
        }
    }

    /// What it has done.
    #[must_use]
    pub fn counts(&self) -> &BackgroundCounts {
        &self.counts
    }

    /// Whether it goes on as long as any transformer runs.
    #[must_use]
    pub fn is_endless(&self) -> bool {
        self.parameters.stop.is_none() && matches!(self.requests, RequestStream::Generated(_))
    }

    /// Whether it has requests to make that are due.
    #[must_use]
    pub fn is_behind(&self, now: Tick) -> bool {
        let next = self.next.filter(|_| self.running > 0);
        next.is_some_and(|next| self.due(next, now) <= now)
    }

    /// When a request is due.
    #[inline]
    fn due(&self, next: Due, now: Tick) -> Tick {
        next.cycle.map_or(now, |cycle| {
            self.parameters.start + self.parameters.clock.span(Cycles(cycle))
        })
    }

    pub(crate) fn receive(&mut self, message: Message, context: &mut Context<'_, Message>) {
        match message {
            Message::Start => self.advance(context),
            Message::Memory(MemoryMessage::Wake { .. }) => {}
            Message::Memory(MemoryMessage::Credit(credit)) => self.parameters.memory.give(credit, 0),
            Message::Memory(MemoryMessage::Response(response)) => self.on_response(response.tag, context),
            Message::TransformerFinished => {
                self.running = self.running.saturating_sub(1);
                return;
            }
            other => {
                context.stop(format!("a source of background traffic takes no {other:?}"));
                return;
            }
        }
        self.issue(context);
    }

    fn advance(&mut self, context: &mut Context<'_, Message>) {
        match self.requests.next() {
            Ok(next) => self.next = next,
            Err(message) => context.stop(message),
        }
    }

    /// Makes the requests that are due, as far as there is room for them.
    fn issue(&mut self, context: &mut Context<'_, Message>) {
        let now = context.now();
        while let Some(next) = self.next
            && self.running > 0
        {
            let due = self.due(next, now);
            if self.parameters.stop.is_some_and(|stop| due >= stop) {
                self.next = None;
                return;
            }
            if due > now {
                self.wake_at(due, context);
                return;
            }
            if self.requests.is_one_a_cycle() && self.last_sent == Some(now) {
                self.wake_at(now + self.parameters.clock.period(), context);
                return;
            }
            if self.counts.outstanding == self.parameters.outstanding_requests {
                return;
            }
            let Some(channel) = self.parameters.memory.admit(next.address, next.access, 0) else {
                return;
            };
            self.send(next, due, channel, context);
            self.advance(context);
        }
    }

    fn send(&mut self, next: Due, due: Tick, channel: ActorId, context: &mut Context<'_, Message>) {
        let under_way = UnderWay { due };
        let tag = match self.free.pop() {
            Some(tag) => {
                self.under_way[tag as usize] = under_way;
                tag
            }
            None => {
                self.under_way.push(under_way);
                self.under_way.len() as u32 - 1
            }
        };
        let request = MemoryRequest {
            address: next.address,
            tag,
            requestor: self.parameters.requestor,
            access: next.access,
            reply_to: context.me(),
        };
        self.counts.requests += 1;
        self.counts.outstanding += 1;
        self.last_sent = Some(context.now());
        context.send(channel, Ticks::ZERO, MemoryMessage::Request(request).into());
    }

    fn on_response(&mut self, tag: u32, context: &mut Context<'_, Message>) {
        let Some(under_way) = self.under_way.get(tag as usize) else {
            context.stop("main memory answered a request that background traffic never made");
            return;
        };
        self.counts.delay.record(context.now().since(under_way.due));
        self.counts.outstanding -= 1;
        self.free.push(tag);
    }

    fn wake_at(&mut self, at: Tick, context: &mut Context<'_, Message>) {
        if self.woken_for == Some(at) {
            return;
        }
        self.woken_for = Some(at);
        let cycle = self.parameters.clock.cycle_at(at).0;
        context.send_at(context.me(), at, MemoryMessage::Wake { cycle }.into());
    }
}
