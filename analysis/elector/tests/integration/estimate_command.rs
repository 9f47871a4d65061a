//! `elector estimate` as users meet it, and its parsers under fire.

use std::process::Output;

use estimate::published::convention::SWITCHES;
use estimate::{Convention, PublishedAccelerator, Workload, estimate};
use expect_test::expect;
use proptest::prelude::*;
use scenarios::load::{Document, library::Shelf};
use scenarios::schema::CostTable;
use scenarios::transformer::{AttentionKind, Head, Layer, TransformKind, Transformer};
use serde_json::Value;

use crate::process::{elector, err, here, out, root};

const MODEL: &str = r#"{"l": 1, "o": [["sa_sdp_16", "c_9_16"]], "h": [32], "f": [[64]]}"#;
const VECTOR: &str = "1,16,16,64,16,16,4,4,4,8,1,8";

/// A folder with `model.json`, and what `elector estimate` makes of `vector` in it.
fn pair(vector: &str, more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("model.json"), MODEL).unwrap();
    std::fs::write(folder.path().join("vector.json"), format!("[{VECTOR}]")).unwrap();
    std::fs::write(folder.path().join("wrong.json"), "[1, 2, \"three\"").unwrap();
    let arguments = ["estimate", "--model", "model.json", "--accelerator", vector];
    elector(&[&arguments[..], more].concat(), folder.path())
}

