//! Files over files: what is stated above stands, and what is wrong is said of the file that states it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use scenarios::schema::{Reference, Scenario};
use scenarios::{Diagnostics, Loaded};

fn load(files: &[(&str, &str)]) -> Result<Loaded, Diagnostics> {
    let resolver: BTreeMap<PathBuf, String> = files
        .iter()
        .map(|(path, text)| (PathBuf::from(path), (*text).to_owned()))
        .collect();
    Scenario::load_with(files[0].0, resolver)
}

fn good(files: &[(&str, &str)]) -> Loaded {
    load(files).unwrap_or_else(|wrong| panic!("{}", wrong.render()))
}

#[test]
fn a_file_overrides_only_what_it_states() {
    let loaded = good(&[
        (
            "a/top.ron",
            r#"(base: "../middle.ron", accelerator: (tile: (x: 8)))"#,
        ),
        (
            "middle.ron",
            r#"(base: "b/bottom.ron", accelerator: (tile: (x: 32, y: 32)), seed: 9)"#,
        ),
        (
            "b/bottom.ron",
            r#"(accelerator: (tile: (b: 2, y: 8), clock_mhz: 350), seed: 3, memory: File("m.ron"))"#,
        ),
    ]);
    let scenario = loaded.scenario();
    let tile = &scenario.accelerator.tile;
    assert_eq!((tile.b, tile.x, tile.y), (2, 8, 32));
    assert_eq!((scenario.accelerator.clock_mhz, scenario.seed), (350.0, 9));
    assert_eq!(scenario.memory, Reference::File("m.ron".into()));
    assert_eq!(scenario.name, "top");
}

#[test]
fn a_preset_stands_below_its_file_and_above_the_base() {
    let files = [
        (
            "top.ron",
            r#"(base: "bottom.ron", accelerator: (preset: "server", lanes_per_pe: 8))"#,
        ),
        (
            "bottom.ron",
            "(accelerator: (processing_elements: 2, lanes_per_pe: 2, prefetch_operations: 7))",
        ),
    ];
    let accelerator = good(&files).scenario().accelerator.clone();
    assert_eq!(
        (accelerator.processing_elements, accelerator.lanes_per_pe),
        (512, 8)
    );
    assert_eq!(accelerator.prefetch_operations, 7);
}

#[test]
fn an_accelerator_can_be_a_file_of_its_own_over_a_shipped_one() {
    let files = [
        ("top.ron", r#"(accelerator: (preset: "machines/mine.ron"))"#),
        (
            "machines/mine.ron",
            r#"(preset: "server", processing_elements: 100)"#,
        ),
    ];
    let accelerator = good(&files).scenario().accelerator.clone();
    assert_eq!(
        (accelerator.processing_elements, accelerator.lanes_per_pe),
        (100, 32)
    );
}

#[test]
fn none_overrides_a_number_below() {
    let files = [
        (
            "top.ron",
            r#"(base: "bottom.ron", accelerator: (operand_bus_bytes: None))"#,
        ),
        ("bottom.ron", "(accelerator: (operand_bus_bytes: 64))"),
    ];
    assert_eq!(good(&files).scenario().accelerator.operand_bus_bytes, None);
    assert_eq!(
        good(&files[1..]).scenario().accelerator.operand_bus_bytes,
        Some(64)
    );
}

#[test]
fn files_are_relative_to_the_file_that_names_them() {
    let memory = r#"(cells: 3)"#;
    let files = [
        ("a/top.ron", r#"(base: "../b/bottom.ron")"#),
        (
            "b/bottom.ron",
            r#"(memory: File("memory.ron"), workload: (transformer: Dictionary("d.json")))"#,
        ),
        ("b/memory.ron", memory),
        ("b/d.json", r#"{"l": 1, "o": [["c_5_8"]], "h": [8], "f": [[16]]}"#),
    ];
    #[derive(Debug, serde::Deserialize)]
    struct Memory {
        cells: u32,
    }
    let loaded = good(&files);
    let document = loaded
        .memory::<Memory>()
        .unwrap_or_else(|wrong| panic!("{}", wrong.render()));
    assert_eq!(document.value.cells, 3);
    let wrong = Diagnostics::from(document.problem("cells", "too few cells", "at least 4 are accepted"));
    assert!(wrong.render().contains("b/memory.ron:1:9"), "{}", wrong.render());
    assert_eq!(
        loaded.sources().map(|source| source.name()).collect::<Vec<_>>(),
        ["a/top.ron", "b/bottom.ron", "b/d.json"]
    );
}

/// The file, line and column that a later stage's complaint about `path` names.
fn place(loaded: &Loaded, path: &str) -> String {
    let text = Diagnostics::at(loaded, path, "wrong", "right").render();
    let start = text.find("─[").map_or(0, |start| start + "─[".len());
    text[start..].split(']').next().unwrap_or_default().to_owned()
}

#[test]
fn a_later_stage_points_into_the_file_that_states_the_value() {
    let loaded = good(&[
        (
            "top.ron",
            "(\n  base: \"base.ron\",\n  accelerator: (tile: (x: 8)),\n)",
        ),
        (
            "base.ron",
            "(accelerator: (preset: \"mine.ron\", tile: (y: 8)),\n workload: (transformer: Dictionary(\"d.json\")))",
        ),
        ("mine.ron", "(\n  clock_mhz: 350)"),
        (
            "d.json",
            "{\"l\": 2, \"o\": [[\"c_5_8\"],\n [\"l_dft_8\", \"c_9_8\"]], \"h\": [8, 8], \"f\": [[16], [16]]}",
        ),
    ]);
    assert_eq!(place(&loaded, "accelerator.tile.x"), "top.ron:3:27");
    assert_eq!(place(&loaded, "accelerator.tile.y"), "base.ron:1:46");
    assert_eq!(place(&loaded, "accelerator.clock_mhz"), "mine.ron:2:14");
    assert_eq!(
        place(&loaded, "workload.transformer.layers[1].heads[1].dimension"),
        "d.json:2:14"
    );
    assert_eq!(place(&loaded, "workload.transformer"), "base.ron:2:26");
    assert_eq!(place(&loaded, "accelerator.tile.b"), "top.ron:3:17");
    assert_eq!(place(&loaded, "seed"), "top.ron:1:1");
}

#[test]
fn a_value_that_is_replaced_as_a_whole_is_not_looked_for_below() {
    let loaded = good(&[
        (
            "top.ron",
            r#"(base: "base.ron", workload: (transformer: Inline(layers: [(hidden: 8, heads: [Convolution(kernel: 5, dimension: 8)], feed_forward: [8])])))"#,
        ),
        (
            "base.ron",
            r#"(workload: (transformer: Inline(layers: [(hidden: 4, heads: [Convolution(kernel: 5, dimension: 4)], feed_forward: [8]), (hidden: 4, heads: [Convolution(kernel: 5, dimension: 4)], feed_forward: [8])])))"#,
        ),
    ]);
    assert_eq!(loaded.scenario().workload.transformer.layers.len(), 1);
    assert!(place(&loaded, "workload.transformer.layers[1].hidden").starts_with("top.ron"));
}
