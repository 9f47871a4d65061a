//! Damaged scenarios, taken all the way: loaded, planned and, if small, run. What is wrong is said with the name of
//! the file; nothing panics or deadlocks.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngSeed};
use scenarios::Scenario;
use scenarios::load::library;
use scenarios::schema::Embedding;
use scenarios::system::{Plan, violations};
use sim_core::Engine;
use tests::{shipped, try_run};

/// Numbers that fields accept but machines may not, and some that nobody accepts.
const NUMBERS: [&str; 16] = [
    "0", "1", "2", "3", "5", "7", "13", "17", "0.001", "0.5", "1.0", "100", "1000", "65535", "1e9", "-1",
];

type Files = BTreeMap<PathBuf, String>;

/// What other files a damaged one may name.
fn library_files() -> Files {
    let names = ["bert-tiny-edge.ron", "models/flexibert-mixed.json"];
    names
        .into_iter()
        .map(|name| (name.into(), library::text(name).unwrap_or_default().to_owned()))
        .collect()
}

/// Scenarios to damage: as shipped, and one with every value stated.
fn victims() -> Vec<String> {
    let text = |name| library::text(name).unwrap_or_default().to_owned();
    let full = shipped("tiny-trace", |_| {}).scenario().to_ron();
    vec![
        full.clone(),
        full.clone(),
        full.replace("phase: Inference", "phase: Training"),
        full,
        text("tiny-trace.ron"),
        text("flexibert-mixed.ron"),
        text("bert-tiny-edge.ron"),
    ]
}

/// Replaces the number that `which` points at.
fn with_number(text: &str, which: Index, number: &str) -> String {
    let digit = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    let bytes = text.as_bytes();
    let starts: Vec<usize> = (1..bytes.len())
        .filter(|&at| digit(bytes[at]) && b": [(,".contains(&bytes[at - 1]))
        .collect();
    if starts.is_empty() {
        return text.to_owned();
    }
    let start = starts[which.index(starts.len())];
    let end = start + bytes[start..].iter().take_while(|&&byte| digit(byte)).count();
    format!("{}{number}{}", &text[..start], &text[end..])
}

/// Leaves out the line that `which` points at.
fn without_line(text: &str, which: Index) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let dropped = which.index(lines.len());
    let kept = lines.iter().enumerate().filter(|(number, _)| *number != dropped);
    kept.map(|(_, line)| format!("{line}\n")).collect()
}

/// Whether a machine can be run in a test.
fn is_small(plan: &Plan) -> bool {
    let (accelerator, workload) = (
        &plan.machine.scenario.accelerator,
        &plan.machine.scenario.workload,
    );
    plan.machine.program.tile_operations + plan.machine.program.add_tile_operations < 20_000
        && accelerator.lanes() + u64::from(accelerator.processing_elements * accelerator.softmax_per_pe)
            < 4096
        && accelerator.prefetch_operations <= 4096
        && (workload.embedding == Embedding::Gather || plan.machine.memory_used.0 < 1 << 22)
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let files = library_files();
    let plan = Scenario::parse("damaged.ron", text, files).and_then(|loaded| Plan::load(&loaded));
    match plan {
        Ok(plan) if is_small(&plan) => {
            let run = try_run(plan, Engine::Wheel)
                .map_err(|error| TestCaseError::fail(format!("{error}: {text}")))?;
            let broken = violations(&run.plan, &run.measured);
            prop_assert!(broken.is_empty(), "{broken:?}: {text}");
        }
        Ok(_) => {}
        Err(wrong) => {
            let message = wrong.render();
            prop_assert!(
                message.contains(".ron:") || message.contains("damaged.ron"),
                "no file is named: {message}"
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 300, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..Config::default() })]

    #[test]
    fn what_is_damaged_is_refused_by_name_or_runs(
        text in select(victims()),
        numbers in prop::collection::vec((any::<Index>(), select(NUMBERS.to_vec())), 0..4),
        line in prop::option::weighted(0.2, any::<Index>()),
    ) {
        let text = numbers.into_iter().fold(text, |text, (which, number)| with_number(&text, which, number));
        check(&line.map_or(text.clone(), |line| without_line(&text, line)))?;
    }
}
