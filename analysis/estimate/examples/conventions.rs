//! The effect of each convention of the published figures: every switch corrected alone, over all published designs.
//!
//! ```text
//! tests/data/published/pairs.json ──> estimate as published ──┐
//!                     │                                       ├──> ratio of cycles, ratio of energy: mean, min, max
//!                     └──> estimate with a switch corrected ──┘
//! ```
//!
//! `cargo run --release -p elector-estimate --example conventions` prints the table of `docs/conventions.md`.

use std::error::Error;
use std::io::{Write as _, stdout};

use estimate::published::convention::SWITCHES;
use estimate::{Convention, Estimate, PublishedAccelerator, Workload, estimate};
use scenarios::load::{Document, library::Shelf};
use scenarios::schema::CostTable;
use scenarios::transformer::Transformer;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Pairs {
    models: Vec<Value>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    model: usize,
    accelerator: [f64; 12],
    fits: bool,
}

/// The designs whose embeddings fit, and their costs.
struct Designs {
    pairs: Vec<(Transformer, PublishedAccelerator)>,
    costs: CostTable,
}

fn main() -> Result<(), Box<dyn Error>> {
    let designs = Designs::read()?;
    let published = designs.estimates(&Convention::published())?;
    let mut out = stdout().lock();
    writeln!(out, "{} designs", published.len())?;
    writeln!(
        out,
        "| switch | corrected: | cycles, mean | min | max | energy, mean | min | max |"
    )?;
    writeln!(out, "|---|---|---:|---:|---:|---:|---:|---:|")?;
    let switches = SWITCHES
        .iter()
        .map(|switch| (switch.name, switch.corrected, switch.corrected_alone()));
    let all = ("all of them", "", Convention::all_corrected());
    for (name, corrected, convention) in switches.chain([all]) {
        let estimates = designs.estimates(&convention)?;
        let cycles = ratios(&published, &estimates, |estimate| estimate.cycles as f64);
        let energy = ratios(&published, &estimates, |estimate| estimate.energy_nj.total());
        writeln!(out, "| `{name}` | {corrected} | {cycles} | {energy} |")?;
    }
    Ok(())
}

impl Designs {
    fn read() -> Result<Self, Box<dyn Error>> {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/data/published/pairs.json"
        );
        let pairs: Pairs = serde_json::from_slice(&std::fs::read(path)?)?;
        let mut designs = Self {
            pairs: Vec::new(),
            costs: Document::shipped(Shelf::Costs, "14nm")?.value,
        };
        for row in pairs.rows.iter().filter(|row| row.fits) {
            let model = pairs.models.get(row.model).ok_or("a row names no model")?;
            let (transformer, _) = Transformer::parse("pairs.json", &model.to_string())?;
            let accelerator = PublishedAccelerator::from_vector(&row.accelerator)?;
            designs.pairs.push((transformer, accelerator));
        }
        Ok(designs)
    }

    fn estimates(&self, convention: &Convention) -> Result<Vec<Estimate>, Box<dyn Error>> {
        let estimates = self.pairs.iter().map(|(transformer, accelerator)| {
            let workload = Workload::published(transformer);
            Ok(estimate(workload, accelerator, &self.costs, convention)?)
        });
        estimates.collect()
    }
}

/// Mean, least and largest of `after` / `before`, as cells of a table.
fn ratios(before: &[Estimate], after: &[Estimate], figure: impl Fn(&Estimate) -> f64) -> String {
    let pairs = before.iter().zip(after);
    let ratios: Vec<f64> = pairs
        .map(|(before, after)| figure(after) / figure(before))
        .collect();
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let [mean, least, largest] = [mean, least, largest].map(shown);
    format!("{mean} | {least} | {largest}")
}

/// With enough digits to tell a ratio near 1 from 1.
fn shown(ratio: f64) -> String {
    match ratio.abs() {
        at if at >= 100.0 => format!("{ratio:.0}"),
        at if at >= 10.0 => format!("{ratio:.1}"),
        at if at >= 0.1 => format!("{ratio:.4}"),
        _ => format!("{ratio:.2e}"),
    }
}
