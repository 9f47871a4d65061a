//! How units walk an operation; all its steps alike.

use super::super::step::Step;
use super::Rates;
use crate::operation::OperationId;
use crate::runs::Tiling;
use crate::tile::Dimension;
use crate::work::RunKind;

/// How an operation is walked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walked {
    /// The operation.
    pub(super) operation: OperationId,
    /// Cycles of a tile.
    pub(super) cycles: f64,
    /// The loop that runs are along.
    along: Dimension,
    /// Tiles of the longest run of a large step.
    run: u16,
}

impl Walked {
    /// Before the first operation.
    pub(super) const NOTHING: Self = Self {
        operation: OperationId(u32::MAX),
        cycles: 0.0,
        along: Dimension::K,
        run: 0,
    };

    /// How the operation of `step` is walked.
    pub(super) fn of(step: &Step, kind: RunKind, tiling: &Tiling, rates: &Rates) -> Self {
        let operation = &*step.operation;
        let rows = step.cut[Dimension::I as usize];
        let cursor = tiling.cursor_by_rows(operation, rates.order, rows.into());
        Self {
            operation: operation.id,
            cycles: tiling.cycles_per_tile(operation, kind, rates.multipliers),
            along: cursor.along(),
            run: cursor.longest_run(),
        }
    }

    /// Tiles of the longest run of a step.
    pub(super) fn longest_run(&self, step: &Step) -> u16 {
        let along = &step.tiles[self.along as usize];
        self.run.min(along.end - along.start)
    }
}
