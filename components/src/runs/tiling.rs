//! How a machine cuts tensors and operations, and what the pieces take.

use super::cursor::Cursor;
use super::lane_group::LaneGroup;
use super::lane_supply::LaneSupply;
use crate::density::Density;
use crate::operation::{Footprint, Operation, TensorKind};
use crate::tile::{LoopOrder, TileCoordinate, TileShape};
use crate::units::Bytes;
use crate::word::{self, WordFormat};
use crate::work::{RunKind, UnitClass};

/// Mean shares of elements that are not zero, by what a tensor holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Densities {
    /// Of weights and embeddings.
    pub weight: Density,
    /// Of the matrices of transforms.
    pub constant: Density,
    /// Of what the forward pass makes.
    pub activation: Density,
    /// Of what the backward pass makes.
    pub gradient: Density,
}

impl Densities {
    /// The densities that count for two operands, `skipped` as in [`Operation::skipped`].
    #[must_use]
    #[inline]
    pub fn of_operands(&self, skipped: [Option<TensorKind>; 2]) -> [Density; 2] {
        skipped.map(|kind| kind.map_or(Density::FULL, |kind| self.of(kind)))
    }

    /// Cycles of `multipliers` for a tile of so many `dense` pairs of two operands, `skipped` as in [`Operation::skipped`].
    #[must_use]
    pub fn cycles(&self, skipped: [Option<TensorKind>; 2], dense: u32, multipliers: u32) -> u32 {
        let [left, right] = self.of_operands(skipped);
        left.of_pairs(right, dense).div_ceil(multipliers)
    }

    /// The density of tensors of `kind`. An optimiser's state is never pruned.
    #[must_use]
    #[inline]
    pub fn of(&self, kind: TensorKind) -> Density {
        match kind {
            TensorKind::Weight => self.weight,
            TensorKind::Constant => self.constant,
            TensorKind::Activation => self.activation,
            TensorKind::Gradient => self.gradient,
            TensorKind::OptimizerState => Density::FULL,
        }
    }
}

/// How a machine cuts tensors into tiles and operations into runs, and what they take: the facts that mapper, control
/// block and estimate share. It knows no actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiling {
    /// Edges of a tile.
    pub tile: TileShape,
    /// The format of a word.
    pub word: WordFormat,
    /// Mean densities of tensors.
    pub densities: Densities,
    /// MAC lanes of the machine, and what feeds them: runs are cut until every lane that can be fed gets some.
    pub supply: LaneSupply,
    /// Lanes that share operands.
    pub group: LaneGroup,
}

impl Tiling {
    /// What `elements` of a tensor take whose sums are final: zero-free data and, if there can be zeros to leave out, a
    /// mask.
    #[must_use]
    pub fn footprint(&self, elements: u64, kind: TensorKind) -> Footprint {
        Footprint {
            data: self.word.data(elements, self.densities.of(kind)),
            mask: match kind {
                TensorKind::OptimizerState => Bytes(0),
                _ => word::mask(elements),
            },
        }
    }

    /// What `elements` of a tensor take while their sums are partial: zeros in place.
    #[must_use]
    pub fn partial_footprint(&self, elements: u64, kind: TensorKind) -> Footprint {
        Footprint {
            data: self.word.dense(elements),
            ..self.footprint(elements, kind)
        }
    }

    /// Cycles of a unit for a whole tile of `operation`, in the mean: pairs that survive both masks over the lane's multipliers,
    /// or the cycles of a row module.
    pub(crate) fn cycles_per_tile(&self, operation: &Operation, kind: RunKind) -> f64 {
        // Neither order nor cut changes the work of a tile.
        let cursor = Cursor::new(operation, LoopOrder::default(), 1, u32::MAX);
        let run = self.describe(operation, kind, &cursor, TileCoordinate::default(), 1);
        let work = u64::from(run.work);
        match kind.unit() {
            UnitClass::Lane => {
                let [left, right] = self.densities.of_operands(run.skipped);
                let density = left.share() * right.share();
                (work as f64 * density / f64::from(self.supply.multipliers))
                    .ceil()
                    .max(1.0)
            }
            UnitClass::Softmax | UnitClass::LayerNorm => work as f64,
        }
    }

    /// The walk in `order` over the tiles of `operation`, cut into runs, if it is done in parts of `rows` rows of tiles.
    pub(crate) fn cursor_by_rows(&self, operation: &Operation, order: LoopOrder, rows: u32) -> Cursor {
        Cursor::new(operation, order, self.lanes_fed(operation, order), rows).grouped(self.group)
    }
}

#[cfg(test)]
impl Tiling {
    /// Tiles of 16 x 16 words of 20 bits, half of which are zero, for 64 lanes of 16 multipliers on wide buses.
    pub(crate) fn example() -> Self {
        let half = Density::from_share(0.5);
        Self {
            tile: TileShape { b: 1, x: 16, y: 16 },
            word: WordFormat {
                integer_bits: 4,
                fraction_bits: 16,
            },
            densities: Densities {
                weight: half,
                constant: half,
                activation: half,
                gradient: half,
            },
            supply: LaneSupply {
                lanes: 64,
                pes: 8,
                multipliers: 16,
                bus_bytes: 1 << 20,
            },
            group: LaneGroup::SINGLE,
        }
    }
}
