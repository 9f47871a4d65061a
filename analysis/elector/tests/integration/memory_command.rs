//! `elector memory` as users meet it, and against the library that it calls.

use std::path::Path;

use analysis::result::memory::{LatencyHistogram, decode_histogram};
use components::memory::pattern::{Geometry, Pattern};
use components::memory::{Access, MemoryDescription, MemoryPlan, ReplayReport, parse_trace, replay};
use expect_test::expect;
use scenarios::load::Document;
use scenarios::load::library::Shelf;
use serde_json::Value;
use sim_core::Engine;

use crate::process::{elector, err, fed, here, json, out, parsed};

/// The text of a trace that DRAMsim3 could read.
fn trace(pattern: Pattern, requests: u64) -> String {
    let geometry = Geometry {
        capacity: 1 << 30,
        row_stride: 64 << 10,
        page: 8192,
    };
    let line = |record: components::memory::TraceRecord| {
        let access = match record.access {
            Access::Read => "READ",
            Access::Write => "WRITE",
        };
        format!("0x{:X} {access} {}\n", record.address, record.cycle)
    };
    pattern.requests(geometry, requests).map(line).collect()
}

fn plan(name: &str) -> MemoryPlan {
    let document = Document::<MemoryDescription>::shipped(Shelf::Memories, name).unwrap();
    document.plan().unwrap()
}

fn direct(memory: &str, trace: &str, requests_per_cycle: u32) -> ReplayReport {
    let records = parse_trace(trace.as_bytes());
    replay(&plan(memory), records, requests_per_cycle, Engine::Wheel).unwrap()
}

/// The command's result on `trace`, which it gets on standard input.
fn replayed(memory: &str, trace: &str, more: &[&str]) -> Value {
    let arguments = [&["memory", memory, "--replay", "-", "--json"], more].concat();
    parsed(&fed(&arguments, trace))
}

/// Numbers in JSON lose their last digit.
fn assert_near(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!((found / expected - 1.0).abs() < 1e-12, "{found}, not {expected}");
}

const MIXED: Pattern = Pattern::Bursts {
    seed: 5,
    burst: 32,
    gap_min: 20,
    gap_max: 100,
};

#[test]
fn a_replay_is_the_librarys() {
    let text = trace(MIXED, 3000);
    for memory in ["lpddr3-1600", "dramsim3/hbm1", "rram"] {
        let (ours, theirs) = (
            direct(memory, &text, 2),
            replayed(memory, &text, &["--requests-per-cycle", "2"]),
        );
        let report = &ours.memory;
        let counts = |names: &[&str]| {
            let value = |name: &&str| {
                theirs["memory"]
                    .get(*name)
                    .or(theirs.get(*name))
                    .unwrap()
                    .as_u64()
                    .unwrap()
            };
            names.iter().map(value).collect::<Vec<_>>()
        };
        assert_eq!(
            counts(&[
                "cycles",
                "reads",
                "writes",
                "events",
                "activates",
                "precharges",
                "refreshes",
                "row_hits",
                "still_queued"
            ]),
            [
                ours.last_answer,
                ours.reads,
                ours.writes,
                ours.events,
                report.activates,
                report.precharges,
                report.refreshes,
                report.row_hits(),
                report.still_queued
            ],
            "{memory}"
        );
        assert_eq!(theirs["trace_digest"], format!("{:016x}", ours.digest));
        assert_near(
            &theirs["memory"]["energy_nj"]["total"],
            report.energy.total().0 * 1e-3,
        );
        let requestor = &theirs["memory"]["requestors"][0];
        let nanoseconds = report.read_latency().mean() * 1e9 / plan(memory).frequency().hertz();
        assert_eq!(requestor["name"], "trace");
        assert_near(&requestor["latency_ns"]["mean"], nanoseconds);
        assert_eq!(requestor["latency_ns"], requestor["read_latency_ns"]);
        let served = ours.reads + ours.writes - report.still_queued;
        let achieved = served as f64 * 64.0 / theirs["seconds"].as_f64().unwrap() / 1e9;
        assert_near(&theirs["memory"]["achieved_gb_s"], achieved);
    }
}

