//! Two actors, two clocks: a core of 700 MHz reads from a memory of 800 MHz.
//!
//! ```text
//!     700 MHz                              800 MHz
//!   ┌─────────┐   Read { address }       ┌─────────┐
//!   │         ├─────────────────────────►│         │
//!   │  Core   │   at the memory's edge   │ Memory  │  5 cycles per read,
//!   │         │                          │         │  one at a time
//!   │         │◄─────────────────────────┤         │
//!   └─────────┘   Data { address }       └─────────┘
//!                 at the core's edge
//! ```
//!
//! The tick is the exact common divisor of both periods: 5600 MHz, 8 ticks per core cycle, 7 per memory cycle.
//! What crosses from one clock to the other arrives at the receiver's next edge. Run it with
//! `cargo run -p elector-sim-core --example two_clocks`.

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::error::Error;

use sim_core::statistics::{BusyTime, Latencies};
use sim_core::{
    Actor, ActorId, Clock, Context, Cycles, Engine, Frequency, Label, Message, Simulation, Span, Tick, Ticks,
    Timebase, TraceSink,
};

#[derive(Clone, Copy)]
enum Signal {
    Start,
    Read { address: u64 },
    Data { address: u64 },
}

impl Message for Signal {
    fn fingerprint(&self) -> u64 {
        match *self {
            Self::Start => 0,
            Self::Read { address } => (address << 2) | 1,
            Self::Data { address } => (address << 2) | 2,
        }
    }
}

/// Reads one address after the other, each a cycle after the last one's data.
struct Core {
    clock: Clock,
    memory: ActorId,
    memory_clock: Clock,
    reads: u64,
    asked_at: Tick,
    latencies: Latencies,
}

impl Core {
    fn on_data(&mut self, address: u64, context: &mut Context<'_, Signal>) {
        let latency = context.now().since(self.asked_at);
        self.latencies.record(latency);
        let (actor, start, end) = (context.me(), self.asked_at, context.now());
        context.trace(|sink| sink.span(span(actor, start, end, address)));
        if address + 1 < self.reads {
            self.read(address + 1, self.clock.span(Cycles(1)), context);
        }
    }

    /// Sends a read that leaves after `delay` and arrives at the memory's next edge.
    fn read(&mut self, address: u64, delay: Ticks, context: &mut Context<'_, Signal>) {
        self.asked_at = context.now() + delay;
        let arrival = self.memory_clock.edge_at_or_after(self.asked_at);
        context.send_at(self.memory, arrival, Signal::Read { address });
    }
}

/// Answers a read after five cycles.
struct Memory {
    clock: Clock,
    core: ActorId,
    core_clock: Clock,
    busy: BusyTime,
}

impl Memory {
    const READ: Cycles = Cycles(5);

    fn on_read(&mut self, address: u64, context: &mut Context<'_, Signal>) {
        let service = self.clock.span(Self::READ);
        self.busy.add(service);
        let (actor, start) = (context.me(), context.now());
        context.trace(|sink| sink.span(span(actor, start, start + service, address)));
        let arrival = self.core_clock.edge_at_or_after(start + service);
        context.send_at(self.core, arrival, Signal::Data { address });
    }
}

/// All parts of the machine: one type, so that their state is contiguous and dispatch is a `match`.
enum Part {
    Core(Core),
    Memory(Memory),
}

impl Actor for Part {
    type Message = Signal;

    fn receive(&mut self, signal: Signal, context: &mut Context<'_, Signal>) {
        match (self, signal) {
            (Self::Core(core), Signal::Start) => core.read(0, Ticks::ZERO, context),
            (Self::Core(core), Signal::Data { address }) => core.on_data(address, context),
            (Self::Memory(memory), Signal::Read { address }) => memory.on_read(address, context),
            _ => context.stop("a signal went to the wrong part"),
        }
    }
}

fn span(actor: ActorId, start: Tick, end: Tick, address: u64) -> Span {
    let label = Label {
        part: address,
        ..Label::default()
    };
    Span {
        actor,
        start,
        end,
        label,
    }
}

/// Prints spans as they are recorded.
struct Printer;

impl TraceSink for Printer {
    fn span(&mut self, span: Span) {
        let part = ["core waits for", "memory reads"][span.actor.index()];
        println!(
            "{:>4} ..{:>4}  {part} address {}",
            span.start.0, span.end.0, span.label.part
        );
    }

    fn instant(&mut self, _: ActorId, _: Tick, _: Label) {}

    fn counter(&mut self, _: ActorId, _: Tick, _: u16, _: u64) {}
}

fn main() -> Result<(), Box<dyn Error>> {
    let [core_speed, memory_speed] = [700, 800].map(Frequency::from_megahertz);
    let timebase = Timebase::of(&[core_speed, memory_speed])?;
    let (core_clock, memory_clock) = (timebase.clock(core_speed)?, timebase.clock(memory_speed)?);
    println!(
        "tick: {}; a core cycle is {} ticks, a memory cycle {}",
        timebase.frequency(),
        core_clock.period().0,
        memory_clock.period().0
    );

    let mut simulation = Simulation::new(Engine::Wheel)?.with_digest();
    // Addresses are given in order of registration.
    let [core, memory] = [0, 1].map(ActorId);
    simulation.add(Part::Core(Core {
        clock: core_clock,
        memory,
        memory_clock,
        reads: 4,
        asked_at: Tick::ZERO,
        latencies: Latencies::new(),
    }));
    simulation.add(Part::Memory(Memory {
        clock: memory_clock,
        core,
        core_clock,
        busy: BusyTime::default(),
    }));
    simulation.post(core, Tick::ZERO, Signal::Start);
    simulation.traced(&mut Printer).run()?;

    let elapsed = simulation.now().since(Tick::ZERO);
    println!(
        "{} messages in {} core cycles, {:.2} ns",
        simulation.events(),
        core_clock.cycle_at(simulation.now()).0,
        timebase.nanoseconds(elapsed)
    );
    for part in simulation.actors() {
        match part {
            Part::Core(core) => println!("a read takes {:.1} ticks on average", core.latencies.mean()),
            Part::Memory(memory) => {
                println!(
                    "the memory is busy {:.0}% of the time",
                    100.0 * memory.busy.share_of(elapsed)
                );
            }
        }
    }
    if let Some(digest) = simulation.digest() {
        println!("digest {digest}");
    }
    Ok(())
}
