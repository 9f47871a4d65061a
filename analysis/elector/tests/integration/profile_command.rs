//! `elector profile` as users meet it: files good and bad, drawn tensors against the closed form of their distribution.

use std::io::{Cursor, Write as _};
use std::path::Path;

use components::sparsity::curve::SparsityCurve;
use components::sparsity::threshold::{OperationClass, TensorKind, ThresholdCalculator};
use expect_test::expect;
use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView, serialize};
use scenarios::load::{Disk, Document};
use scenarios::schema::CurvesFile;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use crate::process::{elector, err, here, json, out, parsed, root};

/// A `.npy` file of single-precision numbers.
fn npy(values: &[f32]) -> Vec<u8> {
    let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    npy_of("<f4", &format!("({},)", values.len()), &data)
}

fn npy_of(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

fn folder_with(files: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

/// Runs `elector profile` on a file of these bytes, which has to be refused with exit code 2; the message.
fn refused(name: &str, bytes: Vec<u8>) -> String {
    let folder = folder_with(&[(name, bytes)]);
    let output = elector(&["profile", name], folder.path());
    let message = err(&output);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains(name) && message.contains("help:"), "{message}");
    message
}

fn calculator(file: &Path) -> ThresholdCalculator {
    Document::<CurvesFile>::load(file, &Disk)
        .and_then(|document| document.calculator())
        .unwrap_or_else(|wrong| panic!("{}", wrong.render()))
}

/// The error function within 1.5e-7 (Abramowitz and Stegun, 7.1.26).
fn erf(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let polynomial = [
        1.061_405_429,
        -1.453_152_027,
        1.421_413_741,
        -0.284_496_736,
        0.254_829_592,
    ];
    1.0 - polynomial.iter().fold(0.0, |sum, term| sum * t + term) * t * (-x * x).exp()
}

/// The largest distance of a curve's points from the share of a distribution below their thresholds.
fn distance(curve: &SparsityCurve, below: impl Fn(f64) -> f64) -> f64 {
    let distances = curve
        .points()
        .iter()
        .map(|point| (point.sparsity - below(point.threshold)).abs());
    distances.fold(0.0, f64::max)
}

#[test]
fn drawn_curves_follow_the_closed_form_of_their_distribution() {
    let folder = tempfile::tempdir().unwrap();
    for seed in ["0", "1", "2"] {
        let arguments = [
            "profile",
            "--synthetic",
            "bert-tiny",
            "--seed",
            seed,
            "--out",
            "c.ron",
            "--force",
        ];
        assert_eq!(elector(&arguments, folder.path()).status.code(), Some(0));
        let curves = calculator(&folder.path().join("c.ron"));
        // Kolmogorov's bound at one in ten thousand, 2.2 / sqrt(n), and the six digits of the file.
        let bound = |values: f64| 2.2 / values.sqrt() + 1e-6;
        let weights = curves
            .curve(OperationClass::Attention, TensorKind::Weights)
            .unwrap();
        let half_normal = distance(weights, |t| erf(t / 0.02 / 2.0_f64.sqrt()));
        assert!(half_normal < bound(131_072.0), "{half_normal}");
        let gradients = curves
            .curve(OperationClass::FeedForward, TensorKind::Gradients)
            .unwrap();
        let log_normal = distance(gradients, |t| {
            let x = ((t.max(1e-300) / 1e-4).ln() / 2.0) / 2.0_f64.sqrt();
            0.5 * (1.0 + x.signum() * erf(x.abs()))
        });
        assert!(log_normal < bound(425_984.0), "{log_normal}");
    }
}

#[test]
fn the_shipped_curves_are_what_the_command_makes() {
    let folder = tempfile::tempdir().unwrap();
    for model in ["bert-tiny", "flexibert-mixed"] {
        let made = elector(
            &["profile", "--synthetic", model, "--out", "c.ron", "--force"],
            folder.path(),
        );
        assert_eq!(made.status.code(), Some(0), "{}", err(&made));
        let path = root().join(format!("scenarios/library/curves/synthetic-{model}.ron"));
        let (made, shipped) = (calculator(&folder.path().join("c.ron")), calculator(&path));
        // Drawing takes logarithms and exponentials of the platform's, so digits may differ, but no more.
        for (class, kind, curve) in shipped.curves() {
            let same = distance(made.curve(class, kind).unwrap(), |t| curve.sparsity_at(t));
            assert!(same < 2e-3, "{class} {kind}: {same}");
        }
        assert_eq!(made.curves().count(), shipped.curves().count());
    }
}

#[test]
fn a_seed_gives_one_result() {
    let run = |seed| {
        json(&[
            "profile",
            "--synthetic",
            "flexibert-mixed",
            "--json",
            "--seed",
            seed,
        ])
    };
    assert_eq!(run("7"), run("7"));
    assert_ne!(run("7")["curves"], run("8")["curves"]);
}

#[test]
fn the_table_and_the_file_of_an_array() {
    let values: Vec<f32> = (0..1000)
        .map(|value| (value as f32 - 499.5) / 1024.0)
        .chain([0.0; 24])
        .collect();
    let folder = folder_with(&[("query.npy", npy(&values))]);
    let arguments = ["profile", "query.npy", "--points", "8", "--out", "c.ron"];
    let made = elector(&arguments, folder.path());
    expect![[r#"
        query
        query.npy

        Thresholds that prune to
          operations  tensors     values  zeros     25%     50%     75%     90%     95%     99%
          attention   weights  1   1,024   2.3%  0.1129  0.2379  0.3630  0.4380  0.4630  0.4830
    "#]]
    .assert_eq(&out(&made));
    let file = std::fs::read_to_string(folder.path().join("c.ron")).unwrap();
    expect![[r#"
        // DynaProp's curves: (threshold, share of the values that pruning by it makes zero).
        (
            name: "query",
            source: "query.npy",
            curves: [
                (operations: Attention, tensors: Weights, points: [
                    (0.0, 0.023438), (0.09719849, 0.21875), (0.19488525, 0.414063), (0.29260254, 0.609375),
                    (0.3902588, 0.804688), (0.4390869, 0.902344), (0.46350098, 0.951172), (0.48791504, 1.0),
                ]),
            ],
        )
    "#]]
    .assert_eq(&file);
    let again = elector(&arguments, folder.path());
    assert!(err(&again).contains("--force"), "{}", err(&again));
}

#[test]
fn all_formats_of_one_tensor_give_one_curve() {
    let values: Vec<f32> = (1..500).map(|value| value as f32 / 64.0).collect();
    let bytes = |of: fn(f32) -> Vec<u8>| -> Vec<u8> { values.iter().flat_map(|&value| of(value)).collect() };
    let double = bytes(|value| f64::from(value).to_be_bytes().to_vec());
    let single = bytes(|value| value.to_le_bytes().to_vec());
    let half = bytes(|value| half::f16::from_f32(value).to_le_bytes().to_vec());
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive
        .start_file("notes.txt", SimpleFileOptions::default())
        .unwrap();
    archive
        .start_file("tensor.npy", SimpleFileOptions::default())
        .unwrap();
    archive.write_all(&npy(&values)).unwrap();
    let view = TensorView::new(Dtype::F32, vec![499], &single).unwrap();
    let positions = TensorView::new(Dtype::I64, vec![1], &[0; 8]).unwrap();
    let folder = folder_with(&[
        ("a.npy", npy(&values)),
        ("b.npy", npy_of(">f8", "(499, 1)", &double)),
        ("c.npy", npy_of("<f2", "(1, 499,)", &half)),
        ("d.npz", archive.finish().unwrap().into_inner()),
        (
            "e.safetensors",
            serialize([("tensor", view), ("positions", positions)], None).unwrap(),
        ),
    ]);
    let points = |file: &str| {
        let output = elector(&["profile", file, "--json"], folder.path());
        parsed(&output)["curves"].clone()
    };
    let first = points("a.npy");
    assert_eq!(first[0]["values"], 499);
    for file in ["b.npy", "c.npy", "d.npz", "e.safetensors"] {
        assert_eq!(points(file), first, "{file}");
    }
    let both = elector(
        &[
            "profile",
            "a.npy",
            "d.npz",
            "--json",
            "--operations",
            "convolution",
        ],
        folder.path(),
    );
    let both = &parsed(&both)["curves"][0];
    assert_eq!(
        (&both["operations"], &both["values"]),
        (&"Convolution".into(), &998.into())
    );
    assert_eq!(both["points"], first[0]["points"]);
}

#[test]
fn hostile_files_are_refused_with_a_remedy() {
    let good = npy(&[1.0, 2.0, 3.0]);
    for length in 0..good.len() {
        let message = refused("cut.npy", good[..length].to_vec());
        assert!(message.contains("ends before"), "{length}: {message}");
    }
    for (bytes, what) in [
        (npy(&[1.0, f32::NAN]), "value 1 is NaN"),
        (npy(&[1.0, 2.0, f32::NEG_INFINITY]), "value 2 is -inf"),
        (npy_of("<i8", "(1,)", &[0; 8]), "an integer type"),
        (npy_of("|O", "(1,)", &[0; 8]), "type \"|O\""),
        (npy_of("<c16", "(1,)", &[0; 16]), "type \"<c16\""),
        (npy_of("<f4", "(-1,)", &[0; 8]), "is impossible"),
        (
            npy_of("<f4", "(18446744073709551615, 9)", &[0; 8]),
            "is impossible",
        ),
        (npy_of("<f4", "(18446744073709551615,)", &[0; 8]), "ends before"),
        (npy_of("<f4", "(", &[0; 8]), "not a tuple"),
        (npy_of("<f4", "(0,)", &[]), "no value to profile"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(), "4294967295 bytes"),
        (b"\x93NUMPY\x01\x00\x04\x00{}  ".to_vec(), "no 'descr'"),
        (b"PK\x03\x04 and so on".to_vec(), "not a NumPy array"),
    ] {
        let folder = folder_with(&[("bad.npy", bytes)]);
        let output = elector(&["profile", "bad.npy"], folder.path());
        assert_eq!(output.status.code(), Some(2));
        let message = err(&output).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(message.contains(what) && message.contains("help:"), "{message}");
    }
    assert!(refused("x.npz", b"PK\x03\x04 and so on".to_vec()).contains("not an archive"));
    assert!(refused("x.safetensors", vec![255; 40]).contains("not a safetensors file"));
    let data: Vec<u8> = [0.5_f32, f32::NAN]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let view = TensorView::new(Dtype::F32, vec![2], &data).unwrap();
    let message = refused("y.safetensors", serialize([("mlp.weight", view)], None).unwrap());
    assert!(message.contains("\"mlp.weight\""), "{message}");
}

#[test]
fn wrong_usage_is_answered() {
    let absent = err(&here(&["profile", "absent.npy"]));
    assert!(absent.contains("absent.npy"), "{absent}");
    let unknown = err(&here(&["profile", "Cargo.toml"]));
    assert!(unknown.contains("numpy.save"), "{unknown}");
    let model = err(&here(&["profile", "--synthetic", "bert-tny"]));
    assert!(model.contains("did you mean `bert-tiny`"), "{model}");
    for arguments in [
        &["profile"][..],
        &["profile", "a.npy", "--points", "1"],
        &["profile", "a.npy", "--force"],
    ] {
        assert_eq!(here(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn damaged_archives_and_checkpoints_never_panic(place in 0.0..1.0, byte: u8, cut in 0.0..=1.0) {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file("tensor.npy", SimpleFileOptions::default()).unwrap();
        archive.write_all(&npy(&[1.0, 2.0, 3.0])).unwrap();
        let data: Vec<u8> = [1.0_f32; 6].iter().flat_map(|value| value.to_le_bytes()).collect();
        let view = TensorView::new(Dtype::F32, vec![2, 3], &data).unwrap();
        for (name, mut bytes) in [
            ("x.npz", archive.finish().unwrap().into_inner()),
            ("x.safetensors", serialize([("tensor", view)], None).unwrap()),
            ("x.npy", npy(&[1.0, 2.0])),
        ] {
            let index = (place * bytes.len() as f64) as usize;
            bytes[index] = byte;
            bytes.truncate((cut * 2.0 * bytes.len() as f64) as usize);
            let folder = folder_with(&[(name, bytes)]);
            let output = elector(&["profile", name], folder.path());
            prop_assert!(matches!(output.status.code(), Some(0 | 2)), "{}", err(&output));
        }
    }
}