#[test]
fn engines_and_ways_of_naming_a_memory_agree() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let text = trace(MIXED, 500);
    std::fs::write(at.join("some.trc"), &text).unwrap();
    let run = |arguments: &[&str]| {
        let mut result = parsed(&elector(arguments, at));
        for differs in ["wall_seconds", "engine", "technology"] {
            result.as_object_mut().unwrap().remove(differs);
        }
        result["memory"].as_object_mut().unwrap().remove("technology");
        result
    };
    let shipped = run(&["memory", "hbm2", "--replay", "some.trc", "--json"]);
    for engine in Engine::available() {
        let engine = engine.to_string();
        let arguments = [
            "memory", "hbm2", "--replay", "some.trc", "--json", "--engine", &engine,
        ];
        assert_eq!(shipped, run(&arguments), "{engine}");
    }
    assert_eq!(elector(&["new", "--memory", "hbm2"], at).status.code(), Some(0));
    let again = elector(&["new", "--memory", "hbm2"], at);
    assert_eq!(again.status.code(), Some(2));
    assert!(err(&again).contains("--force"), "{}", err(&again));
    let file = run(&["memory", "hbm2.ron", "--replay", "some.trc", "--json"]);
    assert_eq!(shipped, file);
    let printed = elector(&["new", "--memory", "hbm2", "-"], at);
    let written = std::fs::read_to_string(at.join("hbm2.ron")).unwrap();
    assert_eq!(out(&printed), written);
    let fed = fed(&["memory", "-", "--json"], &written);
    assert_eq!(
        parsed(&fed)["timing"],
        json(&["memory", "hbm2", "--json"])["timing"]
    );
}

#[test]
fn merged_histograms_are_the_histogram_of_both() {
    let texts = [
        trace(MIXED, 2000),
        trace(Pattern::RandomReadsAndWrites { seed: 2 }, 2000),
    ];
    let mut merged = texts.iter().map(|text| {
        let result = replayed("ddr4-2400", text, &[]);
        let whole = &result["memory"]["requestors"][0]["latency_histogram"];
        let whole: LatencyHistogram = serde_json::from_value(whole.clone()).unwrap();
        assert!((whole.unit_ns - 1.0 / 1.2).abs() < 1e-12);
        [whole.reads, whole.writes].map(|text| decode_histogram(&text.unwrap()).unwrap())
    });
    let [mut reads, mut writes] = merged.next().unwrap();
    let [other_reads, other_writes] = merged.next().unwrap();
    reads.add(&other_reads).unwrap();
    writes.add(&other_writes).unwrap();

    let [mut both, second] = texts.map(|text| direct("ddr4-2400", &text, 1).memory.requestors.remove(0));
    both.read_latency.merge(&second.read_latency);
    both.write_latency.merge(&second.write_latency);
    assert_eq!(&reads, both.read_latency.histogram());
    assert_eq!(&writes, both.write_latency.histogram());
}

#[test]
fn one_that_only_writes_has_the_latency_of_its_writes() {
    let text: String = (0..200)
        .map(|block| format!("0x{:x} WRITE 0\n", block * 64))
        .collect();
    let result = replayed("rram", &text, &[]);
    let requestor = &result["memory"]["requestors"][0];
    assert_eq!(requestor["read_latency_ns"], Value::Null);
    assert_eq!(requestor["latency_ns"], requestor["write_latency_ns"]);
    assert_eq!(requestor["latency_histogram"]["reads"], Value::Null);
    let wear = &result["memory"]["wear"];
    assert!(wear["bank_writes"].as_u64().unwrap() > 0);
    assert_eq!(
        (&wear["endurance"], &wear["lifetime_years"]),
        (&Value::Null, &Value::Null)
    );
    let peak = result["memory"]["peak_gb_s"].as_f64().unwrap();
    assert!(result["memory"]["achieved_gb_s"].as_f64().unwrap() <= peak);
}

#[test]
fn a_known_endurance_gives_a_lifetime() {
    let folder = tempfile::tempdir().unwrap();
    let rram = out(&here(&["new", "--memory", "rram", "-"]));
    let enduring = rram.replace("endurance: None", "endurance: 1000000");
    std::fs::write(folder.path().join("mine.ron"), enduring).unwrap();
    let writes: String = (0..200)
        .map(|block| format!("0x{:x} WRITE 0\n", block * 64))
        .collect();
    std::fs::write(folder.path().join("writes.trc"), writes).unwrap();
    let arguments = ["memory", "mine.ron", "--replay", "writes.trc"];
    let result = parsed(&elector(&[&arguments[..], &["--json"]].concat(), folder.path()));
    let wear = &result["memory"]["wear"];
    let number = |name: &str| wear[name].as_f64().unwrap();
    let seconds =
        1e6 * number("blocks_per_bank") / number("most_bank_writes") * result["seconds"].as_f64().unwrap();
    assert!((number("lifetime_years") * 365.25 * 86_400.0 / seconds - 1.0).abs() < 1e-9);
    let text = out(&elector(&arguments, folder.path()));
    assert!(text.contains("at this rate, 1e6 writes per cell"), "{text}");
}

