//! Scenarios drawn at random: small, ragged, with heads of all kinds and buffers that hardly suffice.

use proptest::prelude::*;
use proptest::sample::select;
use scenarios::schema::{
    Accelerator, ActivationFunction, Buffers, DensitySource, Distribution, Dma, Embedding, LoopOrder,
    Optimizer, Phase, Reference, SchedulingPolicy, Sparsity, Stages, Tile, Weights, Workload,
};
use scenarios::system::Plan;
use scenarios::transformer::{AttentionKind, Head, KERNELS, Layer, TransformKind, Transformer};
use scenarios::{Loaded, Scenario};
use tests::{memory, shipped};

/// A scenario as text, and its plan; buffers have grown until it fits.
pub(crate) fn planned(phase: Phase) -> impl Strategy<Value = (String, Plan)> {
    planned_with(phase, |_| {})
}

/// As [`planned`], with `change` made to what was drawn.
pub(crate) fn planned_with(
    phase: Phase,
    change: impl Fn(&mut Scenario),
) -> impl Strategy<Value = (String, Plan)> {
    let parts = (
        workload(phase),
        accelerator(),
        sparsity(),
        memory_and_policy(),
        any::<u64>(),
    );
    parts.prop_map(move |(workload, accelerator, sparsity, (memory, policy), seed)| {
        grown(shipped("tiny-trace", |scenario| {
            scenario.workload = workload;
            scenario.accelerator = accelerator;
            scenario.sparsity = sparsity;
            scenario.memory = memory;
            scenario.scheduling.policy = policy;
            scenario.seed = seed;
            change(scenario);
        }))
    })
}

/// Enlarges what is too small. The plan says what that is.
fn grown(mut loaded: Loaded) -> (String, Plan) {
    for _ in 0..64 {
        let wrong = match Plan::load(&loaded) {
            Ok(plan) => return (loaded.scenario().to_ron(), plan),
            Err(wrong) => wrong,
        };
        let small = |field: &str| wrong.iter().any(|problem| problem.path() == Some(field));
        let larger = loaded.with(|scenario| {
            let buffers = &mut scenario.accelerator.buffers;
            for (size, field) in [
                (&mut buffers.activation_mb, "accelerator.buffers.activation_mb"),
                (&mut buffers.weight_mb, "accelerator.buffers.weight_mb"),
                (&mut buffers.mask_mb, "accelerator.buffers.mask_mb"),
            ] {
                if small(field) {
                    *size *= 1.25;
                }
            }
        });
        let larger = larger.unwrap_or_else(|wrong| panic!("{wrong}"));
        assert!(
            larger.scenario() != loaded.scenario(),
            "refused, but not for its buffers: {wrong}\n{}",
            loaded.scenario().to_ron()
        );
        loaded = larger;
    }
    panic!("no buffer is large enough for {}", loaded.scenario().to_ron());
}

fn head() -> impl Strategy<Value = Head> {
    let attention = select(vec![
        AttentionKind::ScaledDotProduct,
        AttentionKind::WeightedMultiplicative,
    ]);
    let transform = select(vec![TransformKind::Fourier, TransformKind::Cosine]);
    prop_oneof![
        (attention, 1..20u32).prop_map(|(kind, dimension)| Head::Attention { kind, dimension }),
        (transform, 1..20u32).prop_map(|(kind, dimension)| Head::LinearTransform { kind, dimension }),
        (select(KERNELS.to_vec()), 1..20u32)
            .prop_map(|(kernel, dimension)| Head::Convolution { kernel, dimension }),
    ]
}

fn layer() -> impl Strategy<Value = Layer> {
    let heads = prop::collection::vec(head(), 1..4);
    let feed_forward = prop::collection::vec(1..48u32, 1..3);
    (1..40u32, heads, feed_forward).prop_map(|(hidden, heads, feed_forward)| Layer {
        hidden,
        heads,
        feed_forward,
    })
}

fn optimizer() -> impl Strategy<Value = Optimizer> {
    select(vec![
        Optimizer::Sgd { momentum: 0.0 },
        Optimizer::Sgd { momentum: 0.9 },
        Optimizer::Adam,
    ])
}

