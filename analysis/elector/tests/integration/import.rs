//! `elector import`: the files of AccelTran become scenarios, and wrong ones are answered.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;

use analysis::import::Imported;
use analysis::import::acceltran::import;
use proptest::prelude::*;
use scenarios::load::Disk;
use scenarios::system::Plan;
use scenarios::{Diagnostics, Scenario};

use crate::process::{elector, root};

const MODELS: [&str; 3] = ["bert_nano", "bert_tiny", "bert_base"];
const CONFIGS: [&str; 4] = ["config_nano", "config_tiny", "config_tiny_lp", "config_base"];

fn data(name: &str) -> PathBuf {
    root().join("tests/data/acceltran").join(name)
}

fn shipped(model: &str, config: &str) -> Result<Imported, Diagnostics> {
    let (model, config) = (data(&format!("{model}.json")), data(&format!("{config}.yaml")));
    import(&model, &config, &Disk)
}

/// The import of `bert_tiny` on a configuration of this text.
fn configured(config: &str) -> Result<Imported, Diagnostics> {
    let model = std::fs::read_to_string(data("bert_tiny.json")).unwrap();
    let files = BTreeMap::from([
        (PathBuf::from("m.json"), model),
        (PathBuf::from("c.yaml"), config.to_owned()),
    ]);
    import(Path::new("m.json"), Path::new("c.yaml"), &files)
}

fn config_tiny() -> String {
    std::fs::read_to_string(data("config_tiny.yaml")).unwrap()
}

#[test]
fn every_machine_of_acceltran_is_planned() {
    for config in CONFIGS {
        for model in MODELS {
            let imported = shipped(model, config);
            let text = imported.unwrap().text;
            let loaded = Scenario::parse("imported.ron", &text, Disk).unwrap();
            assert_eq!(loaded.scenario().name, format!("{model} on {config}"));
            Plan::load(&loaded).unwrap();
        }
    }
}

#[test]
fn imported_scenario_is_the_shipped_one() {
    for (model, config, name) in [
        ("bert_tiny", "config_tiny", "bert-tiny-edge"),
        ("bert_base", "config_base", "bert-base-server"),
    ] {
        let text = shipped(model, config).unwrap().text;
        let mut imported = Scenario::parse("imported.ron", &text, Disk)
            .unwrap()
            .scenario()
            .clone();
        let shipped = Scenario::shipped(name).unwrap().scenario().clone();
        imported.name.clone_from(&shipped.name);
        // AccelTran's server takes four sequences, the shipped scenario 32.
        imported.workload.batch = shipped.workload.batch;
        assert_eq!(imported, shipped);
    }
}

#[test]
fn every_value_is_stated() {
    let text = shipped("bert_tiny", "config_tiny").unwrap().text;
    let stated = Scenario::parse("imported.ron", &text, Disk)
        .unwrap()
        .scenario()
        .to_ron();
    let key = |line: &str| Some(line.trim().split_once(':')?.0.to_owned());
    // Other traffic, comparisons, training and when to give up are no part of what AccelTran's files run.
    let beyond = [
        "contention",
        "tenants",
        "background",
        "arbitration",
        "compare",
        "memories",
        "candidates",
        "optimizer",
        "learning_rate",
        "gradient_density",
        "constant_density",
        "weights",
        "watchdog_us",
        // Of `by_role`.
        "i",
        "j",
        "k",
        "attention_projections",
        "attention_scores",
        "convolution",
        "linear_transform",
    ];
    let fields = stated.lines().filter_map(key);
    for field in fields.filter(|field| !beyond.contains(&field.as_str())) {
        assert!(text.contains(&format!("{field}: ")), "`{field}` is not stated");
    }
}

#[test]
fn settings_without_counterpart_are_named() {
    let imported = configured(&(config_tiny() + "flux_capacitor:\n  power: 1.21\n")).unwrap();
    let notes = imported.notes.render();
    for setting in [
        "main_memory.banks",
        "scheduler.compute_ops.batch_size",
        "scheduler.memory_ops.tiled",
        "flux_capacitor",
    ] {
        assert!(imported.text.contains(&format!("`{setting}`")), "{setting}");
        assert!(notes.contains(setting), "{setting}: {notes}");
    }
    assert!(!imported.notes.has_errors());
    let plain = configured(config_tiny().split("scheduler").next().unwrap());
    assert!(!plain.unwrap().text.contains("scheduler."));
}

