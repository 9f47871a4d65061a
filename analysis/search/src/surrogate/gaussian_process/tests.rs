use proptest::prelude::*;

use super::*;
use crate::draws::{Draws, latin_hypercube};

fn function(row: &[f64]) -> f64 {
    (5.0 * row[0]).sin() + row[1] * row[1]
}

/// `count` rows of three inputs, of which the last tells nothing, and the function there.
fn problem(count: usize, seed: u64) -> (Rows, Vec<f64>) {
    let rows = latin_hypercube(count, 3, &mut Draws::new(seed, 0, 0));
    let targets = rows.iter().map(function).collect();
    (rows, targets)
}

fn fit(rows: &Rows, targets: &[f64]) -> GaussianProcess {
    GaussianProcess::fit(rows, targets, None, Refit::Optimise).unwrap()
}

#[test]
fn interpolates_what_has_no_noise() {
    let (rows, targets) = problem(30, 1);
    let start = Hyperparameters {
        lengthscales: vec![1.0, 2.0, 8.0],
        output_variance: 3.0,
        noise_variance: 1e-12,
    };
    let process = GaussianProcess::fit(&rows, &targets, Some(&start), Refit::Keep).unwrap();
    for (prediction, target) in process.predict_all(&rows).iter().zip(&targets) {
        assert!(
            (prediction.mean - target).abs() < 1e-8 && prediction.sd < 1e-4,
            "{prediction:?} {target}"
        );
    }
}

#[test]
fn learns_which_inputs_count() {
    let (rows, targets) = problem(60, 2);
    let process = fit(&rows, &targets);
    let Hyperparameters {
        lengthscales,
        noise_variance,
        ..
    } = process.hyperparameters();
    assert!(
        lengthscales[2] > 10.0 * lengthscales[0] && *noise_variance < 1e-3,
        "{process:?}"
    );
    let (unknown, values) = problem(200, 3);
    let predictions = process.predict_all(&unknown);
    let means: Vec<f64> = predictions.iter().map(|prediction| prediction.mean).collect();
    assert!(r_squared(&values, &means).unwrap() > 0.999);
    assert!(process.leave_one_out_r_squared().unwrap() > 0.99);
}

#[test]
fn optimised_is_at_least_as_likely_and_a_warm_start_stays() {
    let (rows, targets) = problem(40, 4);
    let cold = GaussianProcess::fit(&rows, &targets, None, Refit::Keep).unwrap();
    let first = fit(&rows, &targets);
    let warm = GaussianProcess::fit(&rows, &targets, Some(first.hyperparameters()), Refit::Optimise).unwrap();
    assert!(first.log_marginal_likelihood() > cold.log_marginal_likelihood());
    assert!((warm.log_marginal_likelihood() - first.log_marginal_likelihood()).abs() < 0.1);
    let kept = GaussianProcess::fit(&rows, &targets, Some(first.hyperparameters()), Refit::Keep).unwrap();
    // Through a logarithm and back.
    let kept = kept.hyperparameters().lengthscales[0];
    assert!((kept / first.hyperparameters().lengthscales[0] - 1.0).abs() < 1e-12);
}

#[test]
fn one_at_a_time_many_and_the_mean_alone_agree_to_the_bit() {
    let (rows, targets) = problem(37, 5);
    let process = fit(&rows, &targets);
    let (unknown, _) = problem(11, 6);
    let all = process.predict_all(&unknown);
    for (row, together) in unknown.iter().zip(&all) {
        assert_eq!(process.predict(row), *together);
        assert_eq!(process.mean(row), together.mean);
    }
    assert_eq!(fit(&rows, &targets).predict_all(&unknown), all);
}

#[test]
fn constant_columns_and_targets_are_no_obstacle() {
    let mut rows = Rows::new(2);
    (0..9).for_each(|x| rows.push(&[f64::from(x), 7.7]));
    let targets: Vec<f64> = (0..9).map(f64::from).collect();
    let process = fit(&rows, &targets);
    assert_eq!(process.predict(&[3.5, 7.7]), process.predict(&[3.5, 1e9]));
    assert!((process.mean(&[3.5, 7.7]) - 3.5).abs() < 0.1);

    let flat = fit(&rows, &[5.0; 9]);
    assert_eq!(flat.mean(&[3.5, 7.7]), 5.0);
    assert_eq!(flat.leave_one_out_r_squared(), None);

    let mut single = Rows::new(2);
    single.push(&[1.0, 2.0]);
    assert_eq!(fit(&single, &[4.0]).mean(&[9.0, 9.0]), 4.0);
    let mut no_inputs = Rows::new(0);
    no_inputs.push(&[]);
    no_inputs.push(&[]);
    assert!((fit(&no_inputs, &[1.0, 3.0]).mean(&[]) - 2.0).abs() < 1e-9);
}

