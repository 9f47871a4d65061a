//! A memory alone, driven by a trace of requests.

use sim_core::{
    Actor, ActorId, ClockError, Context, Cycles, Engine, SimError, Simulation, Tick, Ticks, Timebase,
    TraceSink,
};
use thiserror::Error;

use super::address_map::AddressMap;
use super::credit::CreditAccount;
use super::report::{MemoryReport, collect};
use super::trace_text::{TraceError, TraceRecord};
use super::{MemoryActor, MemoryMessage, MemoryPlan, MemoryPorts, MemoryRequest, RequestorId, build_memory};

/// The host of a replay.
///
/// Each cycle, after the memory's, it offers at most `requests_per_cycle` requests, in the order of the trace,
/// each not before its own cycle; a request for which its channel has no room blocks those behind it. This is
/// how DRAMsim3's trace-driven host behaves (with one request a cycle). When the last answer has come it
/// halts the memory.
#[derive(Debug)]
pub struct ReplayHost<I> {
    records: I,
    next: Option<TraceRecord>,
    error: Option<TraceError>,
    requests_per_cycle: u32,
    map: AddressMap,
    channels: Vec<ActorId>,
    credits: CreditAccount,
    clock: sim_core::Clock,
    /// The cycle of the last offers, and how many there were.
    offered_at: u64,
    offered: u32,
    /// The cycle of the wake-up under way.
    woken_for: Option<u64>,
    outstanding: u64,
    next_tag: u32,
    last_answer: u64,
}

impl<I: Iterator<Item = Result<TraceRecord, TraceError>>> ReplayHost<I> {
    /// A host for the memory behind `ports`.
    pub fn new(
        plan: &MemoryPlan,
        clock: sim_core::Clock,
        ports: &MemoryPorts,
        mut records: I,
        requests_per_cycle: u32,
    ) -> Self {
        let (next, error) = split(records.next());
        Self {
            records,
            next,
            error,
            requests_per_cycle: requests_per_cycle.max(1),
            map: plan.address_map(),
            channels: ports.channels.clone(),
            credits: plan.credits(),
            clock,
            offered_at: 0,
            offered: 0,
            woken_for: None,
            outstanding: 0,
            next_tag: 0,
            last_answer: 0,
        }
    }

    /// Takes one message.
    #[inline]
    pub fn receive(&mut self, message: MemoryMessage, context: &mut Context<'_, MemoryMessage>) {
        let now = self.clock.cycle_at(context.now()).0;
        match message {
            MemoryMessage::Credit(credit) => {
                self.credits.give(credit);
                self.offer(now, context);
            }
            MemoryMessage::Wake { .. } => self.offer(now, context),
            MemoryMessage::Response(_) => {
                self.outstanding -= 1;
                self.last_answer = now;
                self.halt_when_done(context);
            }
            _ => {}
        }
    }

    #[inline]
    fn offer(&mut self, now: u64, context: &mut Context<'_, MemoryMessage>) {
        if self.offered_at != now {
            (self.offered_at, self.offered) = (now, 0);
        }
        while let Some(record) = self.next {
            if record.cycle > now {
                self.wake_at(record.cycle, context);
                return;
            }
            if self.offered == self.requests_per_cycle {
                self.wake_at(now + 1, context);
                return;
            }
            let channel = self.map.channel_of(record.address);
            if !self.credits.take(channel, record.access) {
                // The credit that comes back brings the offer forward.
                return;
            }
            self.send(record, channel, context);
            self.offered += 1;
            (self.next, self.error) = split(self.records.next());
        }
        self.halt_when_done(context);
    }

    #[inline]
    fn send(&mut self, record: TraceRecord, channel: usize, context: &mut Context<'_, MemoryMessage>) {
        let request = MemoryRequest {
            address: record.address,
            tag: self.next_tag,
            requestor: RequestorId::default(),
            access: record.access,
            reply_to: context.me(),
        };
        self.next_tag = self.next_tag.wrapping_add(1);
        self.outstanding += 1;
        context.send(
            self.channels[channel],
            Ticks::ZERO,
            MemoryMessage::Request(request),
        );
    }

    fn wake_at(&mut self, cycle: u64, context: &mut Context<'_, MemoryMessage>) {
        if self.woken_for == Some(cycle) {
            return;
        }
        self.woken_for = Some(cycle);
        let at = self.clock.edge(Cycles(cycle));
        context.send_at(context.me(), at, MemoryMessage::Wake { cycle });
    }

