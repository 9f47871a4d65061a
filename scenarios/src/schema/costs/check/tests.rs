//! Cost tables of all kinds, against what must hold of a cost.

use std::sync::OnceLock;

use proptest::prelude::*;

use super::super::LaneCost;
use super::*;
use crate::load::{Document, library::Shelf};
use crate::schema::Tile;

fn shipped() -> CostTable {
    Document::shipped(Shelf::Costs, "14nm").unwrap().value
}

fn accelerator(multipliers: u32, side: u32) -> Accelerator {
    static TINY: OnceLock<Accelerator> = OnceLock::new();
    let tiny = || {
        crate::schema::Scenario::shipped("tiny-trace")
            .unwrap()
            .scenario
            .accelerator
    };
    let mut accelerator = TINY.get_or_init(tiny).clone();
    accelerator.multipliers_per_lane = multipliers;
    accelerator.tile = Tile {
        b: 1,
        x: side,
        y: side,
    };
    accelerator
}

const GELU: ActivationFunction = ActivationFunction::Gelu;

/// What is wrong with the table, as path and message.
fn faults(table: &CostTable) -> Vec<(String, String)> {
    let mut checks = Checks::default();
    table.check(&mut checks);
    let wrong = checks
        .into_findings()
        .into_iter()
        .filter(|finding| !finding.warning);
    wrong.map(|finding| (finding.path, finding.message)).collect()
}

/// What is wrong with the table for these sizes, and what is warned of.
fn sizes(table: &CostTable, multipliers: u32, side: u32) -> (Vec<(String, String)>, Vec<String>) {
    let mut checks = Checks::default();
    table.check_sizes(&accelerator(multipliers, side), GELU, &mut checks);
    let findings = checks.into_findings();
    let (warned, found): (Vec<_>, Vec<_>) = findings.into_iter().partition(|finding| finding.warning);
    (
        found
            .into_iter()
            .map(|finding| (finding.path, finding.message))
            .collect(),
        warned.into_iter().map(|finding| finding.help).collect(),
    )
}

#[test]
fn a_size_is_tabulated_once() {
    let mut table = shipped();
    table.mac_lane.push(table.mac_lane[2]);
    table.layer_norm.push(table.layer_norm[0]);
    let expected = [
        (
            "mac_lane[4]",
            "a MAC lane of 16 multipliers with Gelu is tabulated twice",
        ),
        ("layer_norm[3]", "a module for tiles of 8x8 is tabulated twice"),
    ];
    assert_eq!(
        faults(&table),
        expected.map(|(path, message)| (path.to_owned(), message.to_owned()))
    );
    // One with another non-linearity is another module.
    assert!(faults(&shipped()).is_empty());
}

#[test]
fn a_larger_module_takes_no_less_area() {
    let mut table = shipped();
    table.mac_lane[2].cost.area_um2 = 1000.0;
    table.softmax[0].cost.area_um2 = 1e6;
    let found = faults(&table);
    assert_eq!(found[0].0, "mac_lane[2]");
    assert!(
        found[0]
            .1
            .contains("of 16 multipliers with Gelu takes less area than a MAC lane of 1")
    );
    assert_eq!(found[1].0, "softmax[1]");
}

/// Makes these the only lanes with GELU: multipliers, then area and leakage.
fn tabulate_lanes(table: &mut CostTable, lanes: &[(u32, [f64; 2])]) {
    table.mac_lane.retain(|lane| lane.activation_function != GELU);
    table.mac_lane.extend(
        lanes
            .iter()
            .map(|&(multipliers, [area_um2, leakage_mw])| LaneCost {
                multipliers,
                activation_function: GELU,
                cost: ModuleCost {
                    area_um2,
                    dynamic_mw: 1.0,
                    leakage_mw,
                },
            }),
    );
}

