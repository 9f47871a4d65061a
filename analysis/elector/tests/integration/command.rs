//! The command as users meet it: what it prints, and how it exits.

use std::io::Write as _;
use std::process::{Command, Stdio};

use expect_test::expect;
use serde_json::Value;

use sim_core::Engine;

use crate::process::{elector, err, here, json, out};

#[test]
fn new_scenario_checks_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    assert_eq!(elector(&["new", "mine.ron"], at).status.code(), Some(0));
    let again = elector(&["new", "mine.ron"], at);
    assert_eq!(again.status.code(), Some(2));
    assert!(err(&again).contains("--force"));
    assert_eq!(
        elector(&["new", "mine.ron", "--force"], at).status.code(),
        Some(0)
    );
    assert_eq!(std::fs::read_dir(at).unwrap().count(), 1);
    let checked = elector(&["check", "mine.ron"], at);
    assert_eq!(checked.status.code(), Some(0));
    assert!(out(&checked).contains("61,440 tile operations to come"));
    let run = elector(&["run", "mine.ron", "--check"], at);
    assert_eq!(run.status.code(), Some(0), "{}", err(&run));
    assert!(out(&run).contains("all invariants held"));
}

#[test]
fn wrong_input_is_answered_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("mine.ron"),
        "(\n    accelerator: (processing_elments: 4),\n)",
    )
    .unwrap();
    for command in ["check", "run", "lower"] {
        let output = elector(&[command, "mine.ron"], folder.path());
        assert_eq!(output.status.code(), Some(2));
        assert!(err(&output).contains("mine.ron:2:"), "{}", err(&output));
        assert!(output.stdout.is_empty());
    }
    std::fs::write(
        folder.path().join("small.ron"),
        "(\n    accelerator: (buffers: (weight_mb: 0.0001)),\n)",
    )
    .unwrap();
    let small = elector(&["run", "small.ron"], folder.path());
    assert_eq!(small.status.code(), Some(2));
    assert!(err(&small).contains("small.ron:2:"), "{}", err(&small));
    assert_eq!(here(&["run", "no-such-file.ron"]).status.code(), Some(2));
    assert_eq!(here(&["run"]).status.code(), Some(2));
}

#[test]
fn scenario_is_read_from_standard_input() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_elector"))
        .args(["check", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"(base: \"bert-tiny-edge\")")
        .unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
}

#[test]
fn json_has_every_field_of_the_contract() {
    let result = json(&["run", "bert-tiny-edge", "--json"]);
    let has = |value: &Value, names: &str| {
        for name in names.split(' ') {
            assert!(value.get(name).is_some(), "no `{name}`");
        }
    };
    has(
        &result,
        "scenario seed engine cycles seconds tile_ops events macs_dense macs_effective area_mm2 energy_nj",
    );
    has(&result, "utilization stalls memory trace_digest wall_seconds");
    has(
        &result["energy_nj"],
        "main_memory buffers mac_lanes softmax layer_norm sparsity other leakage total",
    );
    has(&result["utilization"], "mac_lanes softmax layer_norm");
    has(
        &result["memory"],
        "technology channels peak_gb_s achieved_gb_s read_bytes write_bytes activates precharges",
    );
    has(
        &result["memory"],
        "refreshes row_hits row_misses row_conflicts requestors",
    );
    has(
        &result["memory"]["requestors"][0],
        "name requests reads writes bytes latency_ns read_latency_ns write_latency_ns latency_histogram",
    );
    assert_eq!(result["memory"]["wear"], Value::Null);
    has(
        &result["memory"]["requestors"][0]["latency_ns"],
        "mean p50 p90 p99 max",
    );
    assert_eq!(result["tile_ops"], 61_440);
    assert_eq!(result["add_tile_ops"], 1_792);
    let stalls = result["stalls"]
        .as_object()
        .unwrap()
        .values()
        .map(|cycles| cycles.as_f64().unwrap());
    let spent = stalls.sum::<f64>() + result["busy_cycles"].as_f64().unwrap();
    assert!((spent / result["cycles"].as_f64().unwrap() - 1.0).abs() < 1e-9);
}

#[test]
fn equal_seeds_give_equal_results() {
    let run = || {
        let mut result = json(&["run", "bert-tiny-edge", "--json", "--seed", "7"]);
        result.as_object_mut().unwrap().remove("wall_seconds");
        result
    };
    assert_eq!(run(), run());
}

/// Tests of the whole workspace build both engines; those of this package alone, as users do, only one.
#[test]
fn absent_engine_is_wrong_input() {
    let output = here(&["run", "tiny-trace", "--engine", "desim"]);
    if Engine::available().contains(&Engine::Desim) {
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        return;
    }
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("--features desim"), "{}", err(&output));
}