fn workload(phase: Phase) -> impl Strategy<Value = Workload> {
    let embedding = select(vec![Embedding::Gather, Embedding::WholeTable]);
    let function = select(vec![ActivationFunction::Gelu, ActivationFunction::Relu]);
    (
        prop::collection::vec(layer(), 1..3),
        1..4u32,
        1..36u32,
        1..80u32,
        embedding,
        function,
        optimizer(),
    )
        .prop_map(
            move |(layers, batch, sequence_length, vocabulary, embedding, activation_function, optimizer)| {
                Workload {
                    transformer: Transformer { layers },
                    batch,
                    batches: 1,
                    sequence_length,
                    vocabulary,
                    phase,
                    weights: Weights::Seed,
                    optimizer,
                    learning_rate: 1e-3,
                    activation_function,
                    embedding,
                }
            },
        )
}

fn accelerator() -> impl Strategy<Value = Accelerator> {
    let units = (1..5u32, 1..5u32, select(vec![1u32, 3, 16]), 1..3u32);
    let tile = (1..3u32, 4..17u32, 4..17u32).prop_map(|(b, x, y)| Tile { b, x, y });
    let bus = prop::option::of(1..1000u32);
    let windows = (1..4u32, 1..64u32, 1..64u32);
    (
        units,
        tile,
        bus,
        stages(),
        buffers(),
        select(LoopOrder::all().collect::<Vec<_>>()),
        windows,
    )
        .prop_map(
            |(units, tile, operand_bus_bytes, stages, buffers, loop_order, windows)| Accelerator {
                processing_elements: units.0,
                lanes_per_pe: units.1,
                multipliers_per_lane: units.2,
                softmax_per_pe: units.3,
                tile,
                buffers,
                loop_order: loop_order.into(),
                operand_fifo_tiles: windows.0,
                operand_bus_bytes,
                stages,
                dma: Dma {
                    outstanding_requests: windows.1,
                },
                prefetch_operations: windows.2,
                ..Scenario::default().accelerator
            },
        )
}

fn stages() -> impl Strategy<Value = Stages> {
    (0..3u32, 0..3u32, 0..3u32).prop_map(|(dynaprop_cycles, pre_compute_cycles, post_compute_cycles)| {
        Stages {
            dynaprop_cycles,
            pre_compute_cycles,
            post_compute_cycles,
        }
    })
}

/// From 1 to 128 KB each.
fn buffers() -> impl Strategy<Value = Buffers> {
    let megabytes = || (0..8u32).prop_map(|doublings| f64::from(1 << doublings) / 1024.0);
    (megabytes(), megabytes(), megabytes()).prop_map(|(activation_mb, weight_mb, mask_mb)| Buffers {
        activation_mb,
        weight_mb,
        mask_mb,
    })
}

fn memory_and_policy() -> impl Strategy<Value = (Reference, SchedulingPolicy)> {
    let memories = select(vec![
        "lpddr3-1600",
        "ddr4-2400",
        "hbm2",
        "rram",
        "rram-m3d",
        "ideal",
    ]);
    (
        memories.prop_map(memory),
        select(vec![
            SchedulingPolicy::StaggeredHeads,
            SchedulingPolicy::EqualPriority,
        ]),
    )
}

fn sparsity() -> impl Strategy<Value = Sparsity> {
    let density = || prop_oneof![1 => Just(0.0), 1 => Just(1.0), 2 => 0.0..1.0f64];
    let sampled = (0.1..100.0f64).prop_map(|concentration| DensitySource::Sampled {
        distribution: Distribution::Beta { concentration },
    });
    let source = prop_oneof![Just(DensitySource::Uniform), sampled];
    (
        source,
        [density(), density(), density(), density()],
        any::<bool>(),
    )
        .prop_map(
            |(
                source,
                [
                    activation_density,
                    weight_density,
                    gradient_density,
                    constant_density,
                ],
                dynaprop,
            )| Sparsity {
                source,
                activation_density,
                weight_density,
                gradient_density,
                constant_density,
                dynaprop,
            },
        )
}
