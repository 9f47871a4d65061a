//! Descriptions that make no sense are told so, and never panic.

use memory::pattern::{Pattern, SplitMix64};
use memory::{MemoryPlan, ReplayError, replay};
use proptest::prelude::*;
use sim_core::Engine;

use crate::presets::{ALL, geometry, parse};

fn text(name: &str) -> String {
    let path = format!(
        "{}/../../scenarios/library/memory/{name}.ron",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn names_the_field_and_what_would_do() {
    let problems = |from: &str, to: &str| {
        let changed = text("lpddr3-1600").replace(from, to);
        MemoryPlan::new(parse(&changed).unwrap())
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        problems("banks_per_group: 8", "banks_per_group: 0"),
        ["organisation.banks_per_group: 0 is not possible (a power of two from 1 to 64)"]
    );
    assert_eq!(
        problems("rows: 32768", "rows: 30000"),
        ["organisation.rows: 30000 is not possible (a power of two from 1 to 16777216)"]
    );
    assert!(
        problems("refresh_interval: 3120", "refresh_interval: 0")[0].starts_with("timing.refresh_interval")
    );
    assert!(problems("refresh_interval: 3120", "refresh_interval: 200")[0].contains("closing the rows"));
    assert!(problems("activate_to_read: 15", "activate_to_read: 4000")[0].contains("serving one request"));
    assert!(problems("vdd: 1.2", "vdd: NaN")[0].starts_with("energy.vdd"));
    assert!(problems("frequency_khz: 800000", "frequency_khz: 0")[0].starts_with("frequency_khz"));
    assert!(
        parse(&text("lpddr3-1600").replace("vdd:", "vddd:")).is_err(),
        "unknown fields are refused"
    );
    assert!(parse(&text("lpddr3-1600").replace("rochrababgco", "rochrababgro")).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_number_anywhere_is_refused_or_works(seed in any::<u64>()) {
        let mut random = SplitMix64::new(seed);
        let text = text(ALL[random.below(ALL.len() as u64) as usize]);
        let numbers: Vec<(usize, usize)> = numbers(&text);
        let (start, end) = numbers[random.below(numbers.len() as u64) as usize];
        let values = ["0", "1", "2", "3", "7", "64", "128", "4096", "65536", "4294967295", "18446744073709551615", "-1", "0.5", "NaN", "inf"];
        let value = values[random.below(values.len() as u64) as usize];
        let changed = format!("{}{value}{}", &text[..start], &text[end..]);
        if let Ok(description) = parse(&changed)
            && let Ok(plan) = MemoryPlan::new(description)
        {
            let (geometry, reads) = (geometry(&plan), 50);
            let records = Pattern::Random { seed: 1 }.records(geometry, reads);
            match replay(&plan, records, 1, Engine::Wheel) {
                Ok(report) => {
                    let memory = report.memory;
                    prop_assert_eq!(memory.violations.first(), None, "{}", changed);
                    prop_assert_eq!(memory.reads, reads, "{}", changed);
                    let answered = memory.read_commands + memory.forwarded_reads + memory.merged_reads;
                    prop_assert_eq!(answered, reads, "{}", changed);
                    prop_assert!(report.last_answer > 0 && memory.bus_utilisation <= 1.0, "{}", changed);
                }
                // A clock for which there is no tick, and nothing else.
                Err(error) => prop_assert!(matches!(error, ReplayError::Clock(_)), "{}: {}", error, changed),
            }
        }
    }
}

/// Where the numbers of a RON text lie, comments aside.
fn numbers(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let code = line.split("//").next().unwrap();
        if let Some(colon) = code.find(": ") {
            let value = code[colon + 2..].trim_end().trim_end_matches(',');
            if value.parse::<f64>().is_ok() {
                found.push((offset + colon + 2, offset + colon + 2 + value.len()));
            }
        }
        offset += line.len();
    }
    found
}
