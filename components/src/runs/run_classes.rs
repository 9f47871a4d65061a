//! The runs of an operation by class, without a walk over its tiles: to count runs rather than to issue them.
//!
//! Tiles differ only where an extent is not a multiple of the tile's edge. So along each dimension there are whole tiles and
//! at most one ragged one, and all runs of an operation fall into a few classes of equal runs.

use std::ops::Range;

use super::cursor::Cursor;
use super::lane_group::Grouping;
use super::run::Run;
use super::tiling::Tiling;
use crate::operation::Operation;
use crate::tile::{Dimension, LoopOrder, TileCoordinate};

/// Runs that are equal except for their position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunClass {
    /// One of them.
    pub run: Run,
    /// How many there are.
    pub count: u64,
}

/// All runs of an operation, each as long as possible. The control block makes runs along rows (`i`) or items of the batch
/// (`b`) shorter while not all of their rows are ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunClasses {
    /// The classes, those of full tiles first.
    pub classes: Vec<RunClass>,
    /// The loops of the operation, outermost first.
    pub loops: [Dimension; 4],
    /// Whether each run covers the whole reduction, so that its result is final.
    pub finishes_sums: bool,
    /// How they fall into groups of lanes.
    pub grouping: Grouping,
}

impl RunClasses {
    /// All runs.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.classes.iter().map(|class| class.count).sum()
    }
}

impl Tiling {
    /// The runs by class of a part of `operation`, which is done in parts of `rows` rows of tiles: that of `tiles` along b, i, j
    /// and k, walked in `order`. Operations that only move data have none.
    #[must_use]
    pub fn run_classes_of(
        &self,
        operation: &Operation,
        order: LoopOrder,
        tiles: &[Range<u16>; 4],
        rows: u32,
    ) -> RunClasses {
        let cursor = self.cursor_by_rows(operation, order, rows).within(tiles.clone());
        let mut found = RunClasses {
            classes: Vec::new(),
            loops: cursor.loops(),
            finishes_sums: cursor.finishes_sums(),
            grouping: cursor.grouping(),
        };
        let Some(kind) = operation.work.profile().run_kind() else {
            return found;
        };
        let along = cursor.along();
        let pieces = pieces(operation, &cursor, &tiles[along as usize]);
        let across: Vec<Dimension> = Dimension::ALL
            .into_iter()
            .filter(|&dimension| dimension != along)
            .collect();
        let [first, second, third] = [0, 1, 2].map(|place| {
            let dimension = across[place];
            whole_and_ragged(operation, dimension, &tiles[dimension as usize])
        });
        for (a, b, c) in first.iter().flat_map(|a| {
            second
                .iter()
                .flat_map(|b| third.iter().map(move |c| (*a, *b, *c)))
                .collect::<Vec<_>>()
        }) {
            for &(start, length, count) in &pieces {
                let mut place = TileCoordinate::default().stepped(along, start);
                for (&dimension, (index, _)) in across.iter().zip([a, b, c]) {
                    place = place.stepped(dimension, index);
                }
                found.classes.push(RunClass {
                    run: self.describe(operation, kind, &cursor, place, length),
                    count: count * a.1 * b.1 * c.1,
                });
            }
        }
        found
    }
}

/// Along a dimension that runs do not walk: an index of the whole tiles and their number, then those of the ragged one.
fn whole_and_ragged(operation: &Operation, dimension: Dimension, tiles: &Range<u16>) -> Vec<(u16, u64)> {
    let (first, last) = (tiles.start, tiles.end - 1);
    let mut found = Vec::with_capacity(2);
    match is_ragged(operation, dimension, last) {
        false => found.push((first, u64::from(tiles.end - first))),
        true => {
            if last > first {
                found.push((first, u64::from(last - first)));
            }
            found.push((last, 1));
        }
    }
    found
}

/// Whether the tile at `place` is smaller than the others.
fn is_ragged(operation: &Operation, dimension: Dimension, place: u16) -> bool {
    operation.grid.edge_at(dimension, place.into()) != operation.grid.edge_at(dimension, 0)
}

/// Along the dimension that runs walk: first tile, length and number of equal runs; the last run has a class of its own if
/// it is shorter or ends with a ragged tile.
fn pieces(operation: &Operation, cursor: &Cursor, part: &Range<u16>) -> Vec<(u16, u16, u64)> {
    let tiles = part.end - part.start;
    let longest = cursor.longest_run().max(1);
    let ragged = is_ragged(operation, cursor.along(), part.end - 1);
    let (whole, rest) = (tiles / longest, tiles % longest);
    let mut pieces = Vec::new();
    let equal = if rest == 0 && ragged { whole - 1 } else { whole };
    if equal > 0 {
        pieces.push((part.start, longest, u64::from(equal)));
    }
    if rest > 0 {
        pieces.push((part.start + whole * longest, rest, 1));
    } else if ragged {
        pieces.push((part.start + (whole - 1) * longest, longest, 1));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{OperationId, Role, Work};
    use crate::tile::{TileGrid, TileShape};

    /// Tiles and dense work of all runs of a part.
    fn amount(order: LoopOrder, operation: &Operation, tiles: &[Range<u16>; 4]) -> [u64; 2] {
        let classes = Tiling::example()
            .run_classes_of(operation, order, tiles, u32::MAX)
            .classes;
        classes
            .iter()
            .fold([0; 2], |[all, work], RunClass { run, count }| {
                let tiles = u64::from(run.length);
                let of_run = (tiles - 1) * u64::from(run.work) + u64::from(run.last_work);
                [all + tiles * count, work + of_run * count]
            })
    }

    #[test]
    fn parts_have_the_runs_of_the_whole() {
        let extents = [3, 40, 33, 70];
        let operation = Operation {
            id: OperationId(0),
            layer: 0,
            head: None,
            role: Role::Query,
            work: Work::Product,
            grid: TileGrid::new(extents, TileShape { b: 1, x: 16, y: 16 }),
            operands: Vec::new(),
            output: None,
            siblings: 1,
            after: None,
        };
        for order in LoopOrder::all() {
            let whole = amount(order, &operation, &[0..3, 0..3, 0..3, 0..5]);
            assert_eq!(
                whole,
                [
                    3 * 3 * 3 * 5,
                    extents.iter().map(|&extent| u64::from(extent)).product()
                ]
            );
            let parts = [0..2, 2..3].into_iter().flat_map(|rows| {
                [0..1, 1..3]
                    .into_iter()
                    .map(move |columns| [0..3, rows.clone(), columns, 0..5])
            });
            let sum = parts.fold([0; 2], |[tiles, work], part| {
                let [more_tiles, more_work] = amount(order, &operation, &part);
                [tiles + more_tiles, work + more_work]
            });
            assert_eq!(sum, whole, "{order}");
        }
    }
}
