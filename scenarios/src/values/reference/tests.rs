//! The gradients of the reference against differences of its loss.

use components::values::{NonLinearFunction, Rounding, Thresholds, UpdateRule};
use components::word::WordFormat;
use components::words::Words;

use super::*;
use crate::schema::{ActivationFunction, Scenario};
use crate::transformer::{AttentionKind, Head, TransformKind};
use crate::weights::SeededConstants;

/// Words so fine that the loss is exact to 13 digits.
const FINE: WordFormat = WordFormat {
    integer_bits: 12,
    fraction_bits: 48,
};

/// Two layers of different width, with a head of each kind.
fn workload(activation_function: ActivationFunction) -> Workload {
    let mut workload = Scenario::shipped("tiny-trace").unwrap().scenario.workload;
    let dimension = 3;
    let attention = |kind| Head::Attention { kind, dimension };
    let heads = vec![
        attention(AttentionKind::ScaledDotProduct),
        attention(AttentionKind::WeightedMultiplicative),
        Head::Convolution { kernel: 5, dimension },
        Head::LinearTransform {
            kind: TransformKind::Fourier,
            dimension,
        },
        Head::LinearTransform {
            kind: TransformKind::Cosine,
            dimension,
        },
    ];
    let layer = |hidden, feed_forward| Layer {
        hidden,
        heads: heads.clone(),
        feed_forward,
    };
    workload.transformer.layers = vec![layer(6, vec![7, 5]), layer(8, vec![4])];
    workload.phase = Phase::Training;
    workload.batch = 2;
    workload.sequence_length = 7;
    workload.vocabulary = 5;
    workload.activation_function = activation_function;
    workload
}

fn settings(workload: &Workload) -> ValueSettings {
    let tokens = workload.batch * workload.sequence_length;
    ValueSettings {
        word: FINE,
        rounding: Rounding::Nearest,
        thresholds: Thresholds::default(),
        function: match workload.activation_function {
            ActivationFunction::Gelu => NonLinearFunction::Gelu,
            ActivationFunction::Relu => NonLinearFunction::Relu,
        },
        words: Words::new(3, workload.vocabulary).with_repeats(tokens),
        update: Some(UpdateRule::Sgd {
            rate: 0.0,
            momentum: 0.0,
        }),
        loss_scale: 1.0 / 16.0,
    }
}

fn step(workload: &Workload, parameters: Parameters) -> Reference<'static> {
    Reference::new(workload, settings(workload), parameters, [1, 4])
}

/// (loss with `shift` more of a number - loss with `shift` less) / 2 `shift`.
fn difference(workload: &Workload, change: impl Fn(&mut Parameters, f64)) -> f64 {
    const SHIFT: f64 = 1e-4;
    let loss = |shift| {
        let mut parameters = Parameters::new(SeededConstants::new(3, workload));
        change(&mut parameters, shift);
        step(workload, parameters).loss.unwrap()
    };
    (loss(SHIFT) - loss(-SHIFT)) / (2.0 * SHIFT)
}

#[track_caller]
fn near(what: &str, gradient: f64, difference: f64) {
    let error = (gradient - difference).abs();
    assert!(
        error < 1e-6 * gradient.abs().max(0.01),
        "{what}: {gradient} and {difference}"
    );
}

#[test]
fn gradients_of_weights_are_differences_of_the_loss() {
    let mut compared = 0;
    for function in [ActivationFunction::Gelu, ActivationFunction::Relu] {
        let workload = workload(function);
        let reference = step(&workload, Parameters::new(SeededConstants::new(3, &workload)));
        let trained = Role::ALL.iter().filter_map(|role| Some((*role, role.trains()?)));
        for (role, weights_role) in trained {
            let of_role = reference.tensors.iter().filter(|(key, _)| key.role == role);
            let before = compared;
            for (key, gradient) in of_role {
                let gradient = &gradient[0];
                let weights = reference.weights_of(*key, weights_role);
                let shape = [gradient.rows, gradient.columns];
                // A few places of each matrix, its first and last among them.
                let places = gradient.numbers.len();
                for place in [0, places / 3, places / 2, places - 1] {
                    let expected = difference(&workload, |parameters, shift| {
                        let mut numbers = parameters.matrix(weights, shape, nearest(&settings(&workload)));
                        numbers.numbers[place].number += shift;
                        parameters.train(weights, numbers, Vec::new());
                    });
                    near(
                        &format!("{key:?} {place}"),
                        gradient.numbers[place].number,
                        expected,
                    );
                    compared += 1;
                }
            }
            assert!(compared > before, "no gradient of {role}");
        }
    }
    println!("{compared} gradients compared");
}

/// All tokens of a word count.
#[test]
fn gradients_of_words_are_differences_of_the_loss() {
    let workload = workload(ActivationFunction::Gelu);
    let reference = step(&workload, Parameters::new(SeededConstants::new(3, &workload)));
    let words = settings(&workload).words;
    let width = workload.transformer.layers[0].hidden as usize;
    let gradients = Key {
        layer: 0,
        head: None,
        role: Role::WordRows,
        ordinal: 0,
    };
    let gradients = reference.get(gradients).unwrap();
    let rows: Vec<_> = gradients
        .iter()
        .flat_map(|item| item.numbers.chunks(width))
        .collect();
    let mut repeats = 0;
    for (token, gradient) in rows.iter().enumerate() {
        let token = token as u32;
        if words.repeats(token) {
            repeats += 1;
            continue;
        }
        let row = words.row(token);
        for place in [0, width - 1] {
            let expected = difference(&workload, |parameters, shift| {
                let mut numbers = parameters.word(row, width, nearest(&settings(&workload)));
                numbers[place].number += shift;
                parameters.train_word(row, numbers, Vec::new());
            });
            near(&format!("word {row}, {place}"), gradient[place].number, expected);
        }
    }
    assert!(repeats > 0);
}
