//! The lowering held against values worked out by hand from the shapes.

use components::density::Density;
use components::operation::{Operation, Role};
use components::runs::{Densities, Tiling};
use components::tile::{Dimension, TileShape};
use components::word::WordFormat;

use super::{EmbeddingLoad, Mapper, MapperParameters};
use crate::program::ProgramSummary;
use crate::transformer::{AttentionKind, Head, Layer, TransformKind, Transformer};

pub(super) fn parameters(batch: u32, sequence: u32) -> MapperParameters {
    MapperParameters {
        batch,
        sequence,
        vocabulary: 30_522,
        embedding: EmbeddingLoad::Gather,
        training: None,
        first_address: 0,
    }
}

pub(super) fn tiling() -> Tiling {
    let half = Density::from_share(0.5);
    Tiling {
        tile: TileShape { b: 1, x: 16, y: 16 },
        word: WordFormat {
            integer_bits: 4,
            fraction_bits: 16,
        },
        densities: Densities {
            weight: half,
            constant: Density::FULL,
            activation: half,
            gradient: half,
        },
        group: components::runs::LaneGroup::SINGLE,
        supply: components::runs::LaneSupply {
            lanes: 1024,
            pes: 64,
            multipliers: 16,
            bus_bytes: 1 << 20,
        },
    }
}

pub(super) fn bert_tiny() -> Transformer {
    let head = Head::Attention {
        kind: AttentionKind::ScaledDotProduct,
        dimension: 64,
    };
    let layer = Layer {
        hidden: 128,
        heads: vec![head; 2],
        feed_forward: vec![512],
    };
    Transformer {
        layers: vec![layer; 2],
    }
}

/// Per layer of BERT-Tiny at batch 4, sequence 128, tiles of 1x16x16: operations, tiles, multiplications.
///
/// By hand, for S = 128 (8 tiles), h = 128 (8), d = 64 (4), f = 512 (32), B = 4 (4):
/// - query, key, value: each of 2 heads 4·8·4·8 = 1024 tiles, 4·128·64·128 = 4,194,304 multiplications
/// - scores: 2 heads of 4·8·8·4 = 1024 tiles, 4·128·128·64 multiplications; context: 4·8·4·8, the same
/// - softmax: 2 heads of 4·8·8 = 256 tiles
/// - head output: 2 heads of 4·8·8·4 = 1024 tiles, 4·128·128·64 multiplications
/// - head sum: one for the second head, 4·8·8 = 256 tiles; residuals: 2 of them; layer norms: 2 of 256
/// - feed forward: 4·8·32·8 and 4·8·8·32 = 8192 tiles each, 4·128·512·128 = 33,554,432 multiplications each
/// - activation: 4·8·32 = 1024 tiles
const BERT_TINY_LAYER: [(Role, u64, u64, u128); 12] = [
    (Role::Query, 2, 2048, 8_388_608),
    (Role::Key, 2, 2048, 8_388_608),
    (Role::Value, 2, 2048, 8_388_608),
    (Role::Scores, 2, 2048, 8_388_608),
    (Role::Softmax, 2, 512, 0),
    (Role::Context, 2, 2048, 8_388_608),
    (Role::HeadOutput, 2, 2048, 8_388_608),
    (Role::HeadSum, 1, 256, 0),
    (Role::ResidualAdd, 2, 512, 0),
    (Role::LayerNorm, 2, 512, 0),
    (Role::FeedForward, 2, 16_384, 67_108_864),
    (Role::Activation, 1, 1024, 0),
];