#[test]
fn lower_lists_every_tile_operation() {
    let output = here(&["lower", "bert-tiny-edge", "--json"]);
    assert_eq!(out(&output).lines().count(), 61_440 + 1_792);
    let summary = json(&["lower", "bert-tiny-edge", "--summary", "--json"]);
    assert_eq!(summary["tile_ops"], 61_440);
    let listed: u64 = out(&output)
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["multiplications"]
                .as_u64()
                .unwrap()
        })
        .sum();
    assert_eq!(summary["macs_dense"], listed);
}

#[test]
fn closed_pipe_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_elector"))
        .args(["lower", "bert-tiny-edge"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
}

#[test]
fn lower_of_the_tiny_scenario() {
    expect![[r#"
        operation  layer  head  role                  b     i     j     k    eb   ei   ej   ek  multiplications
                1      0     -  embedding add         0     0     0     0     1    8    8    1                0
                1      0     -  embedding add         0     0     1     0     1    8    8    1                0
                1      0     -  embedding add         0     1     0     0     1    8    8    1                0
                1      0     -  embedding add         0     1     1     0     1    8    8    1                0
                2      0     0  query                 0     0     0     0     1    8    8    8              512
                2      0     0  query                 0     0     0     1     1    8    8    8              512
                2      0     0  query                 0     1     0     0     1    8    8    8              512
                2      0     0  query                 0     1     0     1     1    8    8    8              512
                3      0     0  key                   0     0     0     0     1    8    8    8              512
                3      0     0  key                   0     0     0     1     1    8    8    8              512
                3      0     0  key                   0     1     0     0     1    8    8    8              512
                3      0     0  key                   0     1     0     1     1    8    8    8              512
    "#]]
    .assert_eq(&out(&here(&["lower", "tiny-trace", "--limit", "12"])));
}

#[test]
fn a_training_step_is_checked_listed_and_run_by_phase() {
    let checked = json(&["check", "bert-tiny-train", "--json"]);
    // Three times the forward pass.
    assert_eq!(checked["macs_dense"], 3 * 234_881_024_u64);
    let listed = out(&here(&["lower", "bert-tiny-train", "--summary"]));
    for role in ["query dW", "softmax dX", "gradient sum", "weight update"] {
        assert!(listed.contains(role), "{role}");
    }
    let run = json(&["run", "bert-tiny-train", "--json", "--check"]);
    let phases = run["phases"].as_array().unwrap();
    let names: Vec<_> = phases
        .iter()
        .map(|phase| phase["phase"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["forward", "backward", "update"]);
    let cycles: u64 = phases.iter().map(|phase| phase["cycles"].as_u64().unwrap()).sum();
    assert_eq!(cycles, run["cycles"]);
    let shares: f64 = phases.iter().map(|phase| phase["share"].as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-9);
    assert!(run["energy_nj"]["stochastic_rounding"].as_f64().unwrap() > 0.0);
    assert_eq!(run["checks"]["violations"].as_array().map(Vec::len), Some(0));
}

#[test]
fn inference_shows_nothing_of_training() {
    let run = json(&["run", "tiny-trace", "--json"]);
    assert!(run.get("phases").is_none());
    assert!(run["energy_nj"].get("stochastic_rounding").is_none());
    assert!(run["area_mm2_by_part"].get("stochastic_rounding").is_none());
}

#[test]
fn zeros_that_do_not_come_out_as_stated_are_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let run = |sparsity: &str| {
        let text = format!("(base: \"tiny-trace\", sparsity: (source: Values(), {sparsity}))");
        std::fs::write(folder.path().join("mine.ron"), text).unwrap();
        let report = out(&elector(&["run", "mine.ron"], folder.path()));
        let result = elector(&["run", "mine.ron", "--json"], folder.path());
        (report, serde_json::from_slice::<Value>(&result.stdout).unwrap())
    };
    let (report, result) = run("weight_density: 1");
    let warning = &result["density_warnings"][0];
    assert_eq!(warning["tensors"], "activations");
    assert_eq!(warning["stated_density"], 0.5);
    assert!(warning["counted_density"].as_f64().unwrap() > 0.9);
    assert_eq!(result["density_warnings"][1], Value::Null);
    assert_eq!(result["values"]["pruned"]["weights"]["stated_density"], 1.0);
    let said = report.lines().filter(|line| line.contains("warning: "));
    assert!(
        said.clone().all(|line| line.contains("activations")) && said.count() == 1,
        "{report}"
    );
    let (report, result) = run("weight_density: 1, activation_density: 1");
    assert_eq!(result["density_warnings"], Value::Null);
    assert!(!report.contains("warning"), "{report}");
}
