//! The run itself: actors, the queue between them, and the loop that delivers.

use crate::engine::EventQueue;
use crate::{Actor, ActorId, Context, Digest, Engine, SimError, Tick, TraceSink};

/// A machine of actors in simulated time.
///
/// Messages are delivered in order of (tick, order of sending), whatever the engine.
pub struct Simulation<A: Actor> {
    actors: Vec<A>,
    queue: EventQueue<A::Message>,
    now: Tick,
    events: u64,
    events_this_tick: u64,
    digest: Option<Digest>,
    sink: Option<Box<dyn TraceSink>>,
    fault: Option<SimError>,
}

impl<A: Actor> Simulation<A> {
    /// Messages that may be delivered in one tick before the run is called a livelock.
    pub const LIVELOCK_LIMIT: u64 = 100_000_000;

    /// An empty machine on `engine`.
    ///
    /// # Errors
    /// [`SimError::EngineMissing`] if the engine is not part of this build.
    pub fn new(engine: Engine) -> Result<Self, SimError> {
        Ok(Self {
            actors: Vec::new(),
            queue: EventQueue::new(engine)?,
            now: Tick::ZERO,
            events: 0,
            events_this_tick: 0,
            digest: None,
            sink: None,
            fault: None,
        })
    }

    /// Keeps a digest of all deliveries from now on.
    #[must_use]
    pub fn with_digest(mut self) -> Self {
        self.digest = Some(Digest::default());
        self
    }

    /// Records the run into `sink`.
    #[must_use]
    pub fn with_trace(mut self, sink: Box<dyn TraceSink>) -> Self {
        self.sink = Some(sink);
        self
    }

    /// Adds an actor and gives it the next address.
    pub fn add(&mut self, actor: A) -> ActorId {
        let id = ActorId(u32::try_from(self.actors.len()).expect("fewer than 2^32 actors"));
        self.actors.push(actor);
        id
    }

    /// Queues a message from outside, to arrive at `at` or now if that has passed.
    pub fn post(&mut self, to: ActorId, at: Tick, message: A::Message) {
        self.queue.push(at.max(self.now), to, message);
    }

    /// Delivers until no message is left.
    ///
    /// # Errors
    /// The first fault of the model. Time and state stay where the fault found them.
    pub fn run(&mut self) -> Result<(), SimError> {
        self.run_until(Tick(u64::MAX - 1))
    }

    /// Delivers all messages due at or before `limit`; it stops between ticks, so two runs in a row equal
    /// one long one.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_until(&mut self, limit: Tick) -> Result<(), SimError> {
        while self.fault.is_none() {
            let Some((at, to, message)) = self.queue.pop(limit) else {
                return Ok(());
            };
            self.advance_to(at, to);
            if let Some(digest) = &mut self.digest {
                digest.record(at, to, &message);
            }
            let mut context = Context {
                now: at,
                me: to,
                queue: &mut self.queue,
                sink: self.sink.as_deref_mut(),
                fault: &mut self.fault,
            };
            self.actors[to.index()].receive(message, &mut context);
        }
        Err(self.fault.clone().expect("the loop ends only on a fault"))
    }

    #[inline]
    fn advance_to(&mut self, at: Tick, to: ActorId) {
        self.events += 1;
        if at != self.now {
            self.now = at;
            self.events_this_tick = 0;
        }
        self.events_this_tick += 1;
        if self.events_this_tick > Self::LIVELOCK_LIMIT {
            self.fault = Some(SimError::Livelock {
                tick: at,
                actor: to,
                limit: Self::LIVELOCK_LIMIT,
            });
        }
    }

    /// The instant of the last delivery.
    #[must_use]
    pub fn now(&self) -> Tick {
        self.now
    }

    /// Messages delivered so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The digest of all deliveries, if one is kept.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// All actors, in order of their addresses.
    #[must_use]
    pub fn actors(&self) -> &[A] {
        &self.actors
    }

    /// Ends the simulation and hands the actors and the trace sink back.
    #[must_use]
    pub fn into_parts(self) -> (Vec<A>, Option<Box<dyn TraceSink>>) {
        (self.actors, self.sink)
    }
}
