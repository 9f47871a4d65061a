//! Fields set on the command line, scenarios on standard input, and which program made a result.

use scenarios::Scenario;
use scenarios::load::library::Shelf;
use serde_json::Value;

use crate::process::{elector, err, fed, here, json, out, parsed};

#[test]
fn set_changes_what_every_command_does() {
    let text = "(base: \"bert-tiny-edge\", memory: \"hbm2\", workload: (batch: 2))";
    for command in ["run", "check", "estimate"] {
        let set = ["--set", "memory=hbm2", "--set", "workload.batch=2", "--json"];
        let mut one = json(&[&[command, "bert-tiny-edge"], &set[..]].concat());
        let mut other = parsed(&fed(&[command, "-", "--json"], text));
        for result in [&mut one, &mut other] {
            let fields = result.as_object_mut().unwrap();
            fields.remove("wall_seconds");
            fields.remove("scenario");
        }
        assert_eq!(one, other, "{command}");
    }
    let lowered = json(&[
        "lower",
        "bert-tiny-edge",
        "--set",
        "workload.batch=2",
        "--summary",
        "--json",
    ]);
    let expected = parsed(&fed(&["lower", "-", "--summary", "--json"], text));
    assert_eq!(lowered["layers"], expected["layers"]);
    let compared = json(&[
        "compare",
        "tiny-trace",
        "--set",
        "workload.sequence_length=16",
        "--set",
        "compare.memories=[ideal]",
        "--json",
    ]);
    assert_eq!(compared["cells"][0]["memory"], "ideal");
}

#[test]
fn wrong_settings_are_answered_before_anything_runs() {
    for (set, says) in [
        ("accelerator.tile.w=8", "did you mean"),
        ("workload.batch=0", "a whole number from 1 to 65536 is accepted"),
        ("workload.batch", "there is no `=` in this"),
        (
            "accelerator.buffers.weight_mb=0.0001",
            "--set accelerator.buffers.weight_mb:1:1",
        ),
    ] {
        for command in ["run", "check", "lower", "compare"] {
            let output = here(&[command, "bert-tiny-edge", "--set", set]);
            // A comparison goes on with its other machines.
            if command == "compare" && set.contains("0.0001") {
                assert!(out(&output).contains(says), "{set}: {}", out(&output));
                assert_eq!(output.status.code(), Some(1), "{set}");
                continue;
            }
            assert!(err(&output).contains(says), "{command} {set}: {}", err(&output));
            assert_eq!(output.status.code(), Some(2), "{command} {set}");
        }
    }
    let pair = [
        "estimate",
        "--model",
        "m.json",
        "--accelerator",
        "1",
        "--set",
        "seed=1",
    ];
    assert_eq!(here(&pair).status.code(), Some(2));
}

#[test]
fn json_is_accepted_on_standard_input_and_in_files() {
    let ron = "(workload: (batch: 2), memory: \"hbm2\")";
    let text = r#"{"workload": {"batch": 2}, "memory": {"Preset": "hbm2"}}"#;
    let of = |text: &str| parsed(&fed(&["check", "-", "--json"], text));
    assert_eq!(of(text), of(ron));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.json"), text).unwrap();
    let checked = elector(&["check", "mine.json", "--json"], folder.path());
    assert_eq!(parsed(&checked)["scenario"], "mine");
    let wrong = fed(&["check", "-"], "{\n  \"workload\": {\"batsh\": 2}\n}");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        err(&wrong).contains("<stdin>:2:") && err(&wrong).contains("batsh"),
        "{}",
        err(&wrong)
    );
}

#[test]
fn scenarios_written_out_give_the_same_figures() {
    for name in Shelf::Scenarios.names() {
        let text = Scenario::shipped(name).unwrap().to_self_contained_ron().unwrap();
        for arguments in [
            &["check"][..],
            &["estimate"],
            &["estimate", "--convention", "published"],
        ] {
            let expected = here(&[arguments, &[name, "--json"]].concat());
            let found = fed(&[arguments, &["-", "--json"]].concat(), &text);
            assert_eq!(
                found.status.code(),
                expected.status.code(),
                "{name}: {}",
                err(&found)
            );
            assert_eq!(out(&found), out(&expected), "{name} {arguments:?}");
        }
    }
    let text = Scenario::shipped("contention")
        .unwrap()
        .to_self_contained_ron()
        .unwrap();
    let (run, expected) = (
        parsed(&fed(&["run", "-", "--json"], &text)),
        json(&["run", "contention", "--json"]),
    );
    assert_eq!(without_time(run), without_time(expected));
}

fn without_time(mut result: Value) -> Value {
    result.as_object_mut().unwrap().remove("wall_seconds");
    result
}

#[test]
fn results_say_which_program_made_them() {
    for command in ["run", "check", "estimate"] {
        let result = json(&[command, "tiny-trace", "--json"]);
        let program = &result["elector"];
        assert_eq!(program["version"], env!("CARGO_PKG_VERSION"), "{command}");
        let commit = &program["commit"];
        assert!(
            commit.is_null() || commit.as_str().is_some_and(|commit| commit.len() == 40),
            "{commit}"
        );
    }
}
