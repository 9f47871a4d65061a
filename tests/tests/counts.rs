//! Counts follow from densities and sizes, and not from how operations are cut into tiles.

use components::energy_part::{Action, EnergyPart};
use components::message::Traffic;
use estimate::coarse::coarse_estimate;
use scenarios::Scenario;
use scenarios::schema::{DensitySource, Distribution};
use scenarios::transformer::{Head, TransformKind};
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

/// One layer of two heads that mix by a transform of `kind`, and feed-forward products to 512 and back; activations without zeros.
fn transforms(kind: TransformKind, change: impl FnOnce(&mut Scenario)) -> Run {
    run(plan(&shipped("bert-tiny-edge", |scenario| {
        scenario.memory = memory("ideal");
        scenario.sparsity.activation_density = 1.0;
        let layers = &mut scenario.workload.transformer.layers;
        layers.truncate(1);
        layers[0].heads = vec![Head::LinearTransform { kind, dimension: 64 }; 2];
        change(scenario);
    })))
}

#[test]
fn matrices_of_transforms_have_a_density_of_their_own() {
    let of = |density: Option<f64>| {
        transforms(TransformKind::Cosine, |scenario| {
            scenario.sparsity.weight_density = 0.5;
            if let Some(density) = density {
                scenario.sparsity.constant_density = density;
            }
        })
    };
    let [stated, half, dense] = [None, Some(0.5), Some(1.0)].map(of);
    let multiplications = |run: &Run| run.measured.machine.lanes.multiplications;
    // Feed forward 4 x 128 x 128 x 512, twice, and the transform 4 x 128 x 128 x 128, twice.
    let (feed_forward, transform) = (67_108_864, 16_777_216);
    assert_eq!(multiplications(&half), feed_forward / 2 + transform / 2);
    assert_eq!(multiplications(&dense), feed_forward / 2 + transform);
    assert_eq!(multiplications(&stated), multiplications(&dense));
    assert!(half.cycles() < dense.cycles());
    // 128 x 128 words of 20 bits, half of them, in blocks of 64 bytes; the mask stays.
    let requests = |run: &Run, traffic: Traffic| run.measured.machine.dma_requests[traffic as usize];
    let more = |traffic| requests(&dense, traffic) - requests(&half, traffic);
    assert_eq!(
        [Traffic::Weights, Traffic::Masks].map(more),
        [128 * 128 / 2 * 20 / 8 / 64, 0]
    );
    // The estimate takes the same.
    let compute = |run: &Run| coarse_estimate(&run.plan).unwrap().details.bounds.compute;
    let busy = |run: &Run| {
        let lanes = run.plan.machine.scenario.accelerator.lanes() as f64;
        let period = run.plan.machine.clock.period().0 as f64;
        run.measured.machine.time(Action::MacLane).0 as f64 / period / lanes
    };
    for run in [&half, &dense] {
        let (estimated, measured) = (compute(run), busy(run));
        assert!(estimated >= measured, "{estimated} < {measured}");
    }
    let (estimated, measured) = (compute(&dense) - compute(&half), busy(&dense) - busy(&half));
    assert!(
        measured > 0.0 && (estimated / measured - 1.0).abs() < 1e-9,
        "{estimated}, {measured}"
    );
}

#[test]
fn matrices_of_transforms_are_not_pruned() {
    for (kind, share) in [
        (TransformKind::Cosine, 0.0),
        (TransformKind::Fourier, 768.0 / 16_384.0),
    ] {
        let run = transforms(kind, |scenario| {
            scenario.workload.batch = 1;
            // The largest magnitude is 1 / 8. The real part of a Fourier transform is 0 where row x column is an odd multiple of
            // 32, in 6 x 128 places.
            scenario.sparsity.source = DensitySource::Values {
                activation_threshold: 0.0,
                weight_threshold: 0.25,
                gradient_threshold: 0.0,
            };
        });
        let check = run.measured.machine.values.as_ref().unwrap();
        assert!(check.is_right(), "{check:?}");
        let found = check.pruned["constants"].zero_share;
        assert!((found - share).abs() < 1e-4, "{kind:?}: {found}");
        assert!(check.pruned["weights"].zero_share > 0.9);
    }
}

/// BERT-Tiny on one lane, where buffers have blocks of `block_bytes`: accesses to the activation, the weight and the mask buffer,
/// and dynamic energy of all three by the run and by the estimate, in nJ.
fn accesses(block_bytes: u32) -> ([u64; 3], [f64; 2]) {
    let mut plan = plan(&shipped("bert-tiny-edge", |scenario| {
        scenario.memory = memory("ideal");
        let accelerator = &mut scenario.accelerator;
        accelerator.processing_elements = 1;
        accelerator.lanes_per_pe = 1;
        accelerator.loop_order = "bijk".parse().unwrap();
    }));
    plan.machine.costs.block_bytes = block_bytes;
    let estimated = coarse_estimate(&plan).unwrap();
    let run = run(plan);
    let actions = &run.measured.machine.actions;
    let spent = run.measured.machine.energy(&run.plan.machine, run.plan.timebase);
    (
        [Action::ActivationAccess, Action::WeightAccess, Action::MaskAccess].map(|action| actions[action]),
        [
            spent.of_modules(EnergyPart::Buffers).dynamic.0,
            estimated.estimate.energy_nj.buffer - estimated.details.buffer_leakage_nj,
        ],
    )
}

#[test]
fn a_transfer_takes_as_many_accesses_as_it_has_blocks() {
    // The lane fetches a tile of weights for each tile of a product by weights, and of positions for each tile of the embedding:
    // of 16 x 16 words of 20 bits, half of them 0, which is 320 bytes. Per layer 4 x 8 x 4 x 8 tiles for query, key, value and
    // output of 2 heads, and 4 x 8 x 32 x 8 for each of the feed-forward products.
    let tiles = 2 * (4 * 2 * (4 * 8 * 4 * 8) + 2 * (4 * 8 * 32 * 8)) + 4 * 8 * 8;
    // Main memory sends blocks of 64 bytes: 2 x (8 x 64 x 128 + 2 x 128 x 512) + 128 x 128 words.
    let blocks = (2 * (8 * 64 * 128 + 2 * 128 * 512) + 128 * 128) / 2 * 20 / 8 / 64;
    let counts = [16, 32, 64, 128].map(accesses);
    let weights = counts.map(|([_, weight, _], _)| weight);
    assert_eq!(
        weights,
        [
            tiles * 20 + blocks * 4,
            tiles * 10 + blocks * 2,
            tiles * 5 + blocks,
            tiles * 3 + blocks
        ]
    );
    // All transfers of activations are of whole tiles.
    let activations = counts.map(|([activation, _, _], _)| activation);
    assert_eq!(activations[1], 2 * activations[2]);
    assert_eq!(activations[0], 4 * activations[2]);
    assert!(activations[3] < activations[2]);
    // A tile's mask has 32 bytes.
    let masks = counts.map(|([_, _, mask], _)| mask);
    let by_dma = masks[1] - masks[2];
    assert_eq!(masks[0], 2 * (masks[2] - by_dma) + 4 * by_dma);
    assert_eq!(masks[3], masks[2]);
    // The price is that of an access. The estimate has the same accesses.
    for (_, [run, estimate]) in counts {
        assert!((estimate / run - 1.0).abs() < 0.03, "{estimate} {run}");
    }
    let [narrow, wide] = [counts[0].1[0], counts[2].1[0]];
    assert!((3.5..=4.0).contains(&(narrow / wide)), "{narrow} {wide}");
}
