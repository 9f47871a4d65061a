//! The door: what a program makes of a scenario is checked as a file is, and told by the path of the field.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use scenarios::diagnostics::{PROGRAM, Severity};
use scenarios::load::Disk;
use scenarios::load::library::Shelf;
use scenarios::schema::{
    CandidateFile, Changes, DensitySource, Reference, ScenarioFile, Stated as _, Weights,
};
use scenarios::system::Plan;
use scenarios::{Diagnostics, Loaded, Scenario};
use tempfile::TempDir;

use crate::fuzz::{Limits, fuzz};

fn edge() -> Loaded {
    Scenario::shipped("bert-tiny-edge").expect("it is shipped")
}

#[test]
fn what_a_program_changes_is_refused_or_runs() {
    let limits = Limits {
        runs: 10,
        tile_operations: 5_000,
        modules: 4_096,
        events: 4_000_000,
    };
    let tally = fuzz(0..900, limits);
    assert!(tally.faults.is_empty(), "{tally}");
    assert!(tally.refused > 300 && tally.planned > 150, "{tally}");
    assert_eq!(tally.runs, limits.runs, "{tally}");
}

/// The paths of what is wrong, each with nothing of a file.
fn paths(wrong: &Diagnostics) -> Vec<String> {
    for problem in wrong {
        assert_eq!(problem.severity(), Severity::Error);
        assert!(problem.place().is_none(), "{problem}");
        assert_eq!(problem.file(), Some(PROGRAM), "{problem}");
    }
    let paths = wrong.iter().filter_map(|problem| problem.path());
    paths.map(str::to_owned).collect()
}

fn refused(change: impl FnOnce(&mut Scenario)) -> Vec<String> {
    let changed = edge().with(change).and_then(|loaded| Plan::load(&loaded));
    paths(&changed.expect_err("this scenario is impossible"))
}

#[test]
fn a_checked_scenario_can_be_shared_between_threads() {
    fn is_shared<T: Clone + std::fmt::Debug + Send + Sync + 'static>() {}
    is_shared::<Loaded>();
    is_shared::<Plan>();
    is_shared::<Diagnostics>();
    is_shared::<Scenario>();
}

#[test]
fn nonsense_is_refused_with_the_path_of_its_field() {
    type Change = fn(&mut Scenario);
    let cases: [(&str, Change); 20] = [
        ("workload.batch", |s| s.workload.batch = 0),
        ("accelerator.tile.b", |s| s.accelerator.tile.b = 0),
        ("accelerator.tile.x", |s| s.accelerator.tile.x = 0),
        ("accelerator.tile.y", |s| s.accelerator.tile.y = 0),
        ("accelerator.multipliers_per_lane", |s| {
            s.accelerator.multipliers_per_lane = 0;
        }),
        ("workload.transformer.layers", |s| {
            s.workload.transformer.layers.clear();
        }),
        ("workload.sequence_length", |s| s.workload.sequence_length = 0),
        ("workload.transformer.layers[0].hidden", |s| {
            s.workload.transformer.layers[0].hidden = 0;
        }),
        ("workload.transformer.layers[1].heads", |s| {
            s.workload.transformer.layers[1].heads.clear();
        }),
        ("sparsity.weight_density", |s| {
            s.sparsity.weight_density = f64::NAN
        }),
        ("sparsity.activation_density", |s| {
            s.sparsity.activation_density = -0.5;
        }),
        ("workload.vocabulary", |s| s.workload.vocabulary = 0),
        ("costs", |s| s.costs = Reference::Preset("nonsense".to_owned())),
        ("memory", |s| s.memory = Reference::Preset("nonsense".to_owned())),
        ("accelerator.processing_elements", |s| {
            s.accelerator.processing_elements = 0;
        }),
        ("accelerator.processing_elements", |s| {
            s.accelerator.processing_elements = 70_000;
        }),
        ("accelerator.lanes_per_pe", |s| s.accelerator.lanes_per_pe = 0),
        ("accelerator.softmax_per_pe", |s| s.accelerator.softmax_per_pe = 0),
        ("accelerator.prefetch_operations", |s| {
            s.accelerator.prefetch_operations = 0;
        }),
        ("accelerator.clock_mhz", |s| s.accelerator.clock_mhz = 0.0),
    ];
    for (path, change) in cases {
        assert_eq!(refused(change), [path]);
    }
}