#[test]
fn bad_data_are_refused() {
    let (rows, targets) = problem(4, 7);
    let refused = |rows: &Rows, targets: &[f64], start: Option<&Hyperparameters>| {
        GaussianProcess::fit(rows, targets, start, Refit::Optimise).unwrap_err()
    };
    assert_eq!(refused(&Rows::new(3), &[], None), FitError::NoRows);
    assert_eq!(
        refused(&rows, &targets[1..], None),
        FitError::Lengths { rows: 4, targets: 3 }
    );
    for broken in [f64::NAN, f64::INFINITY, 1e300] {
        let mut targets = targets.clone();
        targets[2] = broken;
        assert!(matches!(
            refused(&rows, &targets, None),
            FitError::TargetNotFinite { .. }
        ));
        let mut rows = rows.clone();
        rows.row_mut(1)[2] = broken;
        assert!(matches!(
            refused(&rows, &targets, None),
            FitError::NotFinite { column: 2, .. }
        ));
    }
    let start = Hyperparameters::default_for(2);
    assert_eq!(
        refused(&rows, &targets, Some(&start)),
        FitError::Start { inputs: 3 }
    );
    let mut start = Hyperparameters::default_for(3);
    start.noise_variance = 0.0;
    assert_eq!(
        refused(&rows, &targets, Some(&start)),
        FitError::Start { inputs: 3 }
    );
}

#[test]
fn nan_and_far_points_are_answered() {
    let (rows, targets) = problem(10, 8);
    let process = fit(&rows, &targets);
    let prediction = process.predict(&[f64::NAN, 0.0, 0.0]);
    assert!(prediction.mean.is_nan() && prediction.sd.is_nan());
    let mean = targets.iter().sum::<f64>() / 10.0;
    let far = process.predict(&[1e9, 0.0, 0.0]);
    assert!((far.mean - mean).abs() < 1e-9 && far.sd > 0.0);
}

#[test]
fn more_rows_than_a_search_has_can_be_kept() {
    let (rows, targets) = problem(1_024, 9);
    let start = Hyperparameters {
        lengthscales: vec![1.0; 3],
        output_variance: 1.0,
        noise_variance: 1e-6,
    };
    let process = GaussianProcess::fit(&rows, &targets, Some(&start), Refit::Keep).unwrap();
    assert!((process.mean(&[0.4, 0.6, 0.5]) - function(&[0.4, 0.6])).abs() < 1e-3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn units_make_no_difference(
        seed in 0_u64..1_000, scale in 0.01_f64..100.0, shift in -50.0_f64..50.0, stretch in 0.01_f64..100.0
    ) {
        let (rows, targets) = problem(15, seed);
        let mut moved = Rows::new(3);
        let in_other_units = |row: &[f64]| [row[0] * scale + shift, row[1], row[2] / scale];
        rows.iter().for_each(|row| moved.push(&in_other_units(row)));
        let stretched: Vec<f64> = targets.iter().map(|y| y * stretch - shift).collect();
        let start = Hyperparameters { lengthscales: vec![1.0, 2.0, 4.0], output_variance: 1.0, noise_variance: 1e-4 };
        let keep = |rows: &Rows, targets: &[f64]| {
            GaussianProcess::fit(rows, targets, Some(&start), Refit::Keep).unwrap()
        };
        let [one, other] = [keep(&rows, &targets), keep(&moved, &stretched)];
        for row in problem(5, seed + 1).0.iter() {
            let (a, b) = (one.predict(row), other.predict(&in_other_units(row)));
            prop_assert!((a.mean * stretch - shift - b.mean).abs() < 1e-6 * stretch);
            prop_assert!((a.sd * stretch - b.sd).abs() < 1e-6 * stretch);
        }
    }
}
