//! What DynaProp computes: magnitudes below a threshold become zero.

use super::compressed::CompressedTile;
use super::keep::keeps;

/// Sets the values below `threshold` to zero.
pub fn prune(values: &mut [f64], threshold: f64) {
    for value in values {
        if !keeps(*value, threshold) {
            *value = 0.0;
        }
    }
}

/// Prunes a compressed tile: the bits of the values below `threshold` are cleared, the rest of the data moves together.
/// The hardware compares all values at once, in one cycle.
pub fn prune_tile(tile: &mut CompressedTile, threshold: f64) {
    tile.retain(|value| keeps(value, threshold));
}

/// Share of `values` that are zero once pruned by `threshold`; 0 if there are none.
#[must_use]
pub fn sparsity_at(values: &[f64], threshold: f64) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let pruned = values
        .iter()
        .filter(|&&value| value == 0.0 || !keeps(value, threshold));
    pruned.count() as f64 / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sparsity::compressed::Extents;
    use crate::sparsity::samples::tile;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pruning_a_compressed_tile_is_pruning_its_values((extents, mut dense) in tile(3, 12, 70), threshold in 0.0..3.0) {
            let mut tile = CompressedTile::compress(extents, &dense);
            prune_tile(&mut tile, threshold);
            let zeros = sparsity_at(&dense, threshold) * dense.len() as f64;
            prune(&mut dense, threshold);
            prop_assert_eq!(&tile, &CompressedTile::compress(extents, &dense));
            prop_assert!(dense.iter().all(|&value| value == 0.0 || value.abs() >= threshold));
            prop_assert_eq!(zeros.round() as usize, dense.len() - tile.data().len());
        }

        #[test]
        fn a_threshold_of_zero_prunes_nothing((extents, dense) in tile(3, 12, 70)) {
            let mut tile = CompressedTile::compress(extents, &dense);
            prune_tile(&mut tile, 0.0);
            prop_assert_eq!(tile.decompress(), dense);
        }
    }

    #[test]
    fn what_equals_the_threshold_is_kept() {
        // Of 0, 1/4, -1/2, 1/2 and 1, a threshold of 1/2 prunes 1/4 alone; one just above prunes both halves as well.
        let values = [0.0, 0.25, -0.5, 0.5, 1.0];
        let above = f64::next_up(0.5);
        for (threshold, kept, sparsity) in [
            (0.0, [0.0, 0.25, -0.5, 0.5, 1.0], 0.2),
            (0.5, [0.0, 0.0, -0.5, 0.5, 1.0], 0.4),
            (above, [0.0, 0.0, 0.0, 0.0, 1.0], 0.8),
            (1.0, [0.0, 0.0, 0.0, 0.0, 1.0], 0.8),
            (f64::next_up(1.0), [0.0; 5], 1.0),
        ] {
            let mut pruned = values;
            prune(&mut pruned, threshold);
            assert_eq!(pruned, kept, "{threshold}");
            assert_eq!(sparsity_at(&values, threshold), sparsity, "{threshold}");
            let mut tile = CompressedTile::compress(Extents::matrix(1, 5), &values);
            prune_tile(&mut tile, threshold);
            assert_eq!(tile.decompress(), kept, "{threshold}");
        }
        assert!(keeps(-0.5, 0.5) && !keeps(-0.5, above) && keeps(0.0, 0.0));
    }
}
