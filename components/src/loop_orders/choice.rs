//! The best order for an operation, by a closed form of what an order changes.
//!
//! The innermost loop alone decides it: a lane's registers keep an operand whose tile stays the same along that loop, and sums are
//! partial if it is not the reduction. Which loops are outside it decides only in which order results come.

use std::ops::Range;

use super::{Goal, OrderCosts};
use crate::energy_part::Action;
use crate::operation::Operation;
use crate::run_cost::{Actions, add_actions};
use crate::runs::Tiling;
use crate::tile::{Dimension, LoopOrder};

/// For each innermost loop the first of all orders in which it is; the default is the first of them. All 24 would give the same
/// choice.
const CANDIDATES: [LoopOrder; 4] = [LoopOrder::BIJK, LoopOrder::BIKJ, LoopOrder::BJKI, LoopOrder::IJKB];

/// What is nearer than this to another cost is as good: sums are rounded.
const AS_GOOD: f64 = 1e-9;

/// The order in which `operation`, in parts of `cut` tiles, costs least by `goal`; of equal ones the first.
pub(super) fn best(
    operation: &Operation,
    cut: [u16; 4],
    tiling: &Tiling,
    costs: &OrderCosts,
    goal: Goal,
) -> LoopOrder {
    let cost = |order| cost(operation, cut, order, tiling, costs, goal);
    let mut best = (LoopOrder::default(), f64::INFINITY);
    for order in CANDIDATES {
        let found = cost(order);
        if found < best.1 * (1.0 - AS_GOOD) {
            best = (order, found);
        }
    }
    best.0
}

/// What `operation` costs by `goal` if its tiles are walked in `order`: energy of accesses to the buffers, or cycles.
fn cost(
    operation: &Operation,
    cut: [u16; 4],
    order: LoopOrder,
    tiling: &Tiling,
    costs: &OrderCosts,
    goal: Goal,
) -> f64 {
    let mut parts = Vec::new();
    for (tiles, count) in parts_of(operation, cut) {
        let runs = tiling.run_classes_of(operation, order, &tiles, u32::from(cut[1]));
        let lengths = tiles.map(|range| range.end - range.start);
        parts.extend(
            costs
                .model
                .cost(operation, &runs, lengths)
                .map(|cost| (cost, count)),
        );
    }
    match goal {
        Goal::Energy => {
            let mut actions = Actions::default();
            for (cost, count) in &parts {
                add_actions(&mut actions, &cost.actions, *count);
            }
            let [activation, weight, mask] = costs.access_energy;
            actions[Action::ActivationAccess] * activation
                + actions[Action::WeightAccess] * weight
                + actions[Action::MaskAccess] * mask
        }
        Goal::Time => {
            let siblings = f64::from(operation.siblings);
            let runs: f64 = parts.iter().map(|(cost, count)| cost.runs as f64 * count).sum();
            let [lanes, _, pes] = costs.units;
            let sharing = (runs * siblings / pes).ceil().clamp(1.0, (lanes / pes).max(1.0));
            let occupied: f64 = parts
                .iter()
                .map(|(cost, count)| cost.occupied(sharing) * count)
                .sum();
            let latency = parts
                .iter()
                .map(|(cost, _)| cost.latency(sharing))
                .fold(0.0, f64::max);
            (occupied * siblings / lanes).max(latency)
        }
    }
}

/// The parts of `operation` that differ in their runs, each with the number of those like it: along each loop the last part may be
/// shorter, and its last tile smaller.
fn parts_of(operation: &Operation, cut: [u16; 4]) -> Vec<([Range<u16>; 4], f64)> {
    let mut parts = vec![([(); 4].map(|()| 0..0), 1.0)];
    for dimension in Dimension::ALL {
        let tiles = operation.grid.tiles(dimension).min(u32::from(u16::MAX)) as u16;
        let each = cut[dimension as usize].max(1);
        let before = (tiles - 1) / each;
        let pieces = [(0..each, before), (before * each..tiles, 1)];
        parts = parts
            .into_iter()
            .flat_map(|(part, count)| {
                let pieces = pieces.clone().into_iter().filter(|&(_, number)| number > 0);
                pieces.map(move |(piece, number)| {
                    let mut part = part.clone();
                    part[dimension as usize] = piece;
                    (part, count * f64::from(number))
                })
            })
            .collect();
    }
    parts
}

#[cfg(test)]
mod tests;
