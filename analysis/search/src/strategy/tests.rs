//! Strategies on a stand-in for evaluations.

mod stand_in;

use scenarios::transformer::Transformer;
use scenarios::{Loaded, Scenario};

use super::*;
use crate::accuracy::{AccuracyModel, Capacity};
use crate::features::Features;
use crate::front::hypervolume::hypervolume;
use crate::objective::{FrontTerm, Limit, Metric, Metrics, Objective, Term};
use crate::problem::Refusal;
use crate::space::{Accelerators, Axis, Design, Models, Space, Table};

/// A problem with all that it refers to.
struct Bench {
    base: Loaded,
    space: Space,
    features: Features,
    accuracy: AccuracyModel,
    objective: Objective,
    limits: Vec<Limit>,
    refuse: fn(&Design) -> Option<Refusal>,
}

/// What a strategy drew.
#[derive(Default)]
struct Outcome {
    rows: Vec<Evaluated>,
    refused: Vec<Design>,
    batches: Vec<Proposal>,
}

fn term(metric: Metric, best: f64, worst: f64, weight: f64) -> Term {
    Term {
        metric,
        best,
        worst,
        weight,
        log: metric != Metric::Accuracy,
    }
}

fn scalar() -> Objective {
    Objective::Scalar(vec![
        term(Metric::Accuracy, 78.5, 62.0, 0.5),
        term(Metric::Latency, 3e-6, 4e-3, 0.1),
        term(Metric::DynamicEnergy, 3e-5, 0.012, 0.2),
        term(Metric::LeakageEnergy, 1e-4, 0.4, 0.1),
        term(Metric::Area, 30.0, 24_000.0, 0.1),
    ])
}

fn front() -> Objective {
    let terms = [
        term(Metric::Accuracy, 78.5, 62.0, 1.0),
        term(Metric::Latency, 3e-6, 4e-3, 1.0),
        term(Metric::Energy, 5e-5, 0.05, 1.0),
        term(Metric::Area, 30.0, 24_000.0, 1.0),
    ];
    let term = |term: Term| FrontTerm {
        metric: term.metric,
        best: term.best,
        worst: term.worst,
        log: term.log,
    };
    Objective::Front(terms.map(term).to_vec())
}

fn one_transformer() -> Models {
    let tiny = Transformer::shipped("bert-tiny").unwrap();
    Models::Table(Table::new(vec![tiny]).unwrap())
}

impl Bench {
    fn new(space: Space, objective: Objective) -> Self {
        let base = Loaded::from_value(Scenario::default()).unwrap();
        Self {
            features: Features::new(&base).unwrap(),
            base,
            space,
            accuracy: AccuracyModel::Capacity(Capacity::new(28.12416, 6.15199, 79.0, 0.0).unwrap()),
            objective,
            limits: Vec::new(),
            refuse: |_| None,
        }
    }

    fn metrics(&self, design: &Design) -> Metrics {
        let (accuracy, _) = self.accuracy.predict(&self.space, design).unwrap();
        let mut metrics = stand_in::metrics(&self.base, &self.space, &self.features, design, Some(accuracy));
        // The first axis is a clock that changes area as well, the others change nothing.
        let faster = 1.0 + design.axes.of(0) as f64;
        metrics.latency_s /= faster;
        metrics.batch_latency_s /= faster;
        metrics.leakage_j /= faster;
        metrics.energy_j = metrics.dynamic_j + metrics.leakage_j;
        metrics.mean_power_w = metrics.energy_j / metrics.latency_s;
        metrics.area_mm2 *= faster.sqrt();
        metrics
    }

    fn run(&self, strategy: &dyn Strategy, seed: u64, budget: usize, size: usize) -> Outcome {
        let problem = Problem {
            space: &self.space,
            features: &self.features,
            accuracy: Some(&self.accuracy),
            risk: 0.0,
            objective: &self.objective,
            limits: &self.limits,
            base: &self.base,
            seed,
            refuse: &self.refuse,
        };
        let mut outcome = Outcome::default();
        let mut state: Option<State> = None;
        while outcome.rows.len() < budget {
            let past = Past {
                evaluated: &outcome.rows,
                taken: &outcome.refused,
                state: state.as_ref(),
            };
            let count = size.min(budget - outcome.rows.len());
            let batch = outcome.batches.len() as u32;
            let proposal = strategy.propose(&problem, &past, batch, count);
            state.clone_from(&proposal.state);
            let before = outcome.rows.len();
            for drawn in &proposal.drawn {
                if drawn.refusal.is_some() {
                    outcome.refused.push(drawn.design);
                    continue;
                }
                let metrics = self.metrics(&drawn.design);
                outcome.rows.push(Evaluated {
                    design: drawn.design,
                    metrics,
                    objective: self.objective.value(&metrics, 1),
                    keeps_limits: self.limits.iter().all(|limit| limit.holds(&metrics)),
                });
            }
            outcome.batches.push(proposal);
            if outcome.rows.len() < before + count {
                break;
            }
        }
        outcome
    }
}

impl Outcome {
    fn best(&self) -> f64 {
        let keeping = self.rows.iter().filter(|row| row.keeps_limits);
        keeping
            .filter_map(|row| row.objective)
            .fold(f64::INFINITY, f64::min)
    }

    fn hypervolume(&self, objective: &Objective) -> f64 {
        let points: Vec<_> = self
            .rows
            .iter()
            .filter_map(|row| objective.values(&row.metrics))
            .collect();
        hypervolume(&points, &[1.0; 4])
    }

    fn designs(&self) -> Vec<Design> {
        self.rows
            .iter()
            .map(|row| row.design)
            .chain(self.refused.iter().copied())
            .collect()
    }
}

