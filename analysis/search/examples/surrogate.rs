//! What fitting a Gaussian process and asking it costs on this machine, by number of rows, with 40 inputs; and what three of
//! them cost in a search of 256 evaluations in batches of 8, with 4,000 candidates a batch.
//!
//! Run with `cargo run --release -p elector-search --example surrogate`.

#![allow(clippy::print_stdout, reason = "an example prints its findings")]

use std::time::Instant;

use search::draws::{Draws, latin_hypercube};
use search::rows::Rows;
use search::surrogate::{FitError, GaussianProcess, Refit, r_squared};

const INPUTS: usize = 40;

/// Six of the inputs count, two of them together.
fn function(x: &[f64]) -> f64 {
    (4.0 * x[0]).sin() + 2.0 * x[1] * x[2] + (x[3] - 0.5).abs() + 1.5 * x[4] + 0.3 * (9.0 * x[5]).cos()
}

fn main() -> Result<(), FitError> {
    let unknown = latin_hypercube(500, INPUTS, &mut Draws::new(2, 0, 0));
    let values: Vec<f64> = unknown.iter().map(function).collect();
    for count in [32, 64, 128, 256, 512] {
        let inputs = latin_hypercube(count, INPUTS, &mut Draws::new(1, 0, 0));
        let targets: Vec<f64> = inputs.iter().map(function).collect();
        let start = Instant::now();
        let process = GaussianProcess::fit(&inputs, &targets, None, Refit::Optimise)?;
        let from_default = milliseconds(start);
        let start = Instant::now();
        let process = GaussianProcess::fit(
            &inputs,
            &targets,
            Some(process.hyperparameters()),
            Refit::Optimise,
        )?;
        let from_both = milliseconds(start);
        let start = Instant::now();
        let kept = GaussianProcess::fit(&inputs, &targets, Some(process.hyperparameters()), Refit::Keep)?;
        let keep = milliseconds(start);
        let (mean, both) = prediction_costs(&kept, &unknown);
        let means: Vec<f64> = unknown.iter().map(|row| kept.mean(row)).collect();
        println!(
            "{count} rows: fit {from_default:.1} ms, from two starts {from_both:.1} ms, hyperparameters kept {keep:.2} ms; \
             mean {mean:.2} us, mean and sd {both:.2} us; R2 {:.3}, left out {:.3}",
            r_squared(&values, &means).unwrap_or(f64::NAN),
            kept.leave_one_out_r_squared().unwrap_or(f64::NAN),
        );
    }
    let (fits, predictions) = three_in_a_search(&latin_hypercube(4_000, INPUTS, &mut Draws::new(3, 0, 0)))?;
    println!("in a search: fits {fits:.0} ms, predictions {predictions:.0} ms");
    Ok(())
}

/// Milliseconds of all fits and of all predictions. Hyperparameters are looked for in each batch up to 128 rows, then in every
/// fourth.
fn three_in_a_search(candidates: &Rows) -> Result<(f64, f64), FitError> {
    let (mut fits, mut predictions) = (0.0, 0.0);
    for model in 0..3 {
        let known = latin_hypercube(256, INPUTS, &mut Draws::new(4, 0, model));
        let mut inputs = Rows::new(INPUTS);
        let mut hyperparameters = None;
        for row in known.iter() {
            inputs.push(row);
            let count = inputs.len();
            if count < 32 || !count.is_multiple_of(8) || count == 256 {
                continue;
            }
            let targets: Vec<f64> = inputs.iter().map(function).collect();
            let refit = if count <= 128 || count.is_multiple_of(32) {
                Refit::Optimise
            } else {
                Refit::Keep
            };
            let start = Instant::now();
            let process = GaussianProcess::fit(&inputs, &targets, hyperparameters.as_ref(), refit)?;
            fits += milliseconds(start);
            let start = Instant::now();
            std::hint::black_box(process.predict_all(candidates));
            predictions += milliseconds(start);
            hyperparameters = Some(process.hyperparameters().clone());
        }
    }
    Ok((fits, predictions))
}

/// Microseconds of a mean, and of mean and standard deviation.
fn prediction_costs(process: &GaussianProcess, rows: &Rows) -> (f64, f64) {
    let start = Instant::now();
    let means: f64 = rows.iter().map(|row| process.mean(row)).sum();
    let mean = milliseconds(start);
    let start = Instant::now();
    let both: f64 = process
        .predict_all(rows)
        .iter()
        .map(|prediction| prediction.sd)
        .sum();
    std::hint::black_box((means, both));
    let each = 1e3 / rows.len() as f64;
    (mean * each, milliseconds(start) * each)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
