//! Running in parts, posting between them, and what the queue says of itself.

use proptest::prelude::*;
use sim_core::{ActorId, Engine, Label, Simulation, Span, Tick, TraceSink};

use crate::system::{Recorder, System, seed, system};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn running_in_parts_is_running_at_once(system in system(), mut stops in prop::collection::vec(0..40_000u64, 0..12)) {
        stops.sort_unstable();
        for &engine in Engine::available() {
            let mut whole = system.build(engine);
            whole.run().expect("no faults");
            let mut parts = system.build(engine);
            for &stop in &stops {
                parts.run_until(Tick(stop)).expect("no faults");
                prop_assert!(parts.now() <= Tick(stop));
            }
            parts.run().expect("no faults");
            prop_assert_eq!(parts.digest(), whole.digest(), "{}", engine);
            prop_assert_eq!(parts.events(), whole.events());
        }
    }

    #[test]
    fn running_some_events_at_a_time_is_running_at_once(system in system(), events in 1..500u64) {
        for &engine in Engine::available() {
            let mut whole = system.build(engine);
            whole.run().expect("no faults");
            let mut parts = system.build(engine);
            let mut before = 0;
            while parts.run_some(events).expect("no faults") {
                prop_assert!(parts.events() >= before + events);
                before = parts.events();
            }
            prop_assert_eq!(parts.digest(), whole.digest(), "{}", engine);
            prop_assert_eq!(parts.events(), whole.events());
        }
    }

    /// Messages come from outside between the parts of a run: also for ticks before the next one that has any.
    #[test]
    fn posts_between_parts_arrive_in_order(
        system in system(),
        mut stops in prop::collection::vec((0..20_000u64, any::<u32>(), crate::system::delay()), 0..12),
    ) {
        stops.sort_unstable();
        let mut digests = Vec::new();
        for &engine in Engine::available() {
            let (mut simulation, mut log) = (system.build(engine), Recorder::default());
            for &(stop, to, delay) in &stops {
                simulation.traced(&mut log).run_until(Tick(stop)).expect("no faults");
                let at = Tick(simulation.now().0 + delay);
                simulation.post(ActorId(to % system.actors), at, seed(4, delay));
            }
            simulation.traced(&mut log).run().expect("no faults");
            prop_assert!(log.0.is_sorted_by_key(|&(at, ..)| at), "{}", engine);
            digests.push(simulation.digest());
        }
        prop_assert!(digests.windows(2).all(|pair| pair[0] == pair[1]));
    }

    /// Shuffling changes the order within ticks, not what a machine does whose actors don't depend on it.
    #[test]
    fn shuffled_ties_keep_time_and_repeat(system in system(), shuffle in any::<u64>()) {
        let run = || {
            let mut simulation = system.build(Engine::Shuffled(shuffle));
            simulation.run().expect("no faults");
            simulation.digest()
        };
        prop_assert_eq!(run(), run());
    }
}

fn one_message(at: u64) -> System {
    System {
        seed: 1,
        actors: 1,
        delays: vec![1],
        posts: vec![(0, at, 0)],
    }
}

#[test]
fn a_post_before_the_next_tick_arrives_before_it() {
    for &engine in Engine::available() {
        for next in [200, 2 * Engine::WHEEL_WINDOW.0] {
            let (mut simulation, mut log) = (one_message(next).build(engine), Recorder::default());
            simulation
                .traced(&mut log)
                .run_until(Tick(100))
                .expect("no faults");
            assert_eq!(simulation.now(), Tick::ZERO, "nothing has been delivered");
            // Earlier than the next message; earlier than the limit of the last run.
            for at in [150, 60, next - 1] {
                simulation.post(ActorId(0), Tick(at), seed(0, at));
            }
            simulation.traced(&mut log).run().expect("no faults");
            let times: Vec<_> = log.0.iter().map(|&(at, ..)| at.0).collect();
            assert_eq!(times, [60, 150, next - 1, next], "{engine}");
        }
    }
}

#[test]
fn a_post_into_the_past_arrives_now() {
    for &engine in Engine::available() {
        let (mut simulation, mut log) = (one_message(50).build(engine), Recorder::default());
        simulation.traced(&mut log).run().expect("no faults");
        simulation.post(ActorId(0), Tick(10), seed(0, 1));
        simulation.traced(&mut log).run().expect("no faults");
        let times: Vec<_> = log.0.iter().map(|&(at, ..)| at.0).collect();
        assert_eq!(times, [50, 50], "{engine}");
    }
}

#[test]
fn shuffled_ties_are_a_permutation_of_the_tick() {
    let arrivals = |engine: Engine| {
        let system = System {
            posts: (0..50).map(|_| (0, 7, 0)).collect(),
            ..one_message(7)
        };
        let (mut simulation, mut recorder) = (system.build(engine), Recorder::default());
        for value in 0..50 {
            simulation.post(ActorId(0), Tick(9), seed(0, value));
        }
        simulation.traced(&mut recorder).run().expect("no faults");
        let log = recorder.0.iter();
        log.map(|(at, _, label)| (*at, label.part)).collect::<Vec<_>>()
    };
    let [plain, first, second] = [Engine::Heap, Engine::Shuffled(1), Engine::Shuffled(2)].map(arrivals);
    assert_ne!(first, plain);
    assert_ne!(first, second);
    assert!(first.is_sorted_by_key(|&(at, _)| at));
    let mut sorted = first;
    sorted.sort_unstable();
    assert_eq!(sorted, plain);
}

