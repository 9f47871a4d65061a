//! The front end of the slower queues: what an actor sends is stored here, and queued before the next delivery.
//!
//! This keeps the code of those queues out of the handlers that send.

use super::QueueStatistics;
use crate::{ActorId, Tick};

/// A queue that a simulation reaches through [`Staged`]; the calls are those of
/// [`EventQueue`](super::EventQueue).
pub(crate) trait SlowQueue<M> {
    fn push(&mut self, at: Tick, to: ActorId, message: M);
    fn advance(&mut self, limit: Tick) -> Option<Tick>;
    fn pop(&mut self) -> Option<(ActorId, M)>;
    fn reserve(&mut self, messages: usize);
    fn statistics(&self) -> QueueStatistics;
}

pub(crate) struct Staged<M, Q> {
    sent: Vec<(Tick, ActorId, M)>,
    popped: Option<M>,
    queue: Q,
}

impl<M: Copy, Q: SlowQueue<M>> Staged<M, Q> {
    pub(crate) fn new(queue: Q) -> Self {
        Self {
            sent: Vec::new(),
            popped: None,
            queue,
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, at: Tick, to: ActorId, message: M) {
        self.sent.push((at, to, message));
    }

    #[inline(never)]
    pub(crate) fn advance(&mut self, limit: Tick) -> Option<Tick> {
        self.queue_sent();
        self.queue.advance(limit)
    }

    #[inline(never)]
    pub(crate) fn pop(&mut self) -> Option<ActorId> {
        self.queue_sent();
        let (to, message) = self.queue.pop()?;
        self.popped = Some(message);
        Some(to)
    }

    #[inline]
    pub(crate) fn popped(&self) -> M {
        self.popped.expect("a message has been popped")
    }

    pub(crate) fn reserve(&mut self, messages: usize) {
        self.sent.reserve(messages);
        self.queue.reserve(messages);
    }

    pub(crate) fn statistics(&self) -> QueueStatistics {
        let queued = self.queue.statistics();
        QueueStatistics {
            peak_in_flight: queued.peak_in_flight.max(self.sent.len() as u64),
            ..queued
        }
    }

    fn queue_sent(&mut self) {
        for (at, to, message) in self.sent.drain(..) {
            self.queue.push(at, to, message);
        }
    }
}
