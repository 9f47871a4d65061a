//! The run itself: actors, the queue between them, and the loop that delivers.

use crate::context::Kernel;
use crate::engine::{EventQueue, QueueStatistics};
use crate::{Actor, ActorId, Context, Digest, Engine, SimError, Tick, TraceSink};

/// A machine of actors in simulated time.
///
/// Messages are delivered in order of (tick, order of sending), whatever the engine.
pub struct Simulation<A: Actor> {
    actors: Vec<A>,
    kernel: Kernel<A::Message>,
    now: Tick,
    events: u64,
    livelock_limit: u64,
    digest: Option<Digest>,
}

impl<A: Actor> Simulation<A> {
    /// Messages that may be delivered in one tick before the run is called a livelock, unless
    /// [`Self::with_livelock_limit`] says otherwise: a fraction of a second of work.
    pub const LIVELOCK_LIMIT: u64 = 10_000_000;

    /// An empty machine on `engine`.
    ///
    /// # Errors
    /// [`SimError::EngineMissing`] if the engine is not part of this build.
    pub fn new(engine: Engine) -> Result<Self, SimError> {
        Ok(Self {
            actors: Vec::new(),
            kernel: Kernel {
                queue: EventQueue::new(engine)?,
                sink: None,
                sink_at: None,
                wants_activities: false,
                fault: None,
            },
            now: Tick::ZERO,
            events: 0,
            livelock_limit: Self::LIVELOCK_LIMIT,
            digest: None,
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
        self.kernel.wants_activities = sink.wants_activities();
        self.kernel.sink = Some(sink);
        self
    }

    /// Allows `messages` deliveries in one tick before the run is called a livelock.
    #[must_use]
    pub fn with_livelock_limit(mut self, messages: u64) -> Self {
        self.livelock_limit = messages;
        self
    }

    /// Makes room for `messages` in flight at once, so that a run that keeps within it never allocates.
    ///
    /// Without it the queue grows to what the run needs, and allocates no more from then on.
    #[must_use]
    pub fn with_capacity(mut self, messages: usize) -> Self {
        self.kernel.queue.reserve(messages);
        self
    }

    /// Delivers the messages of one tick in a random order drawn from `seed`, not in the order of sending.
    ///
    /// A test of models: whatever a machine's totals owe to the order of ties is an accident of how it
    /// was built. A message still arrives after the one that caused it. The run is on [`Engine::Heap`].
    ///
    /// # Panics
    /// If messages have been posted already.
    #[must_use]
    pub fn with_shuffled_ties(mut self, seed: u64) -> Self {
        let posted = self.kernel.queue.statistics().peak_in_flight;
        assert!(posted == 0, "ties are shuffled from the first message on");
        self.kernel.queue = EventQueue::shuffled(seed);
        self
    }

    /// Adds an actor and gives it the next address.
    pub fn add(&mut self, actor: A) -> ActorId {
        let id = ActorId(u32::try_from(self.actors.len()).expect("fewer than 2^32 actors"));
        self.actors.push(actor);
        id
    }

    /// Queues a message from outside, to arrive at `at` or now if that has passed. The receiver may be
    /// added later, but before the message arrives.
    ///
    /// A tick beyond what the engine can represent is a fault, which the next run reports.
    pub fn post(&mut self, to: ActorId, at: Tick, message: A::Message) {
        let at = at.max(self.now);
        if at <= self.kernel.queue.last_tick() {
            self.kernel.queue.push(at, to, message);
        } else {
            let engine = self.kernel.queue.name();
            self.kernel.fail(SimError::PostedTooLate { at, to, engine });
        }
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
        while self.kernel.fault.is_none() {
            let Some(now) = self.kernel.queue.advance(limit) else {
                return Ok(());
            };
            self.now = now;
            self.deliver_tick();
        }
        Err(self.kernel.fault.clone().expect("the loop ends only on a fault"))
    }

    /// Delivers at least `events` messages, and all that are due at the tick of the last of them; says whether any
    /// message is left. Parts of a run add up to the run, whatever their lengths.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_some(&mut self, events: u64) -> Result<bool, SimError> {
        let enough = self.events.saturating_add(events);
        while self.kernel.fault.is_none() {
            if self.events >= enough {
                return Ok(true);
            }
            let Some(now) = self.kernel.queue.advance(Tick(u64::MAX - 1)) else {
                return Ok(false);
            };
            self.now = now;
            self.deliver_tick();
        }
        Err(self.kernel.fault.clone().expect("the loop ends only on a fault"))
    }

    /// Delivers all messages of the current tick, those included that are sent meanwhile.
    #[inline]
    fn deliver_tick(&mut self) {
        let now = self.now;
        let mut budget = self.livelock_limit;
        while let Some(me) = self.kernel.queue.pop() {
            if budget == 0 {
                return self.livelock(me);
            }
            budget -= 1;
            let Some(actor) = self.actors.get_mut(me.index()) else {
                return self.kernel.fail(SimError::NoSuchActor { tick: now, actor: me });
            };
            let message = self.kernel.queue.popped();
            self.events += 1;
            if let Some(digest) = &mut self.digest {
                digest.record(now, me, &message);
            }
            let kernel = &mut self.kernel;
            actor.receive(message, &mut Context { now, me, kernel });
            if self.kernel.fault.is_some() {
                return;
            }
        }
    }

    #[cold]
    fn livelock(&mut self, actor: ActorId) {
        self.kernel.fail(SimError::Livelock {
            tick: self.now,
            actor,
            limit: self.livelock_limit,
        });
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

    /// What the queue had to hold so far. It depends on the engine, as the run does not.
    #[must_use]
    pub fn queue_statistics(&self) -> QueueStatistics {
        self.kernel.queue.statistics()
    }

    /// All actors, in order of their addresses.
    #[must_use]
    pub fn actors(&self) -> &[A] {
        &self.actors
    }

    /// Ends the simulation and hands the actors and the trace sink back.
    #[must_use]
    pub fn into_parts(self) -> (Vec<A>, Option<Box<dyn TraceSink>>) {
        (self.actors, self.kernel.sink)
    }
}
