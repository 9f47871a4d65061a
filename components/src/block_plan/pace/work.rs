//! How long units take for the tiles of an operation, as far as the walk that paces a plan sees it.

use super::Rates;
use crate::block_plan::step::Step;
use crate::operation::OperationId;
use crate::runs::Tiling;
use crate::tile::Dimension;
use crate::work::{RunKind, UnitClass};

/// The time of an operation's tiles; the same for all steps of an operation that is cut in one way.
#[derive(Clone, Copy, Debug)]
pub(super) struct TilePace {
    operation: OperationId,
    rows: u16,
    /// Cycles of a unit for a tile, or those of the bus that brings its operands if these are more.
    each: f64,
    /// Cycles of all units of the machine for a tile.
    work: f64,
    /// The same, or those of all buses if these are more.
    share: f64,
    /// Cycles before the first tile of a run and after its last.
    around: f64,
    along: Dimension,
    longest_run: u16,
}

impl TilePace {
    /// Of no operation.
    pub(super) const NONE: Self = Self {
        operation: OperationId(u32::MAX),
        rows: 0,
        each: 0.0,
        work: 0.0,
        share: 0.0,
        around: 0.0,
        along: Dimension::K,
        longest_run: 0,
    };

    /// That of the operation of `step`, whose runs are of `kind`; `self` if it is that of the operation already.
    pub(super) fn of(self, step: &Step, kind: RunKind, tiling: &Tiling, rates: &Rates) -> Self {
        let (operation, rows) = (&*step.operation, step.cut[Dimension::I as usize]);
        if (self.operation, self.rows) == (operation.id, rows) {
            return self;
        }
        let cursor = tiling.cursor_by_rows(operation, rates.order, rows.into());
        let cursor = cursor.within(step.tiles.clone());
        let along = cursor.along();
        let longest_run = cursor.longest_run().min(step.cut[along as usize]).max(1);
        let alone = tiling.cycles_per_tile(operation, kind);
        let work = alone / rates.units[kind.unit() as usize] as f64;
        let (each, share, around) = match kind.unit() {
            UnitClass::Lane => {
                let on_buses = tiling.on_buses(operation, kind, &cursor, longest_run);
                let pes = rates.units[UnitClass::LayerNorm as usize] as f64;
                let share = work.max(on_buses.of_tile / pes);
                (alone.max(on_buses.of_tile), share, on_buses.around)
            }
            _ => (alone, work, 0.0),
        };
        Self {
            operation: operation.id,
            rows,
            each,
            work,
            share,
            around: around + rates.run_latency,
            along,
            longest_run,
        }
    }

    /// Cycles of all units for the tiles of `step`, whatever brings their operands.
    pub(super) fn of_units(&self, step: &Step) -> f64 {
        step.tile_operations() as f64 * self.work
    }

    /// Cycles of all units for `step`, and the least until its results are there: a unit walks a run alone, however many others are
    /// idle.
    pub(super) fn of_step(&self, step: &Step) -> [f64; 2] {
        let share = step.tile_operations() as f64 * self.share;
        let along = &step.tiles[self.along as usize];
        let longest = self.longest_run.min(along.end - along.start);
        [share, share.max(self.each * f64::from(longest)) + self.around]
    }
}
