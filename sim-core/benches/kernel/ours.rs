//! `sim-core` on any of its engines.

use sim_core::{Actor, ActorId, Context, Engine, Label, Simulation, Tick, Ticks, TraceSink};

use crate::load::{Node, Packet};
use crate::{CHUNK, Kernel, Population};

/// A node that, if `TRACED`, offers each delivery to the trace sink.
struct Peer<const TRACED: bool>(Node);

impl<const TRACED: bool> Actor for Peer<TRACED> {
    type Message = Packet;

    #[inline]
    fn receive(&mut self, packet: Packet, context: &mut Context<'_, Packet>) {
        let (me, now) = (context.me(), context.now());
        let (to, delay, next) = self.0.react(me.0, now.0, &packet);
        if TRACED {
            let part = u64::from(packet.hops);
            context.trace(|sink| {
                sink.instant(
                    me,
                    now,
                    Label {
                        part,
                        ..Label::default()
                    },
                );
            });
        }
        context.send(ActorId(to), Ticks(delay), next);
    }
}

/// A sink that keeps 16 bytes of each record in a ring allocated beforehand.
struct RingSink {
    records: Vec<(u64, u32, u32)>,
    next: usize,
}

impl TraceSink for RingSink {
    fn span(&mut self, _: sim_core::Span) {}

    fn instant(&mut self, actor: ActorId, at: Tick, label: Label) {
        let place = self.next % self.records.len();
        self.records[place] = (at.0, actor.0, label.part as u32);
        self.next += 1;
    }

    fn counter(&mut self, _: ActorId, _: Tick, _: u16, _: u64) {}
}

struct Ours<const TRACED: bool> {
    simulation: Simulation<Peer<TRACED>>,
    sink: Option<RingSink>,
    limit: Tick,
}

impl<const TRACED: bool> Ours<TRACED> {
    fn new(mut simulation: Simulation<Peer<TRACED>>, Population { load, actors }: Population) -> Self {
        for node in Node::all(load, actors) {
            simulation.add(Peer(node));
        }
        for (to, at, packet) in load.first_messages(actors) {
            simulation.post(ActorId(to), Tick(at), packet);
        }
        Self {
            simulation,
            sink: None,
            limit: Tick::ZERO,
        }
    }
}

impl<const TRACED: bool> Kernel for Ours<TRACED> {
    fn run(&mut self, at_least: u64) -> u64 {
        let before = self.simulation.events();
        while self.simulation.events() - before < at_least {
            self.limit += Ticks(CHUNK);
            let run = match &mut self.sink {
                Some(sink) => self.simulation.traced(sink).run_until(self.limit),
                None => self.simulation.run_until(self.limit),
            };
            run.expect("the load has no faults");
        }
        self.simulation.events() - before
    }

    fn checksum(&self) -> Option<u64> {
        let nodes = self.simulation.actors().iter();
        Some(nodes.fold(0, |sum, peer| sum ^ peer.0.checksum()))
    }
}

fn simulation<const TRACED: bool>(engine: Engine) -> Simulation<Peer<TRACED>> {
    Simulation::new(engine).expect("the bench is built with all engines that it uses")
}

pub(crate) fn on(engine: Engine) -> impl Fn(Population) -> Box<dyn Kernel> {
    move |population| Box::new(Ours::new(simulation::<false>(engine), population))
}

/// The wheel, with actors that trace; nobody listens.
pub(crate) fn unheard(population: Population) -> Box<dyn Kernel> {
    Box::new(Ours::new(simulation::<true>(Engine::Wheel), population))
}

/// The wheel, with actors that trace into a ring.
pub(crate) fn traced(population: Population) -> Box<dyn Kernel> {
    let sink = RingSink {
        records: vec![(0, 0, 0); 1 << 16],
        next: 0,
    };
    let mut ours = Ours::new(simulation::<true>(Engine::Wheel), population);
    ours.sink = Some(sink);
    Box::new(ours)
}

/// The wheel, keeping a digest.
pub(crate) fn digested(population: Population) -> Box<dyn Kernel> {
    Box::new(Ours::new(
        simulation::<false>(Engine::Wheel).with_digest(),
        population,
    ))
}

const _: () = assert!(
    size_of::<Packet>() == 32,
    "the measure is for messages of 32 bytes"
);
