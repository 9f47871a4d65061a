//! Cutting the operations of a stage into parts, and the order of these.

use std::collections::BTreeSet;
use std::ops::Range;

use super::blocking::Blocking;
use super::view::Extents;
use crate::operation::{Operand, Operation, RowAccess};
use crate::tile::{Dimension, LoopOrder, TileShape};

/// A part of the stage's operation number `operation`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) operation: u32,
    /// Tiles along b, i, j and k.
    pub(super) tiles: [Range<u16>; 4],
    /// Those of a part of the same operation that is not ragged.
    pub(super) cut: [u16; 4],
}

impl Part {
    /// Its elements along b, i, j and k.
    pub(super) fn extents(&self, operation: &Operation) -> Extents {
        Dimension::ALL.map(|dimension| {
            let tiles = &self.tiles[dimension as usize];
            operation
                .grid
                .elements(dimension, tiles.start.into(), tiles.end.into())
        })
    }
}

/// Batch tiles of which a stage is planned.
#[derive(Clone, Debug)]
pub(super) struct Items {
    /// Those that go through it now.
    pub(super) range: Range<u32>,
    /// Of the whole batch.
    pub(super) all: u32,
}

/// Parts of a stage that a plan holds at most.
const MAX_PARTS: u64 = 400_000;

/// Cuts a stage.
pub(super) struct Cutter<'a> {
    blocking: Blocking,
    tile: TileShape,
    operations: &'a [Operation],
    items: Items,
    parts: Vec<Part>,
}

impl<'a> Cutter<'a> {
    /// The parts of `operations` for `items`, in the order in which they run, in the list `parts`; `None` if they are too many.
    pub(super) fn cut(
        blocking: Blocking,
        tile: TileShape,
        operations: &'a [Operation],
        items: Items,
        mut parts: Vec<Part>,
    ) -> Option<Vec<Part>> {
        parts.clear();
        let mut cutter = Self {
            blocking,
            tile,
            operations,
            parts,
            items,
        };
        if cutter.count() > MAX_PARTS {
            return None;
        }
        let groups = cutter.groups();
        let Items { range, .. } = cutter.items.clone();
        let mut first = range.start;
        while first < range.end {
            let end = first.saturating_add(blocking.together.max(1)).min(range.end);
            for group in &groups {
                cutter.cut_group(group.clone(), first..end);
            }
            first = end;
        }
        Some(cutter.parts)
    }

    /// The number of all parts.
    fn count(&self) -> u64 {
        let of = |operation: &Operation| {
            let cut = self.cut_of(operation);
            let pieces = |dimension: Dimension| {
                let tiles = operation.grid.tiles(dimension);
                u64::from(tiles.div_ceil(cut[dimension as usize].into()))
            };
            let items = self.items_of(operation, self.items.range.clone());
            u64::from(items.end - items.start)
                * pieces(Dimension::I)
                * pieces(Dimension::J)
                * pieces(Dimension::K)
        };
        self.operations.iter().map(of).sum()
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

    fn cut_group(&mut self, group: Range<usize>, items: Range<u32>) {
        let operation = &self.operations[group.start];
        let items = self.items_of(operation, items);
        if group.len() == 1 {
            return self.cut_alone(group.start, items);
        }
        let [_, cut, ..] = self.cut_of(operation);
        for b in items {
            for rows in pieces(operation.grid.tiles(Dimension::I), cut) {
                for index in group.clone() {
                    self.cut_columns(index, b, &rows);
                }
            }
        }
    }

    /// Those of `items` that are `operation`'s. What has no batch comes with the last item.
    fn items_of(&self, operation: &Operation, items: Range<u32>) -> Range<u32> {
        if operation.grid.tiles(Dimension::B) == self.items.all {
            items
        } else if items.end == self.items.all {
            0..1
        } else {
            0..0
        }
    }

    fn cut_alone(&mut self, index: usize, items: Range<u32>) {
        let operation = &self.operations[index];
        let cut = self.cut_of(operation);
        let along = |dimension| pieces(operation.grid.tiles(dimension), cut[dimension as usize]);
        let along = [
            pieces_of_batch(items),
            along(Dimension::I),
            along(Dimension::J),
            along(Dimension::K),
        ];
        self.push_all(index, cut, along, self.order_of(operation));
    }

    fn cut_of(&self, operation: &Operation) -> [u16; 4] {
        self.blocking.cut_of(self.tile, operation)
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

    /// One part for each choice of a piece `along` each dimension.
    fn push_all(&mut self, index: usize, cut: [u16; 4], along: [Vec<Range<u16>>; 4], order: LoopOrder) {
        let loops = order.loops().map(|dimension| dimension as usize);
        let mut tiles = [(); 4].map(|()| 0..0);
        for first in &along[loops[0]] {
            tiles[loops[0]] = first.clone();
            for second in &along[loops[1]] {
                tiles[loops[1]] = second.clone();
                for third in &along[loops[2]] {
                    tiles[loops[2]] = third.clone();
                    for fourth in &along[loops[3]] {
                        tiles[loops[3]] = fourth.clone();
                        self.parts.push(Part {
                            operation: index as u32,
                            tiles: tiles.clone(),
                            cut,
                        });
                    }
                }
            }
        }
    }

    /// One block of rows of an operation of a wave.
    fn cut_columns(&mut self, index: usize, b: u32, rows: &Range<u16>) {
        let operation = &self.operations[index];
        let cut = self.cut_of(operation);
        let along = |dimension| pieces(operation.grid.tiles(dimension), cut[dimension as usize]);
        let along = [
            pieces_of_batch(b..b + 1),
            vec![rows.clone()],
            along(Dimension::J),
            along(Dimension::K),
        ];
        self.push_all(index, cut, along, self.blocking.order.unwrap_or(LoopOrder::BIJK));
    }
}

/// Batch tiles one by one.
fn pieces_of_batch(items: Range<u32>) -> Vec<Range<u16>> {
    items.map(|b| b as u16..b as u16 + 1).collect()
}

/// `tiles` in pieces of `each`, which is not 0.
fn pieces(tiles: u32, each: u16) -> Vec<Range<u16>> {
    let each = u32::from(each);
    (0..tiles.div_ceil(each))
        .map(|piece| {
            let first = piece * each;
            first as u16..(first + each).min(tiles) as u16
        })
        .collect()
}
