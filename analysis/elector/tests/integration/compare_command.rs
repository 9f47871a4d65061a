//! `elector compare`, as a user meets it.

use std::fs;

use expect_test::expect_file;
use serde_json::Value;

use crate::process::{elector, err, fed, here, json, out, parsed, root};

/// A small scenario with other traffic.
const SMALL: &str = r#"(
    base: "tiny-trace",
    contention: (
        tenants: [(name: "second", start_us: 2)],
        background: [(name: "camera", traffic: Generated(arrivals: Steady(gb_s: 1), write_share: 0.5))],
    ),
    compare: (memories: [Preset("lpddr3-1600"), Preset("hbm2")]),
)"#;

/// The cells without the time that the simulation itself took.
fn cells(mut comparison: Value) -> Value {
    for cell in comparison["cells"].as_array_mut().into_iter().flatten() {
        cell["result"]["wall_seconds"] = Value::Null;
    }
    comparison
}

#[test]
fn any_number_of_jobs_gives_the_same_result() {
    let one = cells(parsed(&fed(&["compare", "-", "--json", "--jobs", "1"], SMALL)));
    let four = cells(parsed(&fed(&["compare", "-", "--json", "--jobs", "4"], SMALL)));
    assert_eq!(one, four);
    let order: Vec<(&str, &str)> = one["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| (cell["memory"].as_str().unwrap(), cell["state"].as_str().unwrap()))
        .collect();
    let expected = [
        ("lpddr3-1600", "alone"),
        ("lpddr3-1600", "contended"),
        ("hbm2", "alone"),
        ("hbm2", "contended"),
    ];
    assert_eq!(order, expected);
    assert_eq!(one["interrupted"], false);
    assert_eq!(one["verdict"]["best"]["alone"]["latency"], "hbm2");
    assert!(one["verdict"]["slowdown"]["lpddr3-1600"].as_f64().unwrap() > 1.0);
}

#[test]
fn a_cell_alone_is_the_run_of_the_scenario_alone() {
    let comparison = json(&["compare", "tiny-trace", "--memory", "hbm2,ideal", "--json"]);
    let run = fed(
        &["run", "-", "--json"],
        r#"(base: "tiny-trace", memory: Preset("hbm2"))"#,
    );
    let run = parsed(&run);
    let cells = comparison["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 2, "without contention each memory is one run");
    assert_eq!(cells[0]["result"]["trace_digest"], run["trace_digest"]);
    assert_eq!(cells[0]["result"]["energy_nj"], run["energy_nj"]);
    let delay = cells[0]["energy_delay_product_js"].as_f64().unwrap();
    let expected = run["energy_nj"]["total"].as_f64().unwrap() * 1e-9 * run["seconds"].as_f64().unwrap();
    assert!((delay / expected - 1.0).abs() < 1e-12);
}

#[test]
fn bytes_of_every_requestor_are_what_it_moves_alone() {
    let comparison = parsed(&fed(&["compare", "-", "--json"], SMALL));
    let cells = comparison["cells"].as_array().unwrap();
    let bytes = |cell: &Value, name: &str| -> u64 {
        let requestors = cell["result"]["memory"]["requestors"].as_array().unwrap();
        let of = requestors.iter().find(|requestor| requestor["name"] == name);
        of.map_or(0, |requestor| requestor["bytes"].as_u64().unwrap())
    };
    for name in ["weights", "masks", "embeddings", "activations"] {
        let alone = bytes(&cells[0], name);
        assert!(alone > 0);
        for cell in cells {
            assert_eq!(bytes(cell, name), alone, "{name}");
        }
        assert_eq!(
            bytes(&cells[1], &format!("second.{name}")),
            alone,
            "a second one moves the same"
        );
    }
}

#[test]
fn a_run_that_fails_stands_beside_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let small = fs::read_to_string(root().join("scenarios/library/memory/lpddr3-1600.ron")).unwrap();
    // One row per bank: too small for any transformer.
    let small = small.replace("rows: 32768", "rows: 1");
    assert!(small.contains("rows: 1,"));
    fs::write(folder.path().join("small.ron"), small).unwrap();
    let arguments = [
        "compare",
        "bert-tiny-edge",
        "--memory",
        "hbm2,small.ron,ddr4-2400",
    ];
    let output = elector(&arguments, folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("1 of 3 runs failed"), "{}", err(&output));
    let text = out(&output);
    assert!(
        text.contains("the weights take") && text.contains("fastest hbm2"),
        "{text}"
    );
    let output = elector(&[&arguments[..], &["--json"]].concat(), folder.path());
    let comparison: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        comparison["cells"][1]["error"]
            .as_str()
            .unwrap()
            .contains("main memory holds")
    );
    assert!(comparison["cells"][2]["result"]["cycles"].as_u64().is_some());
}

