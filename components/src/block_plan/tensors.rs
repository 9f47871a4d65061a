//! A tensor of a plan, cut into a grid of blocks.

use std::ops::Range;

use super::block_states::BlockStates;
use super::blocking::Blocking;
use super::step::{BlockName, Move};
use super::view::View;
use crate::operation::{Footprint, Operation, TensorId, TensorKind, WeightTensor};
use crate::program::Position;
use crate::runs::Tiling;
use crate::units::BLOCK;

/// The place of a tensor in the plan's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TensorSlot(pub(super) u32);

/// A block: its tensor, and its place in the grid of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BlockId {
    pub(super) tensor: TensorSlot,
    pub(super) index: u32,
}

/// A tensor, as a grid of blocks.
#[derive(Clone, Debug)]
pub(super) struct PlannedTensor {
    pub(super) id: TensorId,
    pub(super) kind: TensorKind,
    /// Whether it lives in the weight buffer.
    pub(super) is_weight: bool,
    /// Whether the backward pass reads it again.
    is_kept: bool,
    /// The address that it is loaded from, if no operation makes it.
    source: Option<u64>,
    rows: u32,
    columns: u32,
    /// Elements of the only block, if that is no matrix.
    whole: Option<u64>,
    pub(super) block_rows: u32,
    pub(super) block_columns: u32,
    pub(super) rows_of_blocks: u32,
    columns_of_blocks: u32,
    /// The batch tiles that the plan holds of it.
    pub(super) items: Range<u32>,
    /// Items in a full batch tile, and in the last one.
    items_per_tile: [u32; 2],
    last_tile: u32,
    pub(super) blocks: BlockStates,
    /// Where later stages read it.
    pub(super) uses: Vec<Position>,
    /// The stage that first names it.
    pub(super) first_stage: u32,
    /// Whether it is a sum over the batch.
    pub(super) sums_batch: bool,
    /// Blocks that are not dead.
    pub(super) alive: u32,
}

impl PlannedTensor {
    /// The result of `operation`, for the batch tiles `items`.
    pub(super) fn made(
        operation: &Operation,
        items: Range<u32>,
        blocking: &Blocking,
        tiling: &Tiling,
        uses: Vec<Position>,
    ) -> Option<Self> {
        let made = operation.output?;
        let last_tile = made.batch.div_ceil(tiling.tile.b) - 1;
        let block = |tiles: u32, edge: u32, extent: u32| tiles.saturating_mul(edge).min(extent);
        let mut tensor = Self::new(
            made.tensor,
            made.kind,
            None,
            [made.rows, made.columns],
            [
                block(blocking.rows_of(operation.role), tiling.tile.x, made.rows),
                block(blocking.columns, tiling.tile.y, made.columns),
            ],
            items,
            [
                tiling.tile.b.min(made.batch),
                made.batch - last_tile * tiling.tile.b,
            ],
            last_tile,
            uses,
        );
        tensor.is_kept = made.kept_at.is_some();
        Some(tensor)
    }

    /// The weight that is operand number `place` of `operation`.
    pub(super) fn weight(
        operation: &Operation,
        place: usize,
        weight: &WeightTensor,
        blocking: &Blocking,
        tiling: &Tiling,
        uses: Vec<Position>,
    ) -> Self {
        let View { rows, columns } = View::of(operation, place);
        let extents = [rows, columns].map(|axis| axis.extent(operation));
        let edges = [rows, columns].map(|axis| axis.edge(operation));
        let panel = blocking.panel_edges(operation.role);
        let block = [0, 1].map(|axis| panel[axis].saturating_mul(edges[axis]).min(extents[axis]));
        // The part of it that lies before this one.
        let before = tiling.footprint(weight.first, weight.kind);
        let source = weight.whole + before.data.0 + before.mask.0;
        let mut tensor = Self::new(
            weight.tensor,
            weight.kind,
            Some(source),
            extents,
            block,
            0..1,
            [1, 1],
            0,
            uses,
        );
        tensor.whole =
            (u64::from(extents[0]) * u64::from(extents[1]) != weight.elements).then_some(weight.elements);
        if tensor.whole.is_some() {
            (tensor.block_rows, tensor.block_columns) = (extents[0], extents[1]);
            (tensor.rows_of_blocks, tensor.columns_of_blocks) = (1, 1);
            tensor.blocks = BlockStates::new(1);
            tensor.alive = 1;
        }
        tensor
    }

