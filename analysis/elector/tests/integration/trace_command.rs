//! `elector run --trace` and `elector inspect`, as a user meets them.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::process::{elector, err, out, parsed};

const FORMATS: [&str; 5] = ["pftrace", "vcd", "fst", "parquet", "jsonl"];

/// The names of the files in a folder.
fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn every_format_is_written_and_the_result_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let plain = parsed(&elector(&["run", "tiny-trace", "--json"], folder.path()));
    for format in FORMATS {
        let name = format!("run.{format}");
        let run = elector(&["run", "tiny-trace", "--json", "--trace", &name], folder.path());
        assert!(err(&run).starts_with(&format!("wrote {name}: ")), "{}", err(&run));
        assert_eq!(parsed(&run)["trace_digest"], plain["trace_digest"]);
        assert!(fs::metadata(folder.path().join(name)).unwrap().len() > 0);
    }
    assert_eq!(files(folder.path()).len(), FORMATS.len());
}

#[test]
fn a_trace_is_not_overwritten_without_force() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("run.vcd"), "mine").unwrap();
    let refused = elector(&["run", "tiny-trace", "--trace", "run.vcd"], folder.path());
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("--force"));
    assert_eq!(fs::read_to_string(folder.path().join("run.vcd")).unwrap(), "mine");
    let forced = elector(
        &["run", "tiny-trace", "--trace", "run.vcd", "--force"],
        folder.path(),
    );
    assert_eq!(forced.status.code(), Some(0));
    assert!(
        fs::read_to_string(folder.path().join("run.vcd"))
            .unwrap()
            .starts_with("$version")
    );
}

#[test]
fn what_cannot_be_is_said_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, said) in [
        (
            &["--trace", "run.txt"][..],
            ".pftrace, .vcd, .fst, .parquet, .jsonl",
        ),
        (&["--trace", "run"], ".pftrace, .vcd"),
        (
            &["--trace", "no/such/folder/run.vcd"],
            "cannot write no/such/folder/run.vcd",
        ),
        (
            &["--trace", "run.vcd", "--trace-only", "pe[99].*"],
            "selects nothing",
        ),
        (&["--trace", "run.fst", "--trace-sample", "2"], "--trace-window"),
        (&["--trace", "run.fst", "--trace-sample", "0"], "--trace-sample"),
        (&["--trace", "run.vcd", "--trace-window", "5"], "FROM..TO"),
        (&["--trace", "run.vcd", "--trace-window", "a..b"], "250ns"),
        (&["--trace-only", "dma"], "--trace"),
    ] {
        let wrong = elector(&[&["run", "tiny-trace"], arguments].concat(), folder.path());
        assert_eq!(wrong.status.code(), Some(2), "{arguments:?}");
        assert!(err(&wrong).contains(said), "{}", err(&wrong));
        assert!(wrong.stdout.is_empty());
    }
    assert!(files(folder.path()).is_empty());
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_nothing_behind() {
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        // A file may have 8 blocks of 512 or 1024 bytes: writing more fails, as on a full disk.
        let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
        let full = Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_elector")])
            .args(["run", "tiny-trace", "--trace", &format!("run.{format}")])
            .current_dir(folder.path())
            .output()
            .unwrap();
        if full.status.code() == Some(0) {
            // Packed as it is, it fits.
            assert!(matches!(format, "fst" | "parquet"), "{format}");
            continue;
        }
        assert_eq!(full.status.code(), Some(1), "{format}: {}", err(&full));
        let said = err(&full);
        assert!(
            said.contains(&format!("cannot write the trace run.{format}: ")),
            "{said}"
        );
        assert!(said.contains("--trace-only"), "{said}");
        assert!(files(folder.path()).is_empty(), "{format}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_the_trace_up_to_there() {
    let folder = tempfile::tempdir().unwrap();
    let long = r#"(base: "bert-tiny-edge", workload: (batch: 512))"#;
    fs::write(folder.path().join("long.ron"), long).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_elector"))
        .args([
            "run",
            "long.ron",
            "--trace",
            "run.jsonl",
            "--trace-only",
            "pe[0].*",
        ])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The temporary file is there as soon as the trace has begun.
    while files(folder.path()).len() < 2 && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(200));
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", err(&output));
    assert!(
        err(&output).contains("its trace up to here is in run.jsonl"),
        "{}",
        err(&output)
    );
    assert_eq!(files(folder.path()), ["long.ron", "run.jsonl"]);
    let inspected = elector(&["inspect", "run.jsonl", "--json"], folder.path());
    assert!(parsed(&inspected)["records"].as_u64().is_some());
}

