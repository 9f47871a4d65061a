//! Counts follow from densities and sizes, and not from how operations are cut into tiles.

use scenarios::Scenario;
use scenarios::schema::{DensitySource, Distribution};
use tests::{Run, memory, plan, run, shipped};

/// Multiplications of BERT-Tiny with four sequences of 128 tokens: per layer 4 products by 128 x 128 weights, 2 by 128 x 512, and
/// scores and context over 128 x 128 pairs of tokens in 2 heads of 64.
const DENSE: u64 = 4 * 2 * (128 * (4 * 128 * 128 + 2 * 128 * 512) + 2 * 2 * 128 * 128 * 64);

/// Of them, those by another activation.
const BY_ACTIVATIONS: u64 = 4 * 2 * 2 * 2 * 128 * 128 * 64;

/// Operations that multiply.
const PRODUCTS: f64 = 2.0 * (2.0 * 6.0 + 2.0);

fn bert_tiny([activation, weight]: [f64; 2], change: impl FnOnce(&mut Scenario)) -> Run {
    run(plan(&shipped("bert-tiny-edge", |scenario| {
        scenario.memory = memory("ideal");
        scenario.accelerator.tile.x = 4;
        scenario.accelerator.tile.y = 4;
        scenario.sparsity.activation_density = activation;
        scenario.sparsity.weight_density = weight;
        change(scenario);
    })))
}

fn effective(run: &Run) -> f64 {
    run.measured.machine.lanes.multiplications as f64
}

/// What densities leave of them.
fn expected([activation, weight]: [f64; 2]) -> f64 {
    let by_weights = (DENSE - BY_ACTIVATIONS) as f64 * activation * weight;
    by_weights + BY_ACTIVATIONS as f64 * activation * activation
}

#[test]
fn multiplications_of_non_zero_words_are_not_rounded_up_in_each_tile() {
    assert_eq!(DENSE, 234_881_024);
    assert!((expected([0.1, 0.1]) - 2_348_810.24).abs() < 0.01);
    // A tile has 64 pairs, of which 0.64, 0.0064 or 5.6 remain: rounded up, 1, 1 or 6.
    for densities in [[0.1, 0.1], [0.01, 0.01], [0.35, 0.25]] {
        let run = bert_tiny(densities, |_| {});
        let (found, expected) = (effective(&run), expected(densities));
        assert!(
            (found - expected).abs() <= PRODUCTS,
            "{densities:?}: {found}, expected {expected}"
        );
        // What a lane takes for them is rounded up: no tile takes less than a cycle.
        let lanes = run.plan.machine.scenario.accelerator.lanes();
        assert!(run.cycles() >= DENSE / 64 / lanes, "{densities:?}");
    }
}

#[test]
fn nor_are_they_with_sampled_densities() {
    let densities = [0.1, 0.1];
    let run = bert_tiny(densities, |scenario| {
        scenario.sparsity.source = DensitySource::Sampled {
            distribution: Distribution::Beta { concentration: 20.0 },
        };
    });
    // Over 3,670,016 tiles; rounded up they would be at least as many.
    let ratio = effective(&run) / expected(densities);
    assert!((ratio - 1.0).abs() < 0.02, "{ratio}");
}

#[test]
fn tiles_of_any_shape_do_the_same_multiplications() {
    let densities = [0.3, 0.7];
    let counts = [(1, 16, 16), (2, 8, 16), (1, 5, 7)].map(|(b, x, y)| {
        let run = bert_tiny(densities, |scenario| {
            let tile = &mut scenario.accelerator.tile;
            (tile.b, tile.x, tile.y) = (b, x, y);
        });
        run.measured.machine.lanes.multiplications
    });
    assert_eq!(counts, [counts[0]; 3]);
}