#[test]
fn a_product_that_is_too_large_is_said_of_the_factor_that_was_changed() {
    assert_eq!(
        refused(|scenario| scenario.workload.batch = 65_536),
        ["workload.batch"]
    );
    let server = Scenario::shipped("bert-base-server").unwrap();
    let wrong = server.with(|scenario| scenario.accelerator.processing_elements = 65_535);
    let wrong = paths(&wrong.unwrap_err());
    assert!(
        wrong.iter().all(|path| path == "accelerator.processing_elements"),
        "{wrong:?}"
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let wrong = refused(|scenario| {
        scenario.accelerator.tile.x = 0;
        scenario.workload.batch = 0;
        scenario.costs = Reference::Preset("nonsense".to_owned());
    });
    assert_eq!(wrong, ["workload.batch", "accelerator.tile.x", "costs"]);
}

#[test]
fn problems_are_data_and_lines_of_text() {
    let wrong = edge()
        .with(|scenario| scenario.workload.transformer.layers[1].hidden = 0)
        .unwrap_err();
    let problem = &wrong.problems()[0];
    assert_eq!(problem.message(), "`hidden` cannot be 0");
    assert_eq!(
        problem.help(),
        Some("a whole number from 1 to 1048576 is accepted")
    );
    assert_eq!(
        wrong.to_string(),
        "<program>: workload.transformer.layers[1].hidden: `hidden` cannot be 0 (a whole number from 1 to 1048576 is accepted)"
    );
    assert!(
        wrong.render().contains("workload.transformer.layers[1].hidden"),
        "{}",
        wrong.render()
    );

    let text = "(\n    accelerator: (tile: (x: 0)),\n)";
    let wrong = Scenario::parse("mine.ron", text, Disk).unwrap_err();
    let problem = &wrong.problems()[0];
    assert_eq!(problem.path(), Some("accelerator.tile.x"));
    let place = problem.place().unwrap();
    assert_eq!(
        (place.file(), place.line, place.column, place.text()),
        ("mine.ron", 2, 29, "0")
    );
    assert_eq!(&text[place.span], "0");
    assert_eq!(
        wrong.to_string(),
        "mine.ron:2:29: `accelerator.tile.x` cannot be 0 (a whole number from 1 to 1024 is accepted)"
    );
}

/// Where a problem with `path` would be: the file and the line, or nothing.
fn place(loaded: &Loaded, path: &str) -> Option<(String, usize)> {
    let problem = loaded.problem(path, "wrong", "right");
    let place = problem.place()?;
    Some((place.file().to_owned(), place.line))
}

fn layered() -> Loaded {
    let files = BTreeMap::from(
        [
            (
                "sub/top.ron",
                "(\n    base: \"bottom.ron\",\n    accelerator: (\n        tile: (x: 8),\n    ),\n)",
            ),
            (
                "sub/bottom.ron",
                "(\n    memory: File(\"m.ron\"),\n    workload: (\n        batch: 2,\n        transformer: Dictionary(\"d.json\"),\n    ),\n    \
                 contention: (background: [\n        (name: \"a\"),\n        (name: \"b\", traffic: Trace(\"t.txt\")),\n    ]),\n)",
            ),
            (
                "sub/d.json",
                "{\"l\": 1,\n\"o\": [[\"c_5_8\"]],\n\"h\": [8],\n\"f\": [[16]], \"p\": 1}",
            ),
        ]
        .map(|(path, text)| (PathBuf::from(path), text.to_owned())),
    );
    Scenario::load_with("sub/top.ron", files).unwrap_or_else(|wrong| panic!("{wrong}"))
}

#[test]
fn what_a_program_leaves_alone_is_still_where_it_was_stated() {
    let before = layered();
    let top = |line| Some(("sub/top.ron".to_owned(), line));
    let bottom = |line| Some(("sub/bottom.ron".to_owned(), line));
    let dictionary = |line| Some(("sub/d.json".to_owned(), line));
    let untouched = [
        ("accelerator.tile.y", top(4)),
        ("accelerator.word", top(3)),
        ("workload.batch", bottom(4)),
        ("workload.transformer.layers[0].heads[0]", dictionary(2)),
        ("workload.transformer.layers[0].feed_forward[0]", dictionary(4)),
        ("sparsity.dynaprop", top(1)),
    ];
    let after = before
        .with(|scenario| {
            scenario.accelerator.tile.x = 4;
            scenario.workload.transformer.layers[0].hidden = 16;
        })
        .unwrap_or_else(|wrong| panic!("{wrong}"));
    for (path, place_of_it) in untouched {
        assert_eq!(place(&before, path), place_of_it, "{path}");
        assert_eq!(place(&after, path), place_of_it, "{path}");
    }
    for path in ["accelerator.tile.x", "workload.transformer.layers[0].hidden"] {
        assert!(place(&before, path).is_some(), "{path}");
        assert_eq!(place(&after, path), None, "{path}");
    }
    // What is not stated has its default, and is said to.
    let problem = Diagnostics::from(after.problem("sparsity.dynaprop", "wrong", "right"));
    assert!(problem.render().contains("is not stated: it has its default"));
    // The dictionary's warning is still there, until its layers are others.
    let ignored = |loaded: &Loaded| {
        let mut warnings = loaded.warnings().iter();
        warnings.any(|warning| warning.message().contains("is ignored"))
    };
    assert!(ignored(&before) && ignored(&after));
    let others = before
        .with(|scenario| scenario.workload.transformer = edge().scenario().workload.transformer.clone());
    assert!(!ignored(&others.unwrap()));
}

#[test]
fn items_of_lists_keep_their_place_when_others_go() {
    let loaded = layered()
        .with(|scenario| drop(scenario.contention.background.remove(0)))
        .unwrap_or_else(|wrong| panic!("{wrong}"));
    let path = "contention.background[0].traffic";
    assert_eq!(place(&loaded, path), Some(("sub/bottom.ron".to_owned(), 9)));
    assert_eq!(loaded.file_beside(path, "t.txt"), Some("sub/t.txt".into()));
}

#[test]
fn files_of_a_program_are_relative_to_the_current_directory() {
    let before = layered();
    assert_eq!(before.file_beside("memory", "m.ron"), Some("sub/m.ron".into()));
    let after = before.with(|scenario| scenario.workload.weights = Weights::File("w.npz".to_owned()));
    let after = after.unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_eq!(
        after.file_beside("workload.weights", "w.npz"),
        Some("w.npz".into())
    );
    assert_eq!(after.file_beside("memory", "m.ron"), Some("sub/m.ron".into()));

    let wrong = before.with(|scenario| scenario.memory = Reference::File("n.ron".to_owned()));
    let wrong = wrong.unwrap_err();
    assert_eq!(paths(&wrong), ["memory"]);
    assert_eq!(
        wrong.problems()[0].message(),
        "cannot read n.ron: there is no such file"
    );
}

#[test]
fn what_the_scenario_names_is_read_again() {
    let folder = TempDir::new().unwrap();
    let costs = scenarios::load::library::text("costs/14nm.ron").unwrap();
    let dearer = costs.replace("clock_mhz: 700", "clock_mhz: 350");
    assert_ne!(costs, dearer);
    let file = folder.path().join("costs.ron");
    fs::write(&file, dearer).unwrap();
    let changed = edge().with(|scenario| scenario.costs = Reference::File(file.display().to_string()));
    let changed = changed.unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_eq!(edge().costs().clock_mhz, 700.0);
    assert_eq!(changed.costs().clock_mhz, 350.0);

    // A cost table that is wrong is answered in its own file.
    fs::write(&file, costs.replace("clock_mhz: 700", "clock_mhz: -1")).unwrap();
    let wrong = changed.with(|_| {}).unwrap_err();
    let place = wrong.problems()[0].place().unwrap();
    assert_eq!(place.file(), file.display().to_string());
    assert_eq!(wrong.problems()[0].path(), Some("clock_mhz"));

    assert!(edge().curves().is_none());
    let wanted = edge().with(|scenario| {
        scenario.sparsity.source = DensitySource::Wanted {
            curves: Reference::Preset("synthetic-bert-tiny".to_owned()),
            activation_sparsity: 0.5,
            weight_sparsity: 0.5,
            gradient_sparsity: 0.5,
        };
    });
    assert!(wanted.unwrap().curves().is_some());
}

#[test]
fn changing_the_memory_undoes_on_memory() {
    let other = edge().on_memory(Reference::Preset("hbm2".to_owned())).unwrap();
    assert_eq!(Plan::load(&other).unwrap().memory.name(), "HBM2");
    let kept = other.with(|scenario| scenario.seed = 7).unwrap();
    assert_eq!(Plan::load(&kept).unwrap().memory.name(), "HBM2");
    let changed = other.with(|scenario| scenario.memory = Reference::Preset("ideal".to_owned()));
    assert_eq!(Plan::load(&changed.unwrap()).unwrap().memory.name(), "ideal");
}

#[test]
fn candidates_are_variants_of_the_changed_scenario() {
    let text = "(\n    base: \"bert-tiny-edge\",\n    compare: (candidates: [\n        (changes: (accelerator: (tile: (x: 8)))),\n        \
                (changes: (seed: 9)),\n    ]),\n)";
    let loaded = Scenario::parse("s.ron", text, Disk).unwrap();
    let seeded = loaded.with(|scenario| scenario.seed = 5).unwrap();
    let first = seeded.candidate(0).unwrap();
    assert_eq!(
        (first.scenario().seed, first.scenario().accelerator.tile.x),
        (5, 8)
    );
    assert_eq!(seeded.candidate(1).unwrap().scenario().seed, 9);
    assert_eq!(place(&first, "accelerator.tile.x"), Some(("s.ron".to_owned(), 4)));
    assert_eq!(place(&first, "seed"), None);

    // A candidate that a program adds: what it states is the program's, the rest is not.
    let added = loaded.with(|scenario| {
        let changes = ScenarioFile {
            workload: Some(edge().scenario().workload.to_form()),
            ..ScenarioFile::default()
        };
        let mut candidate = scenario.compare.candidates[0].clone();
        candidate.name = "added".to_owned();
        candidate.changes = Changes(Box::new(changes));
        scenario.compare.candidates.insert(0, candidate);
    });
    let added = added.unwrap();
    let problem = added
        .candidate(0)
        .unwrap()
        .problem("workload.batch", "wrong", "right");
    assert_eq!(
        problem.path(),
        Some("compare.candidates[0].changes.workload.batch")
    );
    assert_eq!(problem.file(), Some(PROGRAM));
    let kept = added.candidate(1).unwrap();
    assert_eq!(place(&kept, "accelerator.tile.x"), Some(("s.ron".to_owned(), 4)));
}

#[test]
fn candidates_within_candidates_are_refused_however_deep() {
    let wrong = edge().with(|scenario| {
        let mut changes = ScenarioFile::default();
        for _ in 0..2_000 {
            let candidate = CandidateFile {
                changes: Some(scenarios::schema::ChangesFile(Box::new(changes))),
                ..CandidateFile::default()
            };
            changes = ScenarioFile::default();
            changes.compare = Some(scenarios::schema::CompareFile {
                candidates: Some(vec![candidate]),
                ..Default::default()
            });
        }
        scenario.compare.candidates.push(scenarios::schema::Candidate {
            changes: Changes(Box::new(changes)),
            ..Default::default()
        });
    });
    assert_eq!(paths(&wrong.unwrap_err()), ["compare.candidates[0].changes"]);
}

#[test]
fn many_changes_one_after_the_other_stay_one_layer() {
    let mut loaded = edge();
    for seed in 0..2_000 {
        loaded = loaded.with(|scenario| scenario.seed = seed).unwrap();
    }
    assert_eq!(place(&loaded, "seed"), None);
    let shipped = "<shipped>/bert-tiny-edge.ron";
    assert!(place(&loaded, "workload.batch").is_some_and(|(file, _)| file == shipped));
}

#[test]
fn a_scenario_is_opened_by_its_path_or_by_a_shipped_name() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("mine.ron");
    fs::write(&file, "(seed: 3)").unwrap();
    assert_eq!(Scenario::open(&file).unwrap().scenario().seed, 3);
    assert_eq!(
        Scenario::open("tiny-trace").unwrap().scenario().name,
        "Tiny, for reading traces"
    );
    let wrong = Scenario::open("no-such-scenario").unwrap_err();
    assert!(wrong.to_string().contains("no such file"), "{wrong}");
}

