//! What a training step keeps for the backward pass.

use components::density::Density;
use components::tile::TileShape;
use components::word::WordFormat;

use super::{EmbeddingLoad, MapperParameters, Stages};
use crate::schema::{Optimizer, Phase, Scenario, rows_of_tiles};
use crate::transformer::Transformer;

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

/// Tensors that training `transformer` keeps, whatever their size.
fn kept_of(transformer: &Transformer) -> u64 {
    let forward = 1 + transformer.layers.len();
    let stages = Stages::new(transformer.clone(), SMALLEST).take(forward);
    let operations = stages.flat_map(|stage| stage.operations);
    let kept = operations.filter(|operation| operation.output.is_some_and(|made| made.kept_at.is_some()));
    kept.count() as u64
}

/// One token, in training.
const SMALLEST: MapperParameters = MapperParameters {
    batch: 1,
    sequence: 1,
    vocabulary: 1,
    embedding: EmbeddingLoad::Gather,
    tile: TileShape { b: 1, x: 1, y: 1 },
    word: WordFormat {
        integer_bits: 1,
        fraction_bits: 0,
    },
    weight_density: Density::FULL,
    activation_density: Density::FULL,
    gradient_density: Density::FULL,
    training: Some(Optimizer::Sgd { momentum: 0.0 }),
    first_address: 0,
};
