//! What a user sees of a wrong input. `UPDATE_EXPECT=1 cargo test -p elector-scenarios` refreshes the texts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use expect_test::expect_file;
use scenarios::schema::Scenario;

/// Wrong inputs: a title, and the files, the scenario first.
const WRONG: &[(&str, &[(&str, &str)])] = &[
    (
        "unknown field, misspelt",
        &[(
            "s.ron",
            "(\n    accelerator: (\n        processing_elments: 64,\n    ),\n)\n",
        )],
    ),
    (
        "unknown field, nothing like it",
        &[("s.ron", "(\n    accelerator: (tile: (depth: 3)),\n)\n")],
    ),
    (
        "unknown word for a policy",
        &[("s.ron", "(\n    scheduling: (policy: StagerredHeads),\n)\n")],
    ),
    (
        "unknown kind of head",
        &[(
            "s.ron",
            "(\n    workload: (transformer: Inline(layers: [\n        (hidden: 8, heads: [Atention(dimension: 8)], feed_forward: [8]),\n    ])),\n)\n",
        )],
    ),
    (
        "syntax: a bracket is never closed",
        &[(
            "s.ron",
            "(\n    accelerator: (\n        clock_mhz: 700,\n    workload: (batch: 4),\n)\n",
        )],
    ),
    (
        "syntax: a comma is missing",
        &[("s.ron", "(\n    seed: 1\n    name: \"x\",\n)\n")],
    ),
    (
        "syntax: text after the end",
        &[("s.ron", "(\n    seed: 1,\n)\n)\n")],
    ),
    (
        "syntax: a text is never closed",
        &[("s.ron", "(\n    name: \"x,\n    seed: 1,\n)\n")],
    ),
    ("an empty file", &[("s.ron", "")]),
    ("another kind of file", &[("s.ron", "#!/bin/sh\necho hello\n")]),
    (
        "a number with a unit",
        &[("s.ron", "(\n    accelerator: (clock_mhz: 1GHz),\n)\n")],
    ),
    (
        "half of a bandwidth",
        &[(
            "s.ron",
            "(\n    accelerator: (buffer_bandwidth: (weight: (banks: 8), mask: (banks: 0, width_bits: 64))),\n)\n",
        )],
    ),
    (
        "text for a number",
        &[("s.ron", "(\n    accelerator: (clock_mhz: \"fast\"),\n)\n")],
    ),
    (
        "a number for a section",
        &[("s.ron", "(\n    accelerator: 64,\n)\n")],
    ),
    (
        "a number for a flag",
        &[("s.ron", "(\n    accelerator: (power_gating: 1),\n)\n")],
    ),
    (
        "a field twice",
        &[("s.ron", "(\n    seed: 1,\n    seed: 2,\n)\n")],
    ),
    (
        "a missing field",
        &[(
            "s.ron",
            "(\n    workload: (transformer: Inline(layers: [(hidden: 8, heads: [])])),\n)\n",
        )],
    ),
    (
        "all impossible values at once",
        &[(
            "s.ron",
            "(\n    accelerator: (\n        clock_mhz: NaN,\n        processing_elements: 0,\n        lanes_per_pe: 2.0,\n        tile: (x: -16, y: 1e400),\n        buffers: (weight_mb: inf),\n        loop_order: \"bijj\",\n    ),\n    workload: (phase: Training, batch: 99999999999),\n    sparsity: (activation_density: 1.5, source: Sampled(distribution: Beta(concentration: -1))),\n)\n",
        )],
    ),
    (
        "sizes of blocks that cannot be, and an order that is none",
        &[(
            "s.ron",
            "(\n    accelerator: (\n        mapping: (\n            blocks: (b: 0, i: 24, j: 2.5),\n            order: \"jbjk\",\n        ),\n    ),\n)\n",
        )],
    ),
    (
        "a size of blocks that is no multiple of the tile",
        &[(
            "s.ron",
            "(\n    accelerator: (mapping: (blocks: (i: 24, k: 8))),\n)\n",
        )],
    ),
    (
        "a size of blocks that is not known",
        &[(
            "s.ron",
            "(\n    accelerator: (mapping: (blocks: (rows: 64))),\n)\n",
        )],
    ),
    (
        "a word for sizes of blocks",
        &[("s.ron", "(\n    accelerator: (mapping: (blocks: Atuo)),\n)\n")],
    ),
    (
        "groups of lanes that do not divide those of a PE",
        &[(
            "s.ron",
            "(\n    accelerator: (\n        lanes_per_pe: 16,\n        operand_broadcast: (rows: 3, columns: 4),\n    ),\n)\n",
        )],
    ),
    (
        "sizes by role that cannot be",
        &[(
            "s.ron",
            "(\n    accelerator: (\n        mapping: (by_role: (attention_scores: (i: 24, j: 0), feed_forward: (k: 4096), convolution: (i: 16))),\n    ),\n)\n",
        )],
    ),
    (
        "a role of blocks that is not known",
        &[(
            "s.ron",
            "(\n    accelerator: (mapping: (by_role: (softmax: (i: 16)))),\n)\n",
        )],
    ),
    (
        "items stated by role",
        &[(
            "s.ron",
            "(\n    accelerator: (mapping: (by_role: (feed_forward: (b: 2)))),\n)\n",
        )],
    ),
    (
        "a goal for orders of loops that is none",
        &[("s.ron", "(\n    accelerator: (loop_order: Auto(Speed)),\n)\n")],
    ),
    (
        "a word for orders of loops that is none",
        &[("s.ron", "(\n    accelerator: (loop_order: Atuo),\n)\n")],
    ),
    (
        "a number for an order",
        &[("s.ron", "(\n    accelerator: (mapping: (order: 4)),\n)\n")],
    ),
    (
        "a number beyond all types",
        &[("s.ron", "(\n    seed: 99999999999999999999999999,\n)\n")],
    ),
    (
        "too many lanes together",
        &[(
            "s.ron",
            "(\n    accelerator: (processing_elements: 32768, lanes_per_pe: 64),\n)\n",
        )],
    ),
    (
        "a lane of a size without a cost",
        &[(
            "s.ron",
            "(\n    accelerator: (multipliers_per_lane: 256, tile: (x: 2, y: 2)),\n)\n",
        )],
    ),
    (
        "no such accelerator",
        &[("s.ron", "(\n    accelerator: (preset: \"egde\"),\n)\n")],
    ),
    (
        "no such transformer",
        &[("s.ron", "(\n    workload: (transformer: Preset(\"gpt-9\")),\n)\n")],
    ),
    ("no such base", &[("s.ron", "(\n    base: \"missing.ron\",\n)\n")]),
    ("no such file at all", &[("s.ron", ""), ("", "")]),
    (
        "files that include each other",
        &[
            ("s.ron", "(\n    base: \"t.ron\",\n)\n"),
            ("t.ron", "(\n    base: \"s.ron\",\n)\n"),
        ],
    ),
    (
        "an impossible value in the base",
        &[
            ("s.ron", "(\n    base: \"t.ron\",\n    seed: 4,\n)\n"),
            ("t.ron", "(\n    accelerator: (tile: (x: 0)),\n)\n"),
        ],
    ),
    (
        "a dictionary with unknown heads and lists too short",
        &[
            (
                "s.ron",
                "(\n    workload: (transformer: Dictionary(\"d.json\")),\n)\n",
            ),
            (
                "d.json",
                "{\n  \"l\": 2,\n  \"o\": [[\"sa_spd_64\", \"c_7\"], [\"c_7_64\"]],\n  \"h\": [128],\n  \"f\": [[512], [512]]\n}\n",
            ),
        ],
    ),
    (
        "a dictionary with impossible numbers",
        &[
            (
                "s.ron",
                "(\n    workload: (transformer: Dictionary(\"d.json\")),\n)\n",
            ),
            (
                "d.json",
                "{\n  \"l\": 2,\n  \"o\": [[\"sa_sdp_0\", \"c_5_64\"], []],\n  \"h\": [128, -1],\n  \"f\": [[512], [0.5]]\n}\n",
            ),
        ],
    ),
    (
        "a dictionary that is not JSON",
        &[
            (
                "s.ron",
                "(\n    workload: (transformer: Dictionary(\"d.json\")),\n)\n",
            ),
            (
                "d.json",
                "{\n  \"l\": 2,\n  \"o\": [[\"sa_sdp_64\" \"c_5_64\"]],\n}\n",
            ),
        ],
    ),
    (
        "no such dictionary",
        &[(
            "s.ron",
            "(\n    workload: (transformer: Dictionary(\"d.json\")),\n)\n",
        )],
    ),
    (
        "a cost table that is wrong",
        &[
            ("s.ron", "(\n    costs: File(\"c.ron\"),\n)\n"),
            ("c.ron", "(\n    name: \"mine\",\n    clock_mhz: fast,\n)\n"),
        ],
    ),
    (
        "nested too deeply",
        &[(
            "s.ron",
            "(\n    name: ((((((((((((((((((((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))))))))))))))))))))))),\n)\n",
        )],
    ),
    (
        "a long line",
        &[(
            "s.ron",
            "(/* xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx */ seed: -1, /* xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx */)",
        )],
    ),
    (
        "characters of several bytes before the place",
        &[("s.ron", "(name: \"żółw 🐢\", seed: -1)")],
    ),
];

