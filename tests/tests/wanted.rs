//! What comes out of pruning is what was wanted of it, as far as the curves go.

use proptest::prelude::*;
use scenarios::schema::{DensitySource, Phase, Reference, Scenario};
use scenarios::system::{ValueCheck, violations};
use tests::{plan, run, shipped};

/// How far what comes out may be from what was wanted. The curves count each operand once for each operation that reads it,
/// while a machine fetches some of them more often than others; they are of a whole batch with other words; and what is pruned
/// early in the transformer changes what is pruned later.
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

#[test]
fn what_comes_out_is_near_what_was_wanted_and_rises_with_it() {
    let share = || 0.02..0.95f64;
    let pairs = [(share(), share()), (share(), share())];
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 4,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    });
    let look = |pairs: [(f64, f64); 2]| {
        let [activations, weights] = pairs.map(|(a, b)| (a.min(b), a.max(b)));
        let at = |activations, weights| {
            pruned("bert-tiny-values", [activations, weights, 0.0], |scenario| {
                scenario.workload.batch = 1;
                scenario.seed = 2;
            })
        };
        let seen = [at(activations.0, weights.0), at(activations.1, weights.1)];
        for check in &seen {
            for (kind, pruned) in &check.pruned {
                let off = pruned.zero_share - pruned.wanted.unwrap_or(0.0);
                prop_assert!(off.abs() < TOLERANCE, "{kind}: {pruned:?}");
            }
        }
        for kind in ["activations", "weights"] {
            let [less, more] = [&seen[0], &seen[1]].map(|check| check.pruned[kind]);
            let rises = more.zero_share >= less.zero_share - 0.01;
            prop_assert!(rises, "{kind}: {less:?}, {more:?}");
        }
        Ok(())
    };
    runner.run(&pairs, look).unwrap_or_else(|wrong| panic!("{wrong}"));
}

#[test]
fn training_prunes_gradients_by_their_own_curves() {
    let check = pruned("bert-tiny-values", [0.3, 0.4, 0.5], |scenario| {
        scenario.workload.phase = Phase::Training;
        scenario.workload.batch = 1;
        scenario.workload.sequence_length = 32;
    });
    let gradients = check.pruned["gradients"];
    assert_eq!(gradients.wanted, Some(0.5));
    assert!(gradients.zero_share > 0.3, "{gradients:?}");
}

#[test]
fn nothing_wanted_is_nothing_pruned() {
    let check = pruned("tiny-trace", [0.0; 3], |_| {});
    assert_eq!(check.pruning_error, None);
}
