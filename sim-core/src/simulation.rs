//! The run itself: actors, the queue between them, and the loop that delivers.

mod traced;

use crate::engine::{EventQueue, QueueStatistics};
use crate::{Actor, ActorId, Context, Digest, Engine, SimError, Tick, TraceSink};

pub use traced::Traced;

/// Gives actors their names in errors.
type Names = Box<dyn Fn(ActorId) -> Option<String> + Send>;

/// A machine of actors in simulated time.
///
/// Messages are delivered in order of (tick, order of sending), whatever the engine. A simulation can be moved to another
/// thread if its actors can, also between two parts of a run; not in a build with the engine `desim`, whose processes stay on
/// their thread.
pub struct Simulation<A: Actor> {
    actors: Vec<A>,
    queue: EventQueue<A::Message>,
    now: Tick,
    events: u64,
    livelock_limit: u64,
    digest: Option<Digest>,
    names: Option<Names>,
    /// The first fault: it ends the run.
    fault: Option<SimError>,
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
            queue: EventQueue::new(engine)?,
            now: Tick::ZERO,
            events: 0,
            livelock_limit: Self::LIVELOCK_LIMIT,
            digest: None,
            names: None,
            fault: None,
        })
    }

    /// Keeps a digest of all deliveries from now on.
    #[must_use]
    pub fn with_digest(mut self) -> Self {
        self.digest = Some(Digest::default());
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
        self.queue.reserve(messages);
        self
    }

    /// Names actors in errors by `names`, which is called only when there is an error. An actor for which it gives `None` is
    /// named by its address.
    #[must_use]
    pub fn with_names(mut self, names: impl Fn(ActorId) -> Option<String> + Send + 'static) -> Self {
        self.names = Some(Box::new(names));
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
        if at <= self.queue.last_tick() {
            self.queue.push(at, to, message);
        } else {
            let (to, engine) = (to.into(), self.queue.name());
            self.fail(SimError::PostedTooLate { at, to, engine });
        }
    }

    /// Delivers until no message is left.
    ///
    /// # Errors
    /// The first fault of the model. Time and state stay where the fault found them.
    pub fn run(&mut self) -> Result<(), SimError> {
        self.run_until(Tick::LAST)
    }

    /// Delivers all messages due at or before `limit`; it stops between ticks, so two runs in a row equal
    /// one long one.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_until(&mut self, limit: Tick) -> Result<(), SimError> {
        self.deliver(limit, u64::MAX, None).map(drop)
    }

    /// Delivers at least `events` messages, and all that are due at the tick of the last of them; says whether any
    /// message may be left. Parts of a run add up to the run, whatever their lengths.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_some(&mut self, events: u64) -> Result<bool, SimError> {
        self.deliver(Tick::LAST, events, None)
    }

    /// Lends `sink` to the runs that are started on what this returns: `simulation.traced(&mut sink).run()`.
    pub fn traced<'a>(&'a mut self, sink: &'a mut dyn TraceSink) -> Traced<'a, A> {
        Traced::new(self, sink)
    }

    /// Delivers ticks up to `limit` until `events` messages have been delivered; says whether it stopped because of them.
    fn deliver(
        &mut self,
        limit: Tick,
        events: u64,
        sink: Option<&mut dyn TraceSink>,
    ) -> Result<bool, SimError> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let enough = self.events.saturating_add(events);
        // The sink outlives this part of the run; a reference behind `&mut` does not get shorter by itself.
        let sink = sink.map(|sink| sink as &mut dyn TraceSink);
        let mut context = Context::new(self.now, &mut self.queue, sink);
        while self.events < enough {
            let Some(now) = context.queue.advance(limit) else {
                return Ok(false);
            };
            self.now = now;
            context.now = now;
            let digest = self.digest.as_mut();
            self.events += deliver_tick(&mut self.actors, digest, self.livelock_limit, &mut context);
            if let Some(fault) = context.fault.take() {
                return Err(self.fail(fault));
            }
        }
        Ok(true)
    }

    /// Keeps the first fault, which ends the run; actors in it get their names.
    #[cold]
    fn fail(&mut self, mut fault: SimError) -> SimError {
        if let (Some(names), Some(actor)) = (&self.names, fault.actor_mut()) {
            actor.name = names(actor.id);
        }
        self.fault.get_or_insert(fault).clone()
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
        self.queue.statistics()
    }

    /// All actors, in order of their addresses.
    #[must_use]
    pub fn actors(&self) -> &[A] {
        &self.actors
    }

    /// Ends the simulation and hands the actors back, in order of their addresses.
    #[must_use]
    pub fn into_actors(self) -> Vec<A> {
        self.actors
    }
}

/// Delivers all messages of the current tick, including those that are sent for it in the meantime; returns how many there were.
#[inline]
fn deliver_tick<A: Actor>(
    actors: &mut [A],
    mut digest: Option<&mut Digest>,
    livelock_limit: u64,
    context: &mut Context<'_, A::Message>,
) -> u64 {
    let mut budget = livelock_limit;
    while let Some(me) = context.queue.pop() {
        context.me = me;
        if budget == 0 {
            context.livelock(livelock_limit);
            break;
        }
        let Some(actor) = actors.get_mut(me.index()) else {
            context.no_such_actor();
            break;
        };
        budget -= 1;
        let message = context.queue.popped();
        if let Some(digest) = &mut digest {
            digest.record(context.now, me, &message);
        }
        actor.receive(message, context);
        if context.fault.is_some() {
            break;
        }
    }
    livelock_limit - budget
}
