//! Ours against DRAMsim3 (umd-memsys/DRAMsim3, MIT): the same traces through the same controller.

use expect_test::expect_file;
use memory::pattern::Pattern;
use memory::{ReplayReport, replay};
use sim_core::Engine;

use crate::presets::{geometry, plan};

/// One run of DRAMsim3.
#[derive(Debug)]
struct Case {
    memory: String,
    trace: String,
    requests: u64,
    requests_per_cycle: u32,
    figures: serde_json::Value,
}

impl Case {
    fn figure(&self, name: &str) -> f64 {
        self.figures[name].as_f64().unwrap()
    }
}

fn cases() -> Vec<Case> {
    let path = format!(
        "{}/../../tests/data/memory/dramsim3_golden.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let data: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let case = |figures: &serde_json::Value| Case {
        memory: figures["memory"].as_str().unwrap().to_owned(),
        trace: figures["trace"].as_str().unwrap().to_owned(),
        requests: figures["requests"].as_u64().unwrap(),
        requests_per_cycle: figures["requests_per_cycle"].as_u64().unwrap() as u32,
        figures: figures.clone(),
    };
    data["cases"].as_array().unwrap().iter().map(case).collect()
}

pub(crate) fn pattern(trace: &str) -> Pattern {
    match trace {
        "a_seq_read" => Pattern::Sequential,
        "b_seq_rw21" => Pattern::SequentialTwoReadsOneWrite,
        "c_rand_read" => Pattern::Random { seed: 1 },
        "e_row_conflict" => Pattern::RowConflicts,
        "f2_streams4_stag_w" => Pattern::StaggeredStreams,
        "g_rand_read_low" => Pattern::SparseRandom { seed: 3, period: 200 },
        "h_bursty" => Pattern::Bursts {
            seed: 4,
            burst: 128,
            gap_min: 200,
            gap_max: 1000,
        },
        other => panic!("no pattern for the trace {other}"),
    }
}

/// What is compared: name, our figure, theirs, and the largest relative difference allowed.
fn comparison(case: &Case, ours: &ReplayReport) -> Vec<(&'static str, f64, f64, f64)> {
    let memory = &ours.memory;
    let count = |figure: u64| figure as f64;
    let theirs = |name| case.figure(name);
    vec![
        (
            "cycles",
            count(ours.last_answer),
            theirs("cycles_last_completion"),
            0.01,
        ),
        (
            "latency",
            memory.read_latency().mean(),
            theirs("read_latency_mean"),
            0.02,
        ),
        ("ACT", count(memory.activates), theirs("num_act_cmds"), 0.02),
        ("PRE", count(memory.precharges), theirs("num_pre_cmds"), 0.02),
        ("REF", count(memory.refreshes), theirs("num_ref_cmds"), 0.02),
        (
            "read hits",
            count(memory.read_row_hits),
            theirs("num_read_row_hits"),
            0.01,
        ),
        (
            "write hits",
            count(memory.write_row_hits),
            theirs("num_write_row_hits"),
            0.01,
        ),
        ("WR", count(memory.write_commands), theirs("num_write_cmds"), 0.02),
        ("dual", count(memory.dual_commands), theirs("hbm_dual_cmds"), 0.02),
        ("energy", memory.energy.total().0, theirs("total_energy_pj"), 0.02),
    ]
}

fn difference(ours: f64, theirs: f64) -> f64 {
    if ours == theirs {
        0.0
    } else {
        (ours - theirs).abs() / theirs.abs().max(1.0)
    }
}

const FOREWORD: &str = "\
# Main memory against DRAMsim3

Twenty-eight runs of DRAMsim3 (umd-memsys/DRAMsim3, MIT, commit 29817593b338) and ours on the same requests, with the
controller preset and the effective timings of `scenarios/library/memory/dramsim3/`. A cell with one figure: both have
it. Otherwise ours, theirs and the difference. Cycles are those of the last answer; latency is the mean of the reads, in
cycles; energy is in microjoules. The first 400 commands of fifteen of these runs are equal one by one as well.

Written by `UPDATE_EXPECT=1 cargo test -p elector-memory golden`.

";

#[test]
fn equals_dramsim3_on_all_golden_cases() {
    let mut failures = Vec::new();
    let mut table = FOREWORD.to_owned();
    for (row, case) in cases().into_iter().enumerate() {
        let plan = plan(&format!("dramsim3/{}", case.memory));
        let records = pattern(&case.trace).records(geometry(&plan), case.requests);
        let report = replay(&plan, records, case.requests_per_cycle, Engine::Wheel).unwrap();
        let figures = comparison(&case, &report);
        if row == 0 {
            let names: Vec<_> = figures.iter().map(|figure| figure.0).collect();
            table += &format!(
                "| memory | trace | {} |\n|---|---|{}\n",
                names.join(" | "),
                "---|".repeat(names.len())
            );
        }
        let (memory, trace) = (&case.memory, &case.trace);
        table += &format!("| {memory} | {trace} |");
        for (figure, ours, theirs, tolerance) in figures {
            table += &cell(figure, ours, theirs);
            if difference(ours, theirs) > tolerance {
                failures.push(format!("{memory} {trace} {figure}: {ours}, not {theirs}"));
            }
        }
        table.push('\n');
        assert_eq!(report.memory.violations.first(), None);
    }
    println!("{table}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    expect_file!["../../../../tests/data/memory/comparison.md"].assert_eq(&table);
}

fn cell(figure: &str, ours: f64, theirs: f64) -> String {
    let shown = |value: f64| match figure {
        "energy" => format!("{:.2}", value / 1e6),
        "latency" => format!("{value:.2}"),
        _ => format!("{value}"),
    };
    // Sums of floating-point numbers differ in their last digits by the order of summation.
    let off = difference(ours, theirs);
    if off < 1e-12 {
        format!(" {} |", shown(ours))
    } else {
        format!(
            " {} / {} ({:+.3} %) |",
            shown(ours),
            shown(theirs),
            (ours - theirs) / theirs * 100.0
        )
    }
}
