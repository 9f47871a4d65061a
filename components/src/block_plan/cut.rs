//! Cutting the operations of a stage into parts, and the order of these.

use std::collections::BTreeSet;
use std::ops::Range;

use super::blocking::Blocking;
use super::cut_operation::CutOperation;
use super::parts::{Group, Items, Parts};
use crate::operation::{Operand, Operation, RowAccess};
use crate::tile::{Dimension, LoopOrder, TileShape};
use crate::work::{Indexing, Walk};

/// Cuts a stage.
pub(super) struct Cutter<'a> {
    blocking: Blocking,
    tile: TileShape,
    operations: &'a [Operation],
}

impl<'a> Cutter<'a> {
    /// The parts of `operations` for `items`, in the order in which they run.
    pub(super) fn cut(
        blocking: Blocking,
        tile: TileShape,
        operations: &'a [Operation],
        items: Items,
    ) -> Parts {
        let cutter = Self {
            blocking,
            tile,
            operations,
        };
        let groups = cutter.groups();
        let all = items.all;
        let cuts = groups.iter().zip(0..).flat_map(|(group, number)| {
            let is_wave = group.len() > 1;
            let cutter = &cutter;
            group
                .clone()
                .map(move |index| cutter.cut_operation(&cutter.operations[index], number, is_wave, all))
        });
        let cuts = cuts.collect();
        let groups = groups.into_iter().map(Group::of).collect();
        Parts::new(cuts, groups, items, blocking.together)
    }

    fn cut_operation(&self, operation: &Operation, group: u32, is_wave: bool, all: u32) -> CutOperation {
        let of = |dimension, each: u32| each.clamp(1, operation.grid.tiles(dimension).max(1));
        let each = [
            1,
            of(Dimension::I, self.blocking.rows),
            of(Dimension::J, self.columns_of_part(operation)),
            of(Dimension::K, self.reduction_of_part(operation)),
        ];
        let order = match is_wave {
            true => self.blocking.order.unwrap_or(LoopOrder::BIJK),
            false => self.order_of(operation),
        };
        let has_batch = operation.grid.tiles(Dimension::B) == all;
        CutOperation::new(&operation.grid, each, order, group, is_wave, has_batch)
    }

    /// Operations that go through each block of rows together, else each alone.
    fn groups(&self) -> Vec<Range<usize>> {
        let mut groups: Vec<Range<usize>> = Vec::new();
        let mut made = BTreeSet::new();
        for (index, operation) in self.operations.iter().enumerate() {
            let joins = self.blocking.chained
                && groups.last().is_some_and(|group: &Range<usize>| {
                    let first = &self.operations[group.start];
                    let same = |dimension| first.grid.extent(dimension) == operation.grid.extent(dimension);
                    let by_row = operation.operands.iter().all(|operand| match operand {
                        Operand::Activation { tensor, rows, .. } => {
                            *rows == RowAccess::SameRow || !made.contains(tensor)
                        }
                        Operand::Weight(_) => true,
                    });
                    same(Dimension::B)
                        && same(Dimension::I)
                        && by_row
                        && !operation.work.sums_batch()
                        && !first.work.sums_batch()
                });
            match groups.last_mut() {
                Some(group) if joins => group.end = index + 1,
                _ => {
                    made.clear();
                    groups.push(index..index + 1);
                }
            }
            made.extend(operation.output.map(|output| output.tensor));
        }
        groups
    }

    /// The order of the parts' loops of an operation that is cut alone.
    fn order_of(&self, operation: &Operation) -> LoopOrder {
        let has_panels = || operation.operands.get(1).is_some_and(Operand::is_weight);
        match (self.blocking.order, self.blocking.panels_outermost) {
            (Some(order), _) => order,
            (None, true) if operation.work.sums_batch() => LoopOrder::IJBK,
            (None, true) if has_panels() => LoopOrder::JBIK,
            (None, _) => LoopOrder::BIJK,
        }
    }

    /// Tiles along j of a part.
    fn columns_of_part(&self, operation: &Operation) -> u32 {
        let profile = operation.work.profile();
        // Modules take whole rows, and so does the DMA.
        if profile.walk == Walk::WholeRows || profile.movement().is_some() {
            return u32::MAX;
        }
        if let (Indexing::Product, Some(stated)) = (profile.indexing, self.blocking.columns_of_part) {
            return stated;
        }
        let right = operation.operands.get(1);
        let of_right = match (profile.indexing, right) {
            (Indexing::Product, Some(Operand::Weight(_))) => self.blocking.panel,
            // The rows of keys, if they are read transposed.
            (Indexing::Product, Some(right)) if right.is_transposed() => {
                self.keys_along(operation, Dimension::J)
            }
            _ => u32::MAX,
        };
        of_right.min(self.blocking.columns)
    }

    /// Tiles along k of a part.
    fn reduction_of_part(&self, operation: &Operation) -> u32 {
        let profile = operation.work.profile();
        if !profile.sums_reduction {
            return u32::MAX;
        }
        if let Some(stated) = self.blocking.reduction_of_part {
            return stated;
        }
        let left = operation.operands.first();
        let right = operation.operands.get(1);
        let by_tokens = match (profile.sums_batch, right) {
            // Left and right are read by rows of tokens.
            (true, _) => self.tokens_along(operation, self.blocking.rows),
            (
                false,
                Some(Operand::Activation {
                    transposed: false, ..
                }),
            ) => self.keys_along(operation, Dimension::K),
            _ => u32::MAX,
        };
        // Columns of blocks of a left operand, or rows of blocks of one that is read transposed.
        let of_left = match left {
            Some(left) if left.is_transposed() => u32::MAX,
            _ => self.blocking.columns,
        };
        by_tokens.min(of_left)
    }

    /// Rows of keys that a part reads, in tiles along `dimension`.
    fn keys_along(&self, operation: &Operation, dimension: Dimension) -> u32 {
        self.along(operation, dimension, self.blocking.keys)
    }

    fn tokens_along(&self, operation: &Operation, rows: u32) -> u32 {
        self.along(operation, Dimension::K, rows)
    }

    /// `rows` of tiles of an activation, in tiles along `dimension`.
    fn along(&self, operation: &Operation, dimension: Dimension, rows: u32) -> u32 {
        let elements = rows.saturating_mul(self.tile.x);
        (elements / operation.grid.edge(dimension)).max(1)
    }
}
