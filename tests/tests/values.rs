//! The simulated machine computes the right tensors, whatever the machine.

use std::cell::Cell;

use components::message::Traffic;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use scenarios::schema::{DensitySource, Embedding, Phase, Scenario, Word};
use scenarios::system::{Plan, ValueCheck, violations};
use sim_core::Engine;
use tests::{Run, engines, plan, run, shipped, try_run};

use crate::random::planned_with;

/// A word with room for everything and steps of 2^-42.
pub(crate) const WIDE: Word = Word {
    integer_bits: 10,
    fraction_bits: 42,
};

pub(crate) fn values(activation_threshold: f64, weight_threshold: f64) -> DensitySource {
    DensitySource::Values {
        activation_threshold,
        weight_threshold,
        gradient_threshold: activation_threshold,
    }
}

pub(crate) fn computing(scenario: &mut Scenario, source: DensitySource) {
    scenario.sparsity.source = source;
    scenario.workload.embedding = Embedding::Gather;
}

fn check(run: &Run) -> ValueCheck {
    let broken = violations(&run.plan, &run.measured);
    assert_eq!(broken, Vec::<String>::new());
    run.measured.machine.values.clone().expect("the machine computes")
}

fn run_on(name: &str, change: impl Fn(&mut Scenario)) -> Run {
    run(plan(&shipped(name, |scenario| {
        computing(scenario, values(0.0, 0.0));
        change(scenario);
    })))
}

#[test]
fn wide_words_give_the_tensors_of_double_precision() {
    for name in ["tiny-trace", "bert-tiny-edge", "flexibert-mixed"] {
        let run = run_on(name, |scenario| scenario.accelerator.word = WIDE);
        let check = check(&run);
        assert!(check.relative_error < 1e-9, "{name}: {}", check.relative_error);
        assert_eq!(
            (check.wrong_words, check.unbounded_words, check.saturated),
            (0, 0, 0),
            "{name}"
        );
    }
}

#[test]
fn every_tensor_of_the_program_is_looked_at() {
    let run = run_on("flexibert-mixed", |_| {});
    let operations = run
        .plan
        .machine
        .program()
        .filter(|operation| operation.output.is_some());
    assert_eq!(check(&run).tensors, operations.count() as u64);
}

#[test]
fn higher_thresholds_leave_more_zeros_and_fewer_pairs() {
    let at = |threshold: f64| {
        let run = run_on("bert-tiny-edge", |scenario| {
            scenario.sparsity.source = values(threshold, threshold / 8.0);
        });
        (check(&run).zero_share, run.measured.machine.lanes.multiplications)
    };
    let seen = [0.0, 0.05, 0.2, 0.8].map(at);
    for pair in seen.windows(2) {
        assert!(pair[1].0 > pair[0].0 && pair[1].1 < pair[0].1, "{seen:?}");
    }
    // All pairs but those with a word that is zero by chance.
    let dense = run_on("bert-tiny-edge", |_| {}).measured.machine.lanes;
    assert!(dense.multiplications as f64 > 0.999 * dense.dense_multiplications as f64);
}

