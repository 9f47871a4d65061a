//! The published pairs: their vectors are designs of the space, their scores and their performance are repeated.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::path::Path;

use estimate::{Convention, Energy, PublishedAccelerator, Workload, estimate};
use scenarios::load::library::Shelf;
use scenarios::load::{Disk, Document};
use scenarios::schema::CostTable;
use scenarios::transformer::Transformer;
use search::accuracy::{AccuracyFile, AccuracyModel};
use search::objective::{Metrics, Objective, PublishedRun, performance};
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
    fits: bool,
    glue_predicted: f64,
    area_mm2: f64,
    cycles: f64,
    energy_nj: Energy,
}

impl Row {
    /// Performance from the row's own figures.
    fn performance(&self) -> f64 {
        let [dynamic_nj, leakage_nj] = parts(&self.energy_nj);
        performance(&PublishedRun {
            glue: self.glue_predicted,
            cycles: self.cycles,
            dynamic_nj,
            leakage_nj,
            area_mm2: self.area_mm2,
        })
    }
}

/// Dynamic and leakage energy, in nJ.
fn parts(energy: &Energy) -> [f64; 2] {
    let modules = energy.modules();
    let dynamic: f64 = modules.iter().map(|(_, power)| power.dynamic).sum();
    let leakage = modules.iter().map(|(_, power)| power.leakage).sum();
    [energy.buffer + energy.main_memory + dynamic, leakage]
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

#[test]
fn the_published_performance_is_repeated() {
    let pairs = pairs();
    let costs: CostTable = Document::shipped(Shelf::Costs, "14nm").unwrap().value;
    let (mut best, mut refused) = (0.0_f64, 0);
    for row in &pairs.rows {
        let transformer = pairs.transformer(row.model);
        let accelerator =
            PublishedAccelerator::from_vector(row.accelerator.as_slice().try_into().unwrap()).unwrap();
        let workload = Workload::published(&transformer);
        let found = estimate(workload, &accelerator, &costs, &Convention::published());
        let Ok(found) = found else {
            assert!(!row.fits, "{}", row.id);
            refused += 1;
            continue;
        };
        assert!(row.fits, "{}", row.id);
        let batch = f64::from(accelerator.batch);
        let [dynamic_nj, leakage_nj] = parts(&found.energy_nj);
        let metrics = Metrics {
            latency_s: found.seconds / batch,
            dynamic_j: dynamic_nj * 1e-9 / batch,
            leakage_j: leakage_nj * 1e-9 / batch,
            energy_j: (dynamic_nj + leakage_nj) * 1e-9 / batch,
            batch_latency_s: found.seconds,
            area_mm2: found.area_mm2,
            peak_power_w: 0.0,
            mean_power_w: 0.0,
            accuracy: Some(100.0 * row.glue_predicted),
        };
        let objective = Objective::Published.value(&metrics, accelerator.batch).unwrap();
        assert!((1.0 - objective - row.performance()).abs() < 1e-9, "{}", row.id);
        best = best.max(1.0 - objective);
    }
    assert_eq!(refused, 6);
    assert!((best - 0.892449218).abs() < 1e-9, "{best}");
}

#[test]
fn the_published_scores_are_repeated() {
    let pairs = pairs();
    let model = AccuracyModel::load(&AccuracyFile::Published, Path::new("."), &Disk)
        .unwrap()
        .unwrap();
    // The published scores of a transformer differ by noise.
    let (mut published, mut found) = (Vec::new(), Vec::new());
    for (index, vector) in pairs.vectors.iter().enumerate() {
        let rows = pairs.rows.iter().filter(|row| row.model == index);
        let scores: Vec<f64> = rows.map(|row| 100.0 * row.glue_predicted).collect();
        published.push(scores.iter().sum::<f64>() / scores.len() as f64);
        let transformer = Genome::of_vector(vector).unwrap().to_transformer();
        found.push(model.of_transformer(&transformer).unwrap().mean);
    }
    let correlation = correlation(&published, &found);
    println!("correlation {correlation}");
    assert!(correlation > 0.998, "{correlation}");
    let apart = published.iter().zip(&found).map(|(a, b)| (a - b).abs());
    assert!(
        apart.clone().all(|apart| apart < 0.3),
        "{:?}",
        apart.collect::<Vec<_>>()
    );
}

fn correlation(xs: &[f64], ys: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (x, y) = (mean(xs), mean(ys));
    let sum = |of: &dyn Fn(f64, f64) -> f64| xs.iter().zip(ys).map(|(a, b)| of(a - x, b - y)).sum::<f64>();
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}
