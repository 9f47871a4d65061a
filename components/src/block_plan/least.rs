//! The least that each buffer must hold.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::blocking::Blocking;
use super::plan_error::PlanError;
use super::stage_plan::{BlockPlan, PlanParameters};
use super::stated::StatedBlocks;
use super::step::{Begin, End, Room, StayNumber};
use super::view::{Axis, Extents, View};
use crate::operation::{Footprint, Operand, Operation, TensorId};
use crate::program::StageSource;
use crate::runs::Tiling;
use crate::tile::{Dimension, TileShape};
use crate::units::Bytes;
use crate::work::{Indexing, Walk};

/// The least that each buffer must hold, the others being as large as needed: one tile operation, of softmax and layer norm
/// one row of tiles, with their masks; of what is `stated` as many tiles as that.
///
/// # Errors
/// A fault of the program.
pub fn least_capacities(
    parameters: PlanParameters,
    stated: &StatedBlocks,
    source: &StageSource,
) -> Result<Room, PlanError> {
    if !stated.is_none() {
        let blocking = stated.applied_to(Blocking::LEAST).unwrap_or(Blocking::LEAST);
        return least_of_steps(parameters, blocking, source);
    }
    let mut least = Room::default();
    let mut edges = BTreeMap::new();
    for stage in source() {
        for operation in &stage.operations {
            let tile = &parameters.tiling.tile;
            // A halo reaches to both sides from the second row on, and taps to both sides of what is summed.
            let reaches = operation.work.profile().indexing == Indexing::KernelGradient;
            let [rows, columns, sums] = [
                places(operation, Dimension::I, tile, true),
                places(operation, Dimension::J, tile, false),
                places(operation, Dimension::K, tile, reaches),
            ];
            for &row in &rows {
                for &column in &columns {
                    for &sum in &sums {
                        let place = [row, column, sum];
                        least = least.max(of_part(operation, place, &parameters.tiling, &mut edges));
                    }
                }
            }
        }
    }
    Ok(least)
}

/// The most that any step of a plan reads and makes.
fn least_of_steps(
    parameters: PlanParameters,
    blocking: Blocking,
    source: &StageSource,
) -> Result<Room, PlanError> {
    let capacity = Room([Bytes(u64::MAX >> 8); 3]);
    let parameters = PlanParameters {
        capacity,
        ..parameters
    };
    let mut plan = BlockPlan::new(parameters, blocking, Arc::clone(source));
    let mut rooms: BTreeMap<StayNumber, Room> = BTreeMap::new();
    let mut least = Room::default();
    for step in plan.by_ref() {
        for begin in &step.begins {
            match begin {
                Begin::Evict { stay, .. } => drop(rooms.remove(stay)),
                Begin::Load {
                    stay,
                    block,
                    footprint,
                    ..
                }
                | Begin::Make {
                    stay,
                    block,
                    footprint,
                } => drop(rooms.insert(*stay, Room::of(*footprint, block.is_weight))),
            }
        }
        let operands = step.operands.iter().flat_map(|operand| &operand.stays);
        let used: BTreeSet<StayNumber> = operands.chain(&step.result.stays).copied().collect();
        let own = used.iter().filter_map(|stay| rooms.get(stay));
        least = least.max(own.fold(Room::default(), |all, room| all.with(*room)));
        for end in &step.ends {
            match end {
                End::Compact { stay, footprint } => drop(rooms.insert(*stay, Room::of(*footprint, false))),
                End::WriteBack { .. } => {}
                End::Drop { stay } => drop(rooms.remove(stay)),
            }
        }
    }
    match plan.error() {
        Some(error) => Err(error.clone()),
        None => Ok(least),
    }
}

/// Places of tiles along `dimension` that differ in how many blocks they reach into.
fn places(operation: &Operation, dimension: Dimension, tile: &TileShape, reaches: bool) -> Vec<u32> {
    let tiles = operation.grid.tiles(dimension);
    let mut places = vec![0];
    if reaches {
        places.extend([1, tiles / 2, tiles - 1]);
    }
    // Where blocks have other edges than tiles, as those that are read transposed have, some tiles lie across more of them.
    let own = operation.grid.edge(dimension);
    for edge in [tile.x, tile.y] {
        let across = |place: u32| ((place + 1) * own).div_ceil(edge) - place * own / edge;
        let most = (0..tiles.min(edge)).max_by_key(|&place| (across(place), Reverse(place)));
        places.extend(most);
    }
    places.retain(|&place| place < tiles);
    places.sort_unstable();
    places.dedup();
    places
}

