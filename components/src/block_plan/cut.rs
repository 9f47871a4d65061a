//! Cutting the operations of a stage into parts, and the order of these.

use std::collections::BTreeSet;
use std::ops::Range;

use super::blocking::Blocking;
use super::cut_operation::CutOperation;
use super::parts::{Group, Items, Parts};
use crate::operation::{Operand, Operation, RowAccess};
use crate::tile::{Dimension, LoopOrder, TileShape};

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
        let each = self.blocking.cut_of(self.tile, operation).map(u32::from);
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
                        && self.blocking.rows_of(first.role) == self.blocking.rows_of(operation.role)
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
}
