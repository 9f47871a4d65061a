//! What must hold of every shipped scenario, a test for each, and the table of their figures.
//!
//! The table, `golden/shipped.txt`, is made anew by `UPDATE_EXPECT=1 cargo test -p tests golden`. Scenarios on the server
//! accelerator stand in it twice: cut to one layer and two sequences, as tests run them, and whole. Whole ones are run by the
//! command that `ELECTOR` names, if it is set, which should be a release build:
//!
//! ```sh
//! ELECTOR=$PWD/target/release/elector cargo test -p tests golden                                 # bert-base-server
//! ELECTOR=$PWD/target/release/elector ELECTOR_SCENARIOS=all cargo test -p tests golden           # two more: some minutes
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use analysis::critical_path::Work;
use scenarios::system::violations;
use serde_json::Value;
use tests::shipped::{Seen, look_at, row};
use tests::{is_large, other_engines, plan, shipped, shipped_names, shipped_small, try_run};

macro_rules! shipped_scenarios {
    ($($test:ident: $name:literal,)*) => {
        /// Every shipped scenario that has a test of its own.
        const TESTED: &[&str] = &[$($name),*];

        $(
            #[test]
            fn $test() {
                look_at($name, |seen| all_holds($name, seen));
            }
        )*
    };
}

shipped_scenarios! {
    bert_base_server: "bert-base-server",
    bert_base_server_hbm: "bert-base-server-hbm",
    bert_base_train: "bert-base-train",
    bert_tiny_edge: "bert-tiny-edge",
    bert_tiny_train: "bert-tiny-train",
    bert_tiny_train_values: "bert-tiny-train-values",
    bert_tiny_values: "bert-tiny-values",
    contention: "contention",
    dynaprop_sweep: "dynaprop-sweep",
    dynaprop_sweep_values: "dynaprop-sweep-values",
    flexibert_mixed: "flexibert-mixed",
    tiny_trace: "tiny-trace",
}

#[test]
fn every_shipped_scenario_has_a_test() {
    let mut names: Vec<&str> = shipped_names().collect();
    names.sort_unstable();
    assert_eq!(names, TESTED);
}

fn all_holds(name: &str, seen: &Seen) {
    let Seen { run, path, .. } = seen;
    assert_eq!(violations(&run.plan, &run.measured), Vec::<String>::new());
    // Only machines that compute say anything of values.
    assert_eq!(
        run.measured.machine.values.is_some(),
        run.plan.machine.scenario.sparsity.source.computes()
    );

    // The critical path has no gap, and is as long as the run.
    let finished = run.measured.machine.finished.0;
    assert_eq!(path.length(), finished);
    let first = path.steps.first().unwrap();
    assert_eq!((first.work, first.start), (Work::Start, 0));
    for pair in path.steps.windows(2) {
        assert_eq!(pair[0].end(), pair[1].start, "{pair:?}");
    }
    assert_eq!(path.steps.last().unwrap().end(), finished);

    // Nor does it change anything: other engines run without it.
    let expected = (run.measured.digest, run.cycles(), run.measured.events);
    for engine in other_engines() {
        let other = try_run(plan(&shipped_small(name)), engine).unwrap();
        let found = (other.measured.digest, other.cycles(), other.measured.events);
        assert_eq!(found, expected, "{engine:?}");
    }
}

/// What a scenario that is cut is called in the table.
fn cut(name: &str) -> String {
    format!("{name}, one layer of two sequences")
}

/// The scenarios that are run whole, by the command that `ELECTOR` names.
fn asked_for() -> Vec<&'static str> {
    let asked = std::env::var("ELECTOR_SCENARIOS").unwrap_or_else(|_| "bert-base-server".to_owned());
    let large = shipped_names().filter(|name| is_large(shipped(name, |_| {}).scenario()));
    large
        .filter(|name| asked == "all" || asked.split(',').any(|asked| asked == *name))
        .collect()
}

fn by_command(elector: &str, name: &str) -> String {
    let output = Command::new(elector)
        .args(["run", name, "--json"])
        .output()
        .unwrap_or_else(|error| panic!("{elector}: {error}"));
    assert!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    row(&result)
}

const HEAD: &str = "\
# Figures of the shipped scenarios. `UPDATE_EXPECT=1 cargo test -p tests golden` writes this file; tests/tests/shipped.rs says
# how the whole runs of BERT-Base are written and checked. Energies are in nJ, areas in mm2, stalls in cycles of a lane.
";

fn table_file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/shipped.txt")
}

/// The rows of the table, by what they are of.
fn read_table() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(table_file()).unwrap_or_default();
    let blocks = text.split("\n\n").skip(1);
    let rows = blocks.filter_map(|block| block.trim_end().split_once('\n'));
    rows.map(|(title, row)| (title.to_owned(), format!("{row}\n")))
        .collect()
}

fn write_table(rows: &BTreeMap<String, String>) {
    let rows = rows.iter().map(|(title, row)| format!("\n{title}\n{row}"));
    std::fs::write(table_file(), format!("{HEAD}{}", rows.collect::<String>())).unwrap();
}

#[test]
fn golden_figures_of_every_shipped_scenario() {
    let mut made = BTreeMap::new();
    for name in shipped_names() {
        let title = if is_large(shipped(name, |_| {}).scenario()) {
            cut(name)
        } else {
            name.to_owned()
        };
        made.insert(title, look_at(name, |seen| seen.row.clone()));
    }
    if let Ok(elector) = std::env::var("ELECTOR") {
        for name in asked_for() {
            made.insert(name.to_owned(), by_command(&elector, name));
        }
    }
    let known = read_table();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        // Whole runs that were not asked for stay as they are.
        let kept = known
            .into_iter()
            .filter(|(title, _)| TESTED.contains(&title.as_str()));
        let mut rows: BTreeMap<String, String> = kept.collect();
        rows.extend(made);
        write_table(&rows);
        return;
    }
    for (title, row) in &made {
        let expected = known.get(title).map_or("", String::as_str);
        assert_eq!(row, expected, "{title}: UPDATE_EXPECT=1 writes the table anew");
    }
    let mut titles: Vec<String> = made.into_keys().collect();
    titles.extend(shipped_names().map(str::to_owned));
    titles.sort_unstable();
    titles.dedup();
    assert_eq!(
        known.into_keys().collect::<Vec<_>>(),
        titles,
        "every scenario stands in the table whole"
    );
}