    #[expect(clippy::too_many_arguments, reason = "a table row, filled in at two places")]
    fn new(
        id: TensorId,
        kind: TensorKind,
        source: Option<u64>,
        [rows, columns]: [u32; 2],
        [block_rows, block_columns]: [u32; 2],
        items: Range<u32>,
        items_per_tile: [u32; 2],
        last_tile: u32,
        uses: Vec<Position>,
    ) -> Self {
        let (rows_of_blocks, columns_of_blocks) =
            (rows.div_ceil(block_rows), columns.div_ceil(block_columns));
        let blocks = (items.end - items.start) * rows_of_blocks * columns_of_blocks;
        Self {
            id,
            kind,
            is_weight: source.is_some(),
            is_kept: false,
            source,
            rows,
            columns,
            whole: None,
            block_rows,
            block_columns,
            rows_of_blocks,
            columns_of_blocks,
            items,
            items_per_tile,
            last_tile,
            blocks: BlockStates::new(blocks),
            uses,
            first_stage: 0,
            sums_batch: false,
            alive: blocks,
        }
    }

    /// The blocks of a batch tile that hold any of these rows and columns.
    pub(super) fn covering(&self, [rows, columns]: [Range<u32>; 2]) -> Covering {
        let of = |range: Range<u32>, block: u32| match range.is_empty() {
            true => 0..0,
            false => range.start / block..range.end.div_ceil(block),
        };
        Covering {
            rows: of(rows, self.block_rows),
            columns: of(columns, self.block_columns),
        }
    }

    /// The number of the first block of batch tile `b` in a column of blocks.
    pub(super) fn first_of_column(&self, b: u32, column: u32) -> u32 {
        ((b - self.items.start) * self.columns_of_blocks + column) * self.rows_of_blocks
    }

    /// Batch tile, row and column of block number `index`.
    fn place(&self, index: u32) -> [u32; 3] {
        let (line, row) = (index / self.rows_of_blocks, index % self.rows_of_blocks);
        [
            self.items.start + line / self.columns_of_blocks,
            row,
            line % self.columns_of_blocks,
        ]
    }

    /// Rows and columns of elements of block number `index`.
    pub(super) fn ranges(&self, index: u32) -> [Range<u32>; 2] {
        let [_, row, column] = self.place(index);
        self.ranges_at([row, column])
    }

    /// Rows and columns of elements of a block at this row and column of blocks.
    pub(super) fn ranges_at(&self, [row, column]: [u32; 2]) -> [Range<u32>; 2] {
        let of = |place: u32, block: u32, extent: u32| place * block..((place + 1) * block).min(extent);
        [
            of(row, self.block_rows, self.rows),
            of(column, self.block_columns, self.columns),
        ]
    }

    /// What machine and reports call block number `index`.
    pub(super) fn name(&self, index: u32) -> BlockName {
        let [rows, columns] = self.ranges(index);
        BlockName {
            tensor: self.id,
            kind: self.kind,
            is_weight: self.is_weight,
            is_kept: self.is_kept,
            b: self.item(index),
            rows,
            columns,
        }
    }

    /// The batch tile of block number `index`.
    pub(super) fn item(&self, index: u32) -> u32 {
        self.place(index)[0]
    }

    /// Elements of block number `index`.
    pub(super) fn elements(&self, index: u32) -> u64 {
        if let Some(whole) = self.whole {
            return whole;
        }
        let [rows, columns] = self.ranges(index).map(|range| u64::from(range.end - range.start));
        let items = self.items_per_tile[usize::from(self.item(index) == self.last_tile)];
        u64::from(items) * rows * columns
    }

    /// Where block number `index` of a tensor of main memory lies, which is stored block by block, column of blocks after
    /// column, the mask of each directly after its data; `None` if an operation makes the tensor.
    pub(super) fn stored(&self, index: u32, tiling: &Tiling) -> Option<Move> {
        let source = self.source?;
        let before = match self.whole {
            Some(_) => 0,
            None => {
                let [rows, columns] = self
                    .ranges(index)
                    .map(|range| [range.start, range.end].map(u64::from));
                columns[0] * u64::from(self.rows) + rows[0] * (columns[1] - columns[0])
            }
        };
        let end = tiling.footprint(before + self.elements(index), self.kind);
        let start = tiling.footprint(before, self.kind);
        let footprint = Footprint {
            data: end.data - start.data,
            mask: end.mask - start.mask,
        };
        let data = source + start.data.0 + start.mask.0;
        let masks = match self.blocks.len() {
            // With an access of its own.
            1 => data + BLOCK.0 * footprint.data.blocks(),
            _ => data + footprint.data.0,
        };
        Some(Move {
            data,
            masks,
            footprint,
        })
    }
}

/// Rows and columns of blocks.
#[derive(Clone, Debug)]
pub(super) struct Covering {
    pub(super) rows: Range<u32>,
    pub(super) columns: Range<u32>,
}
