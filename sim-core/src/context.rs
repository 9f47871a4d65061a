//! What an actor sees of the simulation while it handles a message.

use crate::engine::EventQueue;
use crate::{Activity, ActorId, Message, SimError, Tick, Ticks, TraceSink};

/// The world of an actor during one message: the time, and the means to send.
///
/// There is one for each part of a run, so that a message costs no more than setting its receiver.
pub struct Context<'a, M: Message> {
    pub(crate) now: Tick,
    pub(crate) me: ActorId,
    pub(crate) queue: &'a mut EventQueue<M>,
    sink: Option<&'a mut dyn TraceSink>,
    /// The tick that the sink was last told.
    sink_at: Option<Tick>,
    wants_activities: bool,
    pub(crate) fault: Option<SimError>,
}

impl<'a, M: Message> Context<'a, M> {
    /// The context of a run that goes on from `now`, recorded into `sink` if there is one.
    pub(crate) fn new(now: Tick, queue: &'a mut EventQueue<M>, sink: Option<&'a mut dyn TraceSink>) -> Self {
        Self {
            now,
            me: ActorId::default(),
            queue,
            wants_activities: sink.as_ref().is_some_and(|sink| sink.wants_activities()),
            sink,
            sink_at: None,
            fault: None,
        }
    }
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
        if at <= self.queue.last_tick() {
            self.queue.push(at, to, message);
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

    /// Passes the trace sink to `record`, if the run has one.
    #[inline]
    pub fn trace(&mut self, record: impl FnOnce(&mut dyn TraceSink)) {
        if let Some(sink) = self.sink.as_deref_mut() {
            unlikely();
            if self.sink_at != Some(self.now) {
                self.sink_at = Some(self.now);
                sink.at(self.now);
            }
            record(sink);
        }
    }

    /// Whether the trace sink wants activities.
    #[must_use]
    #[inline]
    pub fn accounts(&self) -> bool {
        self.wants_activities
    }

    /// Reports `amount` units of work lasting `time` and ending at `end`, if the sink accounts for activities.
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
        self.sink.is_some()
    }

    /// Ends the run after this message, with a fault of the model. The first fault is kept.
    #[cold]
    pub fn stop(&mut self, reason: impl Into<String>) {
        self.fail(SimError::Stopped {
            tick: self.now,
            actor: self.me.into(),
            reason: reason.into(),
        });
    }

    #[cold]
    fn overflow(&mut self) {
        let (actor, engine) = (self.me.into(), self.queue.name());
        self.fail(SimError::TimeOverflow { actor, engine });
    }

    /// The messages of this tick exceed the limit.
    #[cold]
    pub(crate) fn livelock(&mut self, limit: u64) {
        let (tick, actor) = (self.now, self.me.into());
        self.fail(SimError::Livelock { tick, actor, limit });
    }

    /// The receiver of a message does not exist.
    #[cold]
    pub(crate) fn no_such_actor(&mut self) {
        let (tick, actor) = (self.now, self.me);
        self.fail(SimError::NoSuchActor { tick, actor });
    }

    /// Notes a fault, which ends the run. The first one is kept.
    #[cold]
    fn fail(&mut self, fault: SimError) {
        self.fault.get_or_insert(fault);
    }
}

/// Tells the compiler that a branch is rarely taken, so that its code is moved off the hot path.
#[cold]
#[inline(never)]
fn unlikely() {}
