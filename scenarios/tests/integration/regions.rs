//! Parts of main memory begin at banks of their own, whatever their sizes, so that users who begin together do not meet.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeSet;

use components::background::AddressPattern;
use scenarios::Scenario;
use scenarios::load::library::Shelf;
use scenarios::schema::{Arbitration, Arrivals, Background, Contention, Reference, Tenant, Traffic};
use scenarios::system::{Measurements, Plan};
use sim_core::Engine;

fn tenants(apart_us: f64) -> Vec<Tenant> {
    let tenant = |number: u32| Tenant {
        name: format!("t{number}"),
        scenario: None,
        start_us: f64::from(number) * apart_us,
    };
    (1..8).map(tenant).collect()
}

fn streams(sizes_mb: [f64; 3]) -> Vec<Background> {
    let stream = |(number, region_mb)| Background {
        name: format!("b{number}"),
        traffic: Traffic::Generated {
            addresses: AddressPattern::Stream,
            arrivals: Arrivals::Saturating,
            write_share: 0.0,
        },
        region_mb,
        ..Background::default()
    };
    (0..).zip(sizes_mb).map(stream).collect()
}

fn plan(name: &str, memory: &str, contention: Contention) -> Plan {
    let shared = Scenario::shipped(name).unwrap().with(|scenario| {
        scenario.memory = Reference::Preset(memory.to_owned());
        scenario.contention = contention;
    });
    Plan::load(&shared.unwrap()).unwrap()
}

fn run(plan: &Plan) -> Measurements {
    plan.build(Engine::Wheel).unwrap().run(plan).unwrap()
}

#[test]
fn regions_do_not_overlap_and_begin_at_different_banks_on_every_memory() {
    for memory in Shelf::Memories.names().filter(|&name| name != "ideal") {
        let mut begins = BTreeSet::new();
        for sizes_mb in [[64.0, 64.0, 64.0], [1e-4, 63.3, 17.0]] {
            let contention = Contention {
                tenants: tenants(0.0),
                background: streams(sizes_mb),
                ..Contention::default()
            };
            let plan = plan("tiny-trace", memory, contention);
            let mut regions: Vec<_> = plan.memory_regions().collect();
            assert_eq!(regions.len(), 11);
            let locations = regions.iter().filter_map(|region| region.location);
            let banks: Vec<_> = locations
                .map(|place| (place.channel, place.rank, place.bank_group, place.bank))
                .collect();
            let different = |number: usize| banks[..number].iter().collect::<BTreeSet<_>>().len();
            assert_eq!(different(8), 8, "{memory}: {banks:?}");
            begins.insert(banks);
            regions.sort_by_key(|region| region.start);
            for pair in regions.windows(2) {
                assert!(
                    pair[0].start + pair[0].bytes <= pair[1].start,
                    "{memory}: {pair:?}"
                );
            }
            let end = regions.last().map(|last| last.start + last.bytes);
            assert!(end.unwrap() <= plan.memory.capacity().0, "{memory}");
        }
        assert_eq!(begins.len(), 1, "sizes decide on {memory}: {begins:?}");
    }
}

#[test]
fn machines_that_start_together_take_no_longer_than_apart() {
    let last = |apart_us| {
        let contention = Contention {
            tenants: tenants(apart_us),
            ..Contention::default()
        };
        let plan = plan("bert-tiny-edge", "hbm2", contention);
        run(&plan).ended.0
    };
    let (together, apart) = (last(0.0), last(3.3));
    assert!(2 * together <= 3 * apart, "{together} and {apart} ticks");
}

#[test]
fn the_sizes_of_regions_do_not_decide_what_streams_get() {
    let cycles = |sizes_mb| {
        let contention = Contention {
            background: streams(sizes_mb),
            arbitration: Arbitration::InTurn,
            ..Contention::default()
        };
        run(&plan("bert-tiny-edge", "lpddr3-1600", contention)).ended.0 as f64
    };
    let ratio = cycles([64.0; 3]) / cycles([63.3, 64.1, 65.7]);
    assert!((0.95..1.05).contains(&ratio), "{ratio}");
}
