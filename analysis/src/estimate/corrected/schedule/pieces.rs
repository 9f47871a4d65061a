//! The pieces in which rows of tiles get ready.

use components::operation::RowAccess;

use crate::estimate::corrected::step::Steps;

/// Pieces of an operation, at most, unless it has more batch tiles.
const MOST: u32 = 64;

/// The rows of all batch tiles, cut into pieces of neighbouring rows of one batch tile, or of several whole ones. All
/// operations of a program have the same rows and so the same pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pieces {
    batches: usize,
    rows: usize,
    row_edge: usize,
    /// Pieces of a batch tile.
    of_batch: usize,
    /// Batch tiles of a piece.
    batches_each: usize,
}

impl Pieces {
    pub(super) fn new(steps: &Steps) -> Self {
        let (batches, rows) = (steps.batches.max(1), steps.rows.max(1));
        let of_batch = (MOST / batches).clamp(1, rows);
        Self {
            batches: batches as usize,
            rows: rows as usize,
            row_edge: steps.row_edge.max(1) as usize,
            of_batch: of_batch as usize,
            batches_each: batches.div_ceil(MOST) as usize,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.batches.div_ceil(self.batches_each) * self.of_batch
    }

    /// Slices of a tensor: batch tiles, or groups of them.
    pub(super) fn slices(&self) -> usize {
        self.count() / self.of_batch
    }

    /// Pieces of a slice.
    pub(super) fn of_slice(&self) -> usize {
        self.of_batch
    }

    /// Batch tiles of a slice.
    pub(super) fn batches_each(&self) -> u64 {
        self.batches_each as u64
    }

    /// The slice to which `piece` belongs.
    pub(super) fn slice_of(&self, piece: usize) -> usize {
        piece / self.of_batch
    }

    /// Batch tiles of which `piece` is all or a part.
    pub(super) fn batches_of(&self, piece: usize) -> f64 {
        let first = piece / self.of_batch * self.batches_each;
        self.batches_each.min(self.batches - first.min(self.batches)) as f64
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

    /// The pieces of an operand that `piece` of a result needs.
    pub(super) fn needed(&self, piece: usize, access: RowAccess) -> std::ops::Range<usize> {
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
