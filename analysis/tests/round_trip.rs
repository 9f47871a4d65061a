//! Results are read back as they were written.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use analysis::result::{Estimated, Resolved, RunResult, Summary};
use analysis::run::run;
use scenarios::Scenario;
use scenarios::load::Disk;
use scenarios::system::Plan;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sim_core::Engine;

const SCENARIOS: [&str; 5] = [
    r#"(base: "tiny-trace")"#,
    r#"(base: "tiny-trace", workload: (phase: Training))"#,
    r#"(base: "tiny-trace", memory: Preset("rram"), contention: (
        tenants: [(name: "other", start_us: 10)],
        background: [(name: "camera", traffic: Generated(addresses: Stream, arrivals: Steady(gb_s: 1), write_share: 1))],
    ))"#,
    r#"(base: "tiny-trace", memory: Preset("ideal"))"#,
    r#"(base: "tiny-trace", sparsity: (source: Values(activation_threshold: 0.1, weight_threshold: 0.01)))"#,
];

fn plan(text: &str) -> Plan {
    let loaded = Scenario::parse("mine.ron", text, Disk).unwrap_or_else(|wrong| panic!("{text}: {wrong}"));
    Plan::load(&loaded).unwrap_or_else(|wrong| panic!("{text}: {wrong}"))
}

/// What is read of `value`'s JSON gives the same JSON again.
fn same_again<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let text = serde_json::to_string(value).expect("results can be written");
    let read: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"));
    assert_eq!(
        serde_json::to_string(&read).expect("results can be written"),
        text
    );
    read
}

#[test]
fn results_of_runs() {
    for text in SCENARIOS {
        let plan = plan(text);
        let result = run(&plan, Engine::Wheel, true).unwrap();
        let read: RunResult = same_again(&result);
        assert_eq!(read.machine.cycles, result.machine.cycles);
        assert_eq!(read.trace_digest, result.trace_digest);
    }
}

#[test]
fn what_is_said_before_a_run() {
    for text in SCENARIOS {
        let plan = plan(text);
        same_again(&Resolved::new(&plan));
        same_again(&Summary::new(&plan.machine));
        same_again(&Estimated::corrected("mine".to_owned(), &plan).unwrap());
    }
}
