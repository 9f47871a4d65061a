//! The shipped scenarios, each simulated once for all tests that look at it, and the row that the golden table has of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, OnceLock};

use analysis::critical_path::{CriticalPath, CriticalPathSink};
use analysis::result::RunResult;
use serde_json::Value;
use sim_core::Engine;

use crate::{Run, plan, shipped_small};

/// A run of a shipped scenario on the default engine, with its critical path.
#[derive(Debug)]
pub struct Seen {
    /// The run.
    pub run: Run,
    /// What decided its latency.
    pub path: CriticalPath,
    /// Its row of the golden table.
    pub row: String,
}

type Runs = Mutex<BTreeMap<String, Arc<OnceLock<Seen>>>>;

/// The run of `name`, cut as [`shipped_small`] does, with `look` at it. It is simulated on the first call; calls made
/// meanwhile wait for it.
///
/// # Panics
/// There is no such scenario, or its run fails.
pub fn look_at<R>(name: &str, look: impl FnOnce(&Seen) -> R) -> R {
    static RUNS: Runs = Mutex::new(BTreeMap::new());
    let cell = {
        let mut runs = RUNS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        Arc::clone(runs.entry(name.to_owned()).or_default())
    };
    look(cell.get_or_init(|| simulate(name)))
}

fn simulate(name: &str) -> Seen {
    let plan = plan(&shipped_small(name));
    let mut sink = CriticalPathSink::new(&plan);
    let system = plan
        .build(Engine::default())
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let measured = system
        .run_traced(&plan, &mut sink)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let path = sink
        .take_path()
        .unwrap_or_else(|| panic!("{name}: the run has no critical path"));
    let result = RunResult::new(&plan, &measured, Engine::default(), 0.0);
    let result = serde_json::to_value(result).unwrap_or_else(|error| panic!("{name}: {error}"));
    Seen {
        run: Run { plan, measured },
        path,
        row: row(&result),
    }
}

/// What the golden table says of a result in JSON: whatever a change of behaviour moves.
#[must_use]
pub fn row(result: &Value) -> String {
    let memory = &result["memory"];
    let mut row = String::new();
    let mut line = |what: &str, figures: &[(&str, &Value)]| {
        let figures: Vec<String> = figures
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| format!("{name} {}", figure(value)))
            .collect();
        // Writing to a string does not fail.
        let _ = writeln!(row, "  {what:<9} {}", figures.join(", "));
    };
    line(
        "run",
        &[
            ("cycles", &result["cycles"]),
            ("events", &result["events"]),
            ("digest", &result["trace_digest"]),
        ],
    );
    line(
        "work",
        &[
            ("tiles", &result["tile_ops"]),
            ("additions", &result["add_tile_ops"]),
            ("spills", &result["spills"]),
            ("multiplications", &result["macs_effective"]),
        ],
    );
    line(
        "memory",
        &[
            ("read", &memory["read_bytes"]),
            ("written", &memory["write_bytes"]),
            ("activates", &memory["activates"]),
            ("refreshes", &memory["refreshes"]),
        ],
    );
    let all = |value: &Value| -> Vec<(String, Value)> {
        let fields = value.as_object().into_iter().flatten();
        fields
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    for (what, field) in [
        ("stalls", "stalls"),
        ("energy", "energy_nj"),
        ("area", "area_mm2_by_part"),
    ] {
        let fields = all(&result[field]);
        let fields: Vec<(&str, &Value)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        line(what, &fields);
    }
    row
}

/// Whole numbers as they are, others to nine digits.
fn figure(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => format!("{:.8e}", number.as_f64().unwrap_or(f64::NAN)),
        other => other.to_string(),
    }
}
