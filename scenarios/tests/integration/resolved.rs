//! Scenarios that need no other file, and their hashes.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use scenarios::load::Disk;
use scenarios::load::library::{self, Shelf};
use scenarios::system::Plan;
use scenarios::{ContentHash, Loaded, Scenario, Setting};

fn parse(text: &str) -> Loaded {
    Scenario::parse("mine.ron", text, Disk).unwrap_or_else(|wrong| panic!("{text}: {wrong}"))
}

fn hash(text: &str) -> ContentHash {
    parse(text).content_hash().unwrap()
}

#[test]
fn shipped_scenarios_written_out_are_the_same() {
    for name in Shelf::Scenarios.names() {
        let loaded = Scenario::shipped(name).unwrap();
        let text = loaded.to_self_contained_ron().unwrap();
        let nothing: BTreeMap<PathBuf, String> = BTreeMap::new();
        let again = Scenario::parse("elsewhere/a.ron", &text, nothing)
            .unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        assert_eq!(
            again.content_hash().unwrap(),
            loaded.content_hash().unwrap(),
            "{name}"
        );
        assert_eq!(again.scenario().name, loaded.scenario().name);
        assert_eq!(again.scenario().workload, loaded.scenario().workload);
        assert_eq!((again.costs(), again.curves()), (loaded.costs(), loaded.curves()));
        assert_eq!(again.scenario().memory.name(), loaded.scenario().memory.name());
        assert_eq!(again.to_self_contained_ron().unwrap(), text, "{name}");
        let (plan, expected) = (Plan::load(&again).unwrap(), Plan::load(&loaded).unwrap());
        assert_eq!(plan.memory, expected.memory, "{name}");
        for index in 0..loaded.scenario().compare.candidates.len() {
            let (one, other) = (loaded.candidate(index).unwrap(), again.candidate(index).unwrap());
            assert_eq!(
                one.content_hash().unwrap(),
                other.content_hash().unwrap(),
                "{name} {index}"
            );
        }
    }
}

#[test]
fn files_of_the_users_are_written_out() {
    let folder = tempfile::tempdir().unwrap();
    let at = |file: &str| folder.path().join(file);
    let shipped = |file: &str| library::text(file).unwrap();
    fs::write(at("m.ron"), shipped("memory/hbm2.ron")).unwrap();
    fs::write(at("c.ron"), shipped("costs/14nm.ron")).unwrap();
    fs::write(
        at("t.ron"),
        "(base: \"bert-tiny-edge\", seed: 9, contention: (tenants: [(scenario: \"t.ron\")]))",
    )
    .unwrap();
    fs::write(at("r.txt"), "0x40 READ 0\n").unwrap();
    let text = "(memory: \"m.ron\", costs: File(\"c.ron\"), contention: (tenants: [(scenario: \"t.ron\"), ()], \
                background: [(traffic: Trace(\"r.txt\"))]), compare: (memories: [\"m.ron\"], candidates: [(changes: (memory: \
                \"m.ron\", workload: (transformer: Preset(\"bert-mini\"))))]))";
    fs::write(at("s.ron"), text).unwrap();
    let loaded = Scenario::load(at("s.ron")).unwrap();
    let written = loaded.to_self_contained_ron().unwrap();
    let again = parse(&written);
    assert_eq!(again.content_hash().unwrap(), loaded.content_hash().unwrap());
    assert!(Plan::load(&again).is_ok());
    assert_eq!(again.tenant(0).unwrap().scenario().seed, 9);
    assert!(again.on_compared_memory(0).unwrap().content_hash().is_ok());
    let hash = |loaded: Loaded| loaded.candidate(0).unwrap().content_hash().unwrap();
    assert_eq!(hash(again.clone()), hash(loaded.clone()));
    fs::write(at("r.txt"), "0x80 READ 0\n").unwrap();
    let before = again.content_hash().unwrap();
    fs::write(at("r.txt"), "0x40 READ 0\n").unwrap();
    assert_ne!(before, loaded.content_hash().unwrap());
}

#[test]
fn settings_stay_above_the_changes_of_candidates() {
    let loaded = parse("(compare: (candidates: [(changes: (workload: (batch: 2)))]))");
    let loaded = loaded.set(&[Setting::new("workload.batch", "8")]).unwrap();
    let again = parse(&loaded.to_self_contained_ron().unwrap());
    assert_eq!(again.candidate(0).unwrap().scenario().workload.batch, 8);
}

#[test]
fn equal_scenarios_have_equal_hashes() {
    let plain = hash("()");
    let memory = library::text("memory/lpddr3-1600.ron").unwrap();
    for same in [
        "(name: \"other\")",
        "(seed: 1, workload: (batch: 4, learning_rate: 0.0001))",
        "(accelerator: (clock_mhz: 700.0, operand_bus_bytes: None, tile: ()))",
        "(accelerator: (clock_mhz: 7e2, processing_elements: 0x40))",
        "(workload: (transformer: Preset(\"bert-tiny\")), memory: \"lpddr3-1600\", costs: Preset(\"14nm\"))",
        "(compare: (memories: [\"hbm2\"]))",
        &format!("(memory: Inline(name: \"mine\", text: r##\"// A comment.\n{memory}\"##))"),
    ] {
        assert_eq!(hash(same), plain, "{same}");
    }
    let other = [
        "(seed: 2)",
        "(memory: \"ideal\")",
        "(memory: \"hbm2\")",
        "(workload: (transformer: Preset(\"bert-mini\")))",
        "(accelerator: (clock_mhz: 700.001))",
        "(sparsity: (weight_density: 0.25))",
        "(sparsity: (activation_density: 0.25))",
        "(contention: (tenants: [()]))",
        "(contention: (tenants: [(scenario: \"bert-tiny-edge\")]))",
        "(contention: (tenants: [(scenario: \"bert-base-server\")]))",
        "(contention: (background: [()]))",
    ];
    let mut seen = vec![plain];
    for text in other {
        let hash = hash(text);
        assert!(!seen.contains(&hash), "{text}");
        seen.push(hash);
    }
}

/// A change of this value changes what all kept results are found by.
#[test]
fn hashes_are_the_same_on_every_machine() {
    let hash = Scenario::shipped("bert-tiny-edge")
        .unwrap()
        .content_hash()
        .unwrap();
    expect_test::expect!["4f7bea286b98890604597c88b7856fb0"].assert_eq(&hash.to_string());
    let set = Scenario::shipped("bert-tiny-edge")
        .unwrap()
        .set(&[Setting::new("workload.batch", "5")]);
    assert_ne!(set.unwrap().content_hash().unwrap(), hash);
}