fn mean(numbers: impl Iterator<Item = f64>) -> f64 {
    let numbers: Vec<f64> = numbers.collect();
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

fn distinct(mut designs: Vec<Design>) -> usize {
    designs.sort();
    designs.dedup();
    designs.len()
}

#[test]
fn every_strategy_draws_what_it_is_asked_for_once() {
    let bench = Bench::new(Space::published(), scalar());
    for name in NAMES {
        let strategy = by_name(name).unwrap();
        let found = bench.run(strategy.as_ref(), 1, 48, 8);
        assert_eq!(found.batches.len(), 6, "{name}");
        assert!(found.batches.iter().all(|batch| batch.drawn.len() == 8), "{name}");
        assert_eq!(distinct(found.designs()), 48, "{name}");
        let again = bench.run(strategy.as_ref(), 1, 48, 8);
        assert_eq!(found.batches, again.batches, "{name}");
        let other = bench.run(strategy.as_ref(), 2, 48, 8);
        assert_eq!(found.batches == other.batches, name == "Grid", "{name}");
    }
}

#[test]
fn every_strategy_goes_through_a_small_space_and_ends() {
    let space = Space {
        models: one_transformer(),
        accelerators: Accelerators::Fixed,
        axes: vec![
            Axis::ordered("clock", vec![0.0, 1.0, 2.0, 3.0]).unwrap(),
            Axis::listed("policy", 11).unwrap(),
        ],
    };
    for objective in [scalar(), front(), Objective::Published] {
        let bench = Bench::new(space.clone(), objective);
        for name in NAMES {
            let found = bench.run(by_name(name).unwrap().as_ref(), 3, 1_000, 8);
            assert_eq!((found.rows.len(), distinct(found.designs())), (44, 44), "{name}");
        }
    }
}

#[test]
fn refused_designs_are_told_and_replaced() {
    let mut bench = Bench::new(Space::published(), scalar());
    bench.refuse = |design| {
        let accelerator = design.accelerator?;
        let is_small = accelerator.numbers()[9] < 64;
        is_small.then(|| Refusal {
            field: "accelerator.buffers.weight_mb".to_owned(),
            reason: "too small".to_owned(),
        })
    };
    for name in NAMES.into_iter().filter(|name| *name != "Grid") {
        let found = bench.run(by_name(name).unwrap().as_ref(), 1, 48, 8);
        assert_eq!(found.rows.len(), 48, "{name}");
        assert!(!found.refused.is_empty(), "{name}");
        assert!(found.rows.iter().all(|row| (bench.refuse)(&row.design).is_none()));
    }
    bench.refuse = |_| {
        Some(Refusal {
            field: String::new(),
            reason: String::new(),
        })
    };
    let nothing = bench.run(&Random, 1, 8, 8);
    assert_eq!((nothing.rows.len(), nothing.refused.len()), (0, 10_000));
}

#[test]
fn the_grey_box_finds_in_64_what_others_do_not_in_192() {
    let bench = Bench::new(Space::published(), scalar());
    let best = |strategy: &dyn Strategy, budget| {
        mean((1..=2).map(|seed| bench.run(strategy, seed, budget, 8).best()))
    };
    let grey = best(&GreyBox::default(), 64);
    let (climbing, random) = (best(&Evolution::default(), 192), best(&Random, 192));
    println!("{grey} {climbing} {random}");
    assert!(grey < climbing && climbing < random, "{grey} {climbing} {random}");
}

#[test]
fn the_grey_box_finds_a_wider_front_in_64_than_others_in_192() {
    let bench = Bench::new(Space::published(), front());
    let wide = |strategy: &dyn Strategy, budget| {
        mean((1..=2).map(|seed| bench.run(strategy, seed, budget, 8).hypervolume(&bench.objective)))
    };
    let grey = wide(&GreyBox::default(), 64);
    let (breeding, random) = (wide(&Nsga2::default(), 192), wide(&Random, 192));
    println!("{grey} {breeding} {random}");
    assert!(
        grey > breeding + 0.05 && breeding > random,
        "{grey} {breeding} {random}"
    );
}

#[test]
fn limits_on_what_is_learnt_are_kept() {
    let mut bench = Bench::new(Space::published(), scalar());
    bench.limits = vec![
        Limit::parse("mean_power_w <= 20").unwrap(),
        Limit::parse("area_mm2 <= 400").unwrap(),
    ];
    let found = bench.run(&GreyBox::default(), 1, 64, 8);
    let keeping = |rows: &[Evaluated]| rows.iter().filter(|row| row.keeps_limits).count();
    let (spread, led) = found.rows.split_at(32);
    println!(
        "{} of 32, {} of 32, best {}",
        keeping(spread),
        keeping(led),
        found.best()
    );
    assert!(keeping(led) * 4 > led.len() * 3);
    let climbing = bench.run(&Evolution::default(), 1, 64, 8);
    println!("{}", climbing.best());
    assert!(found.best() < climbing.best());
}

#[test]
fn axes_that_change_the_machine_are_learnt() {
    let clocks: Vec<f64> = (0..12).map(|step| f64::from(step + 1).ln()).collect();
    let space = Space {
        models: one_transformer(),
        accelerators: Accelerators::Published,
        axes: vec![
            Axis::ordered("clock", clocks).unwrap(),
            Axis::listed("policy", 3).unwrap(),
        ],
    };
    let objective = Objective::Scalar(vec![
        term(Metric::Latency, 3e-6, 4e-3, 1.0),
        term(Metric::Area, 30.0, 24_000.0, 2.0),
    ]);
    let bench = Bench::new(space, objective);
    let grey = bench.run(&GreyBox::default(), 1, 72, 8).best();
    let random = bench.run(&Random, 1, 720, 8).best();
    println!("{grey} {random}");
    assert!(grey < random);
}
