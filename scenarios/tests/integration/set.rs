//! Fields set by path are as if a file stated them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use expect_test::expect;
use scenarios::load::Disk;
use scenarios::load::library::Shelf;
use scenarios::schema::{Reference, Weights};
use scenarios::{Diagnostics, Loaded, Scenario, Setting};

fn settings(texts: &[&str]) -> Vec<Setting> {
    texts.iter().map(|text| Setting::parse(text).unwrap()).collect()
}

fn edge() -> Loaded {
    Scenario::shipped("bert-tiny-edge").unwrap()
}

fn set(texts: &[&str]) -> Loaded {
    edge()
        .set(&settings(texts))
        .unwrap_or_else(|wrong| panic!("{texts:?}: {wrong}"))
}

fn wrong(texts: &[&str]) -> Diagnostics {
    edge().set(&settings(texts)).unwrap_err()
}

#[test]
fn a_setting_gives_what_the_file_gives() {
    for (setting, file) in [
        (
            "accelerator.buffers.weight_mb=4",
            "accelerator: (buffers: (weight_mb: 4))",
        ),
        (
            "accelerator.tile=(x: 8, y: 8)",
            "accelerator: (tile: (x: 8, y: 8))",
        ),
        (
            "accelerator.power_gating=true",
            "accelerator: (power_gating: true)",
        ),
        (
            "accelerator.operand_bus_bytes=64",
            "accelerator: (operand_bus_bytes: 64)",
        ),
        (
            "accelerator.operand_bus_bytes=Some(64)",
            "accelerator: (operand_bus_bytes: 64)",
        ),
        (
            "accelerator.operand_bus_bytes=None",
            "accelerator: (operand_bus_bytes: None)",
        ),
        (
            "accelerator.loop_order=kijb",
            "accelerator: (loop_order: \"kijb\")",
        ),
        (
            "accelerator.loop_order=Auto(Time)",
            "accelerator: (loop_order: Auto(Time))",
        ),
        (
            "accelerator.mapping.blocks.i=32",
            "accelerator: (mapping: (blocks: (i: 32)))",
        ),
        (
            "accelerator.mapping.by_role.feed_forward.k=64",
            "accelerator: (mapping: (by_role: (feed_forward: (k: 64))))",
        ),
        ("accelerator.preset=server", "accelerator: (preset: \"server\")"),
        ("memory=hbm2", "memory: Preset(\"hbm2\")"),
        ("memory=\"hbm2\"", "memory: \"hbm2\""),
        ("memory=dramsim3/hbm1", "memory: Preset(\"dramsim3/hbm1\")"),
        ("memory=Preset(\"hbm2\")", "memory: Preset(\"hbm2\")"),
        (
            "workload.transformer=bert-mini",
            "workload: (transformer: Preset(\"bert-mini\"))",
        ),
        ("workload.phase=Training", "workload: (phase: Training)"),
        ("workload.weights=w.npz", "workload: (weights: File(\"w.npz\"))"),
        (
            "workload.optimizer=Sgd(momentum: 0.5)",
            "workload: (optimizer: Sgd(momentum: 0.5))",
        ),
        (
            "sparsity.source=Sampled(distribution: Beta(concentration: 9))",
            "sparsity: (source: Sampled(distribution: Beta(concentration: 9)))",
        ),
        (
            "contention.tenants=[(start_us: 3)]",
            "contention: (tenants: [(start_us: 3)])",
        ),
        ("name=what I call it", "name: \"what I call it\""),
        ("seed=7 // the seventh", "seed: 7"),
    ] {
        let text = format!("(base: \"bert-tiny-edge\", {file})");
        let expected = Scenario::parse("mine.ron", &text, Disk).unwrap();
        assert_eq!(set(&[setting]).scenario(), expected.scenario(), "{setting}");
    }
}

#[test]
fn settings_follow_each_other_into_lists_and_variants() {
    let loaded = set(&[
        "workload.transformer=bert-mini",
        "workload.transformer.layers[1].feed_forward=[96, 64]",
        "workload.transformer.layers.1.feed_forward.0=32",
        "workload.transformer.layers[3].heads[0].dimension=16",
        "sparsity.source=Wanted()",
        "sparsity.source.curves=computed-bert-tiny",
        "contention.background=[(), ()]",
        "contention.background[1].stop_us=5",
        "contention.background[1].traffic.write_share=0.25",
        "compare.candidates=[(changes: ())]",
        "compare.candidates[0].changes.accelerator.tile.x=8",
        "compare.candidates[0].changes.accelerator.tile.y=8",
        "compare.candidates[0].changes.seed=4",
        "compare.memories=[hbm2, ideal]",
        "compare.memories[1]=rram",
    ]);
    let scenario = loaded.scenario();
    let layers = &scenario.workload.transformer.layers;
    assert_eq!(
        (layers.len(), layers[1].feed_forward.as_slice()),
        (4, [32, 64].as_slice())
    );
    assert_eq!(layers[3].heads[0].dimension(), 16);
    assert_eq!(scenario.contention.background[1].stop_us, Some(5.0));
    assert_eq!(scenario.compare.memories[1], Reference::Preset("rram".into()));
    let candidate = loaded.candidate(0).unwrap();
    assert_eq!(
        (candidate.scenario().accelerator.tile.x, candidate.scenario().seed),
        (8, 4)
    );
    assert_eq!(candidate.scenario().accelerator.tile.y, 8);

    let none = loaded
        .set(&settings(&["contention.background[1].stop_us=None"]))
        .unwrap();
    assert_eq!(none.scenario().contention.background[1].stop_us, None);
}

