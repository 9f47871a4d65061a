//! Random machines: actors that scatter messages over equal times, no delay, the edges of the wheel's window,
//! and the far future.

use std::sync::Arc;

use proptest::prelude::*;
use rand_core::Rng;
use sim_core::{
    Actor, ActorId, Context, Engine, Label, Message, Simulation, Span, Tick, Ticks, TraceSink, mix, random,
};

/// A message that begets others until its generations are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seed {
    pub(crate) generations: u32,
    pub(crate) value: u64,
}

impl Message for Seed {
    fn fingerprint(&self) -> u64 {
        mix(u64::from(self.generations), self.value)
    }
}

/// The delays that a machine draws from.
pub(crate) type Delays = Arc<[Ticks]>;

/// Answers each message with up to two more, to random actors after random delays.
pub(crate) struct Scatter {
    dice: random::Stream,
    delays: Delays,
    actors: u32,
    received: u64,
}

impl Scatter {
    pub(crate) fn received(&self) -> u64 {
        self.received
    }
}

impl Actor for Scatter {
    type Message = Seed;

    fn receive(&mut self, seed: Seed, context: &mut Context<'_, Seed>) {
        self.received += 1;
        let (me, now) = (context.me(), context.now());
        let label = Label {
            kind: 0,
            work: seed.generations,
            part: seed.value,
        };
        context.trace(|sink| sink.instant(me, now, label));
        let Some(generations) = seed.generations.checked_sub(1) else {
            return;
        };
        for _ in 0..self.dice.next_u32() % 3 {
            let to = ActorId(self.dice.next_u32() % self.actors);
            let delay = self.delays[self.dice.next_u32() as usize % self.delays.len()];
            let value = self.dice.next_u64();
            context.send(to, delay, Seed { generations, value });
        }
    }
}

/// A machine as data, so that it can be built once for each engine.
#[derive(Clone, Debug)]
pub(crate) struct System {
    pub(crate) seed: u64,
    pub(crate) actors: u32,
    pub(crate) delays: Vec<u64>,
    /// Receiver, time and generations of what is posted at the start.
    pub(crate) posts: Vec<(u32, u64, u32)>,
}

/// What was delivered: when, to whom, and what.
pub(crate) type Log = Vec<(Tick, ActorId, Label)>;

#[derive(Default)]
pub(crate) struct Recorder(pub(crate) Log);

impl TraceSink for Recorder {
    fn span(&mut self, _: Span) {}

    fn instant(&mut self, actor: ActorId, at: Tick, label: Label) {
        self.0.push((at, actor, label));
    }

    fn counter(&mut self, _: ActorId, _: Tick, _: u16, _: u64) {}
}

impl System {
    /// Adds the actors and posts the first messages.
    pub(crate) fn populate(&self, simulation: &mut Simulation<Scatter>) {
        let delays: Delays = self.delays.iter().copied().map(Ticks).collect();
        for id in 0..self.actors {
            simulation.add(Scatter {
                dice: random::stream(self.seed, u64::from(id)),
                delays: Arc::clone(&delays),
                actors: self.actors,
                received: 0,
            });
        }
        for &(to, at, generations) in &self.posts {
            simulation.post(ActorId(to % self.actors), Tick(at), seed(generations, at));
        }
    }

    pub(crate) fn build(&self, engine: Engine) -> Simulation<Scatter> {
        let mut simulation = Simulation::new(engine)
            .expect("an engine of this build")
            .with_digest();
        self.populate(&mut simulation);
        simulation
    }
}

pub(crate) fn seed(generations: u32, value: u64) -> Seed {
    Seed { generations, value }
}

/// Delays of all sorts, those at the edges of the wheel's window among them.
pub(crate) fn delay() -> impl Strategy<Value = u64> {
    let window = Engine::WHEEL_WINDOW.0;
    prop_oneof![
        3 => Just(0),
        3 => 1..8u64,
        2 => 0..window,
        3 => window - 1..=window + 1,
        1 => 2 * window - 1..=2 * window + 1,
        1 => window..1 << 40,
    ]
}

pub(crate) fn system() -> impl Strategy<Value = System> {
    let posts = prop::collection::vec((any::<u32>(), delay(), 1..12u32), 1..40);
    (
        any::<u64>(),
        1..24u32,
        prop::collection::vec(delay(), 1..6),
        posts,
    )
        .prop_map(|(seed, actors, delays, posts)| System {
            seed,
            actors,
            delays,
            posts,
        })
}
