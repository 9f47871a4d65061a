//! What of a blocking is stated, and what that leaves of the ways to cut a program.

use super::blocking::Blocking;
use super::by_role::{PartSizes, SizesByRole};
use crate::operation::Operation;
use crate::tile::{Dimension, LoopOrder};
use crate::work::Indexing;

/// What of a blocking is stated; the rest is chosen. Sizes are in tiles, and clipped to each operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatedBlocks {
    /// Batch tiles that run through the whole program together.
    pub segment: Option<u32>,
    /// Rows of tiles of a block of activations.
    pub rows: Option<u32>,
    /// Tiles along j of a part of a product, and columns of a block of weights.
    pub columns: Option<u32>,
    /// Tiles along k of a part of a product, and rows of a block of weights.
    pub reduction: Option<u32>,
    /// Sizes for operations of some roles alone; they take the place of those above.
    pub by_role: SizesByRole,
    /// The order of the parts' loops of an operation that is cut alone.
    pub order: Option<LoopOrder>,
}

impl StatedBlocks {
    /// Whether nothing is stated.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Steps that `operation` has at least, if it is cut by what is stated.
    #[must_use]
    pub fn least_steps(&self, operation: &Operation) -> u64 {
        let profile = operation.work.profile();
        let pieces = |dimension, each: Option<u32>, is_cut: bool| {
            let tiles = operation.grid.tiles(dimension);
            let each = each.filter(|_| is_cut).unwrap_or(tiles).max(1);
            u64::from(tiles.div_ceil(each))
        };
        let sizes = self.by_role.of(operation.role).or(PartSizes {
            rows: self.rows,
            columns: self.columns,
            reduction: self.reduction,
        });
        u64::from(operation.grid.tiles(Dimension::B))
            * pieces(Dimension::I, sizes.rows, true)
            * pieces(Dimension::J, sizes.columns, profile.indexing == Indexing::Product)
            * pieces(Dimension::K, sizes.reduction, profile.sums_reduction)
    }

    /// The candidate with what is stated in place of its own; `None` if the stated order has no use for it.
    pub(super) fn applied_to(&self, candidate: Blocking) -> Option<Blocking> {
        let stated = self.with_order(Blocking {
            segment: self.segment.unwrap_or(candidate.segment),
            rows: self.rows.unwrap_or(candidate.rows),
            columns_of_part: self.columns,
            reduction_of_part: self.reduction,
            by_role: self.by_role,
            ..candidate
        })?;
        Some(match self.columns.is_some() && self.reduction.is_some() {
            // Neither panels nor keys are left to be chosen.
            true => Blocking {
                panel: Blocking::WHOLE.panel,
                keys: Blocking::WHOLE.keys,
                ..stated
            },
            false => stated,
        })
    }

    /// With the stated order: a wave has rows inside the batch and all else inside rows, and what goes through a stage
    /// before other items do makes the batch outermost.
    fn with_order(&self, candidate: Blocking) -> Option<Blocking> {
        let Some(order) = self.order else {
            return Some(candidate);
        };
        let [first, second, ..] = order.loops();
        let can_be_wave = (first, second) == (Dimension::B, Dimension::I);
        if candidate.panels_outermost || candidate.chained && !can_be_wave {
            return None;
        }
        Some(Blocking {
            order: Some(order),
            together: match first {
                Dimension::B => candidate.together,
                _ => u32::MAX,
            },
            ..candidate
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Role;

    fn order(text: &str) -> StatedBlocks {
        StatedBlocks {
            order: text.parse().ok(),
            ..StatedBlocks::default()
        }
    }

    #[test]
    fn nothing_stated_leaves_every_candidate_as_it_is() {
        for candidate in [Blocking::WHOLE, Blocking::LEAST] {
            assert_eq!(StatedBlocks::default().applied_to(candidate), Some(candidate));
        }
    }

    #[test]
    fn stated_sizes_replace_those_of_a_candidate() {
        let stated = StatedBlocks {
            segment: Some(2),
            rows: Some(3),
            columns: Some(4),
            reduction: Some(5),
            ..StatedBlocks::default()
        };
        let least = stated.applied_to(Blocking::LEAST).unwrap();
        assert_eq!(
            (least.segment, least.rows, least.panel_edges(Role::Query)),
            (2, 3, [5, 4])
        );
        assert_eq!((least.together, least.columns), (1, 1));
    }

    #[test]
    fn waves_are_tried_only_if_rows_follow_the_batch() {
        let wave = Blocking {
            chained: true,
            ..Blocking::WHOLE
        };
        for (text, is_tried) in [("bijk", true), ("bikj", true), ("bjik", false), ("ibjk", false)] {
            assert_eq!(order(text).applied_to(wave).is_some(), is_tried, "{text}");
            assert!(order(text).applied_to(Blocking::LEAST).is_some(), "{text}");
        }
    }

    #[test]
    fn items_go_one_by_one_only_if_the_batch_is_outermost() {
        let together = |text: &str| order(text).applied_to(Blocking::LEAST).unwrap().together;
        assert_eq!((together("bkji"), together("jbik")), (1, u32::MAX));
    }
}
