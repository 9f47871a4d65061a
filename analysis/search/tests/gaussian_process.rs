//! The Gaussian process against another implementation: `data/gaussian_process.json` names it, and how the figures were made.

use search::rows::Rows;
use search::surrogate::{GaussianProcess, Hyperparameters, Prediction, Refit};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    lengthscales: Vec<f64>,
    output_variance: f64,
    noise_variance: f64,
    inputs: Vec<Vec<f64>>,
    targets: Vec<f64>,
    log_marginal_likelihood: f64,
    queries: Vec<Vec<f64>>,
    mean: Vec<f64>,
    sd: Vec<f64>,
    leave_one_out_mean: Vec<f64>,
    leave_one_out_sd: Vec<f64>,
}

fn table(numbers: &[Vec<f64>]) -> Rows {
    let mut rows = Rows::new(numbers[0].len());
    numbers.iter().for_each(|row| rows.push(row));
    rows
}

fn assert_close(predictions: &[Prediction], means: &[f64], sds: &[f64]) {
    assert_eq!(predictions.len(), means.len());
    for ((prediction, mean), sd) in predictions.iter().zip(means).zip(sds) {
        assert!((prediction.mean - mean).abs() < 1e-8, "{prediction:?} {mean}");
        assert!((prediction.sd - sd).abs() < 1e-8, "{prediction:?} {sd}");
    }
}

#[test]
fn figures_of_another_implementation_are_met() {
    let reference: Reference = serde_json::from_str(include_str!("data/gaussian_process.json")).unwrap();
    assert_eq!(reference.cases.len(), 3);
    for case in reference.cases {
        let start = Hyperparameters {
            lengthscales: case.lengthscales,
            output_variance: case.output_variance,
            noise_variance: case.noise_variance,
        };
        let inputs = table(&case.inputs);
        let process = GaussianProcess::fit(&inputs, &case.targets, Some(&start), Refit::Keep).unwrap();
        assert!((process.log_marginal_likelihood() - case.log_marginal_likelihood).abs() < 1e-8);
        assert_close(&process.predict_all(&table(&case.queries)), &case.mean, &case.sd);
        assert_close(
            process.leave_one_out(),
            &case.leave_one_out_mean,
            &case.leave_one_out_sd,
        );
    }
}