#[test]
fn all_engines_compute_the_same() {
    let loaded = shipped("tiny-trace", |scenario| computing(scenario, values(0.1, 0.02)));
    let of = |engine| {
        let run = try_run(plan(&loaded), engine).unwrap_or_else(|error| panic!("{error}"));
        (run.measured.digest, check(&run))
    };
    let seen: Vec<_> = engines().into_iter().map(of).collect();
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn spilled_blocks_come_back_as_they_were() {
    let run = run(plan(&shipped("bert-tiny-edge", |scenario| {
        computing(scenario, values(0.0, 0.0));
        scenario.accelerator.buffers.activation_mb = 0.04;
    })));
    assert!(run.measured.machine.spills > 0);
    assert!(check(&run).is_right());
}

/// Random machines, computing: `cases` of them, each with all that `draw` changes, and the largest relative error that a
/// tensor may have.
pub(crate) fn random_machines(phase: Phase, cases: u32, worst: f64, draw: impl Fn(&mut Scenario)) {
    let (runs, spills, tensors) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let look = |(text, plan): (String, Plan)| {
        let run = try_run(plan, Engine::Wheel);
        let run = run.map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let broken = violations(&run.plan, &run.measured);
        prop_assert!(broken.is_empty(), "{broken:?}\n{text}");
        let check = run.measured.machine.values.clone().unwrap_or_default();
        prop_assert!(check.is_right(), "{:?}\n{text}", check.wrong);
        let error = check.worst_relative_error;
        prop_assert!(error <= worst, "{error}\n{text}");
        runs.set(runs.get() + 1);
        spills.set(spills.get() + run.measured.machine.spills);
        tensors.set(tensors.get() + check.tensors);
        Ok(())
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    runner
        .run(&planned_with(phase, draw), look)
        .unwrap_or_else(|wrong| panic!("{wrong}"));
    let (runs, spills, tensors) = (runs.get(), spills.get(), tensors.get());
    println!("{runs} machines, {spills} slices spilled, {tensors} tensors");
    assert!(spills > 100, "hardly anything was spilled");
}

#[test]
fn random_machines_compute_the_right_tensors() {
    random_machines(Phase::Inference, 150, 1e-9, |scenario| {
        computing(scenario, values(0.0, 0.0));
        scenario.accelerator.word = WIDE;
    });
}

#[test]
fn random_machines_that_prune_compute_the_right_tensors() {
    random_machines(Phase::Inference, 150, f64::INFINITY, |scenario| {
        computing(scenario, values(0.3, 0.05));
    });
}

#[test]
fn zeros_that_are_not_those_of_the_stated_densities_are_named() {
    let warned = |densities: [f64; 2], thresholds: [f64; 2]| {
        let run = run_on("bert-tiny-edge", |scenario| {
            scenario.sparsity.source = values(thresholds[0], thresholds[1]);
            [
                scenario.sparsity.activation_density,
                scenario.sparsity.weight_density,
            ] = densities;
        });
        let weights = run.measured.machine.dma_requests[Traffic::Weights as usize];
        (check(&run), weights)
    };
    // Nothing is pruned.
    let (half, of_half) = warned([0.5, 0.5], [0.0, 0.0]);
    let warnings = half.density_warnings();
    let kinds: Vec<&str> = warnings.iter().map(|warning| &*warning.tensors).collect();
    assert_eq!(kinds, ["activations", "weights"]);
    for warning in &warnings {
        assert_eq!(warning.stated_density, 0.5);
        assert!(warning.counted_density > 0.999, "{warning:?}");
        let said = warning.sentence();
        assert!(
            said.starts_with("0.0% of the words of ") && said.ends_with("50.0% zeros"),
            "{said}"
        );
    }
    // Bytes go by what is stated, not by what is counted.
    let (dense, of_dense) = warned([1.0, 1.0], [0.0, 0.0]);
    assert_eq!(dense.density_warnings(), []);
    assert_eq!(of_dense, 2 * of_half);
    let (pruned, of_pruned) = warned([1.0, 1.0], [0.2, 0.03]);
    assert_eq!((pruned.density_warnings().len(), of_pruned), (2, of_dense));
    // Five points are near enough.
    let zeros = |kind: &str| pruned.pruned[kind].zero_share;
    let stated = [1.0 - zeros("activations") + 0.04, 1.0 - zeros("weights") - 0.06];
    let (near, _) = warned(stated, [0.2, 0.03]);
    let kinds: Vec<_> = near
        .density_warnings()
        .into_iter()
        .map(|warning| warning.tensors)
        .collect();
    assert_eq!(kinds, ["weights"]);
}

#[test]
fn shipped_scenarios_state_the_densities_that_come_out() {
    for name in ["bert-tiny-values", "bert-tiny-train-values"] {
        let run = run(plan(&shipped(name, |_| {})));
        assert_eq!(check(&run).density_warnings(), [], "{name}");
    }
}
