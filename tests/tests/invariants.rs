//! No run breaks an invariant: what goes in comes out, buffers hold, memory keeps its timing, nothing is too fast.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use scenarios::schema::Phase;
use scenarios::system::violations;
use sim_core::Engine;
use tests::try_run;

use crate::random::planned;

/// Random scenarios of a fixed seed, so that what failed once fails again.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(512)
}

#[test]
fn random_machines_finish_and_keep_the_invariants() {
    let spills = run_at_random(Phase::Inference, cases());
    assert!(spills > 0, "no buffer was small enough to force a spill");
}

#[test]
fn random_machines_train_and_keep_the_invariants() {
    let spills = run_at_random(Phase::Training, cases() / 2);
    assert!(spills > 0, "no buffer was small enough to force a spill");
}

/// Runs random scenarios of `phase`; how many slices they spilled.
fn run_at_random(phase: Phase, cases: u32) -> u64 {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let spills = std::cell::Cell::new(0);
    let outcome = runner.run(&planned(phase), |case| {
        let (text, plan) = case;
        let run = try_run(plan, Engine::Wheel)
            .map_err(|error| TestCaseError::fail(format!("{error} in {text}")))?;
        spills.set(spills.get() + run.measured.machine.spills);
        let broken = violations(&run.plan, &run.measured);
        prop_assert!(broken.is_empty(), "{broken:?} in {text}");
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    spills.get()
}