/// Edges of the blocks of each weight: those of its first reader, which others may read transposed.
type WeightEdges = BTreeMap<TensorId, [u32; 2]>;

/// What the blocks of the tile take that is at this place along i, j and k.
fn of_part(
    operation: &Operation,
    [row, column, sum]: [u32; 3],
    tiling: &Tiling,
    edges: &mut WeightEdges,
) -> Room {
    let profile = operation.work.profile();
    let whole_rows = profile.walk == Walk::WholeRows || profile.movement().is_some();
    let extents: Extents = Dimension::ALL.map(|dimension| match dimension {
        Dimension::I => operation.grid.elements(dimension, row, row + 1),
        Dimension::J if whole_rows => 0..operation.grid.extent(dimension),
        Dimension::K => operation.grid.elements(dimension, sum, sum + 1),
        Dimension::J => operation.grid.elements(dimension, column, column + 1),
        Dimension::B => operation.grid.elements(dimension, 0, 1),
    });
    let items = u64::from(extents[0].end - extents[0].start);
    let mut room = Room::default();
    for (place, operand) in operation.operands.iter().enumerate() {
        let view = View::of(operation, place);
        let ranges = view.ranges(operation, &extents);
        let kind = operand.kind();
        match operand {
            Operand::Weight(weight) => {
                let own = [view.rows, view.columns].map(|axis| axis.edge(operation));
                let edges = *edges.entry(weight.tensor).or_insert(own);
                let whole = matches!((view.rows, view.columns), (Axis::All(1), Axis::All(_)));
                let elements = if whole {
                    vec![weight.elements]
                } else {
                    blocks(&view, operation, &ranges, edges)
                };
                for elements in elements {
                    room.take(at_most(tiling.footprint(elements, kind), tiling, elements), true);
                }
            }
            Operand::Activation { .. } => {
                let edges = [tiling.tile.x, tiling.tile.y];
                for elements in blocks(&view, operation, &ranges, edges) {
                    room.take(tiling.footprint(items * elements, kind), false);
                }
            }
        }
    }
    if let Some(made) = operation.output {
        let items = if profile.sums_batch { 1 } else { items };
        let height = u64::from(extents[1].end - extents[1].start);
        let edge = tiling.tile.y;
        for column in extents[2].clone().step_by(edge as usize) {
            let elements = items * height * u64::from(edge.min(extents[2].end - column));
            room.take(
                match profile.movement() {
                    Some(_) => tiling.footprint(elements, made.kind),
                    None => tiling.partial_footprint(elements, made.kind),
                },
                false,
            );
        }
    }
    room
}

/// Elements of each block of these edges that holds any of the rows and columns.
fn blocks(
    view: &View,
    operation: &Operation,
    [rows, columns]: &[Range<u32>; 2],
    [high, wide]: [u32; 2],
) -> Vec<u64> {
    let pieces = |range: &Range<u32>, edge: u32, extent: u32| -> Vec<u64> {
        let edge = edge.max(1);
        if range.is_empty() {
            return Vec::new();
        }
        (range.start / edge..range.end.div_ceil(edge))
            .map(|piece| u64::from(edge.min(extent - piece * edge)))
            .collect()
    };
    let rows = pieces(rows, high, view.rows.extent(operation));
    let columns = pieces(columns, wide, view.columns.extent(operation));
    columns
        .iter()
        .flat_map(|columns| rows.iter().map(move |rows| rows * columns))
        .collect()
}

/// What a block of weights takes at most: it need not begin at a byte of its own.
fn at_most(footprint: Footprint, tiling: &Tiling, elements: u64) -> Footprint {
    let shares = |bits: u64| Bytes(u64::from(!bits.is_multiple_of(8)));
    Footprint {
        data: footprint.data + shares(elements * tiling.word.bits()),
        mask: footprint.mask + shares(elements),
    }
}
