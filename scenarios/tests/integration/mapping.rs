//! Stated blocks and orders: how they are read, what they do, and what is said of those that cannot be.

use std::collections::{BTreeMap, BTreeSet};

use components::block_plan::{BlockRole, least_capacities};
use components::tile::Dimension;
use scenarios::schema::{
    BlockOrder, BlockSizes, BlocksByRole, DensitySource, LoopOrder, Mapping, Phase, RoleSizes,
};
use scenarios::system::{Plan, violations};
use scenarios::{Loaded, Scenario};
use sim_core::Engine;

fn tiny(change: impl FnOnce(&mut Scenario)) -> Loaded {
    let tiny = Scenario::shipped("tiny-trace").expect("it is shipped");
    tiny.with(change)
        .unwrap_or_else(|wrong| panic!("{}", wrong.render()))
}

/// Paths and lines of what is wrong with a mapping of the smallest machine.
fn refused(mapping: Mapping) -> Vec<(String, String)> {
    let tiny = Scenario::shipped("tiny-trace").expect("it is shipped");
    let wrong = tiny
        .with(|scenario| scenario.accelerator.mapping = mapping)
        .and_then(|loaded| Plan::load(&loaded))
        .expect_err("this mapping is impossible");
    let said = wrong
        .iter()
        .map(|problem| (problem.path().unwrap_or_default().to_owned(), problem.to_string()));
    said.collect()
}

fn sizes(sizes: [Option<u32>; 4]) -> Mapping {
    let [b, i, j, k] = sizes;
    Mapping {
        blocks: BlockSizes { b, i, j, k },
        ..Mapping::default()
    }
}

fn read(text: &str) -> Mapping {
    let scenario = Scenario::from_ron(&format!("(accelerator: (mapping: {text}))"));
    scenario
        .unwrap_or_else(|wrong| panic!("{text}: {}", wrong.render()))
        .accelerator
        .mapping
}

#[test]
fn a_mapping_is_read_from_ron_in_every_form() {
    let order: LoopOrder = "jbik".parse().unwrap();
    for (text, blocks, order) in [
        ("()", [None; 4], None),
        ("(blocks: Auto, order: Auto)", [None; 4], None),
        ("(blocks: ())", [None; 4], None),
        (
            "(blocks: (b: 4, i: 64, j: 128, k: 32))",
            [Some(4), Some(64), Some(128), Some(32)],
            None,
        ),
        (
            "(blocks: (k: 16, j: None), order: \"jbik\")",
            [None, None, None, Some(16)],
            Some(order),
        ),
    ] {
        assert_eq!(
            read(text),
            Mapping {
                order: BlockOrder(order),
                ..sizes(blocks)
            },
            "{text}"
        );
    }
}

#[test]
fn a_mapping_survives_json_and_ron() {
    for text in [
        "(blocks: Auto, order: Auto)",
        "(blocks: (b: 4, k: 16), order: \"kjib\")",
    ] {
        let scenario = Scenario::from_ron(&format!("(accelerator: (mapping: {text}))")).unwrap();
        assert_eq!(Scenario::from_json(&scenario.to_json()).unwrap(), scenario);
        assert_eq!(Scenario::from_ron(&scenario.to_ron()).unwrap(), scenario);
    }
}

#[test]
fn sizes_lie_over_those_of_the_file_below_and_auto_takes_them_away() {
    let below = "(accelerator: (mapping: (blocks: (b: 2, i: 32))))";
    for (above, expected) in [("(i: 64)", [Some(2), Some(64), None, None]), ("Auto", [None; 4])] {
        let files = BTreeMap::from([("below.ron".into(), below.to_owned())]);
        let text = format!("(base: \"below.ron\", accelerator: (mapping: (blocks: {above})))");
        let loaded = Scenario::parse("above.ron", &text, files).unwrap();
        assert_eq!(loaded.scenario().accelerator.mapping, sizes(expected), "{above}");
    }
}

#[test]
fn what_cannot_be_is_told_with_the_path_of_its_size() {
    for (place, name) in ["b", "i", "j", "k"].into_iter().enumerate() {
        let path = format!("accelerator.mapping.blocks.{name}");
        let mut stated = [None; 4];
        stated[place] = Some(0);
        let said = refused(sizes(stated));
        assert_eq!(said[0].0, path);
        assert!(said[0].1.contains("cannot be 0"), "{said:?}");
        // The tile is 1x8x8; no operation has more than 16 tokens, words of a table aside.
        if name != "b" {
            stated[place] = Some(12);
            let said = refused(sizes(stated));
            assert_eq!(said.len(), 1, "{said:?}");
            assert_eq!(said[0].0, path);
            assert!(said[0].1.contains("such as 8 or 16"), "{said:?}");
        }
        stated[place] = Some(1 << 16);
        let said = refused(sizes(stated));
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(said[0].0, path);
        assert!(said[0].1.contains("larger than every operation"), "{said:?}");
    }
}

#[test]
fn a_size_is_clipped_to_operations_that_have_less() {
    let loaded = tiny(|scenario| {
        scenario.workload.sequence_length = 13;
        scenario.accelerator.mapping = sizes([Some(1), Some(16), Some(16), Some(16)]);
    });
    assert!(Plan::load(&loaded).is_ok());
}

