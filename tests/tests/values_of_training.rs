//! The simulated machine computes the right gradients and the right new weights.

use components::operation::Work;
use scenarios::schema::{Optimizer, Phase, Scenario, Word};
use scenarios::system::{Plan, ValueCheck, violations};
use scenarios::values::Trained;
use sim_core::Engine;
use tests::{plan, shipped};

use crate::values::{WIDE, computing, random_machines, values};

fn training(scenario: &mut Scenario, optimizer: Optimizer) {
    computing(scenario, values(0.0, 0.0));
    scenario.workload.phase = Phase::Training;
    scenario.workload.optimizer = optimizer;
}

const MOMENTUM: Optimizer = Optimizer::Sgd { momentum: 0.9 };

/// One step from `trained` on: what the check found, and what the step has left.
fn step(plan: &Plan, trained: Option<&Trained>) -> (ValueCheck, Trained) {
    let system = plan
        .build_after(Engine::Wheel, trained)
        .unwrap_or_else(|error| panic!("{error}"));
    let computation = system.computation().expect("the machine computes");
    let measured = system.run(plan).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(violations(plan, &measured), Vec::<String>::new());
    let check = measured.machine.values.clone().expect("the machine computes");
    assert!(check.is_right(), "{:?}", check.wrong);
    (check, computation.trained())
}

/// Every gradient and every new weight of a two-layer transformer with heads of all kinds.
#[test]
fn wide_words_give_the_gradients_of_double_precision() {
    for name in ["tiny-trace", "flexibert-mixed"] {
        let plan = plan(&shipped(name, |scenario| {
            training(scenario, MOMENTUM);
            scenario.workload.transformer.layers.truncate(2);
            scenario.workload.sequence_length = scenario.workload.sequence_length.min(24);
            scenario.workload.vocabulary = 40;
            scenario.workload.learning_rate = 0.1;
            scenario.accelerator.word = WIDE;
        }));
        let (check, _) = step(&plan, None);
        println!("{name}: {check:?}");
        assert!(
            check.worst_relative_error < 1e-9,
            "{name}: {}",
            check.worst_relative_error
        );
        assert_eq!((check.unbounded_words, check.saturated), (0, 0), "{name}");
    }
}

/// What operations make, and what updates change in place.
#[test]
fn every_tensor_of_a_step_is_looked_at() {
    let plan = plan(&shipped("flexibert-mixed", |scenario| {
        training(scenario, Optimizer::Adam);
        scenario.workload.sequence_length = 16;
    }));
    let looked_at = plan.machine.program().filter(|operation| {
        let updates = matches!(operation.work, Work::Update { .. });
        operation.output.is_some() || updates
    });
    let tensors = looked_at.count() as u64;
    assert_eq!(step(&plan, None).0.tensors, tensors);
}

#[test]
fn random_machines_compute_the_right_gradients() {
    for optimizer in [Optimizer::Sgd { momentum: 0.0 }, MOMENTUM] {
        random_machines(Phase::Training, 60, 1e-8, |scenario| {
            training(scenario, optimizer);
            scenario.accelerator.word = WIDE;
        });
    }
}

#[test]
fn random_machines_that_prune_and_round_compute_the_right_gradients() {
    random_machines(Phase::Training, 100, f64::INFINITY, |scenario| {
        training(scenario, Optimizer::Adam);
        scenario.sparsity.source = values(0.1, 0.05);
    });
}

/// A task that can be learnt: two layers, eight sequences of six tokens, of a vocabulary in which words repeat.
fn task(word: Word, optimizer: Optimizer, learning_rate: f64) -> Plan {
    plan(&shipped("tiny-trace", |scenario| {
        training(scenario, optimizer);
        scenario.workload.batch = 8;
        scenario.workload.sequence_length = 6;
        scenario.workload.vocabulary = 20;
        scenario.workload.learning_rate = learning_rate;
        scenario.accelerator.word = word;
    }))
}

/// Losses of the machine and of the reference over ten steps.
fn ten_steps(plan: &Plan) -> Vec<[f64; 2]> {
    let mut trained: Option<Trained> = None;
    (0..10)
        .map(|_| {
            let (check, left) = step(plan, trained.as_ref());
            trained = Some(left);
            [check.loss, check.reference_loss].map(|loss| loss.expect("a step has a loss"))
        })
        .collect()
}

const NARROW: Word = Word {
    integer_bits: 4,
    fraction_bits: 16,
};

/// Double precision and words of 4 + 16 bits, rounded stochastically. Adam's mean squares are of the size of one step of such a
/// word or less, so its steps are coarse: the loss falls, but not as the reference's. SGD's follows it closely.
#[test]
fn the_loss_of_ten_steps_follows_the_references() {
    for (optimizer, learning_rate, follows) in [(MOMENTUM, 0.05, 0.005), (Optimizer::Adam, 0.01, 0.4)] {
        let exact = ten_steps(&task(WIDE, optimizer, learning_rate));
        let rounded = ten_steps(&task(NARROW, optimizer, learning_rate));
        println!("{optimizer:?}\n{exact:?}\n{rounded:?}");
        for (step, ([machine, reference], [narrow, _])) in exact.iter().zip(&rounded).enumerate() {
            assert!(
                (machine - reference).abs() < 2e-5 * reference,
                "step {step}: {machine} {reference}"
            );
            assert!(
                (narrow - reference).abs() < follows * reference,
                "step {step}: {narrow} {reference}"
            );
        }
        let ([first, _], [last, _]) = (exact[0], exact[9]);
        assert!(last < 0.8 * first, "the loss went from {first} to {last}");
    }
}
