//! One meaning: whatever the engine, the same messages arrive at the same time in the same order.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sim_core::{Actor, ActorId, Context, Engine, Message, Simulation, Tick, Ticks};

use crate::system::{Recorder, System, system};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn engines_deliver_the_same(system in system()) {
        let (mut reference, mut expected) = (system.build(Engine::Heap), Recorder::default());
        reference.traced(&mut expected).run().expect("no faults");
        for &engine in Engine::available() {
            let (mut simulation, mut log) = (system.build(engine), Recorder::default());
            simulation.traced(&mut log).run().expect("no faults");
            prop_assert_eq!(&log.0, &expected.0, "log of {}", engine);
            prop_assert_eq!(simulation.digest(), reference.digest());
            prop_assert_eq!(simulation.events(), reference.events());
            prop_assert_eq!(simulation.now(), reference.now());
        }
    }

    /// Compared with a model that is not a queue: a sorted map from (tick, sequence number).
    #[test]
    fn order_is_by_tick_then_by_sending(delays in prop::collection::vec(crate::system::delay(), 1..60)) {
        let mut model = BTreeMap::new();
        for (sequence, &delay) in delays.iter().enumerate() {
            model.insert((delay, sequence), sequence);
        }
        for &engine in Engine::available() {
            let mut simulation = Simulation::new(engine).expect("an engine of this build");
            let to = simulation.add(Echo::default());
            for (sequence, &delay) in delays.iter().enumerate() {
                simulation.post(to, Tick(delay), Number(sequence));
            }
            simulation.run().expect("no faults");
            let arrived = &simulation.actors()[0].arrived;
            prop_assert!(arrived.iter().eq(model.values()), "{}: {:?}", engine, arrived);
        }
    }
}

#[derive(Clone, Copy)]
struct Number(usize);

impl Message for Number {
    fn fingerprint(&self) -> u64 {
        self.0 as u64
    }
}

/// Writes down what arrives. A message of 100 or more sends on one with no delay, 100 less.
#[derive(Default)]
struct Echo {
    arrived: Vec<usize>,
}

impl Actor for Echo {
    type Message = Number;

    fn receive(&mut self, Number(number): Number, context: &mut Context<'_, Number>) {
        self.arrived.push(number);
        if number >= 100 {
            context.wake(Ticks::ZERO, Number(number - 100));
        }
    }
}

#[test]
fn no_delay_joins_the_end_of_the_tick() {
    for &engine in Engine::available() {
        let mut simulation = Simulation::new(engine).expect("an engine of this build");
        let to = simulation.add(Echo::default());
        for number in [201, 102, 3] {
            simulation.post(to, Tick(5), Number(number));
        }
        simulation.run().expect("no faults");
        assert_eq!(
            simulation.actors()[0].arrived,
            [201, 102, 3, 101, 2, 1],
            "{engine}"
        );
        assert_eq!(simulation.now(), Tick(5));
    }
}

/// Sends `Number(1)` to arrive at one tick from afar, and `Number(2)` to the same tick from near.
struct FarThenNear {
    arrived: Vec<usize>,
}

impl Actor for FarThenNear {
    type Message = Number;

    fn receive(&mut self, Number(number): Number, context: &mut Context<'_, Number>) {
        let goal = Tick(2 * Engine::WHEEL_WINDOW.0 + 7);
        match number {
            10 => context.send_at(context.me(), goal, Number(1)),
            20 => context.send_at(context.me(), goal, Number(2)),
            _ => self.arrived.push(number),
        }
    }
}

#[test]
fn what_was_sent_from_afar_arrives_before_what_was_sent_later() {
    for &engine in Engine::available() {
        for near in [8, 9, Engine::WHEEL_WINDOW.0 + 7, Engine::WHEEL_WINDOW.0 + 8] {
            let mut simulation = Simulation::new(engine).expect("an engine of this build");
            let to = simulation.add(FarThenNear { arrived: Vec::new() });
            simulation.post(to, Tick(0), Number(10));
            simulation.post(to, Tick(near), Number(20));
            simulation.run().expect("no faults");
            assert_eq!(
                simulation.actors()[0].arrived,
                [1, 2],
                "{engine}, sent from {near}"
            );
        }
    }
}

#[test]
fn an_actor_can_be_added_after_its_first_message_was_posted() {
    for &engine in Engine::available() {
        let mut simulation = Simulation::new(engine).expect("an engine of this build");
        simulation.post(ActorId(1), Tick(3), Number(7));
        let first = simulation.add(Echo::default());
        simulation.post(first, Tick(1), Number(8));
        simulation.run_until(Tick(1)).expect("no faults");
        simulation.add(Echo::default());
        simulation.run().expect("no faults");
        assert_eq!(simulation.actors()[0].arrived, [8], "{engine}");
        assert_eq!(simulation.actors()[1].arrived, [7], "{engine}");
    }
}

#[test]
fn boxed_actors_are_actors() {
    let mut simulation = Simulation::new(Engine::Wheel).expect("the wheel is always there");
    let to = simulation.add(Box::new(Echo::default()) as Box<dyn Actor<Message = Number>>);
    simulation.post(to, Tick(3), Number(100));
    simulation.run().expect("no faults");
    assert_eq!(simulation.events(), 2);
}

#[test]
fn engines_have_names() {
    for engine in [Engine::Wheel, Engine::Desim, Engine::Heap] {
        assert_eq!(engine.to_string().parse(), Ok(engine));
    }
    let refused = "calendar".parse::<Engine>().expect_err("there is no such engine");
    assert!(refused.contains("`calendar`") && refused.contains("wheel"));
}

/// A machine found to be telling: dense ties, and delays on both sides of the window's edge.
#[test]
fn dense_ties_at_the_edge_of_the_window() {
    let window = Engine::WHEEL_WINDOW.0;
    let system = System {
        seed: 3,
        actors: 4,
        delays: vec![0, 1, window - 1, window, window + 1],
        posts: (0..200).map(|post| (post, u64::from(post % 3), 40)).collect(),
    };
    let mut logs = Engine::available().iter().map(|&engine| {
        let (mut simulation, mut log) = (system.build(engine), Recorder::default());
        simulation.traced(&mut log).run().expect("no faults");
        assert!(simulation.events() > 1000);
        log.0
    });
    let first = logs.next().expect("there are engines");
    assert!(logs.all(|log| log == first));
}
