//! How many lanes an operation can keep at work: those that the buses of their PEs can feed.

use super::cursor::Cursor;
use super::run::Run;
use super::tiling::Tiling;
use crate::operation::Operation;
use crate::tile::{Dimension, LoopOrder, TileCoordinate};
use crate::work::{RunKind, UnitClass};

/// The MAC lanes of a machine, and the buses that bring their operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneSupply {
    /// Lanes of all PEs.
    pub lanes: u64,
    /// PEs.
    pub pes: u64,
    /// Multipliers of a lane.
    pub multipliers: u32,
    /// Bytes per cycle of each of a PE's two buses.
    pub bus_bytes: u32,
}

/// The time of a run on its PE's buses, in cycles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OnBuses {
    /// Of the busier bus for a tile, in the mean.
    pub(crate) of_tile: f64,
    /// Until the first operands are there, and from the last tile until the result is.
    pub(crate) around: f64,
}

impl LaneSupply {
    /// Cycles of a bus for so many bytes.
    fn bus_cycles(&self, bytes: u32) -> u32 {
        bytes.div_ceil(self.bus_bytes)
    }
}

/// Lanes of a PE that begin or end a run while others keep its buses busy.
const BETWEEN_RUNS: u64 = 1;

impl Tiling {
    /// Lanes that work on `operation` at once at most, its tiles walked in `order`: more of them would wait for the buses of their
    /// PEs. To cut its runs for more lanes would only move more operands and sums.
    pub(super) fn lanes_fed(&self, operation: &Operation, order: LoopOrder) -> u64 {
        let LaneSupply { lanes, pes, .. } = self.supply;
        match operation.work.profile().run_kind() {
            Some(kind) if kind.unit() == UnitClass::Lane => {
                let busy = self.lanes_that_fill_a_bus(operation, kind, order);
                lanes.min(busy.saturating_add(BETWEEN_RUNS).saturating_mul(pes))
            }
            _ => lanes,
        }
    }

    /// Lanes of a PE that keep the busier of its buses at work, tile after tile.
    fn lanes_that_fill_a_bus(&self, operation: &Operation, kind: RunKind, order: LoopOrder) -> u64 {
        let cursor = Cursor::new(operation, order, 1, u32::MAX);
        let run = self.describe(operation, kind, &cursor, TileCoordinate::default(), 1);
        let mut bytes = self.operands_of_tile(&run);
        if run.along != Dimension::K {
            let bus = &mut bytes[usize::from(run.sources.result_is_weight)];
            *bus = bus.saturating_add(run.result_bytes);
        }
        let [on_activations, on_weights] = bytes.map(|bytes| self.supply.bus_cycles(bytes));
        match on_activations.max(on_weights) {
            0 => u64::MAX,
            on_bus => {
                let multipliers = self.supply.multipliers;
                let work = self.densities.cycles(run.skipped, run.work, multipliers);
                work.div_ceil(on_bus).into()
            }
        }
    }

    /// The time on its PE's buses of a run of `length` tiles of the walk `cursor` over `operation`.
    pub(crate) fn on_buses(
        &self,
        operation: &Operation,
        kind: RunKind,
        cursor: &Cursor,
        length: u16,
    ) -> OnBuses {
        let run = self.describe(operation, kind, cursor, TileCoordinate::default(), length);
        let cycles = |bytes: u32| f64::from(self.supply.bus_cycles(bytes));
        let result = cycles(run.result_bytes);
        let mut of_tile = self.operands_of_tile(&run).map(cycles);
        of_tile[usize::from(run.sources.result_is_weight)] += result / f64::from(length);
        OnBuses {
            of_tile: of_tile[0].max(of_tile[1]),
            around: cycles(run.left_bytes).max(cycles(run.right_bytes)) + result,
        }
    }

    /// What a tile of `run` reads from the activation and the weight buffer, if it is not the first: a lane's part of what its group
    /// reads.
    fn operands_of_tile(&self, run: &Run) -> [u32; 2] {
        let (tile, next) = (run.first, run.first.stepped(run.along, 1));
        let sources = run.sources;
        let [left_is_shared, right_is_shared] = sources.shared();
        let mut bytes = [0_u32; 2];
        let mut reads = |is_weight: bool, read: u32, is_shared: bool, sharing: u8| {
            let sharing = if is_shared { u32::from(sharing) } else { 1 };
            let bus = &mut bytes[usize::from(is_weight)];
            *bus = bus.saturating_add(read / sharing.max(1));
        };
        if sources.left_place(tile) != sources.left_place(next) {
            reads(
                sources.left_is_weight,
                run.left_bytes,
                left_is_shared,
                self.group.columns,
            );
        }
        if sources.right_place(tile) != sources.right_place(next) {
            reads(
                sources.right_is_weight,
                run.right_bytes,
                right_is_shared,
                self.group.rows,
            );
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{Operand, OperationId, Role, RowAccess, TensorId, TensorKind};
    use crate::runs::LaneGroup;
    use crate::tile::TileGrid;
    use crate::work::Work;

    /// Tiles of 320 bytes without their zeros; a quarter of the 4,096 pairs of two tiles has none.
    fn tiling(lanes: u64, bus_bytes: u32) -> Tiling {
        let example = Tiling::example();
        Tiling {
            supply: LaneSupply {
                lanes,
                bus_bytes,
                ..example.supply
            },
            ..example
        }
    }

    fn scores() -> Operation {
        let read = |tensor, rows| Operand::Activation {
            tensor: TensorId(tensor),
            rows,
            kind: TensorKind::Activation,
            transposed: false,
        };
        Operation {
            id: OperationId(0),
            layer: 0,
            head: None,
            role: Role::Scores,
            work: Work::Product,
            grid: TileGrid::new([1, 128, 128, 512], Tiling::example().tile),
            operands: vec![read(0, RowAccess::SameRow), read(1, RowAccess::AllRows)],
            output: None,
            siblings: 1,
            after: None,
        }
    }

    #[test]
    fn runs_are_cut_for_as_many_lanes_as_the_buses_feed() {
        let fed = |lanes, bus_bytes, order| tiling(lanes, bus_bytes).lanes_fed(&scores(), order);
        // 64 cycles of work for 40 on the bus: two lanes fill it, and one is between runs.
        assert_eq!(fed(1024, 16, LoopOrder::BIJK), 8 * 3);
        assert_eq!(fed(2048, 16, LoopOrder::BIJK), 8 * 3);
        // 2 cycles on the bus: 32 lanes and one.
        assert_eq!(fed(1024, 320, LoopOrder::BIJK), 8 * 33);
        assert_eq!(fed(128, 320, LoopOrder::BIJK), 128);
    }

    #[test]
    fn operands_that_share_the_bus_come_together() {
        let group = LaneGroup { rows: 2, columns: 4 };
        let tiling = Tiling {
            group,
            ..tiling(1024, 16)
        };
        // 5 + 10 cycles on the bus.
        assert_eq!(tiling.lanes_fed(&scores(), LoopOrder::BIJK), 8 * (5 + 1));
    }
}
