//! `elector search`: studies that go on, whoever works on them and however they stop.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::process::{err, fed, here, out, parsed};

/// A study of a few fields of a small machine: a row takes milliseconds.
const AXES: &str = r#"(path: "accelerator.clock_mhz", values: [500, 700]),
        (path: "accelerator.buffers.weight_mb", from: 2, to: 64, times: 2),
        (path: "memory", values: ["hbm2", "lpddr3-1600"]),"#;

fn study(strategy: &str, budget: u32, more: &str) -> String {
    format!(
        r#"(
    seed: 3, budget: {budget},
    strategy: {strategy},
    simulate: 2,
    base: "bert-tiny-edge",
    space: (axes: [{AXES}]),
    objective: Front([
        (metric: "latency_s", best: 3e-6, worst: 4e-3, log: true),
        (metric: "energy_j", best: 1e-5, worst: 0.1, log: true),
    ]),
    {more}
)"#
    )
}

fn search(arguments: &[&str]) -> Output {
    here(&[&["search"], arguments].concat())
}

/// A process that carries a study out.
fn begun(file: &Path, folder: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_elector"));
    command.args(["search", "run"]).arg(file).arg("--dir").arg(folder);
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What a command prints that succeeds.
fn printed(arguments: &[&str]) -> String {
    let output = search(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", err(&output));
    out(&output)
}

/// The rows of a folder, without what differs from run to run.
fn rows(folder: &Path) -> Vec<Value> {
    let printed = printed(&["rows", folder.to_str().unwrap()]);
    let rows = printed.lines().map(|line| {
        let mut row: Value = serde_json::from_str(line).unwrap();
        row["seconds"].take();
        row["host"].take();
        row
    });
    rows.collect()
}

/// A folder in which a study was carried out.
fn carried_out(at: &Path, name: &str, study: &str, more: &[&str]) -> std::path::PathBuf {
    let file = at.join(format!("{name}.ron"));
    fs::write(&file, study).unwrap();
    let folder = at.join(name);
    let mut arguments = vec!["run", file.to_str().unwrap(), "--dir", folder.to_str().unwrap()];
    arguments.extend(more);
    printed(&arguments);
    folder
}

#[test]
fn rows_do_not_depend_on_who_evaluates_them() {
    let at = tempfile::tempdir().unwrap();
    for strategy in ["GreyBox", "Nsga2", "Random"] {
        let study = study(strategy, 20, "");
        let one = carried_out(at.path(), &format!("{strategy}-one"), &study, &["--jobs", "1"]);
        let expected = rows(&one);
        assert_eq!(expected.len(), 22, "20 estimates and 2 simulations");
        let two = carried_out(at.path(), &format!("{strategy}-two"), &study, &["--jobs", "2"]);
        assert_eq!(rows(&two), expected, "{strategy}");

        let file = at.path().join(format!("{strategy}-one.ron"));
        let shards = at.path().join(format!("{strategy}-shards"));
        let shards_name = shards.to_str().unwrap();
        printed(&["init", file.to_str().unwrap(), "--dir", shards_name]);
        while !printed(&["ask", shards_name]).is_empty() {
            for shard in ["2/3", "0/3", "1/3", "1/3"] {
                printed(&["evaluate", shards_name, "--shard", shard]);
            }
            printed(&["tell", shards_name]);
        }
        assert_eq!(rows(&shards), expected, "{strategy}");
    }
}

#[test]
fn a_study_that_is_killed_goes_on_to_the_same_rows() {
    let at = tempfile::tempdir().unwrap();
    let study = study("GreyBox", 20, "");
    let expected = rows(&carried_out(at.path(), "whole", &study, &[]));
    let (file, folder) = (at.path().join("whole.ron"), at.path().join("killed"));
    for kill in 0..20 {
        let mut process = begun(&file, &folder);
        sleep(Duration::from_millis(3 + kill * 7 % 60));
        process.kill().unwrap();
        process.wait().unwrap();
    }
    // A torn last line is no line.
    let shard = fs::read_dir(folder.join("shards"))
        .unwrap()
        .next()
        .map(|entry| entry.unwrap().path());
    if let Some(shard) = shard {
        let mut bytes = fs::read(&shard).unwrap();
        bytes.extend(br#"{"id":"0123"#);
        fs::write(&shard, bytes).unwrap();
    }
    printed(&["run", file.to_str().unwrap(), "--dir", folder.to_str().unwrap()]);
    assert_eq!(rows(&folder), expected);
    let before = fs::read_dir(folder.join("shards")).unwrap().count();
    printed(&["run", file.to_str().unwrap(), "--dir", folder.to_str().unwrap()]);
    assert_eq!(
        fs::read_dir(folder.join("shards")).unwrap().count(),
        before,
        "a finished study is left alone"
    );
}

#[test]
fn two_processes_in_one_folder_do_no_harm() {
    let at = tempfile::tempdir().unwrap();
    let study = study("GreyBox", 16, "");
    let expected = rows(&carried_out(at.path(), "alone", &study, &[]));
    let (file, folder) = (at.path().join("alone.ron"), at.path().join("both"));
    let (mut one, mut other) = (begun(&file, &folder), begun(&file, &folder));
    assert!(one.wait().unwrap().success() && other.wait().unwrap().success());
    assert_eq!(rows(&folder), expected);
}

#[test]
fn a_budget_that_is_raised_leaves_the_rows_of_the_larger_one() {
    let at = tempfile::tempdir().unwrap();
    for strategy in ["GreyBox", "Random", "Sobol"] {
        let estimates = |folder: &Path| -> Vec<Value> {
            let mut rows = rows(folder);
            rows.retain(|row| row["fidelity"] == "estimate");
            for row in &mut rows {
                row["index"].take();
            }
            rows
        };
        let at_once = estimates(&carried_out(
            at.path(),
            &format!("{strategy}-21"),
            &study(strategy, 21, ""),
            &[],
        ));
        let name = format!("{strategy}-raised");
        carried_out(at.path(), &name, &study(strategy, 11, ""), &[]);
        let raised = carried_out(at.path(), &name, &study(strategy, 21, ""), &[]);
        assert_eq!(estimates(&raised), at_once, "{strategy}");
        let file = at.path().join(format!("{name}.ron"));
        fs::write(&file, study(strategy, 11, "")).unwrap();
        let lowered = search(&["run", file.to_str().unwrap(), "--dir", raised.to_str().unwrap()]);
        assert_eq!(lowered.status.code(), Some(2));
        assert!(
            err(&lowered).contains("`budget` was 21 and is 11"),
            "{}",
            err(&lowered)
        );
    }
}

#[test]
fn a_study_that_changed_is_refused_and_what_changed_is_named() {
    let at = tempfile::tempdir().unwrap();
    let folder = carried_out(at.path(), "study", &study("Random", 4, ""), &[]);
    let file = at.path().join("study.ron");
    for (changed, named) in [
        (
            study("Random", 4, "limits: [\"area_mm2 <= 60\"],"),
            "`limits` changed",
        ),
        (study("Sobol", 4, ""), "`strategy` changed"),
        (
            study("Random", 4, "").replace("bert-tiny-edge", "flexibert-mixed"),
            "`base`",
        ),
    ] {
        fs::write(&file, changed).unwrap();
        let output = search(&["run", file.to_str().unwrap(), "--dir", folder.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2));
        assert!(err(&output).contains(named), "{}", err(&output));
    }
}

/// The sum of all numbers in a value.
fn sum(value: &Value) -> f64 {
    match value {
        Value::Array(values) => values.iter().map(sum).sum(),
        Value::Object(fields) => fields.values().map(sum).sum(),
        value => value.as_f64().unwrap_or(0.0),
    }
}

#[test]
fn every_row_runs_again_to_the_same_figures() {
    let at = tempfile::tempdir().unwrap();
    let folder = carried_out(at.path(), "study", &study("Random", 4, ""), &[]);
    for row in rows(&folder) {
        let scenario = printed(&[
            "show",
            folder.to_str().unwrap(),
            row["id"].as_str().unwrap(),
            "--scenario",
        ]);
        let command = if row["fidelity"] == "simulated" {
            "run"
        } else {
            "estimate"
        };
        let result = parsed(&fed(&[command, "-", "--json"], &scenario));
        let seconds = result["seconds"].as_f64().or_else(|| {
            // An estimate states cycles.
            Some(result["cycles"].as_f64()? / (row["parameters"]["accelerator.clock_mhz"].as_f64()? * 1e6))
        });
        let latency = row["metrics"]["batch_latency_s"].as_f64().unwrap();
        assert!(
            (seconds.unwrap() / latency - 1.0).abs() < 1e-4,
            "{seconds:?} {latency}"
        );
        assert_eq!(result["area_mm2"], row["metrics"]["area_mm2"]);
        let energy = &result["energy_nj"];
        let total = energy["total"].as_f64().unwrap_or_else(|| sum(energy));
        let of_batch = row["metrics"]["energy_j"].as_f64().unwrap() * 4.0;
        assert!((total * 1e-9 / of_batch - 1.0).abs() < 1e-9, "{total} {of_batch}");
    }
}

#[test]
fn limits_on_area_are_refused_for_nothing_and_others_are_learnt() {
    let at = tempfile::tempdir().unwrap();
    let limits = "limits: [\"area_mm2 <= 60\", \"latency_s <= 5e-6\"],";
    let folder = carried_out(at.path(), "study", &study("Random", 10, limits), &[]);
    let rows = rows(&folder);
    let of_state = |state: &str| {
        rows.iter()
            .filter(|row| row["state"] == state)
            .collect::<Vec<_>>()
    };
    let done = of_state("done");
    assert!(done.iter().filter(|row| row["fidelity"] == "estimate").count() == 10);
    let refused = of_state("refused");
    assert!(!refused.is_empty());
    for row in refused {
        assert_eq!(row["field"], "area_mm2");
        assert!(
            row["reason"].as_str().unwrap().contains("area_mm2 <= 60"),
            "{row}"
        );
    }
    for row in &done {
        assert!(row["metrics"]["area_mm2"].as_f64().unwrap() <= 60.0);
        let slow = row["metrics"]["latency_s"].as_f64().unwrap() > 5e-6;
        assert_eq!(
            row["violates"].as_array().unwrap().len(),
            usize::from(slow),
            "{row}"
        );
    }
    let front: Value =
        serde_json::from_str(&printed(&["front", folder.to_str().unwrap(), "--json"])).unwrap();
    for row in front["front"].as_array().unwrap() {
        assert!(row["violates"].as_array().unwrap().is_empty());
    }
}

#[test]
fn bad_studies_say_where_and_what_is_accepted() {
    let at = tempfile::tempdir().unwrap();
    let file = at.path().join("bad.ron");
    let good = study("Random", 4, "");
    for (from, to, expected) in [
        (
            "budget: 4",
            "budget: 0",
            vec!["bad.ron:2", "`budget` cannot be 0", "1 to"],
        ),
        ("strategy: Random", "strategy: Randm", vec!["bad.ron:3", "Random"]),
        ("accelerator.clock_mhz", "accelerator.clok_mhz", vec!["clock_mhz"]),
        ("from: 2, to: 64", "from: 64, to: 2", vec!["bad.ron", "empty"]),
        ("values: [500, 700]", "values: []", vec!["0 values"]),
        ("values: [500, 700]", "values: [500, -1]", vec!["clock_mhz"]),
        ("bert-tiny-edge", "bert-tiny-egde", vec!["bert-tiny-edge"]),
        ("\"energy_j\"", "\"energie_j\"", vec!["energy_j"]),
        ("worst: 0.1", "worst: 1e-5", vec!["best"]),
        ("seed: 3,", "sead: 3,", vec!["seed"]),
    ] {
        assert!(good.contains(from), "{from}");
        fs::write(&file, good.replacen(from, to, 1)).unwrap();
        let output = search(&[
            "run",
            file.to_str().unwrap(),
            "--dir",
            at.path().join("out").to_str().unwrap(),
        ]);
        let said = err(&output);
        assert_eq!(output.status.code(), Some(2), "{to}: {said}");
        for part in expected {
            assert!(said.contains(part), "{to}: {part:?} is missing in\n{said}");
        }
    }
    let tables = [
        ("transformer,accuracy\nbert-tiny,0.64\n", "percent, not a share"),
        ("transformer,accuracy\nbert-tiny,64\nbert-tiny,65\n", "line 2"),
        ("transformer,accuracy\nbert-tiny,164\n", "164"),
    ];
    for (table, expected) in tables {
        fs::write(at.path().join("table.csv"), table).unwrap();
        let study = study("Random", 4, "accuracy: Table(\"table.csv\"),")
            .replace("space: (", "space: (transformer: Table, ");
        fs::write(&file, study).unwrap();
        let output = search(&[
            "run",
            file.to_str().unwrap(),
            "--dir",
            at.path().join("out").to_str().unwrap(),
        ]);
        assert_eq!(output.status.code(), Some(2), "{table}");
        assert!(err(&output).contains(expected), "{}", err(&output));
    }
}

#[test]
fn an_incomplete_batch_cannot_be_closed() {
    let at = tempfile::tempdir().unwrap();
    let (file, folder) = (at.path().join("study.ron"), at.path().join("out"));
    fs::write(&file, study("GreyBox", 8, "")).unwrap();
    printed(&["init", file.to_str().unwrap(), "--dir", folder.to_str().unwrap()]);
    let asked = printed(&["ask", folder.to_str().unwrap()]);
    printed(&["evaluate", folder.to_str().unwrap(), "--shard", "0/2"]);
    let output = search(&["tell", folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let open = asked
        .lines()
        .skip(1)
        .step_by(2)
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    for row in open {
        assert!(err(&output).contains(row["id"].as_str().unwrap()));
    }
    let status: Value =
        serde_json::from_str(&printed(&["status", folder.to_str().unwrap(), "--json"])).unwrap();
    assert_eq!(
        (&status["finished"], &status["done"], &status["open"]),
        (&false.into(), &4.into(), &4.into())
    );
}