#[test]
fn other_curves_are_read() {
    let wanted = |curves: &str| format!("sparsity=(source: Wanted(curves: \"{curves}\"))");
    let synthetic = set(&[&wanted("synthetic-bert-tiny")]);
    let other = synthetic
        .set(&settings(&[&wanted("computed-bert-tiny")]))
        .unwrap();
    assert_ne!(other.curves(), synthetic.curves());
    let one_field = synthetic
        .set(&settings(&["sparsity.source.curves=computed-bert-tiny"]))
        .unwrap();
    assert_eq!(other.curves(), one_field.curves());
}

#[test]
fn settings_stand_above_the_changes_of_a_candidate_and_below_a_program() {
    let text = "(compare: (candidates: [(changes: (seed: 4, workload: (batch: 2)))]))";
    let loaded = Scenario::parse("mine.ron", text, Disk).unwrap();
    let candidate = loaded
        .set(&settings(&["workload.batch=8"]))
        .unwrap()
        .candidate(0)
        .unwrap();
    assert_eq!(
        (candidate.scenario().seed, candidate.scenario().workload.batch),
        (4, 8)
    );
    let again = loaded.set(&settings(&["workload.batch=8"])).unwrap();
    let again = again.with(|scenario| scenario.workload.batch = 3).unwrap();
    assert_eq!(again.scenario().workload.batch, 3);
    assert_eq!(again.candidate(0).unwrap().scenario().workload.batch, 2);
}

#[test]
fn files_that_settings_name_are_beside_the_current_directory() {
    let mut files = BTreeMap::new();
    files.insert(
        PathBuf::from("sub/s.ron"),
        "(workload: (weights: File(\"w.npz\")))".to_owned(),
    );
    let model = r#"{"l": 1, "o": [["sa_sdp_64"]], "h": [64], "f": [[32]]}"#;
    files.insert(PathBuf::from("here/m.json"), model.to_owned());
    let loaded = Scenario::load_with("sub/s.ron", files).unwrap();
    assert_eq!(
        loaded.file_beside("workload.weights", "w.npz"),
        Some("sub/w.npz".into())
    );
    let changed = loaded
        .set(&settings(&[
            "workload.transformer=here/m.json",
            "workload.weights=v.npz",
        ]))
        .unwrap();
    assert_eq!(changed.scenario().workload.transformer.layers[0].hidden, 64);
    assert_eq!(changed.scenario().workload.weights, Weights::File("v.npz".into()));
    assert_eq!(
        changed.file_beside("workload.weights", "v.npz"),
        Some("v.npz".into())
    );
    let missing = loaded
        .set(&settings(&["workload.transformer=m.json"]))
        .unwrap_err();
    assert!(
        missing
            .to_string()
            .contains("--set workload.transformer:1:1: cannot read m.json"),
        "{missing}"
    );
}

#[test]
fn every_field_of_every_shipped_scenario_can_be_set_to_what_it_is() {
    for name in Shelf::Scenarios.names() {
        let loaded = Scenario::shipped(name).unwrap();
        let text = loaded.scenario().to_ron();
        let all = loaded.field_paths();
        assert!(
            all.contains("accelerator.buffers.weight_mb")
                && all.contains("workload.transformer.layers[0].hidden")
        );
        for path in &all {
            if let Some(value) = value_at(&text, path) {
                let again = loaded.set(&[Setting::new(path, value)]);
                let again = again.unwrap_or_else(|wrong| panic!("{name}: {path}={value}: {wrong}"));
                assert_eq!(again.scenario(), loaded.scenario(), "{name}: {path}={value}");
            }
        }
    }
}

/// The value of a field whose path has no list in it and whose value is on its line.
fn value_at<'a>(text: &'a str, path: &str) -> Option<&'a str> {
    let mut rest = text;
    for (depth, name) in path.split('.').enumerate() {
        let start = format!("\n{}{name}: ", "    ".repeat(depth + 1));
        rest = &rest[rest.find(&start)? + start.len()..];
    }
    rest.lines().next()?.strip_suffix(',')
}

