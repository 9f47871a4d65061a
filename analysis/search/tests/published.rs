//! The published pairs: their vectors are designs of the space.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use scenarios::transformer::Transformer;
use search::space::{Accelerator, Genome};
use serde::Deserialize;

/// `tests/data/published/pairs.json`.
#[derive(Deserialize)]
struct Pairs {
    models: Vec<serde_json::Value>,
    vectors: Vec<Vec<u32>>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    model: usize,
    accelerator: Vec<f64>,
}

fn pairs() -> Pairs {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/data/published/pairs.json"
    );
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

impl Pairs {
    fn transformer(&self, model: usize) -> Transformer {
        Transformer::parse("pairs.json", &self.models[model].to_string())
            .unwrap()
            .0
    }
}

#[test]
fn published_transformers_come_back() {
    let pairs = pairs();
    assert_eq!((pairs.models.len(), pairs.rows.len()), (16, 195));
    for (model, vector) in pairs.vectors.iter().enumerate() {
        let transformer = pairs.transformer(model);
        let genome = Genome::of_vector(vector).unwrap();
        assert_eq!(genome.to_vector().as_slice(), vector);
        assert_eq!(genome.to_transformer(), transformer, "{model}");
        assert_eq!(Genome::of_transformer(&transformer), Ok(genome));
    }
}

#[test]
fn published_accelerators_are_in_the_space() {
    for row in &pairs().rows {
        let accelerator = Accelerator::of_numbers(&row.accelerator).unwrap();
        assert_eq!(
            accelerator.numbers().map(f64::from).as_slice(),
            row.accelerator,
            "{}",
            row.id
        );
        assert!(row.model < 16);
    }
}