#[test]
fn candidates_are_variants_of_the_scenario() {
    let scenario = r#"(
        base: "tiny-trace",
        compare: (
            memories: [Preset("hbm2"), Preset("ddr4-2400")],
            candidates: [
                (changes: (sparsity: (activation_density: 1.0))),
                (name: "nano", changes: (workload: (transformer: Preset("bert-nano"), sequence_length: 16))),
            ],
        ),
    )"#;
    let comparison = parsed(&fed(&["compare", "-", "--json"], scenario));
    let cells = comparison["cells"].as_array().unwrap();
    let names: Vec<_> = cells
        .iter()
        .map(|cell| (cell["candidate"].as_str(), cell["memory"].as_str()))
        .collect();
    let expected = [
        (Some("candidate-1"), Some("hbm2")),
        (Some("candidate-1"), Some("ddr4-2400")),
        (Some("nano"), Some("hbm2")),
        (Some("nano"), Some("ddr4-2400")),
    ];
    assert_eq!(names, expected);
    let dense = r#"(base: "tiny-trace", memory: Preset("hbm2"), sparsity: (activation_density: 1.0))"#;
    let run = parsed(&fed(&["run", "-", "--json"], dense));
    assert_eq!(cells[0]["result"]["trace_digest"], run["trace_digest"]);
    assert!(
        comparison["verdict"]["best"]["alone"]["latency"]
            .as_str()
            .unwrap()
            .contains(" on ")
    );
}

