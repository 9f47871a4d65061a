//! Cutting the operations of a stage into parts, and the order of these.

use std::collections::BTreeSet;
use std::ops::Range;

use super::blocking::Blocking;
use super::view::Extents;
use crate::operation::{Operand, Operation, RowAccess};
use crate::tile::{Dimension, LoopOrder, TileShape};
use crate::work::{Indexing, Walk};

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
        let pieces = |tiles: u32, each: u32| u64::from(tiles.div_ceil(each.clamp(1, tiles.max(1))));
        let of = |operation: &Operation| {
            let tiles = |dimension| operation.grid.tiles(dimension);
            let items = self.items_of(operation, self.items.range.clone());
            u64::from(items.end - items.start)
                * pieces(tiles(Dimension::I), self.rows_of_block(operation))
                * pieces(tiles(Dimension::J), self.columns_of_part(operation))
                * pieces(tiles(Dimension::K), self.reduction_of_part(operation))
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
        let cut = self.rows_of_block(operation);
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
        let tiles = |dimension| operation.grid.tiles(dimension);
        let along = [
            pieces_of_batch(items),
            pieces(tiles(Dimension::I), self.rows_of_block(operation)),
            pieces(tiles(Dimension::J), self.columns_of_part(operation)),
            pieces(tiles(Dimension::K), self.reduction_of_part(operation)),
        ];
        self.push_all(index, along, self.order_of(operation));
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
    fn push_all(&mut self, index: usize, along: [Vec<Range<u16>>; 4], order: LoopOrder) {
        let cut = self.cut_of(&self.operations[index]);
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
        let tiles = |dimension| operation.grid.tiles(dimension);
        let along = [
            pieces_of_batch(b..b + 1),
            vec![rows.clone()],
            pieces(tiles(Dimension::J), self.columns_of_part(operation)),
            pieces(tiles(Dimension::K), self.reduction_of_part(operation)),
        ];
        self.push_all(index, along, self.blocking.order.unwrap_or(LoopOrder::BIJK));
    }

    fn cut_of(&self, operation: &Operation) -> [u16; 4] {
        let of = |dimension, each: u32| each.clamp(1, operation.grid.tiles(dimension)) as u16;
        [
            1,
            of(Dimension::I, self.rows_of_block(operation)),
            of(Dimension::J, self.columns_of_part(operation)),
            of(Dimension::K, self.reduction_of_part(operation)),
        ]
    }

    /// Tiles along i of a part: as many rows as a block of the result has.
    fn rows_of_block(&self, _operation: &Operation) -> u32 {
        self.blocking.rows
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

/// Batch tiles one by one.
fn pieces_of_batch(items: Range<u32>) -> Vec<Range<u16>> {
    items.map(|b| b as u16..b as u16 + 1).collect()
}

/// `tiles` in pieces of `each`.
fn pieces(tiles: u32, each: u32) -> Vec<Range<u16>> {
    let each = each.clamp(1, tiles.max(1));
    (0..tiles.div_ceil(each))
        .map(|piece| {
            let first = piece * each;
            first as u16..(first + each).min(tiles) as u16
        })
        .collect()
}
