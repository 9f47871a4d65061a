//! The walk over an operation's tiles in loop order, cut into runs.

use std::ops::Range;

use super::lane_group::{Grouping, LaneGroup, RunGroup};
use crate::operation::Operation;
use crate::tile::{Dimension, LoopOrder, TileCoordinate};
use crate::work::Walk;

/// Where the walk stands, and how long its runs may be.
#[derive(Clone, Debug)]
pub(crate) struct Cursor {
    loops: [Dimension; 4],
    /// Tiles of the whole operation.
    tiles: [u16; 4],
    /// Those that it walks.
    part: [Range<u16>; 4],
    next: TileCoordinate,
    longest_run: u16,
    /// Lanes whose runs it takes together.
    group: LaneGroup,
    sums_batch: bool,
    takes_whole_rows: bool,
    exhausted: bool,
}

impl Cursor {
    /// The walk over `operation` in `order`, with runs short enough that each of `units` lanes gets some while parts of `rows`
    /// rows of tiles are at work.
    pub(crate) fn new(operation: &Operation, order: LoopOrder, units: u64, rows: u32) -> Self {
        let profile = operation.work.profile();
        let loops = loops_of(profile.walk, order);
        let tiles = Dimension::ALL
            .map(|dimension| u16::try_from(operation.grid.tiles(dimension)).unwrap_or(u16::MAX));
        let along = tiles[loops[3] as usize];
        let longest_run = match profile.walk {
            Walk::WholeRows => along,
            _ => {
                let whole = in_flight(operation, rows) / u64::from(along) * u64::from(operation.siblings);
                let pieces = units.div_ceil(whole.max(1)).clamp(1, u64::from(along));
                u64::from(along).div_ceil(pieces) as u16
            }
        };
        Self {
            loops,
            part: tiles.map(|tiles| 0..tiles),
            tiles,
            next: TileCoordinate::default(),
            longest_run,
            group: LaneGroup::SINGLE,
            sums_batch: profile.sums_batch,
            takes_whole_rows: profile.walk == Walk::WholeRows,
            exhausted: false,
        }
    }

    /// The same walk, for lanes that share operands in groups of such a shape. Modules that take whole rows share none.
    pub(crate) fn grouped(self, group: LaneGroup) -> Self {
        let group = if self.takes_whole_rows {
            LaneGroup::SINGLE
        } else {
            group
        };
        Self { group, ..self }
    }

    /// The same walk over a part of the operation.
    pub(crate) fn within(self, part: [Range<u16>; 4]) -> Self {
        Self {
            next: TileCoordinate(Dimension::ALL.map(|dimension| part[dimension as usize].start)),
            part,
            ..self
        }
    }

    /// The loop that runs walk.
    pub(crate) fn along(&self) -> Dimension {
        self.loops[3]
    }

    /// The loops, outermost first.
    pub(crate) fn loops(&self) -> [Dimension; 4] {
        self.loops
    }

    /// The most tiles that a run may have.
    pub(crate) fn longest_run(&self) -> u16 {
        self.longest_run
    }

    /// Whether each run covers the whole reduction, so that results are final when written.
    pub(crate) fn finishes_sums(&self) -> bool {
        if self.sums_batch && self.tiles[Dimension::B as usize] > 1 {
            return false;
        }
        let reduction = self.tiles[Dimension::K as usize];
        let is_whole = self.part[Dimension::K as usize] == (0..reduction);
        reduction == 1 || (self.along() == Dimension::K && self.longest_run == reduction && is_whole)
    }

    /// The next run: its first tile and the most tiles it may have.
    pub(crate) fn peek(&self) -> Option<(TileCoordinate, u16)> {
        if self.exhausted {
            return None;
        }
        let along = self.along();
        let left = self.part[along as usize].end - self.next.along(along);
        Some((self.next, left.min(self.longest_run)))
    }

    /// The next runs that a group of lanes takes together.
    pub(crate) fn peek_group(&self) -> Option<RunGroup> {
        let (first, length) = self.peek()?;
        let along = self.along();
        let left = |dimension| self.part[dimension as usize].end - first.along(dimension);
        let lanes = |dimension| {
            let runs = match dimension == along {
                true => left(dimension).div_ceil(length),
                false => left(dimension),
            };
            runs.min(self.group.along(dimension).into()) as u8
        };
        let present = match self.group.is_single() {
            true => LaneGroup::SINGLE,
            false => LaneGroup {
                rows: lanes(Dimension::I),
                columns: lanes(Dimension::J),
            },
        };
        Some(RunGroup {
            first,
            present,
            along,
            length,
            left: left(along),
        })
    }