#[test]
fn wrong_settings_are_answered_in_their_own_text() {
    let all: Vec<String> = [
        "accelerator.bufers.weight_mb=4",
        "weight_mb=4",
        "workload.transformer.layers[7].hidden=4",
        "workload.transformer.layers[0].hiden=4",
        "completely.wrong=4",
        "=4",
        "a..b=4",
        "base=bert-base-server",
        "workload.batch=0",
        "workload.batch=2.5",
        "workload.batch=four",
        "workload.batch=4 MB",
        "workload.batch=4GB",
        "workload.batch=",
        "workload.batch=(4",
        "workload.batch=4, phase: Training",
        "workload.batch=4))",
        "workload.phase=Trainig",
        "memory=hbm3",
        "workload.transformer=bert-tinny",
        "workload.transformer=Preset(bert-tiny)",
        "workload.transformer.layers[0].heads[0].dimension=0",
        "accelerator.tile=(x: 8, z: 8)",
        "accelerator.tile.x=17000",
        "accelerator.preset=sever",
        "accelerator.mapping.blocks.i=33",
        "sparsity.source.concentration=4",
    ]
    .iter()
    .map(|text| {
        format!(
            "{text}\n    {}\n",
            wrong(&[text]).to_string().replace('\n', "\n    ")
        )
    })
    .collect();
    expect![[r#"
        accelerator.bufers.weight_mb=4
            --set accelerator.bufers.weight_mb:1:1: there is no field `accelerator.bufers.weight_mb` (did you mean `accelerator.buffers.weight_mb`?)
        weight_mb=4
            --set weight_mb:1:1: there is no field `weight_mb` (did you mean `accelerator.buffers.weight_mb`?)
        workload.transformer.layers[7].hidden=4
            --set workload.transformer.layers[7].hidden:1:1: there is no field `workload.transformer.layers[7].hidden` (did you mean `workload.transformer.layers[0].hidden` or `workload.transformer.layers[1].hidden`?)
        workload.transformer.layers[0].hiden=4
            --set workload.transformer.layers[0].hiden:1:1: there is no field `workload.transformer.layers[0].hiden` (did you mean `workload.transformer.layers[0].hidden` or `workload.transformer.layers[1].hidden`?)
        completely.wrong=4
            --set completely.wrong:1:1: there is no field `completely.wrong` (`elector new` writes a scenario with all fields; a path is such as `accelerator.buffers.weight_mb` or `workload.transformer.layers[0].hidden`)
        =4
            --set :1:1: this is not the path of a field (names with dots between them are accepted, and numbers of items in brackets, from 0: `accelerator.buffers.weight_mb`, `workload.transformer.layers[0].hidden`)
        a..b=4
            --set a..b:1:1: this is not the path of a field (names with dots between them are accepted, and numbers of items in brackets, from 0: `accelerator.buffers.weight_mb`, `workload.transformer.layers[0].hidden`)
        base=bert-base-server
            --set base:1:1: `base` cannot be set (name that scenario itself, in place of this one)
        workload.batch=0
            --set workload.batch:1:1: `workload.batch` cannot be 0 (a whole number from 1 to 65536 is accepted)
        workload.batch=2.5
            --set workload.batch:1:1: `workload.batch` is a whole number, not 2.5 (a whole number from 1 to 65536 is accepted)
        workload.batch=four
            --set workload.batch:1:1: `workload.batch` cannot be `four` (a number is accepted)
        workload.batch=4 MB
            --set workload.batch:1:1: this is not one value (one value in RON is accepted, such as `4`, `[1, 2]`, `(x: 8)` or "a text"; a number carries no unit)
        workload.batch=4GB
            --set workload.batch:1:1: `4GB` is not a number (a number carries no unit: the unit is in the name or the description of the field)
        workload.batch=
            --set workload.batch:1:1: there is no value (`PATH=VALUE` is accepted; an empty text is `""`)
        workload.batch=(4
            --set workload.batch:1:2: `workload.batch[0]` cannot be `4` (a number is accepted)
        workload.batch=4, phase: Training
            --set workload.batch:1:1: this is not one value (one value in RON is accepted, such as `4`, `[1, 2]`, `(x: 8)` or "a text"; a number carries no unit)
        workload.batch=4))
            --set workload.batch:1:1: this is not one value (one value in RON is accepted, such as `4`, `[1, 2]`, `(x: 8)` or "a text"; a number carries no unit)
        workload.phase=Trainig
            --set workload.phase:1:1: `workload.phase` cannot be `Trainig` (did you mean `Training`? accepted: `Inference` or `Training`)
        memory=hbm3
            --set memory:1:1: no memory called "hbm3" is shipped (did you mean `hbm2`? shipped are `ddr4-2400`, `dramsim3/ddr4-2400`, `dramsim3/hbm1`, `dramsim3/hbm2-1ch`, `dramsim3/hbm2`, `dramsim3/lpddr3-1600-trefi3120`, `dramsim3/lpddr3-1600`, `hbm2-pseudo`, `hbm2`, `ideal`, `lpddr3-1600`, `published/dram_16_2_2`, `published/dram_16_4_1`, `published/dram_32_2_1`, `published/dram_8_2_4`, `published/hbm_32_1_4`, `published/rram_16_2_2`, `published/rram_1_2_32`, `published/rram_2_2_16`, `published/rram_32_2_1`, `published/rram_4_2_8`, `published/rram_8_2_4`, `rram-m3d` or `rram`)
        workload.transformer=bert-tinny
            --set workload.transformer:1:1: no transformer called "bert-tinny" is shipped (did you mean `bert-tiny`? shipped are `bert-base`, `bert-medium`, `bert-mini`, `bert-nano`, `bert-small`, `bert-tiny` or `flexibert-mixed`)
        workload.transformer=Preset(bert-tiny)
            --set workload.transformer:1:8: `workload.transformer[0]` cannot be `bert-tiny` (a text in double quotes is accepted)
        workload.transformer.layers[0].heads[0].dimension=0
            --set workload.transformer.layers[0].heads[0].dimension:1:1: `dimension` cannot be 0 (a whole number from 1 to 1048576 is accepted)
        accelerator.tile=(x: 8, z: 8)
            --set accelerator.tile:1:8: there is no field `z` in `accelerator.tile` (did you mean `b`? accepted: `b`, `x` or `y`)
        accelerator.tile.x=17000
            --set accelerator.tile.x:1:1: `accelerator.tile.x` cannot be 17000 (a whole number from 1 to 1024 is accepted)
        accelerator.preset=sever
            --set accelerator.preset:1:1: no accelerator called "sever" is shipped (did you mean `server`? shipped are `edge`, `nano` or `server`; a file is named with its ending, `.ron`)
        accelerator.mapping.blocks.i=33
            --set accelerator.mapping.blocks.i:1:1: a block of 33 along i is no multiple of the tile's 16 (a multiple of `accelerator.tile.x` is accepted, such as 32 or 48)
        sparsity.source.concentration=4
            --set sparsity.source.concentration:1:1: there is no field `sparsity.source.concentration` (`elector new` writes a scenario with all fields; a path is such as `accelerator.buffers.weight_mb` or `workload.transformer.layers[0].hidden`)
    "#]].assert_eq(&all.concat());
    let rendered = wrong(&["accelerator.tile=(x: 8, y: 0)"]).render();
    let underlined = "[--set accelerator.tile:1:11]\n 1 │ (x: 8, y: 0)\n   ·           ┬\n";
    assert!(rendered.contains(underlined), "{rendered}");
}

#[test]
fn a_setting_may_have_a_place_of_its_own() {
    let setting = Setting::new("workload.batch", "0").stated_in("axis 2 of mine.ron");
    let wrong = edge().set(&[setting]).unwrap_err().to_string();
    assert!(
        wrong.starts_with("axis 2 of mine.ron:1:1: `workload.batch` cannot be 0"),
        "{wrong}"
    );
}

#[test]
fn strange_settings_are_answered() {
    let pieces = [
        "",
        "(",
        ")",
        "[",
        "\"",
        "/*",
        "//",
        "#![enable(x)]",
        "é",
        "\u{0}",
        "r#\"",
        "Some(",
        "9e999",
        "-",
        "'",
        "{",
        "\\",
    ];
    let paths = [
        "seed",
        "memory",
        "accelerator.tile",
        "workload.transformer.layers[0]",
        "compare.candidates",
        "name",
        "watchdog_us",
    ];
    for path in paths {
        for one in pieces {
            for two in pieces {
                let _ = edge().set(&[Setting::new(path, format!("{one}{two}"))]);
            }
        }
    }
    for path in pieces.iter().copied().chain([
        "[0]",
        "seed[0]",
        "seed.0",
        "workload.transformer.layers[99999999999]",
        "memory[0]",
        "a[",
        "a[0",
        "accelerator.",
        ".accelerator",
        "compare.candidates[0].changes",
    ]) {
        assert!(edge().set(&[Setting::new(path, "1")]).is_err(), "{path}");
    }
    assert!(edge().set(&[Setting::new("name", "x".repeat(100_000))]).is_ok());
    assert!(edge().set(&[Setting::new("x".repeat(100_000), "1")]).is_err());
    let deep = "(".repeat(100_000);
    assert!(edge().set(&[Setting::new("memory", deep)]).is_err());
}
