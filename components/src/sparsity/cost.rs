//! What matching costs in cycles.

use sim_core::Cycles;

use crate::sparsity::product::ProductTile;

/// How long the pre-compute module works on a tile operation.
///
/// The machine charges [`Self::PerTile`], as the papers assume (arXiv:2303.14882: one cycle per tile). The published hardware is
/// finer: AccelTran's `filter.sv` (github.com/jha-lab/acceltran, BSD-3-Clause) looks at one bit of the common mask per cycle and
/// `shifter.sv` moves one of 16 registers per cycle, for vectors of 32 elements; mask, filter and shifter work side by side on
/// successive vectors. That is [`Self::PerPlace`] with one place per cycle, which starves any lane of more than one
/// multiplier: to keep `multipliers` busy at a density of pairs `d`, a module has to pass `multipliers / d` places per cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchingCost {
    /// The same for every tile.
    PerTile(Cycles),
    /// By the places of the summed dimension looked at, zeros among them.
    PerPlace {
        /// Places per cycle; at least 1.
        places_per_cycle: u32,
        /// Cycles from the last place to the last pair: the stages after the filter.
        latency: Cycles,
    },
}

impl Default for MatchingCost {
    fn default() -> Self {
        Self::PerTile(Cycles(1))
    }
}

impl MatchingCost {
    /// Cycles for all vectors of `product`.
    #[must_use]
    pub fn cycles(self, product: &ProductTile<'_>) -> Cycles {
        match self {
            Self::PerTile(cycles) => cycles,
            Self::PerPlace {
                places_per_cycle,
                latency,
            } => {
                let places = product.dense_pairs().div_ceil(u64::from(places_per_cycle.max(1)));
                Cycles(places + latency.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sparsity::compressed::{CompressedTile, Extents};

    #[test]
    fn a_serial_filter_takes_a_cycle_a_place_whatever_the_zeros() {
        let left = CompressedTile::compress(
            Extents {
                batch: 2,
                rows: 3,
                columns: 4,
            },
            &[0.0; 24],
        );
        let right = CompressedTile::compress(Extents::matrix(4, 5), &[1.0; 20]);
        let product = ProductTile::new(&left, &right);
        assert_eq!(MatchingCost::default().cycles(&product), Cycles(1));
        let cost = |places_per_cycle| {
            MatchingCost::PerPlace {
                places_per_cycle,
                latency: Cycles(17),
            }
            .cycles(&product)
        };
        assert_eq!(cost(1), Cycles(2 * 3 * 4 * 5 + 17));
        assert_eq!(cost(16), Cycles(8 + 17));
    }
}
