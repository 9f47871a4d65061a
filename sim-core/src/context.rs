//! What an actor sees of the simulation while it handles a message.

use crate::engine::EventQueue;
use crate::{ActorId, Message, SimError, Tick, Ticks, TraceSink};

/// The world of an actor during one message: the time, and the means to send.
pub struct Context<'a, M> {
    pub(crate) now: Tick,
    pub(crate) me: ActorId,
    pub(crate) queue: &'a mut EventQueue<M>,
    pub(crate) sink: Option<&'a mut (dyn TraceSink + 'static)>,
    pub(crate) fault: &'a mut Option<SimError>,
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
    #[inline]
    pub fn send(&mut self, to: ActorId, delay: Ticks, message: M) {
        match self.now.0.checked_add(delay.0) {
            Some(at) if at <= self.queue.last_tick() => self.queue.push(Tick(at), to, message),
            _ => self.overflow(),
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
        if let Some(sink) = self.sink.as_deref_mut() {
            record(sink);
        }
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
        let (tick, actor) = (self.now, self.me);
        self.fault.get_or_insert_with(|| SimError::Stopped {
            tick,
            actor,
            reason: reason.into(),
        });
    }

    #[cold]
    fn overflow(&mut self) {
        let (actor, engine) = (self.me, self.queue.name());
        self.fault.get_or_insert(SimError::TimeOverflow { actor, engine });
    }
}