    /// How the runs of this walk fall into groups.
    pub(crate) fn grouping(&self) -> Grouping {
        let side_by_side = [Dimension::I, Dimension::J].map(|dimension| {
            let part = &self.part[dimension as usize];
            let tiles = part.end - part.start;
            u64::from(match dimension == self.along() {
                true => tiles.div_ceil(self.longest_run.max(1)),
                false => tiles,
            })
        });
        Grouping {
            group: self.group,
            side_by_side,
        }
    }

    /// Moves past `tiles` tiles of the current runs, and past the rows and columns of their group.
    pub(crate) fn advance(&mut self, tiles: u16) {
        for (place, dimension) in self.loops.into_iter().rev().enumerate() {
            let step = match place {
                0 => tiles,
                _ => self.group.along(dimension).into(),
            };
            let index = &mut self.next.0[dimension as usize];
            *index = index.saturating_add(step);
            let range = &self.part[dimension as usize];
            if *index < range.end {
                return;
            }
            *index = range.start;
        }
        self.exhausted = true;
    }

    pub(crate) fn is_exhausted(&self) -> bool {
        self.exhausted
    }
}

/// Tiles of an operation that lanes can work on at a time: all, unless it is cut along its rows. Then a few parts are in flight.
fn in_flight(operation: &Operation, rows: u32) -> u64 {
    let all = operation.grid.tiles(Dimension::I);
    match rows < all {
        false => operation.grid.total(),
        true => {
            let items = u64::from(operation.grid.tiles(Dimension::B));
            let of_row = operation.grid.total() / items / u64::from(all);
            of_row * u64::from(rows) * PARTS_IN_FLIGHT
        }
    }
}

/// Parts of an operation that is cut along its rows that are at work together, as a rule: one is loaded, one written, two
/// computed.
const PARTS_IN_FLIGHT: u64 = 4;

/// The loops of an operation, outermost first.
fn loops_of(walk: Walk, order: LoopOrder) -> [Dimension; 4] {
    match walk {
        Walk::LoopOrder => order.loops(),
        Walk::ReductionOutermost => with_outermost(Dimension::K, order),
        Walk::BatchOutermost => with_outermost(Dimension::B, order),
        Walk::Rows | Walk::WholeRows => [Dimension::K, Dimension::B, Dimension::I, Dimension::J],
    }
}

fn with_outermost(outermost: Dimension, order: LoopOrder) -> [Dimension; 4] {
    let mut loops = [outermost; 4];
    let others = order
        .loops()
        .into_iter()
        .filter(|&dimension| dimension != outermost);
    loops[1..]
        .iter_mut()
        .zip(others)
        .for_each(|(place, dimension)| *place = dimension);
    loops
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{OperationId, Role, Work};
    use crate::tile::{TileGrid, TileShape};

    fn product(extents: [u32; 4]) -> Operation {
        Operation {
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
        }
    }

    #[test]
    fn every_order_visits_every_tile_once() {
        let operation = product([3, 40, 33, 64]);
        for order in LoopOrder::all() {
            for units in [1, 7, 1000] {
                let mut cursor = Cursor::new(&operation, order, units, u32::MAX);
                let mut seen = std::collections::BTreeSet::new();
                while let Some((first, length)) = cursor.peek() {
                    for step in 0..length {
                        assert!(
                            seen.insert(first.stepped(cursor.along(), step)),
                            "{order} visits a tile twice"
                        );
                    }
                    cursor.advance(length);
                }
                assert_eq!(seen.len() as u64, operation.grid.total(), "{order}");
            }
        }
    }

    #[test]
    fn runs_are_cut_only_as_far_as_the_lanes_need() {
        let operation = product([4, 128, 128, 512]); // 4 x 8 x 8 runs of 32 tiles
        let longest = |units| {
            Cursor::new(&operation, LoopOrder::BIJK, units, u32::MAX)
                .peek()
                .map(|(_, length)| length)
        };
        assert_eq!(longest(256), Some(32));
        assert_eq!(longest(1024), Some(8));
        assert_eq!(longest(1 << 20), Some(1));
    }
}
