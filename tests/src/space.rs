//! Pairs of the published design space, drawn by number: each of the twelve numbers of the accelerator by itself, of the values
//! that it has in the published pairs, and a transformer with heads of all kinds.
//!
//! Sequences and batches are small and layers few, so that hundreds can be simulated. The published buffers and PEs would be ample
//! for those, so they are divided, each by a number of its own; a pair that the buffers cannot hold is no pair. The width of the
//! operand buses and the prefetch window, of which the published numbers say nothing, are drawn as well.

use scenarios::schema::Embedding;

use crate::pairs::{Dice, Pair, planned, published_accelerator, published_values, transformer};
use crate::shipped;

/// The pair number `seed` of the published space; `None` if its buffers cannot hold it, or it has over `most_tiles` tile
/// operations.
#[must_use]
pub fn pair_of_space(seed: u64, most_tiles: u64) -> Option<Pair> {
    let mut dice = Dice::new(seed);
    let numbers = published_values().map(|values| dice.of(&values));
    let loaded = shipped("bert-tiny-edge", |scenario| {
        scenario.name = format!("pair {seed} of the space");
        scenario.workload.transformer = transformer(&mut dice);
        scenario.workload.transformer.layers.truncate(dice.of(&[1, 2, 4]));
        scenario.workload.sequence_length = dice.of(&[32, 64, 96]);
        scenario.workload.embedding = Embedding::Gather;
        published_accelerator(&numbers, scenario);
        let machine = &mut scenario.accelerator;
        scenario.workload.batch = machine.tile.b * dice.of(&[1, 2, 3]);
        machine.processing_elements /= dice.of(&[1, 8, 32, 128]);
        let buffers = &mut machine.buffers;
        for megabytes in [
            &mut buffers.activation_mb,
            &mut buffers.weight_mb,
            &mut buffers.mask_mb,
        ] {
            *megabytes /= dice.of(&[1.0, 8.0, 64.0, 256.0]);
        }
        machine.operand_bus_bytes = dice.of(&[None, None, Some(16), Some(128)]);
        machine.prefetch_operations = dice.of(&[2, 16, 256]);
    });
    planned(seed, loaded, most_tiles)
}
