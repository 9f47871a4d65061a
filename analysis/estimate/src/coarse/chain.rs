//! The longest chain of operations that wait for each other.

use components::operation::{Operation, RowAccess, TensorId};
use std::collections::BTreeMap;

use components::run_cost::Cost;

/// When the first rows and the last rows of each tensor could be made if units, weights and data were available immediately.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain(BTreeMap<TensorId, (f64, f64)>);

impl Chain {
    /// When `operation` could end. It takes the time of one run, or of its runs on all units, and ends at least one run after each
    /// operation it reads.
    pub(super) fn end_of(&mut self, operation: &Operation, cost: Option<&Cost>, units: [f64; 3]) -> f64 {
        let (run, all) = cost.map_or((0.0, 0.0), |cost| {
            let sharing = cost.sharing(units);
            let latency = cost.latency(sharing);
            let occupied = cost.occupied(sharing) / units[cost.unit as usize];
            (latency, latency.max(occupied))
        });
        let by_rows = cost.is_none_or(|cost| cost.by_rows);
        let (mut first, mut last) = (0.0_f64, 0.0_f64);
        for (tensor, access) in operation.inputs() {
            let Some(&(made_first, made_last)) = self.0.get(&tensor) else {
                continue;
            };
            let waits = match by_rows && access != RowAccess::AllRows {
                true => made_first,
                false => made_last,
            };
            first = first.max(waits);
            last = last.max(made_last);
        }
        let end = (first + all).max(last + run);
        if let Some(made) = operation.output {
            self.0.insert(made.tensor, (first + run, end));
        }
        end
    }
}
