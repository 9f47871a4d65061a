//! What a training step keeps for the backward pass.

use components::density::Density;
use components::runs::{Densities, Tiling};
use components::tile::{LoopOrder, TileShape};
use components::word::WordFormat;

use super::{EmbeddingLoad, MapperParameters, Stages};
use crate::schema::{Optimizer, Phase, Scenario, rows_of_tiles};
use crate::transformer::{Layer, Transformer};

/// Tensors that are kept for the backward pass.
pub(crate) fn tensors_kept(scenario: &Scenario) -> u64 {
    match scenario.workload.phase {
        Phase::Inference => 0,
        Phase::Training => kept_of(&scenario.workload.transformer),
    }
}

/// Rows of tiles that the control block follows at a time: of the operations it looks at, and of tensors kept for the
/// backward pass.
pub(crate) fn rows_followed(scenario: &Scenario) -> u64 {
    let tensors = u64::from(scenario.accelerator.prefetch_operations) + tensors_kept(scenario);
    rows_of_tiles(scenario).saturating_mul(tensors)
}

/// Tensors that training `transformer` keeps, whatever their size. What a layer keeps depends on itself and the next one
/// alone, so equal pairs are lowered once.
fn kept_of(transformer: &Transformer) -> u64 {
    let layers = &transformer.layers;
    let pairs = (0..layers.len()).map(|first| &layers[first..layers.len().min(first + 2)]);
    let mut known: Vec<(&[Layer], u64)> = Vec::new();
    let mut kept = layers.get(..1).map_or(0, |first| kept_by(0, first));
    for pair in pairs {
        let found = known.iter().find(|(other, _)| *other == pair);
        kept += found.map(|(_, count)| *count).unwrap_or_else(|| {
            let count = kept_by(1, pair);
            known.push((pair, count));
            count
        });
    }
    kept
}

/// Tensors that stage number `stage` of a transformer of these layers keeps.
fn kept_by(stage: usize, layers: &[Layer]) -> u64 {
    let transformer = Transformer {
        layers: layers.to_vec(),
    };
    let stage = Stages::new(transformer, ONE_TILE_EACH, SMALLEST).nth(stage);
    let operations = stage.into_iter().flat_map(|stage| stage.operations);
    let kept = operations.filter(|operation| operation.output.is_some_and(|made| made.kept_at.is_some()));
    kept.count() as u64
}

/// One token, in training.
const SMALLEST: MapperParameters = MapperParameters {
    batch: 1,
    sequence: 1,
    vocabulary: 1,
    embedding: EmbeddingLoad::Gather,
    training: Some(Optimizer::Sgd { momentum: 0.0 }),
    first_address: 0,
};

/// Tiles of one element, since sizes do not matter here.
const ONE_TILE_EACH: Tiling = Tiling {
    tile: TileShape { b: 1, x: 1, y: 1 },
    word: WordFormat {
        integer_bits: 1,
        fraction_bits: 0,
    },
    densities: Densities {
        weight: Density::FULL,
        constant: Density::FULL,
        activation: Density::FULL,
        gradient: Density::FULL,
    },
    loop_order: LoopOrder::BIJK,
    lanes: 1,
};