#[test]
fn wrong_settings_are_answered_at_their_place() {
    for (from, to, place, message) in [
        ("pe: 64", "pe: 0", "c.yaml:6:1", "`pe` cannot be \"0\""),
        ("pe: 64", "pe: 99999999", "c.yaml:6:5", "cannot be 99999999"),
        ("pe: 64", "pe: 1e400", "c.yaml:6:1", "whole number"),
        ("pe: 64", "pe: [64, 128]", "c.yaml:6:1", "design space"),
        ("pe: 64", "pe: {a: 1}", "c.yaml:6:1", "a mapping"),
        ("pe: 64", "", "c.yaml:1:1", "`pe` is missing"),
        ("pe: 64", "pe: 64\npe: 64", "c.yaml:7:1", "stated twice"),
        ("'gelu'", "'swish'", "c.yaml:5:1", "gelu or relu"),
        ("b_i_j_k", "b_i_j", "c.yaml:14:1", "outermost first"),
        ("'dram'", "'tape'", "c.yaml:16:3", "dram or rram or hbm"),
        ("'lb'", "'hb'", "c.yaml:16:9", "`mode: 'lb'`"),
        (
            "weight_buffer_size: 8",
            "weight_buffer_size: .nan",
            "c.yaml:12:1",
            "MB",
        ),
        (
            "weight_buffer_size: 8",
            "weight_buffer_size: 1e-4",
            "c.yaml:12:21",
            "weight buffer",
        ),
        ("tile_x: 16", "tile_x: 1024", "c.yaml:3:11", "cost is not known"),
        (
            "batch_size: 4",
            "batch_size: 65536",
            "c.yaml:10:13",
            "8388608 tokens",
        ),
        ("tile_x: 16", "tile_x: -16", "c.yaml:3:3", "from 1"),
        ("tile:", "tile: 5\nx:", "c.yaml:1:1", "`tile.tile_b` is missing"),
        ("tile:", "tile: \"", "c.yaml:", "not YAML"),
    ] {
        let config = config_tiny();
        assert!(config.contains(from), "{from}");
        let wrong = configured(&config.replacen(from, to, 1)).unwrap_err().render();
        assert!(wrong.contains(place) && wrong.contains(message), "{to}: {wrong}");
    }
    let all = configured("").unwrap_err();
    assert_eq!(all.problems().len(), 14, "{all}");
}

#[test]
fn older_configurations_without_mode_are_read() {
    let config = config_tiny()
        .replace("  mode: 'lb'\n", "")
        .replace("dram", "rram");
    assert!(configured(&config).unwrap().text.contains("Preset(\"rram-m3d\")"));
}

#[test]
fn command_writes_a_scenario_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    // A name that would end a comment, and a string.
    std::fs::copy(data("bert_tiny.json"), at.join("a\n\"b.json")).unwrap();
    std::fs::copy(data("config_tiny.yaml"), at.join("c.yaml")).unwrap();
    let files = [
        "import",
        "acceltran",
        "--model",
        "a\n\"b.json",
        "--config",
        "c.yaml",
    ];
    let printed = elector(&files, at);
    assert_eq!(printed.status.code(), Some(0));
    let arguments = [&files[..], &["mine.ron"]].concat();
    assert_eq!(elector(&arguments, at).status.code(), Some(0));
    assert_eq!(std::fs::read(at.join("mine.ron")).unwrap(), printed.stdout);
    let again = elector(&arguments, at);
    assert_eq!(again.status.code(), Some(2));
    let forced = [&arguments[..], &["--force", "--quiet"]].concat();
    let forced = elector(&forced, at);
    assert_eq!((forced.status.code(), forced.stderr.len()), (Some(0), 0));
    let run = elector(&["run", "mine.ron", "--json"], at);
    let shipped = elector(&["run", "bert-tiny-edge", "--json"], at);
    let cycles = |output: &Output| {
        let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        result["cycles"].clone()
    };
    assert_eq!(cycles(&run), cycles(&shipped));
    for files in [
        ["--model", "none.json", "--config", "c.yaml"],
        ["--model", "c.yaml", "--config", "none.yaml"],
    ] {
        let output = elector(&[&["import", "acceltran"], &files[..]].concat(), at);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8(output.stderr).unwrap().contains("none."));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_text_panics(text in "[-a-z0-9:\\[\\]{}'\"#&*!|>%@?,. \n\t_]{0,120}") {
        let _ = configured(&text);
    }

    #[test]
    fn no_change_of_a_configuration_panics(
        at in 0usize..400,
        length in 0usize..20,
        instead in "[-a-z0-9:\\[\\]{}'\"#. \n_]{0,12}",
    ) {
        let config = config_tiny();
        let at = at.min(config.len());
        let end = (at + length).min(config.len());
        let _ = configured(&format!("{}{instead}{}", &config[..at], &config[end..]));
    }
}
