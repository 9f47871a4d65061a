//! The digest tells runs apart by time, receiver, message and order.

use proptest::prelude::*;
use sim_core::{Actor, ActorId, Context, Digest, Engine, Message, Simulation, Tick};

#[derive(Clone, Copy)]
struct Number(u64);

impl Message for Number {
    fn fingerprint(&self) -> u64 {
        self.0
    }
}

struct Sink;

impl Actor for Sink {
    type Message = Number;

    fn receive(&mut self, _: Number, _: &mut Context<'_, Number>) {}
}

/// The digest of a run that delivers just these.
fn digest(deliveries: &[(u64, u32, u64)]) -> Digest {
    let mut simulation = Simulation::new(Engine::Wheel)
        .expect("the wheel is always there")
        .with_digest();
    for _ in 0..8 {
        simulation.add(Sink);
    }
    for &(at, to, number) in deliveries {
        simulation.post(ActorId(to), Tick(at), Number(number));
    }
    simulation.run().expect("no faults");
    simulation.digest().expect("a digest is kept")
}

fn deliveries() -> impl Strategy<Value = Vec<(u64, u32, u64)>> {
    prop::collection::vec((0..1000u64, 0..8u32, any::<u64>()), 1..40)
}

proptest! {
    #[test]
    fn any_change_shows(deliveries in deliveries(), place in any::<prop::sample::Index>(), bit in 0..64u32) {
        let place = place.index(deliveries.len());
        let plain = digest(&deliveries);
        prop_assert_eq!(digest(&deliveries), plain);
        let changed = |change: &dyn Fn(&mut (u64, u32, u64))| {
            let mut other = deliveries.clone();
            change(&mut other[place]);
            digest(&other)
        };
        prop_assert_ne!(changed(&|delivery| delivery.0 += 1), plain);
        prop_assert_ne!(changed(&|delivery| delivery.1 = (delivery.1 + 1) % 8), plain);
        prop_assert_ne!(changed(&|delivery| delivery.2 ^= 1 << bit), plain);
    }

    #[test]
    fn order_and_number_of_ties_show(first in any::<u64>(), second in any::<u64>()) {
        prop_assume!(first != second);
        let (first, second) = ((3, 0, first), (3, 0, second));
        prop_assert_ne!(digest(&[first, second]), digest(&[second, first]));
        prop_assert_ne!(digest(&[first, first]), digest(&[first]));
    }
}

#[test]
fn without_asking_there_is_none() {
    let simulation = Simulation::<Sink>::new(Engine::Wheel).expect("the wheel is always there");
    assert_eq!(simulation.digest(), None);
}

#[test]
fn it_prints_as_sixteen_hexadecimal_digits() {
    let digest = digest(&[(1, 2, 3)]);
    let text = digest.to_string();
    assert_eq!(text.len(), 16);
    assert_eq!(u64::from_str_radix(&text, 16), Ok(digest.value()));
}