#[test]
fn wrong_inputs_are_answered_like_this() {
    let mut answers = String::new();
    for (title, files) in WRONG {
        let missing = files.iter().any(|(path, _)| path.is_empty());
        let resolver: BTreeMap<PathBuf, String> = match missing {
            true => BTreeMap::new(),
            false => files
                .iter()
                .map(|(path, text)| (PathBuf::from(path), (*text).to_owned()))
                .collect(),
        };
        let answer = match Scenario::load_with(files[0].0, resolver) {
            Ok(_) => panic!("{title}: accepted"),
            Err(wrong) => wrong.render(),
        };
        assert!(
            answer.contains(".ron") || answer.contains(".json"),
            "{title}: no file is named\n{answer}"
        );
        answers.push_str(&format!("## {title}\n{answer}\n"));
    }
    expect_file!["golden/diagnostics.txt"].assert_eq(&answers);
}

#[test]
fn warnings_leave_a_scenario_good() {
    let resolver = BTreeMap::from([(
        PathBuf::from("d.json"),
        "{\"l\": 1, \"o\": [[\"sa_sdp_16\"], [\"sa_sdp_16\"]], \"h\": [32, 32], \"f\": [[64], [64]], \"p\": 3}".to_owned(),
    )]);
    let text = "(\n    workload: (transformer: Dictionary(\"d.json\")),\n    accelerator: (multipliers_per_lane: 8, word: (fraction_bits: 12)),\n)\n";
    let loaded =
        Scenario::parse("s.ron", text, resolver).unwrap_or_else(|wrong| panic!("{}", wrong.render()));
    assert_eq!(loaded.scenario().workload.transformer.layers.len(), 1);
    expect_file!["golden/warnings.txt"].assert_eq(&loaded.warnings().render());
}