#[test]
fn a_cost_that_falls_to_nothing_is_refused_at_the_field() {
    let mut table = shipped();
    // 8 multipliers cost 100 and 16 cost 1,000: the line through them is 100 - 4 x 112.5 = -350 at 4.
    tabulate_lanes(&mut table, &[(8, [100.0, 100.0]), (16, [1000.0, 1000.0])]);
    assert!(faults(&table).is_empty());
    let (found, _) = sizes(&table, 4, 16);
    let place = "accelerator.multipliers_per_lane".to_owned();
    let message = |field| format!("a lane of 4 multipliers: the cost table gives a `{field}` of -350.000");
    assert_eq!(
        found,
        [
            (place.clone(), message("area_um2")),
            (place, message("leakage_mw"))
        ]
    );
    assert!(sizes(&table, 8, 16).0.is_empty());
}

#[test]
fn a_size_between_two_free_ones_is_not_free() {
    let mut table = shipped();
    tabulate_lanes(&mut table, &[(1, [0.0, 1.0]), (3, [0.0, 1.0]), (4, [100.0, 1.0])]);
    assert!(faults(&table).is_empty());
    let message = "a lane of 2 multipliers: the cost table gives a `area_um2` of 0.000";
    assert_eq!(
        sizes(&table, 2, 16).0,
        [("accelerator.multipliers_per_lane".to_owned(), message.to_owned())]
    );
    assert!(sizes(&table, 3, 16).0.is_empty());
}

#[test]
fn one_size_is_said_to_be_scaled_in_proportion() {
    let mut table = shipped();
    table.mac_lane.retain(|lane| lane.multipliers == 16);
    table.softmax.retain(|module| module.tile == 16);
    let (found, warned) = sizes(&table, 8, 8);
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(
        warned,
        [
            "tabulated is 16 alone; area, power and energy of other sizes are taken in proportion to it",
            "tabulated is 16 (rows of a square tile) alone; area, power and energy of other sizes are taken in proportion to it",
        ]
    );
}

fn cost() -> impl Strategy<Value = ModuleCost> {
    let part = || prop_oneof![Just(0.0), 0.001..1.0, 1.0..1e6_f64];
    (part(), part(), part()).prop_map(|(area_um2, dynamic_mw, leakage_mw)| ModuleCost {
        area_um2,
        dynamic_mw,
        leakage_mw,
    })
}

fn parts(cost: &ModuleCost) -> [f64; 3] {
    [cost.area_um2, cost.dynamic_mw, cost.leakage_mw]
}

proptest! {
    /// Whatever is tabulated: what is accepted costs something unless the table says 0, and larger takes no less area.
    #[test]
    fn what_is_accepted_has_a_cost(
        lanes in prop::collection::vec((1_u32..40, cost()), 1..4),
        modules in prop::collection::vec((1_u32..40, cost()), 1..4),
    ) {
        let mut table = shipped();
        table.mac_lane.retain(|lane| lane.activation_function != GELU);
        table.mac_lane.extend(lanes.iter().map(|&(multipliers, cost)| LaneCost {
            multipliers,
            activation_function: GELU,
            cost,
        }));
        table.softmax = modules.iter().map(|&(tile, cost)| TileModuleCost { tile, cost }).collect();
        if !faults(&table).is_empty() {
            return Ok(());
        }
        let mut areas = [0.0; 2];
        for size in 1..=80 {
            let (found, _) = sizes(&table, size, size);
            let tile = Tile { b: 1, x: size, y: size };
            let costs = [
                ("accelerator.multipliers_per_lane", table.lane_cost(size, GELU), &lanes),
                ("accelerator.tile", table.softmax_cost(tile.shape()), &modules),
            ];
            for ((path, cost, tabulated), least) in costs.into_iter().zip(&mut areas) {
                if found.iter().any(|(place, _)| place == path) {
                    continue;
                }
                prop_assert!(cost.area_um2 >= *least * (1.0 - 1e-12), "{path} {size}: {} < {least}", cost.area_um2);
                *least = cost.area_um2;
                let is_tabulated = tabulated.iter().any(|(known, _)| *known == size);
                for (place, part) in parts(&cost).into_iter().enumerate() {
                    let all_free = tabulated.iter().all(|(_, cost)| parts(cost)[place] == 0.0);
                    prop_assert!(part > 0.0 || (part == 0.0 && (is_tabulated || all_free)), "{path} {size}: {cost:?}");
                }
            }
        }
    }
}