#[test]
fn wrong_candidates_are_said_at_their_place() {
    let wrong = |changes: &str| {
        let scenario = format!(r#"(base: "tiny-trace", compare: (candidates: [(changes: {changes})]))"#);
        let output = fed(&["compare", "-"], &scenario);
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        err(&output)
    };
    assert!(wrong("(accelerator: (lanes_per_pe: 0))").contains("<stdin>:1:"));
    assert!(wrong(r#"(base: "bert-tiny-edge")"#).contains("cannot include other files"));
    assert!(wrong("(acelerator: ())").contains("did you mean `accelerator`?"));
    assert!(wrong("(compare: (memories: []))").contains("comparisons"));
}

#[test]
fn wrong_memories_are_wrong_input() {
    let output = here(&["compare", "tiny-trace", "--memory", "hbm3"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("did you mean `hbm2`?"), "{}", err(&output));
    let output = fed(
        &["compare", "-"],
        r#"(compare: (memories: [Preset("hbm2"), Preset("ddr5")]))"#,
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(
        err(&output).contains("ddr5") && err(&output).contains("<stdin>:1"),
        "{}",
        err(&output)
    );
    assert_eq!(
        here(&["compare", "tiny-trace", "--jobs", "0"]).status.code(),
        Some(2)
    );
}

#[test]
fn wrong_contention_is_said_at_its_place() {
    let cases = [
        (
            r#"(accelerator: (processing_elements: 40000), contention: (tenants: [(), ()]))"#,
            "all machines together have",
        ),
        (r#"(contention: (background: [(name: "weights")]))"#, "is taken"),
        (r#"(contention: (background: [(name: "a.b")]))"#, "holds a dot"),
        (
            r#"(contention: (arbitration: Priority(["camera"])))"#,
            "known are accelerator, weights",
        ),
        (
            r#"(contention: (arbitration: Shares({"weights": 0})))"#,
            "from 1 to 1000",
        ),
        (
            r#"(contention: (tenants: [(scenario: "bert-tiny-egde")]))"#,
            "did you mean `bert-tiny-edge`?",
        ),
        (r#"(contention: (tenants: [(start_us: -1)]))"#, "start_us"),
        (
            r#"(contention: (background: [(traffic: Trace("none.trace"))]))"#,
            "cannot read",
        ),
        (
            r#"(memory: Preset("ideal"), contention: (background: [()]))"#,
            "no traffic can saturate it",
        ),
        (
            r#"(contention: (background: [(region_mb: 1000000)]))"#,
            "main memory holds",
        ),
        (
            r#"(contention: (background: [(traffic: Generated(arrivals: Steady(gb_s: -1)))]))"#,
            "gb_s",
        ),
        (
            r#"(contention: (background: [(traffic: Generated(adresses: Random))]))"#,
            "adresses",
        ),
    ];
    for (text, expected) in cases {
        let output = fed(&["run", "-"], text);
        let message = err(&output);
        assert_eq!(output.status.code(), Some(2), "{text}: {message}");
        assert!(message.contains(expected), "{text}: {message}");
    }
}

#[test]
fn a_trace_is_replayed_as_background() {
    let folder = tempfile::tempdir().unwrap();
    let lines: String = (0..100)
        .map(|line| format!("0x{:x} READ {}\n", line * 64 + (1 << 26), line * 5))
        .collect();
    fs::write(folder.path().join("requests.trace"), lines).unwrap();
    let scenario = r#"(base: "tiny-trace", contention: (background: [(name: "replay", traffic: Trace("requests.trace"))]))"#;
    fs::write(folder.path().join("mine.ron"), scenario).unwrap();
    let run = parsed(&elector(&["run", "mine.ron", "--json", "--check"], folder.path()));
    assert_eq!(run["background"][0]["name"], "replay");
    assert_eq!(run["background"][0]["requests"], 100);
    fs::write(
        folder.path().join("requests.trace"),
        "0x40 READ 0\n0x80 FETCH 1\n",
    )
    .unwrap();
    let output = elector(&["run", "mine.ron"], folder.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(
        err(&output).contains("line 2: `FETCH` is not an access"),
        "{}",
        err(&output)
    );
}

#[test]
fn the_report_reads_like_this() {
    expect_file!["golden/compare.txt"].assert_eq(&out(&fed(&["compare", "-"], SMALL)));
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_finished() {
    use std::io::Read as _;
    use std::process::{Command, Stdio};
    use std::time::Duration;

    // The first run takes a fraction of a second, the second one many.
    let scenario = r#"(base: "bert-base-server", memory: Preset("hbm2"), workload: (batch: 4))"#;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("long.ron"), scenario).unwrap();
    let small = SMALL.replace(
        r#"tenants: [(name: "second", start_us: 2)]"#,
        r#"tenants: [(name: "long", scenario: "long.ron")]"#,
    );
    fs::write(folder.path().join("mine.ron"), small).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_elector"))
        .args(["compare", "mine.ron", "--json", "--jobs", "1", "--memory", "hbm2"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut text = String::new();
    let mut byte = [0];
    // The first cell has come when its line has.
    while text.lines().count() < 2 || !text.contains("trace_digest") {
        assert_eq!(stdout.read(&mut byte).unwrap(), 1, "{text}");
        text.push(char::from(byte[0]));
    }
    std::thread::sleep(Duration::from_millis(200));
    let interrupted = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(interrupted.success());
    stdout.read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let comparison: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(comparison["interrupted"], true);
    assert_eq!(comparison["cells"].as_array().unwrap().len(), 1);
}
