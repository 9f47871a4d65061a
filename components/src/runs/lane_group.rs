//! Groups of lanes to which a PE broadcasts operands.

use std::ops::Range;

use crate::tile::{Dimension, TileCoordinate};

/// Lanes of one PE that work in lockstep on neighbouring result tiles of one operation and item: `rows` tiles high and
/// `columns` wide. A left tile of a product goes to all lanes of its row, a right tile to all lanes of its column, each read
/// once from its buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneGroup {
    /// Lanes along i.
    pub rows: u8,
    /// Lanes along j.
    pub columns: u8,
}

impl LaneGroup {
    /// A lane by itself, which shares nothing.
    pub const SINGLE: Self = Self { rows: 1, columns: 1 };

    /// Its lanes.
    #[must_use]
    #[inline]
    pub const fn lanes(self) -> u16 {
        self.rows as u16 * self.columns as u16
    }

    /// Whether it is a lane by itself.
    #[must_use]
    #[inline]
    pub const fn is_single(self) -> bool {
        self.lanes() == 1
    }

    /// The row and the column of lane number `lane`, which are counted row by row.
    #[must_use]
    #[inline]
    pub const fn place(self, lane: u16) -> [u16; 2] {
        let columns = self.columns as u16;
        [lane / columns, lane % columns]
    }

    /// Lanes along `dimension`.
    #[must_use]
    #[inline]
    pub const fn along(self, dimension: Dimension) -> u8 {
        match dimension {
            Dimension::I => self.rows,
            Dimension::J => self.columns,
            Dimension::B | Dimension::K => 1,
        }
    }
}

/// Runs that the lanes of a group take together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunGroup {
    /// The first tile of the first lane.
    pub(crate) first: TileCoordinate,
    /// The lanes that have a run; the others of the group are idle.
    pub(crate) present: LaneGroup,
    /// The loop that runs walk.
    pub(crate) along: Dimension,
    /// Tiles of each run, if there are so many.
    pub(crate) length: u16,
    /// Tiles that are left along the loop.
    pub(crate) left: u16,
}

impl RunGroup {
    /// Tiles along the loop of all lanes together.
    pub(crate) fn advances(&self) -> u16 {
        let lanes = u16::from(self.present.along(self.along));
        self.length.saturating_mul(lanes).min(self.left)
    }

    /// The first tile and the number of tiles of lane number `lane`.
    pub(crate) fn run(&self, lane: u16) -> (TileCoordinate, u16) {
        let [row, column] = self.present.place(lane);
        let step = |dimension, place: u16| match dimension == self.along {
            true => place * self.length,
            false => place,
        };
        let [down, right] = [step(Dimension::I, row), step(Dimension::J, column)];
        let first = self
            .first
            .stepped(Dimension::I, down)
            .stepped(Dimension::J, right);
        let before = first.along(self.along) - self.first.along(self.along);
        (first, self.length.min(self.left - before))
    }

    /// Rows of tiles that have to be ready before any of its runs can begin: a lane by itself takes as many as there are.
    pub(crate) fn rows_at_once(&self) -> Range<u32> {
        let first = u32::from(self.first.along(Dimension::I));
        let rows = match self.along {
            _ if self.present.is_single() => 1,
            Dimension::I => self.advances(),
            _ => u16::from(self.present.rows),
        };
        first..first + u32::from(rows)
    }
}

/// How the runs of an operation, or of a part of it, fall into groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grouping {
    /// Lanes of a group.
    pub group: LaneGroup,
    /// Runs side by side along i and along j.
    pub side_by_side: [u64; 2],
}

impl Grouping {
    /// Groups along i and along j.
    fn groups(&self) -> [u64; 2] {
        let [rows, columns] = self.side_by_side;
        [
            rows.div_ceil(u64::from(self.group.rows).max(1)),
            columns.div_ceil(u64::from(self.group.columns).max(1)),
        ]
    }