/// What the command says of wrong input on standard error.
fn refused(arguments: &[&str], input: &str) -> String {
    let output = fed(arguments, input);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    err(&output)
}

#[test]
fn wrong_traces_are_answered_with_file_and_line() {
    let on_stdin = ["memory", "hbm2", "--replay", "-"];
    let said = refused(&on_stdin, "0x40 READ 0\n# fine\n0x80 FETCH 0\n");
    assert!(
        said.contains("<stdin>:3: `FETCH` is not an access (write READ or WRITE)"),
        "{said}"
    );
    let said = refused(&on_stdin, &"9".repeat(10_000));
    assert!(said.contains("<stdin>:1: is longer than"), "{said}");
    let said = refused(&["memory", "hbm2", "--replay", "no-such.trc"], "");
    assert!(
        said.contains("cannot read no-such.trc: there is no such file"),
        "{said}"
    );
    let said = refused(&["memory", "hbm2", "--replay", "some.trc.gz"], "");
    assert!(said.contains("gunzip -c some.trc.gz |"), "{said}");
    let said = refused(&["memory", "hbm2", "--replay", "."], "");
    assert!(said.contains("it is a directory"), "{said}");
    let said = refused(
        &["memory", "hbm2", "--replay", "-", "--requests-per-cycle", "0"],
        "",
    );
    assert!(said.contains("--requests-per-cycle"), "{said}");
    let said = refused(&["memory", "--replay", "-"], "");
    assert!(said.contains("NAME|FILE.ron"), "{said}");
    let said = refused(&["memory", "-", "--replay", "-"], "");
    assert!(said.contains("cannot be both"), "{said}");
}

#[test]
fn wrong_memories_are_answered_with_what_would_be_right() {
    let folder = tempfile::tempdir().unwrap();
    let said = |name: &str| {
        let output = elector(&["memory", name], folder.path());
        assert_eq!(output.status.code(), Some(2), "{name}");
        err(&output)
    };
    assert!(said("hbm3").contains("did you mean `hbm2`?"));
    assert!(said("rram_16_2_2").contains("did you mean `published/rram_16_2_2`?"));
    assert!(said("hbm2.ron").contains("name it without the ending"));
    assert!(said("mine.ron").contains("cannot read mine.ron: there is no such file"));
    assert!(said("ideal").contains("has no channels and no banks"));
    let rram = out(&here(&["new", "--memory", "rram", "-"]));
    let three_ranks = rram.replace("ranks: 1,", "ranks: 3,");
    std::fs::write(folder.path().join("mine.ron"), three_ranks).unwrap();
    let problem = said("mine.ron");
    assert!(
        problem.contains("mine.ron:") && problem.contains("a power of two"),
        "{problem}"
    );
    assert_eq!(here(&["new", "--memory", "hbm3", "-"]).status.code(), Some(2));
}

#[test]
fn odd_traces_are_replayed_with_a_word_of_warning() {
    let empty = fed(&["memory", "hbm2", "--replay", "-", "--json"], "# nothing\n");
    assert!(err(&empty).contains("holds no request"), "{}", err(&empty));
    assert_eq!(parsed(&empty)["cycles"], 0);
    let far = fed(
        &["memory", "hbm2", "--replay", "-", "--json"],
        "0xFFFFFFFFFFFFFFC0 READ 0\n",
    );
    assert!(err(&far).contains("wrap around"), "{}", err(&far));
    assert_eq!(parsed(&far)["requests_beyond_capacity"], 1);
}

