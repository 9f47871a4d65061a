//! The closed form gives every published figure.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use estimate::published::convention::SWITCHES;
use estimate::{Convention, Energy, EstimateError, PublishedAccelerator, Workload, estimate};
use scenarios::load::{Document, library::Shelf};
use scenarios::schema::CostTable;
use scenarios::transformer::Transformer;
use serde::Deserialize;
use serde_json::Value;

/// The largest relative error of areas and energies.
const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
struct Pairs {
    models: Vec<Value>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    model: usize,
    accelerator: [f64; 12],
    fits: bool,
    area_mm2: f64,
    cycles: i128,
    energy_nj: Groups,
}

#[derive(Deserialize)]
struct Groups {
    buffer: f64,
    main_memory: f64,
    mac_lanes: [f64; 2],
    softmax: [f64; 2],
    layer_norm: [f64; 2],
    sparsity: [f64; 2],
    others: [f64; 2],
}

impl Groups {
    /// The energies of both, by name: published, estimated.
    fn beside(&self, energy: &Energy) -> Vec<(String, f64, f64)> {
        let published = [
            self.mac_lanes,
            self.softmax,
            self.layer_norm,
            self.sparsity,
            self.others,
        ];
        let pairs = energy.modules().into_iter().zip(published);
        let pairs = pairs.flat_map(|((name, power), [dynamic, leakage])| {
            [
                (format!("{name}, dynamic"), dynamic, power.dynamic),
                (format!("{name}, leakage"), leakage, power.leakage),
            ]
        });
        let buffer = ("buffer".to_owned(), self.buffer, energy.buffer);
        let memory = ("main memory".to_owned(), self.main_memory, energy.main_memory);
        pairs.chain([buffer, memory]).collect()
    }
}

fn pairs() -> Pairs {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/data/published/pairs.json"
    );
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn costs() -> CostTable {
    Document::shipped(Shelf::Costs, "14nm").unwrap().value
}

fn near(published: f64, estimated: f64) -> bool {
    (published - estimated).abs() <= TOLERANCE * published.abs()
}

#[test]
fn every_convention_is_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/conventions.md");
    let page = std::fs::read_to_string(path).unwrap();
    for switch in SWITCHES {
        assert!(
            page.contains(&format!("| `{}` |", switch.name)),
            "{}",
            switch.name
        );
    }
}

#[test]
fn every_published_figure_is_repeated() {
    let (pairs, costs) = (pairs(), costs());
    let transformers: Vec<Transformer> = pairs
        .models
        .iter()
        .map(|model| Transformer::parse("model.json", &model.to_string()).unwrap().0)
        .collect();
    let (mut fitting, mut refused) = (0, 0);
    for row in &pairs.rows {
        let accelerator = PublishedAccelerator::from_vector(&row.accelerator).unwrap();
        let workload = Workload::published(&transformers[row.model]);
        let estimated = estimate(workload, &accelerator, &costs, &Convention::published());
        if !row.fits {
            let refusal = estimated.unwrap_err();
            assert!(
                matches!(refusal, EstimateError::EmbeddingsExceedWeightBuffer { .. }),
                "{}: {refusal}",
                row.id
            );
            assert!(
                refusal
                    .to_string()
                    .starts_with("embeddings exceed the weight buffer")
            );
            refused += 1;
            continue;
        }
        let estimated = estimated.unwrap();
        assert_eq!(estimated.cycles, row.cycles, "{}", row.id);
        assert!(near(row.area_mm2, estimated.area_mm2), "{}", row.id);
        for (group, published, energy) in row.energy_nj.beside(&estimated.energy_nj) {
            assert!(
                near(published, energy),
                "{}, {group}: {published} {energy}",
                row.id
            );
        }
        fitting += 1;
    }
    assert_eq!((fitting, refused), (189, 6));
}