#[test]
fn bert_tiny_lowers_to_the_table_worked_out_by_hand() {
    let summary = ProgramSummary::of(Mapper::new(bert_tiny(), tiling(), parameters(4, 128)));
    for layer in 0..2 {
        for (role, operations, tiles, multiplications) in BERT_TINY_LAYER {
            let totals = summary.roles[&(layer, role)];
            assert_eq!(
                totals.operations, operations,
                "operations of {role} in layer {layer}"
            );
            assert_eq!(totals.tile_operations, tiles, "tiles of {role} in layer {layer}");
            assert_eq!(
                totals.multiplications, multiplications,
                "multiplications of {role} in layer {layer}"
            );
        }
    }
    assert_eq!(summary.tile_operations, 61_440);
    let products = [
        Role::Query,
        Role::Key,
        Role::Value,
        Role::Scores,
        Role::Context,
        Role::HeadOutput,
        Role::FeedForward,
    ];
    assert_eq!(
        products.map(|role| summary.tiles_of(role)).iter().sum::<u64>(),
        57_344
    );
    assert_eq!(summary.tiles_of(Role::Softmax), 1024);
    assert_eq!(summary.tiles_of(Role::LayerNorm), 1024);
    assert_eq!(summary.tiles_of(Role::Activation), 2048);
    // Embedding add 256, and per layer head sum 256 and residuals 512.
    assert_eq!(summary.add_tile_operations, 256 + 2 * 768);
}

/// Every operation of one layer of each head kind, with its extents (b, i, j, k).
#[test]
fn each_head_kind_has_the_shapes_of_its_formula() {
    let heads = vec![
        Head::Attention {
            kind: AttentionKind::WeightedMultiplicative,
            dimension: 32,
        },
        Head::LinearTransform {
            kind: TransformKind::Fourier,
            dimension: 32,
        },
        Head::Convolution {
            kernel: 9,
            dimension: 32,
        },
    ];
    let layers = vec![
        Layer {
            hidden: 96,
            heads,
            feed_forward: vec![160, 224],
        },
        Layer {
            hidden: 64,
            heads: vec![Head::LinearTransform {
                kind: TransformKind::Fourier,
                dimension: 64,
            }],
            feed_forward: vec![48],
        },
    ];
    let operations: Vec<Operation> =
        Mapper::new(Transformer { layers }, tiling(), parameters(2, 40)).collect();
    let extents = |operation: &Operation| Dimension::ALL.map(|dimension| operation.grid.extent(dimension));
    let expected = [
        (Role::WordEmbedding, [2, 40, 96, 1]),
        (Role::EmbeddingAdd, [2, 40, 96, 1]),
        (Role::Query, [2, 40, 32, 96]),
        (Role::Key, [2, 40, 32, 96]),
        (Role::Value, [2, 40, 32, 96]),
        (Role::WeightedQuery, [2, 40, 32, 32]),
        (Role::Scores, [2, 40, 40, 32]),
        (Role::Softmax, [2, 40, 40, 1]),
        (Role::Context, [2, 40, 32, 40]),
        (Role::HeadOutput, [2, 40, 96, 32]),
        (Role::LinearTransform, [2, 40, 96, 40]),
        (Role::HeadSum, [2, 40, 96, 1]),
        (Role::Convolution, [2, 40, 96, 1]),
        (Role::HeadSum, [2, 40, 96, 1]),
        (Role::ResidualAdd, [2, 40, 96, 1]),
        (Role::LayerNorm, [2, 40, 96, 1]),
        (Role::FeedForward, [2, 40, 160, 96]),
        (Role::Activation, [2, 40, 160, 1]),
        (Role::FeedForward, [2, 40, 224, 160]),
        (Role::Activation, [2, 40, 224, 1]),
        (Role::FeedForward, [2, 40, 96, 224]),
        (Role::ResidualAdd, [2, 40, 96, 1]),
        (Role::LayerNorm, [2, 40, 96, 1]),
        (Role::Projection, [2, 40, 64, 96]),
        (Role::LinearTransform, [2, 40, 64, 40]),
        (Role::ResidualAdd, [2, 40, 64, 1]),
        (Role::LayerNorm, [2, 40, 64, 1]),
        (Role::FeedForward, [2, 40, 48, 64]),
        (Role::Activation, [2, 40, 48, 1]),
        (Role::FeedForward, [2, 40, 64, 48]),
        (Role::ResidualAdd, [2, 40, 64, 1]),
        (Role::LayerNorm, [2, 40, 64, 1]),
        (Role::Store, [2, 40, 64, 1]),
    ];
    let found: Vec<_> = operations
        .iter()
        .map(|operation| (operation.role, extents(operation)))
        .collect();
    assert_eq!(found, expected);
    let convolution = operations
        .iter()
        .find(|operation| operation.role == Role::Convolution)
        .expect("there is one");
    assert_eq!(convolution.dense_multiplications(), 2 * 40 * 96 * 9);
}
