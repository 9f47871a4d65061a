//! No allocation per event: once a run has reached its steady state, the kernel allocates nothing.

use sim_core::{Actor, ActorId, Context, Engine, Message, Simulation, Tick, Ticks, mix, random};

#[derive(Clone, Copy)]
struct Token {
    round: u64,
    payload: [u64; 3],
}

impl Message for Token {
    fn fingerprint(&self) -> u64 {
        mix(self.round, self.payload[0])
    }
}

/// Passes each token on, after a delay within the wheel's window or, one time in a hundred, far beyond it.
struct Relay;

const ACTORS: u32 = 256;

impl Actor for Relay {
    type Message = Token;

    fn receive(&mut self, token: Token, context: &mut Context<'_, Token>) {
        let dice = random::draw(token.payload[0], token.round);
        let delay = if dice.is_multiple_of(100) {
            dice % (20 * Engine::WHEEL_WINDOW.0)
        } else {
            dice % 64
        };
        let next = Token {
            round: token.round + 1,
            payload: [token.payload[0], delay, dice],
        };
        context.send(ActorId(dice as u32 % ACTORS), Ticks(delay), next);
    }
}

fn machine(engine: Engine) -> Simulation<Relay> {
    let mut simulation = Simulation::new(engine)
        .expect("an engine of this build")
        .with_capacity(ACTORS as usize)
        .with_digest();
    for id in 0..ACTORS {
        let to = simulation.add(Relay);
        let payload = [u64::from(id), 0, 0];
        simulation.post(to, Tick(0), Token { round: 0, payload });
    }
    simulation
}

#[test]
fn steady_state_allocates_nothing() {
    for engine in [Engine::Wheel, Engine::Heap] {
        let mut simulation = machine(engine);
        // What the posts and the first deliveries still set up.
        simulation.run_until(Tick(64)).expect("no faults");
        let before = simulation.events();
        let allocated = allocation_counter::measure(|| {
            simulation.run_until(Tick(1_000_000)).expect("no faults");
        });
        let delivered = simulation.events() - before;
        assert!(delivered > 100_000, "{engine} delivered {delivered}");
        assert_eq!(allocated.count_total, 0, "{engine}, {delivered} events");
        assert!(engine != Engine::Wheel || simulation.queue_statistics().beyond_window > 1000);
    }
}

#[test]
fn without_a_capacity_the_queue_stops_growing() {
    let mut simulation = Simulation::new(Engine::Wheel).expect("the wheel is always there");
    for id in 0..ACTORS {
        let to = simulation.add(Relay);
        let payload = [u64::from(id), 0, 0];
        simulation.post(to, Tick(0), Token { round: 0, payload });
    }
    simulation.run_until(Tick(400_000)).expect("no faults");
    let allocated = allocation_counter::measure(|| {
        simulation.run_until(Tick(800_000)).expect("no faults");
    });
    assert_eq!(allocated.count_total, 0);
}