#[test]
fn steps_have_the_stated_sizes() {
    let loaded = tiny(|scenario| {
        scenario.workload.batch = 4;
        scenario.workload.sequence_length = 40;
        scenario.workload.phase = Phase::Training;
        scenario.accelerator.mapping = sizes([Some(2), Some(16), Some(8), Some(8)]);
    });
    let machine = Plan::load(&loaded).unwrap().machine;
    assert_eq!(machine.blocks.blocking.segment, 2);
    let mut products = 0;
    for step in machine.block_plan(machine.blocks.blocking) {
        let tiles = |dimension| u32::from(step.cut[dimension as usize]);
        assert!(tiles(Dimension::I) <= 2, "{step:?}");
        if step.operation.grid.tiles(Dimension::K) > 1 {
            products += 1;
            assert_eq!((tiles(Dimension::J), tiles(Dimension::K)), (1, 1), "{step:?}");
        }
    }
    assert!(products > 100, "{products}");
}

fn by_role(by_role: BlocksByRole) -> Mapping {
    Mapping {
        by_role,
        ..Mapping::default()
    }
}

#[test]
fn sizes_by_role_are_read_from_ron_and_lie_over_those_of_all() {
    let text = "(blocks: (i: 32), by_role: (attention_scores: (i: 16, k: 32), feed_forward: (j: 48)))";
    let mapping = read(text);
    assert_eq!(mapping.blocks, sizes([None, Some(32), None, None]).blocks);
    assert_eq!(
        mapping.by_role,
        BlocksByRole {
            attention_scores: RoleSizes {
                i: Some(16),
                j: None,
                k: Some(32)
            },
            feed_forward: RoleSizes {
                j: Some(48),
                ..RoleSizes::default()
            },
            ..BlocksByRole::default()
        }
    );
    let scenario = Scenario::from_ron(&format!("(accelerator: (mapping: {text}))")).unwrap();
    assert_eq!(Scenario::from_json(&scenario.to_json()).unwrap(), scenario);
    assert_eq!(Scenario::from_ron(&scenario.to_ron()).unwrap(), scenario);
}

#[test]
fn sizes_by_role_that_cannot_be_are_told_with_their_paths() {
    let scores = |place: usize, size: u32| {
        let mut along = [None; 3];
        along[place] = Some(size);
        let [i, j, k] = along;
        by_role(BlocksByRole {
            attention_scores: RoleSizes { i, j, k },
            ..BlocksByRole::default()
        })
    };
    for (place, name) in ["i", "j", "k"].into_iter().enumerate() {
        for (size, why) in [
            (0, "cannot be 0"),
            (12, "such as 8 or 16"),
            (24, "larger than every operation of `attention_scores`"),
        ] {
            let said = refused(scores(place, size));
            assert_eq!(said.len(), 1, "{said:?}");
            assert_eq!(
                said[0].0,
                format!("accelerator.mapping.by_role.attention_scores.{name}")
            );
            assert!(said[0].1.contains(why), "{said:?}");
        }
    }
    let said = refused(by_role(BlocksByRole {
        convolution: RoleSizes {
            i: Some(8),
            ..RoleSizes::default()
        },
        ..BlocksByRole::default()
    }));
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0].0, "accelerator.mapping.by_role.convolution");
    assert!(said[0].1.contains("no operations of `convolution`"), "{said:?}");
}