#[test]
fn every_shipped_memory_is_listed_and_shown() {
    let listed = json(&["memory", "--list", "--json"]);
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), Shelf::Memories.names().count());
    for memory in listed {
        let name = memory["name"].as_str().unwrap();
        if name == "ideal" {
            continue;
        }
        let shown = json(&["memory", name, "--json"]);
        assert_eq!(shown["capacity_bytes"], memory["capacity_bytes"]);
        let timing = plan(name).description().timing;
        let burst = plan(name).description().organisation.burst_cycles();
        let idle = 1 + timing.activate_to_read.0 + timing.read_latency.0 + burst;
        assert_eq!(shown["idle_read_latency"]["cycles"], idle);
        assert!(!out(&here(&["memory", name])).is_empty());
    }
    assert_eq!(out(&here(&["memory"])), out(&here(&["memory", "--list"])));
}

#[test]
fn the_report_of_a_replay() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("stream.trc"),
        trace(Pattern::SequentialTwoReadsOneWrite, 3000),
    )
    .unwrap();
    let report = out(&elector(
        &["memory", "lpddr3-1600", "--replay", "stream.trc"],
        folder.path(),
    ));
    let (same, _) = report.split_once("\nSimulation").unwrap();
    expect![[r#"
        stream.trc on lpddr3-1600
        10.95 of 12.80 GB/s, 85.5%  reads take 366.4 ns, 99% at most 712.5 ns

        Trace
          requests     2,000 reads, 1,000 writes, at most 1 per cycle
          last answer  cycle 14,009, 17.51 us at 800 MHz
          data buses   busy 85.5%

        Main memory
          technology          lpddr3-1600, channels: 1
          bandwidth           10.95 of 12.80 GB/s, 85.5%
          read, written       125.00 KiB, 62.50 KiB; 5 still waiting at the end
          commands            31 activates, 27 precharges, 4 refreshes
          refreshing, energy  4.8% of the time, 6.1 pJ/bit
          rows                2,964 hits (99.0%), 31 misses, 0 conflicts

          latency, ns  requests       bytes   GB/s   mean    p50    p90    p99    max
          trace           3,000  187.50 KiB  10.96  366.4  362.5  491.2  712.5  765.0

        Read latency
          up to 50.00 ns      4   0.2%
          up to 70.00 ns     14   0.7%
          up to 100.0 ns     49   2.5%  #
          up to 150.0 ns     51   2.5%  #
          up to 200.0 ns     64   3.2%  #
          up to 300.0 ns     75   3.8%  #
          up to 500.0 ns  1,591  79.5%  ##############################
          up to 700.0 ns    125   6.2%  ##
          up to 1.000 us     27   1.4%  #
    "#]]
    .assert_eq(same);
}

#[test]
fn the_report_of_a_technology() {
    let report = elector(&["memory", "rram-m3d"], Path::new("."));
    expect![[r#"
        monolithic-3D RRAM
        4.00 GiB, 256.00 GB/s at 2000 MHz; an idle read takes 41.00 ns

        Organisation
          cells              RRAM, endurance not known, reads interrupt writes
          channels           2
          ranks per channel  2
          banks per rank     16, in 16 groups
          rows per bank      32,768 of 2.00 KiB
          data bus           256 bits, 256 per device
          burst              2 transfers, two per cycle, 64 B in all
          address            rocorababgch

        Timing
                        cycles     ns
          CL                30  15.00  read latency
          CWL               20  10.00  write latency
          tRCD (read)       50  25.00  activate to read
          tRCD (write)      50  25.00  activate to write
          tRP                5   2.50  precharge
          tCCD_S             1   0.50  column to column
          tCCD_L            10   5.00  column to column same group
          tRRD_S            20  10.00  activate to activate
          tRRD_L            20  10.00  activate to activate same group
          tFAW             100  50.00  four activate window
          tWTR_S             1   0.50  write to read
          tWTR_L            15   7.50  write to read same group
          tRTP              15   7.50  read to precharge
          tRTRS              1   0.50  rank switch
          tWP               20  10.00  write pulse
          write pause        4   2.00  write pause
          idle read         82  41.00  1 + tRCD + CL + burst

        Energy
          from   one figure per access, background included
          read   17.32 nJ
          write  17.32 nJ

        Controller
          queues           64 reads, 64 writes; then 8 for each bank, as many per cycle as fit
          scheduling       ready column commands first, then the oldest (FR-FCFS)
          requestors       one request of each in turn
          rows             stay open
          hits in turn     at most 16 while an older request waits
          writes           drained from 48 down to 16, and while no read waits
          spared accesses  reads of waiting writes, reads of one block, writes of one block
          refresh          never
          commands         one per cycle
    "#]]
    .assert_eq(&out(&report));
}
