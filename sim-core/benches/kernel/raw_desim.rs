//! desim on its own: a process an actor, which yields the event that resumes the next one.
//! It delivers events of equal time in arbitrary order.

use desim::{Effect, SimState, Simulation};
use sim_core::desim_process;

use crate::load::{Node, Packet};
use crate::{Kernel, Population};

#[derive(Clone, Copy)]
struct State {
    effect: Effect,
    packet: Packet,
}

impl SimState for State {
    fn get_effect(&self) -> Effect {
        self.effect
    }

    fn set_effect(&mut self, effect: Effect) {
        self.effect = effect;
    }

    fn should_log(&self) -> bool {
        false
    }
}

struct RawDesim(Simulation<State>);

impl Kernel for RawDesim {
    fn run(&mut self, at_least: u64) -> u64 {
        for _ in 0..at_least {
            self.0.step();
        }
        at_least
    }

    fn checksum(&self) -> Option<u64> {
        None
    }
}

pub(crate) fn build(Population { load, actors }: Population) -> Box<dyn Kernel> {
    let mut simulation = Simulation::new();
    for (me, mut node) in (0..actors).zip(Node::all(load, actors)) {
        simulation.create_process(desim_process(move |context| {
            let State { packet, .. } = context.state();
            let (to, delay, packet) = node.react(me, context.time() as u64, packet);
            let effect = Effect::Event {
                time: delay as f64,
                process: to as usize,
            };
            State { effect, packet }
        }));
    }
    for (to, at, packet) in load.first_messages(actors) {
        let effect = Effect::Wait;
        simulation.schedule_event(at as f64, to as usize, State { effect, packet });
    }
    Box::new(RawDesim(simulation))
}
