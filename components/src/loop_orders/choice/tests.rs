use super::*;
use crate::block_plan::Blocking;
use crate::density::Density;
use crate::operation::{ActivationTensor, Operand, OperationId, Role, RowAccess, TensorId, TensorKind};
use crate::run_cost::CostModel;
use crate::runs::{Densities, LaneGroup, OperandSources};
use crate::tile::{TileGrid, TileShape};
use crate::units::Bytes;
use crate::word;
use crate::work::Work;

const TILE: TileShape = TileShape { b: 1, x: 16, y: 16 };
const ACCESS: Bytes = Bytes(64);

fn tiling(group: LaneGroup) -> Tiling {
    let example = Tiling::example();
    Tiling {
        densities: Densities {
            constant: Density::FULL,
            activation: Density::from_share(0.25),
            ..example.densities
        },
        group,
        ..example
    }
}

fn costs(tiling: &Tiling) -> OrderCosts {
    OrderCosts {
        model: CostModel {
            multipliers: 16,
            fifo: 2.0,
            bus_bytes: 640,
            dynaprop: 1.0,
            pre_compute: 1.0,
            post_compute: 1.0,
            tile_mask: word::mask(TILE.elements()),
            access: ACCESS,
            densities: tiling.densities,
        },
        access_energy: [2.0, 3.0, 1.0],
        units: [64.0, 16.0, 4.0],
    }
}

/// A product of two activations.
fn operation(work: Work, extents: [u32; 4]) -> Operation {
    let read = |tensor, rows| Operand::Activation {
        tensor: TensorId(tensor),
        rows,
        kind: TensorKind::Activation,
        transposed: false,
    };
    let [batch, rows, columns, _] = extents;
    Operation {
        id: OperationId(0),
        layer: 0,
        head: None,
        role: Role::Scores,
        work,
        grid: TileGrid::new(extents, TILE),
        operands: vec![read(0, RowAccess::SameRow), read(1, RowAccess::AllRows)],
        output: Some(ActivationTensor {
            tensor: TensorId(2),
            batch,
            rows,
            columns,
            kind: TensorKind::Activation,
            consumers: 1,
            kept_at: None,
        }),
        siblings: 2,
        after: None,
    }
}

/// Energy of accesses, counted tile by tile by lanes with two registers that are empty before each run.
fn counted(
    operation: &Operation,
    cut: [u16; 4],
    order: LoopOrder,
    tiling: &Tiling,
    costs: &OrderCosts,
) -> f64 {
    let sources = OperandSources {
        indexing: operation.work.profile().indexing,
        left_is_weight: false,
        right_is_weight: false,
        result_is_weight: false,
    };
    let mask = costs.model.tile_mask.accesses(ACCESS) as f64;
    let [activation, _, of_mask] = costs.access_energy;
    let kind = operation.work.profile().run_kind().unwrap();
    let mut energy = 0.0;
    for (tiles, count) in parts_of(operation, cut) {
        let cursor = tiling.cursor_by_rows(operation, order, cut[1].into());
        let mut cursor = cursor.within(tiles);
        while let Some((first, length)) = cursor.peek() {
            let run = tiling.describe(operation, kind, &cursor, first, length);
            let mut held = [u64::MAX; 2];
            for step in 0..length {
                let places = [
                    sources.left_place(run.tile(step)),
                    sources.right_place(run.tile(step)),
                ];
                let mut bytes = 0;
                for (place, of_tile) in [(0, run.left_bytes), (1, run.right_bytes)] {
                    if held[place] != places[place] {
                        bytes += u64::from(of_tile);
                        energy += count * of_mask * mask;
                    }
                }
                held = places;
                energy += count * activation * Bytes(bytes).accesses(ACCESS) as f64;
            }
            energy += count * activation * Bytes(run.result_bytes.into()).accesses(ACCESS) as f64;
            energy += count * of_mask * mask * f64::from(run.result_tiles());
            cursor.advance(length);
        }
    }
    energy
}

#[test]
fn energy_is_that_of_lanes_with_a_register_for_each_operand() {
    let tiling = tiling(LaneGroup::SINGLE);
    let costs = costs(&tiling);
    for work in [
        Work::Product,
        Work::WeightGradient,
        Work::Convolution { kernel: 5 },
    ] {
        let operation = operation(work, [2, 80, 96, 64]);
        for cut in [[1, 5, 6, 4], [1, 2, 4, 4], [1, 1, 1, 1], [1, 5, 4, 3]] {
            for order in LoopOrder::all() {
                let expected = counted(&operation, cut, order, &tiling, &costs);
                let found = cost(&operation, cut, order, &tiling, &costs, Goal::Energy);
                assert!(
                    (found / expected - 1.0).abs() < 1e-9,
                    "{work:?}, {cut:?}, {order}"
                );
            }
        }
    }
}

#[test]
fn the_innermost_loop_alone_decides_so_four_orders_stand_for_all() {
    assert_eq!(LoopOrder::all().next(), Some(LoopOrder::default()));
    for group in [LaneGroup::SINGLE, LaneGroup { rows: 2, columns: 4 }] {
        let tiling = tiling(group);
        let costs = costs(&tiling);
        for extents in [
            [2, 80, 96, 64],
            [1, 16, 200, 24],
            [3, 300, 16, 16],
            [1, 16, 16, 500],
        ] {
            for work in [Work::Product, Work::WeightGradient, Work::KernelGradient] {
                let operation = operation(work, extents);
                for blocking in [Blocking::WHOLE, Blocking::LEAST] {
                    let cut = blocking.cut_of(TILE, &operation);
                    for goal in [Goal::Energy, Goal::Time] {
                        let of = |order| cost(&operation, cut, order, &tiling, &costs, goal);
                        let least = LoopOrder::all().map(of).fold(f64::INFINITY, f64::min);
                        let first = LoopOrder::all().find(|&order| of(order) <= least * (1.0 + AS_GOOD));
                        let best = best(&operation, cut, &tiling, &costs, goal);
                        assert_eq!(Some(best), first, "{work:?}, {extents:?}, {cut:?}, {goal:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn parts_are_all_tiles() {
    let operation = operation(Work::Product, [3, 100, 71, 40]);
    for cut in [[1, 7, 5, 3], [1, 2, 2, 2], [1, 3, 4, 1]] {
        let tiles: f64 = parts_of(&operation, cut)
            .iter()
            .map(|(part, count)| {
                count
                    * part
                        .iter()
                        .map(|range| f64::from(range.end - range.start))
                        .product::<f64>()
            })
            .sum();
        assert_eq!(tiles as u64, operation.grid.total());
    }
}
