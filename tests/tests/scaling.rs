//! Twice the batch, the sequence or the layers: tiles of each role grow as its formula says.

use std::collections::BTreeMap;

use components::operation::Role;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use scenarios::Scenario;
use scenarios::transformer::{AttentionKind, Head, KERNELS, Layer, TransformKind, Transformer};
use tests::{memory, plan, shipped};

const TILE: u32 = 8;

#[derive(Clone, Debug)]
struct Size {
    layers: Vec<Layer>,
    batch: u32,
    sequence: u32,
}

/// All layers have one width, so that there are no projections: whether there is one between the copies of a stack
/// of layers depends on the first and the last.
fn sizes() -> impl Strategy<Value = Size> {
    let head = prop_oneof![
        (1..40u32).prop_map(|dimension| Head::Attention {
            kind: AttentionKind::ScaledDotProduct,
            dimension
        }),
        (1..40u32).prop_map(|dimension| Head::Attention {
            kind: AttentionKind::WeightedMultiplicative,
            dimension
        }),
        Just(Head::LinearTransform {
            kind: TransformKind::Cosine,
            dimension: 8
        }),
        proptest::sample::select(KERNELS.to_vec())
            .prop_map(|kernel| Head::Convolution { kernel, dimension: 8 }),
    ];
    let layer = (
        prop::collection::vec(head, 1..4),
        prop::collection::vec(1..80u32, 1..3),
    );
    (1..60u32, prop::collection::vec(layer, 1..3), 1..5u32, 1..6u32).prop_map(
        |(hidden, layers, batch, rows)| Size {
            layers: layers
                .into_iter()
                .map(|(heads, feed_forward)| Layer {
                    hidden,
                    heads,
                    feed_forward,
                })
                .collect(),
            batch,
            sequence: rows * TILE,
        },
    )
}

fn tiles(size: &Size) -> BTreeMap<Role, u64> {
    let program = plan(&shipped("tiny-trace", |scenario: &mut Scenario| {
        scenario.workload.transformer = Transformer {
            layers: size.layers.clone(),
        };
        scenario.workload.batch = size.batch;
        scenario.workload.sequence_length = size.sequence;
        let buffers = &mut scenario.accelerator.buffers;
        (buffers.activation_mb, buffers.weight_mb, buffers.mask_mb) = (64.0, 64.0, 64.0);
        scenario.memory = memory("ideal");
    }))
    .machine
    .program;
    program
        .roles
        .keys()
        .map(|&(_, role)| (role, program.tiles_of(role)))
        .collect()
}

fn check(size: &Size, doubled: &Size, factor: impl Fn(Role) -> u64) -> Result<(), TestCaseError> {
    let expected: BTreeMap<Role, u64> = tiles(size)
        .into_iter()
        .map(|(role, tiles)| (role, tiles * factor(role)))
        .collect();
    prop_assert_eq!(tiles(doubled), expected);
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 64, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..Config::default() })]

    #[test]
    fn twice_the_batch_is_twice_the_tiles(size in sizes()) {
        check(&size, &Size { batch: size.batch * 2, ..size.clone() }, |_| 2)?;
    }

    #[test]
    fn twice_the_sequence_is_four_times_what_relates_tokens_to_tokens(size in sizes()) {
        check(&size, &Size { sequence: size.sequence * 2, ..size.clone() }, |role| match role {
            Role::Scores | Role::Softmax | Role::Context | Role::LinearTransform => 4,
            _ => 2,
        })?;
    }

    #[test]
    fn twice_the_layers_are_twice_the_tiles_but_for_the_embedding(size in sizes()) {
        let layers = [size.layers.clone(), size.layers.clone()].concat();
        check(&size, &Size { layers, ..size.clone() }, |role| if role == Role::EmbeddingAdd { 1 } else { 2 })?;
    }
}