/// A folder with a trace of `scenario` as `run.parquet`.
fn traced(scenario: &str) -> (tempfile::TempDir, Value) {
    let folder = tempfile::tempdir().unwrap();
    let run = elector(
        &["run", scenario, "--json", "--trace", "run.parquet"],
        folder.path(),
    );
    let result = parsed(&run);
    (folder, result)
}

#[test]
fn inspect_says_what_the_result_says() {
    let (folder, result) = traced("flexibert-mixed");
    let inspection = parsed(&elector(&["inspect", "run.parquet", "--json"], folder.path()));
    assert_eq!(inspection["to_cycle"].as_f64(), result["cycles"].as_f64());
    let components = inspection["components"].as_array().unwrap();
    for (kind, name) in [
        ("mac_tile", "mac_lanes"),
        ("softmax_tile", "softmax"),
        ("layer_norm_tile", "layer_norm"),
    ] {
        let used = components.iter().find(|used| used["kind"] == kind).unwrap();
        let (found, reported) = (used["utilization"].as_f64(), result["utilization"][name].as_f64());
        assert!(
            (found.unwrap() - reported.unwrap()).abs() < 1e-6,
            "{name}: {found:?}, not {reported:?}"
        );
    }
    let slowest = inspection["operations"].as_array().unwrap();
    assert_eq!(slowest.len(), 10);
    let cycles: Vec<f64> = slowest
        .iter()
        .map(|one| one["cycles"].as_f64().unwrap())
        .collect();
    assert!(cycles.is_sorted_by(|one, next| one >= next));
}

/// The run says it at once, the trace afterwards: the same path, as long as the run.
#[test]
fn inspect_and_the_run_tell_the_same_critical_path() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| parsed(&elector(arguments, folder.path()));
    let result = run(&[
        "run",
        "flexibert-mixed",
        "--json",
        "--check",
        "--critical-path",
        "--trace",
        "run.parquet",
    ]);
    let path = &result["critical_path"];
    assert_eq!(path["cycles"].as_f64(), result["cycles"].as_f64());
    let inspection = run(&["inspect", "run.parquet", "--json", "--top", "12"]);
    assert_eq!(&inspection["critical_path"], path);
    for list in ["parts", "operations"] {
        let sum: f64 = path[list]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["share"].as_f64().unwrap())
            .sum();
        assert!((sum - 1.0).abs() < 1e-9, "{list}: {sum}");
    }
    // A part of the time has a part of the path.
    let part = run(&[
        "inspect",
        "run.parquet",
        "--json",
        "--from",
        "100",
        "--to",
        "1100",
    ]);
    assert_eq!(part["critical_path"]["cycles"].as_f64(), Some(1000.0));
}

