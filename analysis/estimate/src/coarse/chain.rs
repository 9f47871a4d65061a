//! The longest chain of operations that wait for each other.

use components::operation::{Operation, RowAccess, TensorId};
use std::collections::BTreeMap;

use components::run_cost::Cost;
use components::tile::Dimension;

/// The chain that ends with a tensor, if units, weights and data were available immediately.
#[derive(Clone, Copy, Debug, Default)]
struct Made {
    /// When its first rows could be made, and its last ones.
    first: f64,
    last: f64,
    /// Bus cycles of one run of each operation of the chain that has most of them.
    on_buses: f64,
}

/// The longest chains by the tensor that they end with.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    made: BTreeMap<TensorId, Made>,
    /// The most bus cycles of any chain that takes one run of each operation.
    pub(super) on_buses: f64,
}

impl Chain {
    /// When `operation` could end, whose `cost` is given, and that of a part of it. It takes the time of one run, or of its runs on all
    /// units, and ends at least one run after each operation it reads.
    pub(super) fn end_of(
        &mut self,
        operation: &Operation,
        cost: Option<&Cost>,
        of_part: Option<&Cost>,
        units: [f64; 3],
    ) -> f64 {
        let (run, all) = cost.map_or((0.0, 0.0), |cost| {
            // One run may have the buses of its PE to itself; all of them may not.
            let latency = of_part.unwrap_or(cost).latency(1.0);
            let sharing = cost.sharing(units);
            let before_last = cost.occupied(sharing) / units[cost.unit as usize] - cost.occupancy(sharing);
            (latency, latency + before_last.max(0.0))
        });
        let by_rows = cost.is_none_or(|cost| cost.by_rows);
        // Items of a batch do not wait for each other.
        let has_items = operation.grid.tiles(Dimension::B) > 1;
        let mut read = Made::default();
        for (tensor, access) in operation.inputs() {
            let Some(made) = self.made.get(&tensor) else {
                continue;
            };
            let waits = match has_items || by_rows && access != RowAccess::AllRows {
                true => made.first,
                false => made.last,
            };
            read.first = read.first.max(waits);
            read.last = read.last.max(made.last);
            read.on_buses = read.on_buses.max(made.on_buses);
        }
        let end = (read.first + all).max(read.last + run);
        let on_buses = read.on_buses + cost.map_or(0.0, Cost::on_buses);
        self.on_buses = self.on_buses.max(on_buses);
        if let Some(made) = operation.output {
            let made_here = Made {
                first: read.first + run,
                last: end,
                on_buses,
            };
            self.made.insert(made.tensor, made_here);
        }
        end
    }
}