#[test]
fn report_of_the_edge_machine() {
    let output = here(&["estimate", "bert-tiny-edge", "--convention", "published"]);
    assert_eq!(output.status.code(), Some(0));
    expect![[r#"
        BERT-Tiny on the edge accelerator
        167,596 cycles  239.4 us at 700 MHz  54.064 mm2  1.394 mJ
        by the published convention; it is not the event-driven model's (docs/conventions.md)

        Energy
                        working   leaking   share
          main memory  165.1 uJ             11.8%
          buffer       4.871 uJ              0.3%
          MAC lanes    786.1 uJ  48.26 uJ   59.8%
          softmax      810.6 nJ  62.48 nJ    0.1%
          layer norm   1.026 uJ  60.28 nJ    0.1%
          sparsity     131.0 uJ  43.90 uJ   12.5%
          others       171.7 uJ  41.22 uJ   15.3%
          total        1.394 mJ            100.0%
    "#]]
    .assert_eq(&out(&output));
}

#[test]
fn corrected_report_of_a_training_step() {
    let output = here(&["estimate", "bert-tiny-train"]);
    assert_eq!(output.status.code(), Some(0));
    expect![[r#"
        Training BERT-Tiny on the edge accelerator
        510,121 cycles  728.7 us at 700 MHz  54.145 mm2  4.323 mJ
        by the corrected convention: the event-driven model in closed form (docs/conventions.md)

        Bounds, cycles that each part would need alone; bound by main memory
                             done at  compute  main memory  softmax  layer norm  buffers  dependences  bound by
          forward, layer 0    27,553    1,832       24,698       66         263        0        2,747  main memory
          forward, layer 1    41,278    1,824       15,696       66         263        0        2,703  main memory
          backward, layer 1   65,874    3,656       21,014       67         267        0        2,909  main memory
          backward, layer 0   93,232    3,652       24,981       67         267        0        2,894  main memory
          update, layer 0    510,121      136      236,458        0           0        0            0  main memory
          update, layer 1    324,318       96      161,641        0           0        0            0  main memory
          all                          11,196      484,488      265       1,060        0       11,253  main memory

        Energy
                        working   leaking   share
          main memory  405.4 uJ              9.4%
          buffer       2.664 mJ             61.6%
          MAC lanes    85.09 uJ  238.0 uJ    7.5%
          softmax      3.243 uJ  498.0 uJ   11.6%
          layer norm   4.104 uJ  120.1 uJ    2.9%
          sparsity     94.67 nJ  136.7 uJ    3.2%
          others       27.06 uJ  141.2 uJ    3.9%
          total        4.323 mJ            100.0%
    "#]]
    .assert_eq(&out(&output));
}

#[test]
fn a_training_step_that_may_be_far_off_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = r#"(base: "bert-tiny-train", memory: Preset("rram"))"#;
    std::fs::write(folder.path().join("slow.ron"), scenario).unwrap();
    let report = elector(&["estimate", "slow.ron"], folder.path());
    assert!(out(&report).contains("caution: a training step on a memory with write pulses"));
    let json = elector(&["estimate", "slow.ron", "--json"], folder.path());
    let found: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(
        found
            .to_string()
            .contains(r#""caution":"training_with_write_pulses""#),
        "{found}"
    );
    let layers = found.to_string().matches(r#""phase":"update""#).count();
    assert_eq!(layers, 2, "{found}");
}

#[test]
fn the_published_convention_refuses_a_training_step() {
    let output = here(&["estimate", "bert-tiny-train", "--convention", "published"]);
    assert_ne!(output.status.code(), Some(0));
    assert!(err(&output).contains("cannot express a training step"));
}

#[test]
fn corrected_report_of_the_edge_machine() {
    let output = here(&["estimate", "bert-tiny-edge"]);
    assert_eq!(output.status.code(), Some(0));
    expect![[r#"
        BERT-Tiny on the edge accelerator
        47,165 cycles  67.38 us at 700 MHz  54.064 mm2  559.9 uJ
        by the corrected convention: the event-driven model in closed form (docs/conventions.md)

        Bounds, cycles that each part would need alone; bound by main memory
                   done at  compute  main memory  softmax  layer norm  buffers  dependences  bound by
          layer 0   27,601    1,832       24,745       66         263        0        2,747  main memory
          layer 1   47,164    1,824       20,957       66         263        0        2,703  main memory
          all                 3,656       45,702      132         526        0        5,450  main memory

        Energy
                        working   leaking   share
          main memory  38.45 uJ              6.9%
          buffer       370.0 uJ             66.1%
          MAC lanes    27.79 uJ  22.01 uJ    8.9%
          softmax      1.621 uJ  46.05 uJ    8.5%
          layer norm   2.052 uJ  11.11 uJ    2.3%
          sparsity     31.34 nJ  12.64 uJ    2.3%
          others       15.47 uJ  12.78 uJ    5.0%
          total        559.9 uJ            100.0%
    "#]]
    .assert_eq(&out(&output));
}

#[test]
fn vectors_come_as_text_or_as_a_file() {
    let plain = pair(VECTOR, &["--json"]);
    assert_eq!(plain.status.code(), Some(0), "{}", err(&plain));
    for vector in ["vector.json", &format!("[{}]", VECTOR.replace(',', ", "))] {
        assert_eq!(pair(vector, &["--json"]).stdout, plain.stdout);
    }
    let result: Value = serde_json::from_slice(&plain.stdout).unwrap();
    for field in ["area_mm2", "cycles", "energy_nj", "convention", "seconds"] {
        assert!(result.get(field).is_some(), "{field}");
    }
    for group in ["mac_lanes", "softmax", "layer_norm", "sparsity", "others"] {
        assert_eq!(result["energy_nj"][group].as_array().unwrap().len(), 2, "{group}");
    }
    assert!(result["energy_nj"]["buffer"].is_f64() && result["energy_nj"]["main_memory"].is_f64());
}

#[test]
fn scenario_and_pair_agree() {
    let model = root().join("scenarios/library/models/bert-tiny.json");
    let model = model.to_str().unwrap();
    for convention in ["published", "corrected"] {
        let counted = |arguments: &[&str]| -> Value {
            let more = ["--convention", convention, "--json"];
            let output = here(&[&["estimate"], arguments, &more[..]].concat());
            serde_json::from_slice(&output.stdout).unwrap()
        };
        let edge = counted(&["bert-tiny-edge", "--memory", "dram_32_2_1"]);
        let same = counted(&["--model", model, "--accelerator", VECTOR]);
        for field in ["area_mm2", "cycles", "energy_nj", "bounds", "convention"] {
            assert_eq!(edge[field], same[field], "{convention}");
        }
        let other = counted(&["bert-tiny-edge", "--memory", "rram_16_2_2"]);
        assert!(other["cycles"].as_u64() < edge["cycles"].as_u64(), "{convention}");
    }
}

#[test]
fn wrong_input_is_refused_with_a_remedy() {
    let long = "9".repeat(100_000);
    for (vector, words) in [
        ("1,2,3", "vector of 12 numbers, not of 3"),
        ("wrong.json", "not a JSON array"),
        ("missing.json", "No such file"),
        ("1,16,16,64,16,16,4,4,4,8,1,11", "number 12 of the vector, memory"),
        (
            "1,16,16,64,16,16,4,4,4,0.5,1,8",
            "embeddings exceed the weight buffer",
        ),
        ("1,16,8,64,16,16,4,4,4,8,1,8", "square tiles"),
        ("1,16,16,64,16,12,4,4,4,8,1,8", "lanes of 12 multipliers"),
        ("-1,16,16,64,16,16,4,4,4,8,1,8", "tile_b"),
        (&long, "12 numbers"),
    ] {
        let output = pair(vector, &[]);
        let message = err(&output);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains(words) && message.len() < 1000, "{message}");
        assert!(output.stdout.is_empty());
    }
    for arguments in [
        &["estimate"][..],
        &["estimate", "--model", "m.json"],
        &["estimate", "bert-tiny-edge", "--convention", "guessed"],
        &["estimate", "bert-tiny-edge", "--memory", "core_1_1_1"],
        &["estimate", "bert-tiny-edge", "--accelerator", VECTOR],
        &["estimate", "flexibert-mixed", "--convention", "published"],
        &["estimate", "no-such-scenario"],
    ] {
        let output = here(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn scenarios_beyond_the_convention_are_refused_at_their_place() {
    let folder = tempfile::tempdir().unwrap();
    for (field, place) in [
        ("accelerator: (clock_mhz: 500)", "accelerator: (clock_mhz: 500)"),
        ("accelerator: (word: (integer_bits: 5))", "words of 21 bits"),
        ("accelerator: (multipliers_per_lane: 8)", "lanes of 8 multipliers"),
        ("accelerator: (tile: (x: 8))", "tiles of 8 x 16"),
        (
            "accelerator: (buffers: (weight_mb: 1))",
            "embeddings exceed the weight buffer",
        ),
        ("sparsity: (weight_density: 0.25)", "a density of 0.25"),
        ("sparsity: (constant_density: 0.75)", "a density of 0.75"),
        ("memory: Preset(\"ideal\")", "no figures for the memory"),
        ("memory: File(\"mine.ron\")", "no figures for the memory"),
    ] {
        std::fs::write(folder.path().join("mine.ron"), format!("(\n    {field},\n)")).unwrap();
        let output = elector(
            &["estimate", "mine.ron", "--convention", "published"],
            folder.path(),
        );
        let message = err(&output);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(
            message.contains("mine.ron:2:") && message.contains(place),
            "{message}"
        );
    }
}

fn heads() -> impl Strategy<Value = Head> {
    let dimension = prop_oneof![Just(1u32), Just(64), Just(1 << 20), 1u32..200];
    (0..5, dimension).prop_map(|(kind, dimension)| match kind {
        0 => Head::Attention {
            kind: AttentionKind::ScaledDotProduct,
            dimension,
        },
        1 => Head::Attention {
            kind: AttentionKind::WeightedMultiplicative,
            dimension,
        },
        2 => Head::LinearTransform {
            kind: TransformKind::Fourier,
            dimension,
        },
        _ => Head::Convolution {
            kernel: 13,
            dimension,
        },
    })
}

fn layers() -> impl Strategy<Value = Layer> {
    let width = || prop_oneof![Just(1u32), Just(1 << 20), 1u32..1000];
    (
        width(),
        prop::collection::vec(heads(), 0..6),
        prop::collection::vec(width(), 0..4),
    )
        .prop_map(|(hidden, heads, feed_forward)| Layer {
            hidden,
            heads,
            feed_forward,
        })
}

/// Vectors within the limits, at their ends more often than not.
fn vectors() -> impl Strategy<Value = [f64; 12]> {
    let tile = || prop_oneof![Just(8.0), Just(16.0), Just(32.0)];
    let modules = || prop_oneof![Just(1.0), Just(1_048_576.0), Just(64.0)];
    let batch = prop_oneof![Just(1.0), Just(65_536.0)];
    let megabytes = || prop_oneof![Just(1e-300), Just(1_048_576.0), Just(8.0)];
    (
        (prop_oneof![Just(1.0), Just(1024.0)], tile(), modules(), modules()),
        (prop_oneof![Just(1.0), Just(16.0)], modules(), batch),
        (megabytes(), Just(1_048_576.0), megabytes(), 0..11),
    )
        .prop_map(
            |((b, x, pes, lanes), (macs, softmax, batch), (a, w, m, memory))| {
                [
                    b,
                    x,
                    x,
                    pes,
                    lanes,
                    macs,
                    softmax,
                    batch,
                    a,
                    w,
                    m,
                    f64::from(memory),
                ]
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_of_a_vector_panics(text in "[-0-9eE.,\\[\\] a-z]{0,60}") {
        let _ = PublishedAccelerator::parse_vector(&text);
        let _ = PublishedAccelerator::parse_json(&text);
    }

    #[test]
    fn no_twelve_numbers_panic(vector in prop::array::uniform12(prop_oneof![any::<f64>(), 0.0..40.0])) {
        let costs: CostTable = Document::shipped(Shelf::Costs, "14nm").unwrap().value;
        if let Ok(accelerator) = PublishedAccelerator::from_vector(&vector) {
            let transformer = Transformer::default();
            let _ = estimate(Workload::published(&transformer), &accelerator, &costs, &Convention::published());
        }
    }

    #[test]
    fn no_dictionary_panics(text in "[\\[\\]{}\",:lohfsadpc_0-9 .-]{0,80}") {
        let _ = Transformer::parse("m.json", &text);
    }

    #[test]
    fn extreme_machines_have_finite_estimates(
        layers in prop::collection::vec(layers(), 1..4),
        vector in vectors(),
        corrected in prop::collection::vec(any::<bool>(), SWITCHES.len()),
        sequence_length in prop_oneof![Just(1u32), Just(128), Just(1 << 20)],
    ) {
        let costs: CostTable = Document::shipped(Shelf::Costs, "14nm").unwrap().value;
        let accelerator = PublishedAccelerator::from_vector(&vector).unwrap();
        let transformer = Transformer { layers };
        let workload = Workload { sequence_length, ..Workload::published(&transformer) };
        let mut convention = Convention::published();
        for (switch, corrected) in SWITCHES.iter().zip(corrected) {
            if corrected {
                (switch.correct)(&mut convention);
            }
        }
        // The largest buffer does not hold the widest embeddings.
        if let Ok(estimated) = estimate(workload, &accelerator, &costs, &convention) {
            prop_assert!(estimated.energy_nj.total().is_finite() && estimated.area_mm2.is_finite());
            prop_assert!(estimated.cycles.unsigned_abs() < 1 << 120);
        }
    }
}
