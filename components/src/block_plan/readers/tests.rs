//! Parts found by arithmetic are those that a walk over all parts finds.

use sim_core::random;

use super::super::cut_operation::CutOperation;
use super::super::parts::{Group, Items};
use super::*;
use crate::operation::{OperationId, Role};
use crate::tile::{LoopOrder, TileGrid, TileShape};
use crate::work::Work;

const TILE: TileShape = TileShape { b: 1, x: 4, y: 6 };
const BATCH: u32 = 4;

/// A stage of two operations in a wave between two that are alone, of which the last has no batch.
struct Drawn {
    operations: Vec<Operation>,
    views: Vec<View>,
    parts: Parts,
}

struct Dice(u64, u64);

impl Dice {
    fn below(&mut self, end: u32) -> u32 {
        self.1 += 1;
        (random::draw(self.0, self.1) % u64::from(end)) as u32
    }

    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u32) as usize].clone()
    }
}

fn draw(dice: &mut Dice) -> Drawn {
    use Dimension::{I, J, K};
    let height = 1 + dice.below(20);
    let orders: Vec<LoopOrder> = LoopOrder::all().collect();
    let items = Items {
        range: dice.of(&[0..BATCH, 1..BATCH, 0..2, 3..4]),
        all: BATCH,
    };
    let (mut operations, mut views, mut cuts) = (Vec::new(), Vec::new(), Vec::new());
    let rows_each = 1 + dice.below(4);
    let batch = dice.of(&[BATCH, BATCH, BATCH, 1]);
    for (group, batch) in [(0, batch), (1, batch), (1, batch), (2, 1)] {
        let is_wave = group == 1;
        let extents = [batch, height, 1 + dice.below(20), 1 + dice.below(20)];
        let grid = TileGrid::new(extents, TILE);
        let mut each = [1, rows_each, 1 + dice.below(3), 1 + dice.below(3)];
        for along in Dimension::ALL {
            each[along as usize] = each[along as usize].min(grid.tiles(along));
        }
        let order = dice.of(&orders);
        cuts.push(CutOperation::new(
            &grid,
            each,
            order,
            group,
            is_wave,
            batch == BATCH,
        ));
        views.push(View {
            rows: dice.of(&[
                Axis::Loop(I),
                Axis::Loop(K),
                Axis::Halo(I, 3),
                Axis::Taps(height / 2),
                Axis::All(30),
            ]),
            columns: dice.of(&[Axis::Loop(J), Axis::All(30)]),
        });
        operations.push(Operation {
            id: OperationId(group),
            layer: 0,
            head: None,
            role: Role::Query,
            work: Work::Product,
            grid,
            operands: Vec::new(),
            output: None,
            siblings: 1,
            after: None,
        });
    }
    let groups = [0..1, 1..3, 3..4].map(Group::of).to_vec();
    let parts = Parts::new(cuts, groups, items, 1 + dice.below(5));
    Drawn {
        operations,
        views,
        parts,
    }
}

/// Whether a part of `drawn` reads `block`: from the elements that it covers.
fn reads(drawn: &Drawn, number: u64, block: &BlockRanges) -> bool {
    let part = drawn.parts.part(number);
    let index = part.place.operation as usize;
    let operation = &drawn.operations[index];
    let b = u32::from(part.tiles[0].start);
    let item = if block.items.contains(&b) {
        b
    } else {
        block.items.start
    };
    let covered = drawn.views[index].ranges(operation, &part.extents(operation));
    let meets = |a: &Range<u32>, b: &Range<u32>| a.start.max(b.start) < a.end.min(b.end);
    item == block.item && meets(&covered[0], &block.ranges[0]) && meets(&covered[1], &block.ranges[1])
}

#[test]
fn parts_are_numbered_in_the_order_in_which_they_come() {
    for seed in 0..300 {
        let drawn = draw(&mut Dice(seed, 0));
        for number in 0..drawn.parts.count() {
            let part = drawn.parts.part(number);
            assert_eq!(drawn.parts.number(&part.place), number, "case {seed}");
        }
    }
}

#[test]
fn parts_cover_every_tile_of_every_item_once() {
    for seed in 0..300 {
        let drawn = draw(&mut Dice(seed, 0));
        let mut tiles = vec![0; drawn.operations.len()];
        let mut seen = std::collections::BTreeSet::new();
        for part in (0..drawn.parts.count()).map(|number| drawn.parts.part(number)) {
            let all = part.tiles.iter().map(|range| u64::from(range.end - range.start));
            tiles[part.place.operation as usize] += all.product::<u64>();
            let first = part.tiles.each_ref().map(|range| range.start);
            assert!(seen.insert((part.place.operation, first)), "case {seed}");
        }
        for (index, operation) in drawn.operations.iter().enumerate() {
            let of_item = operation.grid.total() / u64::from(operation.grid.tiles(Dimension::B));
            assert_eq!(tiles[index] % of_item, 0, "case {seed}, operation {index}");
            assert_eq!(
                tiles[index] > 0,
                drawn.parts.runs(index),
                "case {seed}, operation {index}"
            );
        }
    }
}

#[test]
fn the_next_use_is_the_first_later_part_that_reads_the_block() {
    for seed in 0..300 {
        let mut dice = Dice(seed, 0);
        let drawn = draw(&mut dice);
        let count = drawn.parts.count();
        let readers: Vec<Reader> = (0..drawn.operations.len())
            .filter(|&index| drawn.parts.runs(index))
            .map(|index| {
                let (operation, view) = (&drawn.operations[index], drawn.views[index]);
                Reader::new(TensorSlot(0), index, operation, &drawn.parts, view, true)
            })
            .collect();
        let readers = ReadersOf(&readers);
        for _ in 0..10 {
            let items = dice.of(&[0..1, 0..BATCH, 1..3]);
            let start = [dice.below(20), dice.below(20)];
            let block = BlockRanges {
                item: items.start + dice.below(items.end - items.start),
                items,
                ranges: start.map(|start| start..start + 1 + dice.below(9)),
            };
            let mut expected = None;
            for number in (0..count).rev() {
                let place = drawn.parts.part(number).place;
                let readers = readers.after(&drawn.parts, &place);
                let answer = readers.next_use(&block, block.ranges[0].start);
                let number_of = |found: Found| drawn.parts.number(&found.place);
                let found = answer.found.map(number_of);
                let other = dice.below(20);
                let of_column = readers.next_use(&block, block.ranges[0].start.max(other));
                if of_column.holds_for_column {
                    let elsewhere = BlockRanges {
                        ranges: [other..other + 1, block.ranges[1].clone()],
                        ..block.clone()
                    };
                    let elsewhere = readers.next_use(&elsewhere, other).found.map(number_of);
                    assert_eq!(elsewhere, found, "case {seed}, row {other}, {block:?}");
                }
                assert_eq!(found, expected, "case {seed}, after part {number}, {block:?}");
                if reads(&drawn, number, &block) {
                    expected = Some(number);
                }
            }
        }
    }
}