    fn halt_when_done(&mut self, context: &mut Context<'_, MemoryMessage>) {
        if self.next.is_none() && self.outstanding == 0 {
            for &channel in &self.channels {
                context.send(channel, Ticks::ZERO, MemoryMessage::Halt);
            }
        }
    }
}

/// The next record, or what is wrong with it; either ends the replay's taking of records.
fn split(item: Option<Result<TraceRecord, TraceError>>) -> (Option<TraceRecord>, Option<TraceError>) {
    match item {
        Some(Ok(record)) => (Some(record), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    }
}

/// An actor of a replay.
#[derive(Debug)]
pub enum ReplayActor<I> {
    /// A part of the memory.
    Memory(MemoryActor),
    /// The host.
    Host(Box<ReplayHost<I>>),
}

impl<I: Iterator<Item = Result<TraceRecord, TraceError>>> Actor for ReplayActor<I> {
    type Message = MemoryMessage;

    #[inline]
    fn receive(&mut self, message: MemoryMessage, context: &mut Context<'_, MemoryMessage>) {
        match self {
            Self::Memory(actor) => actor.receive(message, context),
            Self::Host(host) => host.receive(message, context),
        }
    }
}

/// What came out of a replay.
#[derive(Clone, Debug)]
pub struct ReplayReport {
    /// The cycle of the memory clock in which the last answer came.
    pub last_answer: u64,
    /// Reads of the trace.
    pub reads: u64,
    /// Writes of the trace.
    pub writes: u64,
    /// Messages delivered.
    pub events: u64,
    /// Hash of all that was delivered.
    pub digest: u64,
    /// The memory's figures, up to the end of the cycle of the last answer.
    pub memory: MemoryReport,
}

/// Why a replay has no result.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The trace is not readable.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// The memory's clock cannot be simulated.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The simulation stopped.
    #[error(transparent)]
    Simulation(#[from] SimError),
    /// Some requests never got an answer: a fault of the controller's description or of this model.
    #[error("{outstanding} requests were never answered; the last answer came in cycle {last_answer}")]
    Unanswered {
        /// Requests without an answer.
        outstanding: u64,
        /// When the last answer came.
        last_answer: u64,
    },
}

/// Runs the requests of a trace through a memory of its own.
///
/// # Errors
/// An unreadable trace, a clock or engine that cannot be, or requests that are never answered.
pub fn replay(
    plan: &MemoryPlan,
    records: impl Iterator<Item = Result<TraceRecord, TraceError>>,
    requests_per_cycle: u32,
    engine: Engine,
) -> Result<ReplayReport, ReplayError> {
    replay_into(plan, records, requests_per_cycle, engine, None)
}

/// As [`replay`], recording the run into `sink`.
///
/// # Errors
/// As [`replay`].
pub fn replay_into(
    plan: &MemoryPlan,
    records: impl Iterator<Item = Result<TraceRecord, TraceError>>,
    requests_per_cycle: u32,
    engine: Engine,
    sink: Option<&mut dyn TraceSink>,
) -> Result<ReplayReport, ReplayError> {
    let clock = Timebase::of(&[plan.frequency()])?.clock(plan.frequency())?;
    let mut simulation = Simulation::new(engine)?.with_digest();
    let ports = build_memory(plan, clock, &mut |actor| {
        simulation.add(ReplayActor::Memory(actor))
    });
    let host = ReplayHost::new(plan, clock, &ports, records, requests_per_cycle);
    let host = simulation.add(ReplayActor::Host(Box::new(host)));
    simulation.post(host, Tick::ZERO, MemoryMessage::Wake { cycle: 0 });
    match sink {
        Some(sink) => simulation.traced(sink).run()?,
        None => simulation.run()?,
    }
    let (now, events) = (simulation.now(), simulation.events());
    let digest = simulation.digest().map_or(0, sim_core::Digest::value);
    let actors = simulation.into_actors();
    let (mut last_answer, mut outstanding) = (0, 0);
    for actor in &actors {
        if let ReplayActor::Host(host) = actor {
            (last_answer, outstanding) = (host.last_answer, host.outstanding);
            if let Some(error) = &host.error {
                return Err(error.clone().into());
            }
        }
    }
    if outstanding > 0 {
        return Err(ReplayError::Unanswered {
            outstanding,
            last_answer,
        });
    }
    let parts = actors.iter().filter_map(|actor| match actor {
        ReplayActor::Memory(part) => Some(part),
        ReplayActor::Host(_) => None,
    });
    let memory = collect(plan, clock, parts, now);
    Ok(ReplayReport {
        last_answer,
        reads: memory.reads,
        writes: memory.writes,
        events,
        digest,
        memory,
    })
}