    /// Of the operand tiles that `runs` single lanes would read, the share that is read if those are `shared`: left ones once
    /// for each row of a group, right ones once for each column.
    #[must_use]
    pub fn shares_read(&self, [left_is_shared, right_is_shared]: [bool; 2]) -> [f64; 2] {
        let [by_rows, by_columns] = self.groups();
        let [rows, columns] = self.side_by_side.map(|runs| runs.max(1) as f64);
        [
            if left_is_shared {
                by_columns as f64 / columns
            } else {
                1.0
            },
            if right_is_shared {
                by_rows as f64 / rows
            } else {
                1.0
            },
        ]
    }

    /// Runs that lanes without a tile could have had beside the `runs` that there are.
    #[must_use]
    pub fn missing(&self, runs: u64) -> u64 {
        let [rows, columns] = self.side_by_side.map(|runs| runs.max(1));
        let [by_rows, by_columns] = self.groups();
        let places = by_rows * by_columns * u64::from(self.group.lanes());
        runs / (rows * columns) * (places - rows * columns)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::operation::{Operation, OperationId, Role};
    use crate::runs::OperandSources;
    use crate::runs::cursor::Cursor;
    use crate::tile::{LoopOrder, TileGrid, TileShape};
    use crate::work::{Indexing, Work};

    fn operation(work: Work, extents: [u32; 4]) -> Operation {
        Operation {
            id: OperationId(0),
            layer: 0,
            head: None,
            role: Role::Query,
            work,
            grid: TileGrid::new(extents, TileShape { b: 1, x: 16, y: 16 }),
            operands: Vec::new(),
            output: None,
            siblings: 1,
            after: None,
        }
    }

    fn sources(work: Work) -> OperandSources {
        OperandSources {
            indexing: work.profile().indexing,
            left_is_weight: false,
            right_is_weight: true,
            result_is_weight: false,
        }
    }

    /// Runs, tiles that are read left and right, and lanes without a run, counted group by group.
    fn counted(operation: &Operation, cursor: &mut Cursor) -> (u64, [u64; 2], u64) {
        let sources = sources(operation.work);
        let (mut runs, mut read, mut missing) = (0, [0; 2], 0);
        let whole = cursor.grouping().group.lanes();
        let mut seen = BTreeSet::new();
        while let Some(group) = cursor.peek_group() {
            let lanes = group.present.lanes();
            runs += u64::from(lanes);
            missing += u64::from(whole - lanes);
            let mut places = [(); 2].map(|()| BTreeSet::new());
            for lane in 0..lanes {
                let (first, length) = group.run(lane);
                for step in 0..length {
                    assert!(
                        seen.insert(first.stepped(group.along, step).0),
                        "a tile comes twice"
                    );
                }
                places[0].insert(sources.left_place(first));
                places[1].insert(sources.right_place(first));
            }
            // Each run's first tile stands for all of its tiles.
            read[0] += places[0].len() as u64;
            read[1] += places[1].len() as u64;
            cursor.advance(group.advances());
        }
        assert_eq!(seen.len() as u64, operation.grid.total());
        (runs, read, missing)
    }

    #[test]
    fn groups_visit_every_tile_once_and_share_what_the_closed_form_says() {
        let shapes = [(1, 1), (1, 4), (2, 2), (3, 2), (4, 1), (8, 4)];
        for work in [Work::Product, Work::Convolution { kernel: 5 }, Work::NonLinearity] {
            for order in LoopOrder::all() {
                for (rows, columns) in shapes {
                    for units in [1, 64, 100_000] {
                        let what = format!("{work:?}, {order}, {rows} x {columns}, {units} lanes");
                        let operation = operation(work, [2, 100, 71, 40]);
                        let group = LaneGroup { rows, columns };
                        let mut cursor = Cursor::new(&operation, order, units, u32::MAX).grouped(group);
                        let grouping = cursor.grouping();
                        let (runs, read, missing) = counted(&operation, &mut cursor);
                        let shares = grouping.shares_read(sources(work).shared());
                        for (read, share) in read.into_iter().zip(shares) {
                            assert!((runs as f64 * share - read as f64).abs() < 1e-6, "{what}");
                        }
                        assert_eq!(grouping.missing(runs), missing, "{what}");
                    }
                }
            }
        }
    }

    #[test]
    fn elements_are_shared_by_no_lane() {
        assert_eq!(Work::NonLinearity.profile().indexing, Indexing::Elementwise);
        assert_eq!(sources(Work::NonLinearity).shared(), [false, false]);
    }
}
