//! The bus time of a run's operands, given what the lane's registers keep from tile to tile.

use super::CostModel;
use crate::runs::{Grouping, Run};

/// Operands of a run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fetched {
    /// Cycles on the activation bus and on the weight bus.
    pub(super) cycles: [f64; 2],
    /// Accesses to the activation and the weight buffer.
    pub(super) accesses: [f64; 2],
    /// Operand tiles fetched.
    pub(super) tiles: f64,
    /// Cycles until the first tile's operands have arrived.
    pub(super) first: f64,
}

impl CostModel {
    /// The bus time of a run's operands, given what the lane's registers keep from tile to tile, and what it shares with others.
    pub(super) fn fetched(&self, run: &Run, grouping: &Grouping) -> Fetched {
        let (first, second) = (run.tile(0), run.tile(u16::from(run.length > 1)));
        let times = |kept: bool| if kept { 1.0 } else { f64::from(run.length) };
        let sources = run.sources;
        let operands = [
            (
                run.left_bytes,
                sources.left_is_weight,
                times(sources.left_place(first) == sources.left_place(second)),
            ),
            (
                run.right_bytes,
                sources.right_is_weight,
                times(sources.right_place(first) == sources.right_place(second)),
            ),
        ];
        if !grouping.group.is_single() {
            return self.fetched_by_groups(operands, run.sources.shared(), grouping);
        }
        let mut fetched = Fetched::default();
        let mut first = [0_u32; 2];
        for (bytes, is_weight, times) in operands {
            let bus = usize::from(is_weight);
            first[bus] = first[bus].saturating_add(bytes);
            if bytes > 0 {
                fetched.tiles += times;
            }
        }
        // Two operands on one bus come in one transfer if both are fetched.
        for (bus, &both) in first.iter().enumerate() {
            let of_bus = operands
                .iter()
                .filter(|(bytes, is_weight, _)| *bytes > 0 && usize::from(*is_weight) == bus);
            let least = of_bus
                .clone()
                .map(|&(_, _, times)| times)
                .fold(f64::INFINITY, f64::min);
            if least.is_finite() {
                fetched.cycles[bus] += least * self.bus_cycles(both);
                fetched.accesses[bus] += least * self.accesses(both);
            }
            for &(bytes, _, times) in of_bus {
                if times > least {
                    fetched.cycles[bus] += (times - least) * self.bus_cycles(bytes);
                    fetched.accesses[bus] += (times - least) * self.accesses(bytes);
                }
            }
        }
        fetched.first = self.bus_cycles(first[0]).max(self.bus_cycles(first[1]));
        fetched
    }

    /// A lane's part of what its group reads, tile by tile: bytes, whether they are weights, and how often.
    fn fetched_by_groups(
        &self,
        operands: [(u32, bool, f64); 2],
        shared: [bool; 2],
        grouping: &Grouping,
    ) -> Fetched {
        let mut fetched = Fetched::default();
        let mut first = [0.0; 2];
        let shares = grouping.shares_read(shared);
        let lanes = f64::from(grouping.group.lanes());
        for ((bytes, is_weight, times), share) in operands.into_iter().zip(shares) {
            if bytes == 0 {
                continue;
            }
            let bus = usize::from(is_weight);
            fetched.tiles += times * share;
            fetched.cycles[bus] += times * share * self.bus_cycles(bytes);
            fetched.accesses[bus] += times * share * self.accesses(bytes);
            first[bus] += lanes * share * self.bus_cycles(bytes);
        }
        fetched.first = first[0].max(first[1]);
        fetched
    }
}