#[test]
fn scenarios_are_values_in_json_and_ron() {
    for name in Shelf::Scenarios.names() {
        let scenario = Scenario::shipped(name).unwrap().scenario().clone();
        assert_eq!(
            Scenario::from_json(&scenario.to_json()).unwrap(),
            scenario,
            "{name}"
        );
        assert_eq!(
            Scenario::from_ron(&scenario.to_ron()).unwrap(),
            scenario,
            "{name}"
        );
        // As serde writes it, with the other results of a program.
        let value = serde_json::to_value(&scenario).unwrap();
        assert_eq!(value, serde_json::to_value(scenario.to_form()).unwrap(), "{name}");
        assert_eq!(
            serde_json::from_value::<Scenario>(value).unwrap(),
            scenario,
            "{name}"
        );
    }
    for (text, path, message) in [
        (
            "{\"workload\": {\"batch\": 0}}",
            Some("workload.batch"),
            "cannot be 0",
        ),
        (
            "{\"base\": \"bert-tiny-edge\"}",
            Some("base"),
            "cannot include another file",
        ),
        (
            "{\"accelerator\": {\"tile\": {\"z\": 1}}}",
            None,
            "unknown field `z`",
        ),
        ("{", None, "this is not JSON"),
    ] {
        let wrong = Scenario::from_json(text).unwrap_err();
        assert_eq!(wrong.problems()[0].path(), path, "{text}");
        assert!(wrong.to_string().contains(message), "{text}: {wrong}");
        assert!(serde_json::from_str::<Scenario>(text).is_err(), "{text}");
    }
}

#[test]
fn a_value_is_checked_as_a_file_is() {
    let loaded = Loaded::from_value(edge().scenario().clone()).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_eq!(loaded.scenario(), edge().scenario());
    assert_eq!(place(&loaded, "accelerator.tile.x"), None);
    let mut scenario = Scenario::default();
    scenario.accelerator.multipliers_per_lane = 1024;
    let wrong = Loaded::from_value(scenario).unwrap_err();
    assert_eq!(paths(&wrong), ["accelerator.multipliers_per_lane"]);
}
