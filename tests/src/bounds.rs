//! What no run can be below: a time for each part of the machine, and the bytes that have to move.

use std::collections::BTreeMap;

use components::data_order::DataOrder;
use components::message::TransferPattern;
use components::operation::{Operation, TensorId};
use components::tile::Dimension;
use components::words::Words;
use estimate::coarse::Bounds;
use scenarios::system::{MachinePlan, Plan};

use crate::Run;

/// Cycles over what each part of the machine takes for its work, by the part's name. None is below 1.
#[must_use]
pub fn cycles_over_bounds(run: &Run, bounds: &Bounds) -> [(&'static str, f64); 5] {
    let cycles = run.cycles() as f64;
    let cycles_per_second = run.plan.machine.clock.frequency().hertz();
    let bus = bytes_moved(run) as f64 / run.plan.memory.peak_bytes_per_second() * cycles_per_second;
    [
        ("lanes", bounds.compute),
        ("softmax", bounds.softmax),
        ("layer norm", bounds.layer_norm),
        ("dependences", bounds.dependences),
        ("memory bus", bus),
    ]
    .map(|(name, bound)| {
        (
            name,
            if bound > 0.0 {
                cycles / bound
            } else {
                f64::INFINITY
            },
        )
    })
}

/// Bytes that crossed the memory bus of a run that was alone on it. Reads that another's access answered did not.
#[must_use]
pub fn bytes_moved(run: &Run) -> u64 {
    let memory = &run.measured.memory;
    memory.read_bytes + memory.write_bytes
}

/// Bytes that an inference has to move whatever its buffers hold: its weights, the rows of its words and its result, each once.
#[must_use]
pub fn compulsory_bytes(plan: &Plan) -> u64 {
    let machine = &plan.machine;
    let words = machine.words();
    let mut weights: BTreeMap<TensorId, u64> = BTreeMap::new();
    let mut moved = 0;
    for operation in machine.program() {
        for weight in operation.weights() {
            let footprint = machine.tiling.footprint(weight.elements, weight.kind);
            weights.insert(weight.tensor, footprint.data.0 + footprint.mask.0);
        }
        moved += moved_by_dma(&operation, machine, &words);
    }
    weights.values().sum::<u64>() + moved
}

/// Bytes that an operation of the DMA moves, rows of a table once each.
fn moved_by_dma(operation: &Operation, machine: &MachinePlan, words: &Words) -> u64 {
    let whole = Dimension::ALL.map(|dimension| 0..operation.grid.tiles(dimension) as u16);
    let orders = DataOrder::of(operation, &whole, &machine.tiling);
    let bytes = |order: &DataOrder| {
        let rows = match order.pattern {
            TransferPattern::Gather(rows) => {
                let tokens = rows.first_token..rows.first_token + rows.tokens;
                let mut read: Vec<u32> = tokens.map(|token| words.row(token)).collect();
                read.sort_unstable();
                read.dedup();
                read.len() as u64
            }
            _ => 1,
        };
        rows * (order.moved.footprint.data.0 + order.moved.footprint.mask.0)
    };
    orders.iter().map(bytes).sum()
}