/// Recording a short window does not pay for the path of the whole run, unless a pattern names it.
#[test]
fn a_window_holds_the_critical_path_only_if_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let window = [
        "run",
        "tiny-trace",
        "--force",
        "--trace",
        "run.jsonl",
        "--trace-window",
        "0..500",
    ];
    let holds = |arguments: &[&str]| {
        let run = elector(arguments, folder.path());
        assert!(run.status.success(), "{}", err(&run));
        let trace = fs::read_to_string(folder.path().join("run.jsonl")).unwrap();
        trace
            .lines()
            .skip(1)
            .any(|line| line.contains(r#""track":"critical_path""#))
    };
    assert!(!holds(&window));
    let named = [&window[..], &["--trace-only", "critical_path,dma.*"]].concat();
    assert!(holds(&named));
}

#[test]
fn inspect_explains_all_idle_time_of_a_lane() {
    let (folder, result) = traced("flexibert-mixed");
    let inspection = parsed(&elector(
        &[
            "inspect",
            "run.parquet",
            "--component",
            "pe[*].mac[*]",
            "--json",
            "--top",
            "3",
        ],
        folder.path(),
    ));
    let idle = &inspection["idle"];
    assert_eq!(idle["gaps"].as_array().unwrap().len(), 3);
    let causes = idle["causes"].as_array().unwrap();
    let shares: f64 = causes.iter().map(|cause| cause["share"].as_f64().unwrap()).sum();
    let busy = result["utilization"]["mac_lanes"].as_f64().unwrap();
    let lanes = idle["lanes"].as_f64().unwrap();
    let whole = inspection["header"]["tracks"]["pe[*].mac[*]"].as_f64().unwrap();
    assert!(
        (shares + busy * whole / lanes - 1.0).abs() < 1e-6,
        "{shares} idle, {busy} busy"
    );
    let report = out(&elector(
        &[
            "inspect",
            "run.parquet",
            "--component",
            "pe[0].mac[0]",
            "--from",
            "100",
            "--to",
            "20us",
        ],
        folder.path(),
    ));
    for heading in ["Utilisation", "Idle lanes", "longest gaps", "pe[0].mac[0]"] {
        assert!(report.contains(heading), "{report}");
    }
}

#[test]
fn inspect_answers_the_same_of_a_perfetto_trace() {
    let (folder, _) = traced("flexibert-mixed");
    let run = |arguments: &[&str]| elector(arguments, folder.path());
    let again = run(&["run", "flexibert-mixed", "--trace", "run.pftrace"]);
    assert_eq!(again.status.code(), Some(0), "{}", err(&again));
    for question in [
        &[][..],
        &["--component", "pe[0].*", "--from", "100", "--to", "20us"],
        &["--component", "memory.*", "--json"],
    ] {
        let [rows, packets] =
            ["run.parquet", "run.pftrace"].map(|file| out(&run(&[&["inspect", file], question].concat())));
        assert!(rows.len() > 100);
        assert_eq!(rows, packets);
    }
    let equal = run(&["inspect", "run.pftrace", "--diff", "run.parquet"]);
    assert!(out(&equal).starts_with("equal: "), "{}", out(&equal));
}

/// Lanes of another transformer wait for its own control block, not for the first one's.
#[test]
fn inspect_explains_each_machine_by_itself() {
    let (folder, _) = traced("contention");
    let idle = |pattern: &str| {
        let asked = [
            "inspect",
            "run.parquet",
            "--component",
            pattern,
            "--json",
            "--top",
            "5",
        ];
        parsed(&elector(&asked, folder.path()))["idle"].clone()
    };
    let cycles = |idle: &Value, cause: &str| {
        let causes = idle["causes"].as_array().unwrap();
        let found = causes.iter().find(|one| one["cause"] == cause);
        found.map_or(0.0, |one| one["cycles"].as_f64().unwrap())
    };
    let (own, all) = (idle("pe[*].mac[*]"), idle("*pe[*].mac[*]"));
    let second = idle("*.pe[*].mac[*]");
    assert!(cycles(&second, "memory") > 0.0, "{second}");
    for cause in ["memory", "dependence", "pipeline", "issue", "drain"] {
        let sum = cycles(&own, cause) + cycles(&second, cause);
        assert!(
            (sum - cycles(&all, cause)).abs() < 1e-6 * sum.max(1.0),
            "{cause}: {sum}"
        );
    }
    let waits = second["gaps"][0]["waiting"].as_str().unwrap();
    assert!(waits.contains("(operation"), "{waits}");
}

#[test]
fn inspect_finds_where_two_traces_part() {
    let (folder, _) = traced("tiny-trace");
    let run = |arguments: &[&str]| elector(arguments, folder.path());
    let again = run(&["run", "tiny-trace", "--trace", "again.jsonl"]);
    assert_eq!(again.status.code(), Some(0));
    let equal = run(&["inspect", "run.parquet", "--diff", "again.jsonl"]);
    assert!(out(&equal).starts_with("equal: "), "{}", out(&equal));
    let text = fs::read_to_string(folder.path().join("again.jsonl")).unwrap();
    let changed = text.replacen("\"kind\":\"ACT\"", "\"kind\":\"PRE\"", 1);
    fs::write(folder.path().join("changed.jsonl"), changed).unwrap();
    let parted = parsed(&run(&[
        "inspect",
        "again.jsonl",
        "--diff",
        "changed.jsonl",
        "--json",
    ]));
    assert_eq!(parted["equal"], false);
    assert_eq!(parted["parting"]["columns"], serde_json::json!(["kind"]));
    let short: Vec<&str> = text.lines().take(20).collect();
    fs::write(folder.path().join("short.jsonl"), short.join("\n")).unwrap();
    let ended = run(&["inspect", "again.jsonl", "--diff", "short.jsonl"]);
    assert!(out(&ended).contains("after 19 equal records"), "{}", out(&ended));
    assert!(out(&ended).contains("has ended"));
}

#[test]
fn instants_at_the_end_of_time_are_added_up_without_panic() {
    let folder = tempfile::tempdir().unwrap();
    let run = elector(&["run", "tiny-trace", "--trace", "run.jsonl"], folder.path());
    assert_eq!(run.status.code(), Some(0));
    let text = fs::read_to_string(folder.path().join("run.jsonl")).unwrap();
    let header = text.lines().next().unwrap();
    let spans = [
        ("pe[0].mac[0]", "mac_tile", r#""operation":1,"tile":[0,0,0,0]"#),
        (
            "control_block",
            "stall",
            r#""detail":"memory","operation":4294967295"#,
        ),
        ("critical_path", "memory_read", r#""detail":"weights""#),
        (
            "dma.slot[0]",
            "load_queued",
            r#""transfer":0,"bytes":18446744073709551615"#,
        ),
        (
            "dma.slot[0]",
            "load",
            r#""transfer":0,"bytes":18446744073709551615"#,
        ),
    ];
    let mut lines = vec![header.to_owned()];
    for (start, end) in [(0, u64::MAX), (1, u64::MAX - 1), (u64::MAX, u64::MAX)] {
        lines.extend(spans.iter().map(|(track, kind, rest)| {
            format!(
                r#"{{"record":"span","track":"{track}","kind":"{kind}","start_tick":{start},"end_tick":{end},"start_ns":0,"duration_ns":0,{rest}}}"#
            )
        }));
    }
    fs::write(folder.path().join("late.jsonl"), lines.join("\n")).unwrap();
    for pattern in ["*", "pe[0].mac[0]", "none"] {
        let inspected = elector(&["inspect", "late.jsonl", "--component", pattern], folder.path());
        assert_eq!(inspected.status.code(), Some(0), "{}", err(&inspected));
    }
}

#[test]
fn what_is_no_trace_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("text.jsonl", b"{\"record\":\"span\"}\n");
    write("empty.jsonl", b"");
    write("binary.jsonl", &[0xff; 100]);
    write("other.parquet", b"PAR1 and nothing else PAR1");
    write("run.vcd", b"");
    write("empty.pftrace", b"");
    write("other.pftrace", b"\x0a\x04\x50\x01\x68\x01");
    write("text.pftrace", b"{\"traceEvents\": []}");
    for (name, said) in [
        ("text.jsonl", "not a header"),
        ("empty.jsonl", "not a header"),
        ("binary.jsonl", "cannot read"),
        ("other.parquet", "cannot read"),
        ("run.vcd", ".parquet, .jsonl and .pftrace"),
        ("empty.pftrace", "it is empty"),
        ("other.pftrace", "the header of elector's traces is missing"),
        ("text.pftrace", "no packet begins there, in what begins at byte 0"),
        ("missing.jsonl", "cannot read missing.jsonl"),
    ] {
        let refused = elector(&["inspect", name], folder.path());
        assert_eq!(refused.status.code(), Some(2), "{name}");
        assert!(err(&refused).contains(said), "{}", err(&refused));
    }
    let traced = elector(&["run", "tiny-trace", "--trace", "run.jsonl"], folder.path());
    assert_eq!(traced.status.code(), Some(0));
    let text = fs::read_to_string(folder.path().join("run.jsonl")).unwrap();
    write("cut.jsonl", &text.as_bytes()[..text.len() - 20]);
    let cut = elector(&["inspect", "cut.jsonl"], folder.path());
    assert_eq!(cut.status.code(), Some(2));
    assert!(
        err(&cut).contains(&format!("cut.jsonl:{}: ", text.lines().count())),
        "{}",
        err(&cut)
    );
}
