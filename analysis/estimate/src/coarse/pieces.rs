//! The pieces in which rows of tiles become ready.

use components::operation::RowAccess;

/// Most pieces of an operation, unless it has more batch tiles.
const MOST: u32 = 64;

/// An operation's rows of all batch tiles, cut into pieces of neighbouring rows of one batch tile, or of several whole
/// ones. All operations of a forward pass have the same rows and so the same pieces; gradients of weights and updates have
/// the rows of the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pieces {
    batches: usize,
    rows: usize,
    row_edge: usize,
    /// Pieces per batch tile.
    of_batch: usize,
    /// Batch tiles per piece.
    batches_each: usize,
}

impl Pieces {
    /// The pieces of `rows` rows of tiles, of `row_edge` elements each, in each of `batches` batch tiles.
    pub(super) fn new(batches: u32, rows: u32, row_edge: u32) -> Self {
        let (batches, rows) = (batches.max(1), rows.max(1));
        let of_batch = (MOST / batches).clamp(1, rows);
        Self {
            batches: batches as usize,
            rows: rows as usize,
            row_edge: row_edge.max(1) as usize,
            of_batch: of_batch as usize,
            batches_each: batches.div_ceil(MOST) as usize,
        }
    }

    /// Batch tiles.
    pub(super) fn batches(&self) -> usize {
        self.batches
    }

    pub(super) fn count(&self) -> usize {
        self.batches.div_ceil(self.batches_each) * self.of_batch
    }

    /// Slices of a tensor: batch tiles, or groups of them.
    pub(super) fn slices(&self) -> usize {
        self.count() / self.of_batch
    }

    /// Pieces per slice.
    pub(super) fn of_slice(&self) -> usize {
        self.of_batch
    }

    /// Batch tiles per slice.
    pub(super) fn batches_each(&self) -> u64 {
        self.batches_each as u64
    }

    /// The slice that `piece` belongs to.
    pub(super) fn slice_of(&self, piece: usize) -> usize {
        piece / self.of_batch
    }

    /// The batch tiles of `slice`.
    pub(super) fn batches_of(&self, slice: usize) -> std::ops::Range<usize> {
        let first = slice * self.batches_each;
        first.min(self.batches)..(first + self.batches_each).min(self.batches)
    }

    /// Rows before `piece` in its batch tile.
    fn rows_before(&self, piece: usize) -> usize {
        piece % self.of_batch * self.rows / self.of_batch
    }

    /// Runs of `piece` when an operation has `runs` in all.
    pub(super) fn share(&self, runs: u64, piece: usize) -> u64 {
        if piece >= self.count() {
            return 0;
        }
        let before = |piece: usize| {
            let rows = if self.of_batch == 1 {
                (piece * self.batches_each).min(self.batches) * self.rows
            } else {
                piece / self.of_batch * self.rows + self.rows_before(piece)
            };
            (u128::from(runs) * rows as u128 / (self.batches * self.rows) as u128) as u64
        };
        before(piece + 1) - before(piece)
    }

    /// The piece after the last of the batch tile of `piece`.
    pub(super) fn end_of_batch(&self, piece: usize) -> usize {
        (piece / self.of_batch + 1) * self.of_batch
    }

    /// The pieces of an operand (cut as `of_operand`) that `piece` of a result needs. Where operand and result have
    /// different rows, the result needs all rows of the operand's slice: it reads them transposed, or sums over them.
    pub(super) fn needed(
        &self,
        piece: usize,
        access: RowAccess,
        of_operand: &Self,
    ) -> std::ops::Range<usize> {
        if self != of_operand {
            let slice = self.slice_of(piece).min(of_operand.slices() - 1);
            return slice * of_operand.of_batch..(slice + 1) * of_operand.of_batch;
        }
        let first = piece / self.of_batch * self.of_batch;
        match access {
            RowAccess::SameRow => piece..piece + 1,
            RowAccess::AllRows => first..first + self.of_batch,
            RowAccess::Halo { radius } => {
                let rows = (radius as usize).div_ceil(self.row_edge);
                let reach = (rows * self.of_batch).div_ceil(self.rows);
                piece.saturating_sub(reach).max(first)..(piece + reach + 1).min(first + self.of_batch)
            }
        }
    }
}
