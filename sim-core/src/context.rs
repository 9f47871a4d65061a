//! What an actor sees of the simulation while it handles a message.

use crate::engine::EventQueue;
use crate::{Activity, ActorId, Message, SimError, Tick, Ticks, TraceSink};

/// What a simulation shares with the actor that handles a message.
pub(crate) struct Kernel<M: Message> {
    pub(crate) queue: EventQueue<M>,
    pub(crate) sink: Option<Box<dyn TraceSink>>,
    /// Whether the sink wants activities.
    pub(crate) wants_activities: bool,
    pub(crate) fault: Option<SimError>,
}

impl<M: Message> Kernel<M> {
    /// Notes a fault, which ends the run. The first one is kept.
    #[cold]
    pub(crate) fn fail(&mut self, fault: SimError) {
        self.fault.get_or_insert(fault);
    }
}

/// The world of an actor during one message: the time, and the means to send.
pub struct Context<'a, M: Message> {
    pub(crate) now: Tick,
    pub(crate) me: ActorId,
    pub(crate) kernel: &'a mut Kernel<M>,
}

impl<M: Message> Context<'_, M> {
    /// The current instant.
    #[must_use]
    #[inline]
    pub fn now(&self) -> Tick {
        self.now
    }

    /// The address of the actor that handles this message.
    #[must_use]
    #[inline]
    pub fn me(&self) -> ActorId {
        self.me
    }

    /// Sends `message`, to arrive after `delay`. Messages of one tick arrive in the order they were sent.
    ///
    /// A tick beyond what the engine can represent ends the run with [`SimError::TimeOverflow`].
    #[inline]
    pub fn send(&mut self, to: ActorId, delay: Ticks, message: M) {
        let at = self.now + delay;
        if at <= self.kernel.queue.last_tick() {
            self.kernel.queue.push(at, to, message);
        } else {
            self.overflow();
        }
    }

    /// Sends `message`, to arrive at the instant `at`, or now if that has passed.
    #[inline]
    pub fn send_at(&mut self, to: ActorId, at: Tick, message: M) {
        self.send(to, at.since(self.now), message);
    }

    /// Sends `message` to this actor itself after `delay`.
    #[inline]
    pub fn wake(&mut self, delay: Ticks, message: M) {
        self.send(self.me, delay, message);
    }

    /// Hands the trace sink to `record`, if the run has one.
    #[inline]
    pub fn trace(&mut self, record: impl FnOnce(&mut dyn TraceSink)) {
        if let Some(sink) = self.kernel.sink.as_deref_mut() {
            unlikely();
            sink.at(self.now);
            record(sink);
        }
    }

    /// Whether the trace sink keeps an account of activities.
    #[must_use]
    #[inline]
    pub fn accounts(&self) -> bool {
        self.kernel.wants_activities
    }

    /// Hands `amount` of what this actor does for a time, until `end`, to the trace sink, if that keeps an account of it.
    #[inline]
    pub fn account(&mut self, kind: u16, time: Ticks, end: Tick, amount: u64) {
        if self.accounts() {
            self.hand_over(kind, time, end, amount);
        }
    }

    #[cold]
    fn hand_over(&mut self, kind: u16, time: Ticks, end: Tick, amount: u64) {
        let (actor, start) = (self.me, Tick(end.0.saturating_sub(time.0)));
        self.trace(|sink| {
            sink.activity(Activity {
                actor,
                start,
                end,
                kind,
                amount,
            });
        });
    }

    /// Whether the run is being traced.
    #[must_use]
    #[inline]
    pub fn is_traced(&self) -> bool {
        self.kernel.sink.is_some()
    }

    /// Ends the run after this message, with a fault of the model. The first fault is kept.
    #[cold]
    pub fn stop(&mut self, reason: impl Into<String>) {
        self.kernel.fail(SimError::Stopped {
            tick: self.now,
            actor: self.me,
            reason: reason.into(),
        });
    }

    #[cold]
    fn overflow(&mut self) {
        let (actor, engine) = (self.me, self.kernel.queue.name());
        self.kernel.fail(SimError::TimeOverflow { actor, engine });
    }
}

/// Tells the compiler that a branch is rarely taken, so that its code stays out of the way.
#[cold]
#[inline(never)]
fn unlikely() {}