#[test]
fn steps_have_the_sizes_that_are_stated_for_their_role() {
    let loaded = tiny(|scenario| {
        scenario.workload.batch = 4;
        scenario.workload.sequence_length = 40;
        scenario.workload.phase = Phase::Training;
        scenario.accelerator.mapping = Mapping {
            by_role: BlocksByRole {
                attention_scores: RoleSizes {
                    i: Some(8),
                    j: Some(16),
                    k: None,
                },
                feed_forward: RoleSizes {
                    i: Some(24),
                    j: None,
                    k: Some(8),
                },
                ..BlocksByRole::default()
            },
            ..sizes([None, Some(16), Some(8), None])
        };
    });
    let machine = Plan::load(&loaded).unwrap().machine;
    let mut found = BTreeMap::new();
    for step in machine.block_plan(machine.blocks.blocking) {
        let operation = &step.operation;
        let tiles = |dimension| operation.grid.tiles(dimension);
        let cut = |dimension| u32::from(step.cut[dimension as usize]);
        let role = BlockRole::of(operation.role);
        let [rows, columns, reduction] = match role {
            Some(BlockRole::AttentionScores) => [1, 2, u32::MAX],
            Some(BlockRole::FeedForward) => [3, 1, 1],
            _ => [2, 1, u32::MAX],
        };
        *found.entry(role).or_insert(0) += 1;
        let what = format!("{}: {:?}", operation.role, step.cut);
        assert_eq!(cut(Dimension::I), rows.min(tiles(Dimension::I)), "{what}");
        let profile = operation.work.profile();
        if profile.sums_reduction {
            assert_eq!(cut(Dimension::J), columns.min(tiles(Dimension::J)), "{what}");
        }
        if profile.sums_reduction && reduction < u32::MAX {
            assert_eq!(cut(Dimension::K), reduction.min(tiles(Dimension::K)), "{what}");
        }
    }
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn parts_come_in_every_stated_order() {
    let mut sequences = BTreeSet::new();
    for order in LoopOrder::all() {
        let loaded = tiny(|scenario| {
            scenario.workload.batch = 2;
            scenario.workload.phase = Phase::Training;
            scenario.accelerator.mapping = Mapping {
                order: BlockOrder(Some(order)),
                ..sizes([Some(2), Some(8), Some(8), Some(8)])
            };
        });
        let machine = Plan::load(&loaded).unwrap().machine;
        let mut parts: BTreeMap<u32, Vec<[u16; 4]>> = BTreeMap::new();
        for step in machine.block_plan(machine.blocks.blocking) {
            let place = order
                .loops()
                .map(|dimension| step.tiles[dimension as usize].start);
            parts.entry(step.operation.id.0).or_default().push(place);
        }
        for (operation, places) in &parts {
            assert!(places.is_sorted(), "{order}, operation {operation}: {places:?}");
        }
        let longest = parts.values().map(Vec::len).max();
        assert_eq!(
            longest,
            Some(16),
            "{order}: nothing has parts along all four loops"
        );
        sequences.insert(format!(
            "{:?}",
            machine
                .block_plan(machine.blocks.blocking)
                .map(|step| step.tiles)
                .collect::<Vec<_>>()
        ));
    }
    assert_eq!(sequences.len(), 24, "some orders are the same");
}

#[test]
fn buffers_that_are_too_small_are_told_what_the_stated_blocks_need() {
    let stated = |scenario: &mut Scenario| {
        scenario.workload.sequence_length = 64;
        scenario.accelerator.mapping = sizes([None, Some(64), Some(16), Some(16)]);
    };
    let machine = Plan::load(&tiny(stated)).unwrap().machine;
    let of = |mapping| {
        let machine = Plan::load(&tiny(|scenario| {
            stated(scenario);
            scenario.accelerator.mapping = mapping;
        }));
        let machine = machine.unwrap().machine;
        least_capacities(
            machine.plan_parameters(),
            &machine.stated_blocks(),
            &machine.stage_source(),
        )
        .unwrap()
    };
    let least = of(machine.scenario.accelerator.mapping.clone());
    assert!(least.0[0] > of(sizes([None; 4])).0[0]);
    for (bytes, is_accepted) in [(least.0[0].0, true), (least.0[0].0 - 1, false)] {
        let planned = Plan::load(&tiny(|scenario| {
            stated(scenario);
            scenario.accelerator.buffers.activation_mb = bytes as f64 / 1_048_576.0;
        }));
        assert_eq!(planned.is_ok(), is_accepted, "{bytes} B");
        let Err(wrong) = planned else { continue };
        let problem = &wrong.problems()[0];
        assert_eq!(problem.path(), Some("accelerator.buffers.activation_mb"));
        let said = problem.to_string();
        assert!(said.contains("cut as stated"), "{said}");
        assert!(said.contains(&format!("needs {} B", least.0[0].0)), "{said}");
        assert!(
            said.contains("MB are accepted, or less with smaller sizes"),
            "{said}"
        );
    }
}

#[test]
fn blocks_that_make_too_many_steps_are_refused() {
    let edge = Scenario::shipped("bert-tiny-edge").unwrap();
    let wrong = edge
        .with(|scenario| {
            scenario.workload.batch = 4096;
            scenario.accelerator.mapping = sizes([None, Some(16), Some(16), Some(16)]);
        })
        .and_then(|loaded| Plan::load(&loaded))
        .unwrap_err();
    assert_eq!(wrong.problems()[0].path(), Some("accelerator.mapping.blocks"));
    assert!(wrong.to_string().contains("steps or more"), "{wrong}");
}

#[test]
fn every_stated_order_trains_to_the_right_words() {
    for order in LoopOrder::all() {
        let loaded = tiny(|scenario| {
            scenario.workload.batch = 2;
            scenario.workload.phase = Phase::Training;
            scenario.sparsity.source = DensitySource::Values {
                activation_threshold: 0.0,
                weight_threshold: 0.0,
                gradient_threshold: 0.0,
            };
            scenario.accelerator.mapping = Mapping {
                order: BlockOrder(Some(order)),
                ..sizes([Some(1), Some(8), Some(8), Some(8)])
            };
        });
        let plan = Plan::load(&loaded).unwrap();
        let measured = plan.build(Engine::default()).and_then(|system| system.run(&plan));
        let measured = measured.unwrap_or_else(|error| panic!("{order}: {error}"));
        assert_eq!(violations(&plan, &measured), Vec::<String>::new(), "{order}");
        let values = measured.machine.values.unwrap();
        assert!(values.words > 1_000, "{order}: {} words", values.words);
        assert_eq!(values.wrong_words, 0, "{order}: {:?}", values.wrong);
    }
}
