//! A scenario and its seed decide everything: every engine, every time, gives the same run to the last event.

use scenarios::Loaded;
use scenarios::schema::{DensitySource, Distribution};
use sim_core::{Digest, Engine};
use tests::{memory, plan, shipped, shipped_small, try_run};

fn outcome(loaded: &Loaded, engine: Engine) -> (Digest, u64, u64) {
    let run = try_run(plan(loaded), engine).unwrap();
    (run.measured.digest, run.cycles(), run.measured.events)
}

#[test]
fn a_run_repeats() {
    let loaded = shipped_small("tiny-trace");
    assert_eq!(outcome(&loaded, Engine::Wheel), outcome(&loaded, Engine::Wheel));
}

#[test]
fn the_seed_decides_sampled_densities() {
    let seeded = |seed| {
        shipped("tiny-trace", |scenario| {
            scenario.seed = seed;
            // Tokens are drawn from the seed as well, but to an ideal memory all addresses are the same.
            scenario.memory = memory("ideal");
            scenario.sparsity.source = DensitySource::Sampled {
                distribution: Distribution::Beta { concentration: 20.0 },
            };
        })
    };
    let multiplications = |seed| {
        try_run(plan(&seeded(seed)), Engine::Wheel)
            .unwrap()
            .measured
            .machine
            .lanes
            .multiplications
    };
    assert_eq!(multiplications(1), multiplications(1));
    assert_ne!(multiplications(1), multiplications(2));
}

#[test]
fn the_seed_decides_the_tokens_that_are_gathered() {
    let seeded = |seed| {
        let loaded = shipped("bert-tiny-edge", |scenario| {
            scenario.seed = seed;
            scenario.workload.transformer.layers.truncate(1);
            scenario.workload.batch = 1;
        });
        outcome(&loaded, Engine::Wheel).0
    };
    assert_eq!(seeded(1), seeded(1));
    assert_ne!(seeded(1), seeded(2));
}

#[test]
fn the_seed_changes_nothing_where_nothing_is_drawn() {
    let seeded = |seed| {
        let loaded = shipped("tiny-trace", |scenario| {
            scenario.seed = seed;
            scenario.memory = memory("ideal");
        });
        let run = try_run(plan(&loaded), Engine::Wheel).unwrap();
        (run.cycles(), run.measured.machine.lanes.multiplications)
    };
    assert_eq!(seeded(1), seeded(2));
}
