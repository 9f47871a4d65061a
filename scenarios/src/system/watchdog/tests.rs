//! The watchdog on runs: who is starved is named, who only waits for its turn is not, and no shipped memory starves anybody
//! unless it is told to.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use components::background::AddressPattern;
use components::memory::{MemoryDescription, MemoryPlan};
use sim_core::Engine;

use super::*;
use crate::Scenario;
use crate::schema::{Arbitration, Arrivals, Background, Contention, Reference, Tenant, Traffic};
use crate::system::{MainMemory, Measurements};

/// A source that never stops asking.
fn saturating(name: &str, write_share: f64) -> Background {
    Background {
        name: name.to_owned(),
        traffic: Traffic::Generated {
            addresses: AddressPattern::Stream,
            arrivals: Arrivals::Saturating,
            write_share,
        },
        ..Background::default()
    }
}

fn priority(names: &[&str]) -> Arbitration {
    Arbitration::Priority(names.iter().map(|&name| name.to_owned()).collect())
}

/// A small transformer on `memory`, beside others; the watchdog stops it after `watchdog_us`.
fn plan(memory: &str, contention: Contention, watchdog_us: f64) -> Plan {
    let small = Scenario::shipped("tiny-trace").unwrap().with(|scenario| {
        scenario.memory = Reference::Preset(memory.to_owned());
        scenario.contention = contention;
        scenario.watchdog_us = Some(watchdog_us);
    });
    Plan::load(&small.unwrap()).unwrap()
}

fn run(plan: &Plan) -> Result<Measurements, RunError> {
    plan.build(Engine::Wheel).unwrap().run(plan)
}

/// The sentence with which the run of `plan` stops.
fn sentence(plan: &Plan) -> String {
    match run(plan) {
        Err(RunError::NoProgress(sentence)) => sentence,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("the run came to its end"),
    }
}

#[test]
fn who_is_starved_by_saturating_sources_is_named_and_what_it_waits_for() {
    let contention = Contention {
        background: vec![saturating("a", 0.0), saturating("b", 0.5)],
        arbitration: priority(&["a", "b"]),
        ..Contention::default()
    };
    let said = sentence(&plan("lpddr3-1600", contention, 200.0));
    assert!(said.starts_with("nothing of accelerator ("), "{said}");
    assert!(said.contains(") was served for 2"), "{said}");
    assert!(
        said.contains("; a, b have priority; of accelerator, operation "),
        "{said}"
    );
    assert!(said.ends_with("waits for main memory"), "{said}");
}

#[test]
fn a_starved_tenant_is_named_though_the_machine_goes_on() {
    let contention = Contention {
        tenants: vec![Tenant {
            name: "second".to_owned(),
            scenario: None,
            start_us: 0.0,
        }],
        background: vec![saturating("camera", 0.0), saturating("disk", 0.5)],
        arbitration: priority(&["accelerator", "camera", "disk"]),
    };
    let said = sentence(&plan("lpddr3-1600", contention, 200.0));
    assert!(said.starts_with("nothing of second ("), "{said}");
    assert!(
        said.contains("; camera, disk have priority; of second, operation "),
        "{said}"
    );
}

#[test]
fn waiting_for_others_that_come_to_an_end_is_no_stop() {
    let tenant = |name: &str| Tenant {
        name: name.to_owned(),
        scenario: None,
        start_us: 0.0,
    };
    let contention = |last: f64| Contention {
        tenants: ["second", "third", "fourth"].map(tenant).into(),
        background: vec![Background {
            stop_us: Some(last),
            ..saturating("camera", 0.0)
        }],
        arbitration: priority(&["camera", "second", "third", "fourth"]),
    };
    // The source keeps the others waiting for ten times the time that the watchdog allows.
    assert!(run(&plan("lpddr3-1600", contention(500.0), 50.0)).is_ok());
}

#[test]
fn a_machine_that_does_nothing_is_named_though_the_memory_goes_on() {
    let contention = Contention {
        background: vec![saturating("camera", 0.0)],
        ..Contention::default()
    };
    let plan = plan("lpddr3-1600", contention, 100.0);
    // Built to begin later than the watchdog expects it to.
    let mut late = plan.clone();
    late.machine.start = late.instant(1e6);
    match late.build(Engine::Wheel).unwrap().run(&plan) {
        Err(RunError::NoProgress(said)) => {
            assert!(said.starts_with("accelerator has done nothing for 1"), "{said}");
            assert!(said.contains("waits for nothing from main memory"), "{said}");
        }
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn the_default_follows_the_largest_transfer() {
    let limit_us = |name: &str, channels: u32| {
        let loaded = Scenario::shipped(name).unwrap();
        let document = loaded.memory::<MemoryDescription>().unwrap();
        let mut description = document.value.clone();
        description.organisation.channels = channels;
        let memory = MainMemory::Banked(Box::new(MemoryPlan::new(description).unwrap()));
        let plan = Plan::on_memory(&loaded, memory).unwrap();
        limit(&plan).0 as f64 / plan.timebase.frequency().hertz() * 1e6
    };
    assert!((limit_us("tiny-trace", 1) - LEAST_US).abs() < 1.0);
    // The 3.3 MB that the plan has in a buffer take half a millisecond at half of the bandwidth, half of that with two channels.
    let [one, two] = [1, 2].map(|channels| limit_us("bert-tiny-train", channels));
    assert!(
        two > LEAST_US && (one / two - 2.0).abs() < 0.01,
        "{one} and {two} us"
    );
}

#[test]
fn all_engines_stop_at_the_same_place() {
    let contention = Contention {
        background: vec![saturating("a", 0.0), saturating("b", 0.0)],
        arbitration: priority(&["a", "b"]),
        ..Contention::default()
    };
    let plan = plan("lpddr3-1600", contention, 200.0);
    let on = |engine| {
        let stopped = plan.build(engine).unwrap().run(&plan).map(drop);
        stopped.unwrap_err().to_string()
    };
    for &engine in Engine::available() {
        assert_eq!(on(engine), on(Engine::Wheel), "{engine}");
    }
}

#[test]
fn saturating_reads_and_writes_stop_nobody_on_any_shipped_memory() {
    let shares = [("accelerator".to_owned(), 1), ("flood-1".to_owned(), 2)];
    let arbitrations = [
        Arbitration::AsMemory,
        Arbitration::InTurn,
        priority(&["accelerator"]),
        Arbitration::Shares(shares.into()),
    ];
    for memory in crate::load::library::Shelf::Memories
        .names()
        .filter(|&name| name != "ideal")
    {
        for floods in [&[0.0][..], &[1.0], &[0.0, 1.0]] {
            for arbitration in &arbitrations {
                let floods = (1..).zip(floods);
                let floods = floods.map(|(number, &writes)| saturating(&format!("flood-{number}"), writes));
                let contention = Contention {
                    background: floods.collect(),
                    arbitration: arbitration.clone(),
                    tenants: Vec::new(),
                };
                let plan = plan(memory, contention.clone(), 100.0);
                let outcome = run(&plan);
                assert!(outcome.is_ok(), "{memory}, {contention:?}: {:?}", outcome.err());
            }
        }
    }
}
