//! How large the page of a study is and how long it takes to make, over as many made-up rows as the first argument says (100,000
//! without one). A second argument names a file for the page.
//!
//! ```text
//! cargo run --release -p elector --example study_page -- 100000 page.html
//! ```

#![allow(clippy::print_stdout, reason = "an example prints what it measured")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use elector::page::study_page;
use search::draws::Draws;
use search::objective::Metrics;
use search::space::Space;
use search::store::{Fidelity, Row, State};
use search::study::Frozen;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let (frozen, _) = Frozen::open(Path::new("co-design"))?;
    let space = Space::published();
    let rows: Vec<Row> = (0..count).map(|index| row(&space, index)).collect();
    let begun = Instant::now();
    let page = study_page(&frozen.study, &rows);
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{count} rows: {:.2} MB in {seconds:.2} s",
        page.len() as f64 / 1e6
    );
    if let Some(name) = arguments.next() {
        std::fs::write(name, page)?;
    }
    Ok(())
}

/// A design drawn from the published space, with figures that grow with its size.
fn row(space: &Space, index: u64) -> Row {
    let mut draws = Draws::new(1, 0, index);
    let design = space.random(&mut draws);
    let genome = space.genome(&design);
    let accelerator = design.accelerator;
    let near = |draws: &mut Draws| (draws.normal() * 0.3).exp();
    let (size, speed) = (draws.uniform(), draws.uniform());
    let latency_s = 1e-5 * (4.0 * size - 3.0 * speed).exp() * near(&mut draws);
    let energy_j = 3e-3 * (3.0 * size).exp() * near(&mut draws);
    let area_mm2 = 60.0 * (4.0 * speed).exp() * near(&mut draws);
    Row {
        index,
        id: format!("{index:016x}"),
        batch: 0,
        state: State::Done,
        fidelity: Fidelity::Estimate,
        of: None,
        transformer: genome.map(|genome| genome.to_vector().to_vec()),
        accelerator: accelerator.map(|accelerator| accelerator.numbers().map(f64::from).to_vec()),
        parameters: BTreeMap::new(),
        describe: [
            genome.map(|genome| genome.describe()),
            accelerator.map(|accelerator| accelerator.describe()),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("; "),
        metrics: Some(Metrics {
            latency_s,
            dynamic_j: energy_j * 0.7,
            leakage_j: energy_j * 0.3,
            energy_j,
            batch_latency_s: 4.0 * latency_s,
            area_mm2,
            peak_power_w: 2.0 * energy_j / latency_s,
            mean_power_w: energy_j / latency_s,
            accuracy: Some(68.0 + 14.0 * size * near(&mut draws).min(1.0)),
        }),
        workloads: BTreeMap::new(),
        objective: None,
        violates: Vec::new(),
        accuracy_source: None,
        caution: Vec::new(),
        reason: None,
        field: None,
        seconds: Some(0.001),
        host: Some("made up".to_owned()),
        elector: None,
        costs: "made-up".to_owned(),
    }
}