/// Each part of a run may have another sink, or none: together they see what one sink sees of the whole.
#[test]
fn sinks_are_lent_to_parts_of_a_run() {
    for &engine in Engine::available() {
        let system = System {
            posts: (0..30).map(|at| (0, at, 9)).collect(),
            ..one_message(0)
        };
        let (mut simulation, mut whole) = (system.build(engine), Recorder::default());
        simulation.traced(&mut whole).run().expect("no faults");
        let mut simulation = system.build(engine);
        let [mut first, mut second, mut third] = [(); 3].map(|()| Recorder::default());
        simulation
            .traced(&mut first)
            .run_until(Tick(10))
            .expect("no faults");
        simulation.run_until(Tick(12)).expect("no faults");
        assert!(simulation.traced(&mut second).run_some(5).expect("no faults"));
        simulation.traced(&mut third).run().expect("no faults");
        assert!(
            whole.0.starts_with(&first.0) && whole.0.ends_with(&third.0),
            "{engine}"
        );
        let parts = [first, second, third].map(|part| part.0.len());
        let unseen = whole
            .0
            .iter()
            .filter(|(at, ..)| (Tick(11)..=Tick(12)).contains(at));
        assert_eq!(
            parts.iter().sum::<usize>() + unseen.count(),
            whole.0.len(),
            "{engine}"
        );
        assert!(parts.iter().all(|&part| part > 0), "{engine}, {parts:?}");
    }
}

/// A sink learns each tick before the first record of it, and of ticks without records nothing.
#[test]
fn a_sink_is_told_each_tick_once() {
    #[derive(Default)]
    struct Ticks(Vec<Tick>);

    impl TraceSink for Ticks {
        fn at(&mut self, now: Tick) {
            self.0.push(now);
        }

        fn span(&mut self, _: Span) {}

        fn instant(&mut self, _: ActorId, at: Tick, _: Label) {
            assert_eq!(self.0.last(), Some(&at));
        }

        fn counter(&mut self, _: ActorId, _: Tick, _: u16, _: u64) {}
    }

    let system = System {
        posts: [3, 3, 8, 3, 11].map(|at| (0, at, 0)).to_vec(),
        ..one_message(0)
    };
    let (mut simulation, mut ticks) = (system.build(Engine::Wheel), Ticks::default());
    simulation.traced(&mut ticks).run().expect("no faults");
    assert_eq!(ticks.0, [Tick(3), Tick(8), Tick(11)]);
}

/// A simulation can be built on one thread and run on another, in builds without the engine `desim`.
#[cfg(not(feature = "desim"))]
#[test]
fn a_simulation_goes_from_thread_to_thread() {
    fn is_send<T: Send>(simulation: T) -> T {
        simulation
    }
    let system = System {
        posts: (0..30).map(|at| (0, at, 9)).collect(),
        ..one_message(0)
    };
    let mut whole = system.build(Engine::Wheel);
    whole.run().expect("no faults");
    let mut simulation = is_send(system.build(Engine::Wheel));
    simulation.run_until(Tick(9)).expect("no faults");
    let run_on = move || {
        simulation.run().expect("no faults");
        simulation
    };
    let elsewhere = std::thread::spawn(run_on).join().expect("the thread ends");
    assert_eq!(elsewhere.digest(), whole.digest());
}

#[test]
fn the_queue_counts_what_it_held() {
    let window = Engine::WHEEL_WINDOW.0;
    let posts = (0..100).map(|post| (0, post + window - 50, 0)).collect();
    let system = System {
        posts,
        ..one_message(0)
    };
    for &engine in Engine::available() {
        let mut simulation = system.build(engine);
        simulation.run().expect("no faults");
        let statistics = simulation.queue_statistics();
        assert_eq!(statistics.peak_in_flight, 100, "{engine}");
        let beyond = if engine == Engine::Wheel { 50 } else { 0 };
        assert_eq!(statistics.beyond_window, beyond, "{engine}");
    }
}

#[test]
fn a_queue_of_sufficient_capacity_never_grows() {
    for engine in [Engine::Wheel, Engine::Heap] {
        let mut simulation = Simulation::new(engine)
            .expect("an engine of this build")
            .with_capacity(200);
        let posts = (0..200).map(|post| (0, post * 100, 0)).collect();
        System {
            posts,
            ..one_message(0)
        }
        .populate(&mut simulation);
        simulation.run().expect("no faults");
        assert_eq!(simulation.queue_statistics().growths, 0, "{engine}");
    }
    let mut simulation = one_message(3).build(Engine::Wheel);
    simulation.run().expect("no faults");
    assert_eq!(simulation.queue_statistics().growths, 1);
    assert_eq!(simulation.actors()[0].received(), 1);
}
