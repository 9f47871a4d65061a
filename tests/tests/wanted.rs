//! What comes out of pruning is what was wanted of it.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use scenarios::schema::{DensitySource, Phase, Reference, Scenario};
use scenarios::system::{Pruned, ValueCheck, violations};
use tests::{plan, run, shipped};

/// How far what comes out may be from what was wanted. Thresholds are set with the first batch tile; a run has further items.
const TOLERANCE: f64 = 0.08;

fn wanted([activation_sparsity, weight_sparsity, gradient_sparsity]: [f64; 3]) -> DensitySource {
    DensitySource::Wanted {
        curves: Reference::Preset("computed-bert-tiny".to_owned()),
        activation_sparsity,
        weight_sparsity,
        gradient_sparsity,
    }
}

fn pruned(name: &str, shares: [f64; 3], change: impl Fn(&mut Scenario)) -> ValueCheck {
    let run = run(plan(&shipped(name, |scenario| {
        change(scenario);
        scenario.sparsity.source = wanted(shares);
    })));
    assert_eq!(violations(&run.plan, &run.measured), Vec::<String>::new());
    run.measured.machine.values.expect("the machine computes")
}

/// BERT-Tiny on one sequence of other words than the curves are of.
fn one_sequence(activations: f64, weights: f64) -> ValueCheck {
    let check = pruned("bert-tiny-values", [activations, weights, 0.0], |scenario| {
        scenario.workload.batch = 1;
        scenario.seed = 2;
    });
    for (kind, pruned) in &check.pruned {
        let off = pruned.zero_share - pruned.wanted.unwrap_or(0.0);
        assert!(
            off.abs() < TOLERANCE,
            "{activations}, {weights}: {kind}: {pruned:?}"
        );
    }
    check
}

fn rises(kind: &str, less: Pruned, more: Pruned) {
    assert!(
        more.zero_share >= less.zero_share - 0.01,
        "{kind}: {less:?}, {more:?}"
    );
}

#[test]
fn what_comes_out_is_near_what_was_wanted_and_rises_with_it() {
    let share = || 0.02..0.95f64;
    let pairs = [(share(), share()), (share(), share())];
    let config = ProptestConfig {
        cases: 4,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let look = |pairs: [(f64, f64); 2]| {
        let [activations, weights] = pairs.map(|(a, b)| (a.min(b), a.max(b)));
        let [less, more] = [(activations.0, weights.0), (activations.1, weights.1)]
            .map(|(activations, weights)| one_sequence(activations, weights));
        for kind in ["activations", "weights"] {
            rises(kind, less.pruned[kind], more.pruned[kind]);
        }
        Ok(())
    };
    runner.run(&pairs, look).unwrap_or_else(|wrong| panic!("{wrong}"));
}

/// With half of the weights pruned, many probabilities are the very word 1 / 128: a threshold prunes all of them, and the context
/// that they would make, or none, which is a step of 9 percentage points. What comes out is its nearer end.
#[test]
fn a_step_is_met_at_its_nearer_end() {
    let shares = [0.10, 0.13, 0.16, 0.20];
    let seen = shares.map(|share| one_sequence(share, 0.5).pruned["activations"]);
    for (share, pruned) in shares.into_iter().zip(seen) {
        assert!((pruned.zero_share - share).abs() < 0.05, "{share}: {pruned:?}");
    }
    for pair in seen.windows(2) {
        rises("activations", pair[0], pair[1]);
    }
}

#[test]
fn training_prunes_gradients_by_their_own_curves() {
    let check = pruned("bert-tiny-values", [0.3, 0.4, 0.5], |scenario| {
        scenario.workload.phase = Phase::Training;
        scenario.workload.batch = 1;
        scenario.workload.sequence_length = 32;
    });
    for (kind, wanted) in [("activations", 0.3), ("weights", 0.4), ("gradients", 0.5)] {
        let found = check.pruned[kind];
        assert_eq!(found.wanted, Some(wanted));
        assert!((found.zero_share - wanted).abs() < TOLERANCE, "{kind}: {found:?}");
    }
}

#[test]
fn nothing_wanted_is_nothing_pruned() {
    let check = pruned("tiny-trace", [0.0; 3], |_| {});
    assert_eq!(check.pruning_error, None);
}
