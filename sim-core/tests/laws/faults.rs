//! What ends a run before its messages do.

use sim_core::{Actor, ActorId, Context, Engine, Message, SimError, Simulation, Tick, Ticks};

#[derive(Clone, Copy)]
enum Order {
    Spin,
    Send { to: ActorId, delay: u64 },
    Stop,
    Nothing,
}

impl Message for Order {
    fn fingerprint(&self) -> u64 {
        0
    }
}

#[derive(Default)]
struct Soldier {
    orders: u64,
}

impl Actor for Soldier {
    type Message = Order;

    fn receive(&mut self, order: Order, context: &mut Context<'_, Order>) {
        self.orders += 1;
        match order {
            Order::Spin => context.wake(Ticks::ZERO, Order::Spin),
            Order::Send { to, delay } => context.send(to, Ticks(delay), Order::Nothing),
            Order::Stop => {
                context.stop("out of ammunition");
                context.stop("and of patience");
            }
            Order::Nothing => {}
        }
    }
}

fn simulation(engine: Engine) -> Simulation<Soldier> {
    let mut simulation = Simulation::new(engine).expect("an engine of this build");
    simulation.add(Soldier::default());
    simulation
}

const ME: ActorId = ActorId(0);

#[test]
fn a_tick_without_end_is_a_livelock() {
    for &engine in Engine::available() {
        let mut simulation = simulation(engine).with_livelock_limit(1000);
        simulation.post(ME, Tick(4), Order::Spin);
        let livelock = SimError::Livelock {
            tick: Tick(4),
            actor: ME.into(),
            limit: 1000,
        };
        assert_eq!(simulation.run(), Err(livelock), "{engine}");
        assert_eq!(simulation.events(), 1000);
        assert_eq!(simulation.now(), Tick(4));
    }
}

#[test]
fn the_livelock_limit_is_of_one_tick() {
    let mut simulation = simulation(Engine::Wheel).with_livelock_limit(10);
    for at in 0..100 {
        for _ in 0..10 {
            simulation.post(ME, Tick(at), Order::Nothing);
        }
    }
    simulation.run().expect("ten messages a tick are allowed");
    simulation.post(ME, Tick(99), Order::Nothing);
    simulation
        .run()
        .expect("a post from outside is not the model's doing");
}

#[test]
fn the_usual_livelock_limit_is_reached_soon() {
    let mut simulation = simulation(Engine::Wheel);
    simulation.post(ME, Tick(0), Order::Spin);
    assert!(matches!(simulation.run(), Err(SimError::Livelock { .. })));
    assert_eq!(simulation.events(), Simulation::<Soldier>::LIVELOCK_LIMIT);
}

#[test]
fn the_first_reason_to_stop_is_kept_and_the_run_stays_stopped() {
    for &engine in Engine::available() {
        let mut simulation = simulation(engine);
        simulation.post(ME, Tick(2), Order::Stop);
        simulation.post(ME, Tick(2), Order::Nothing);
        for _ in 0..2 {
            let stopped = simulation.run().expect_err("the actor stops the run");
            assert_eq!(
                stopped.to_string(),
                "actor 0 stopped the run at tick 2: out of ammunition"
            );
            assert_eq!(simulation.events(), 1, "{engine}");
        }
    }
}

/// The last tick that an engine takes.
fn last_tick(engine: Engine) -> u64 {
    if engine == Engine::Desim {
        (1 << 53) - 1
    } else {
        u64::MAX - 1
    }
}

#[test]
fn a_message_beyond_the_end_of_time_is_a_fault() {
    for &engine in Engine::available() {
        for delay in [last_tick(engine) - 2, u64::MAX - 3, u64::MAX] {
            let mut simulation = simulation(engine);
            simulation.post(ME, Tick(3), Order::Send { to: ME, delay });
            let overflow = SimError::TimeOverflow {
                actor: ME.into(),
                engine: match engine {
                    Engine::Wheel => "wheel",
                    Engine::Desim => "desim",
                    _ => "heap",
                },
            };
            assert_eq!(simulation.run(), Err(overflow), "{engine}, {delay}");
        }
    }
}

#[test]
fn a_message_at_the_end_of_time_arrives() {
    for &engine in Engine::available() {
        let mut simulation = simulation(engine);
        let delay = last_tick(engine) - 3;
        simulation.post(ME, Tick(3), Order::Send { to: ME, delay });
        simulation.run().expect("the last tick is one");
        assert_eq!(simulation.now(), Tick(last_tick(engine)), "{engine}");
        assert_eq!(simulation.events(), 2);
    }
}

#[test]
fn a_post_beyond_the_end_of_time_is_a_fault() {
    for &engine in Engine::available() {
        let mut simulation = simulation(engine);
        simulation.post(ME, Tick(1), Order::Nothing);
        simulation.post(ME, Tick::NEVER, Order::Nothing);
        let fault = simulation.run().expect_err("nothing arrives never");
        assert!(matches!(fault, SimError::PostedTooLate { .. }), "{engine}");
    }
}

#[test]
fn a_message_to_nobody_is_a_fault() {
    for &engine in Engine::available() {
        let mut simulation = simulation(engine);
        let to = ActorId(5);
        simulation.post(ME, Tick(1), Order::Send { to, delay: 2 });
        let nobody = SimError::NoSuchActor {
            tick: Tick(3),
            actor: to,
        };
        assert_eq!(simulation.run(), Err(nobody), "{engine}");
    }
}

/// Errors call actors by their names, and those without a name by their addresses.
#[test]
fn faults_name_their_actors() {
    let named = |engine| {
        let names = |actor| (actor == ME).then(|| "pe[3].mac[2]".to_owned());
        simulation(engine).with_livelock_limit(5).with_names(names)
    };
    let other = ActorId(1);
    let cases = [
        (
            Order::Stop,
            "actor pe[3].mac[2] stopped the run at tick 2: out of ammunition",
        ),
        (
            Order::Spin,
            "livelock at tick 2: over 5 messages without time moving on; the last went to actor pe[3].mac[2]",
        ),
        (
            Order::Send {
                to: other,
                delay: u64::MAX,
            },
            "actor pe[3].mac[2] sent a message beyond the last tick that the engine",
        ),
    ];
    for &engine in Engine::available() {
        for (order, message) in cases {
            let mut simulation = named(engine);
            simulation.post(ME, Tick(2), order);
            let fault = simulation.run().expect_err("the order is a fault").to_string();
            assert!(fault.starts_with(message), "{engine}: {fault}");
        }
        let mut simulation = named(engine);
        simulation.add(Soldier::default());
        simulation.post(other, Tick(2), Order::Stop);
        let fault = simulation.run().expect_err("the actor stops the run").to_string();
        assert!(fault.starts_with("actor 1 stopped the run"), "{engine}: {fault}");
        let mut simulation = named(engine);
        simulation.post(ME, Tick::NEVER, Order::Nothing);
        let fault = simulation.run().expect_err("nothing arrives never").to_string();
        assert!(
            fault.contains("posted to actor pe[3].mac[2]"),
            "{engine}: {fault}"
        );
    }
}

#[cfg(not(feature = "desim"))]
#[test]
fn an_engine_that_is_not_built_in_says_so() {
    let refused = Simulation::<Soldier>::new(Engine::Desim).err();
    assert_eq!(refused, Some(SimError::EngineMissing));
}
