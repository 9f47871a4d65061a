//! Strategies against each other, on the closed form: how good is the best design, and how wide the front, after so many
//! evaluations.
//!
//! `cargo run --release -p tests --example tournament [--problem joint|table] [--objective scalar|front] [--strategies A,B]
//! [--budget B] [--seeds N] [--threads N] [--memo FILE]`
//!
//! The problems: any transformer (`joint`; accuracy is a prior over size, which a search abuses) or one of the 13 that were measured
//! (`table`), on any accelerator of the published space; sequences of 128, inference, half of all words zero. Refused designs are
//! free. Front and scalar are those that `problem` states; the hypervolume is up to where every term is 1. FILE keeps what was
//! evaluated for the next time.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example prints what it found"
)]

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use estimate::coarse::coarse_estimate;
use scenarios::load::Disk;
use scenarios::system::Plan;
use scenarios::{Loaded, Scenario};
use search::accuracy::{AccuracyModel, AccuracyTable, Capacity};
use search::evaluate::metrics;
use search::features::Features;
use search::front::hypervolume::hypervolume;
use search::objective::{FrontTerm, Metric, Metrics, Objective, Term};
use search::problem::{Evaluated, Problem, Refusal};
use search::space::{Accelerators, Design, Models, Space, Table};
use search::strategy::{Past, State, by_name};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let options = Options::read()?;
    let base = Loaded::from_value(Scenario::default())?;
    let bench = Bench::new(&options, &base)?;
    let seeds = 1..=options.seeds;
    let runs: Vec<(&str, u64)> = (options.strategies.iter())
        .flat_map(|name| seeds.clone().map(move |seed| (name.as_str(), seed)))
        .collect();
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<(usize, Outcome)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..options.threads {
            scope.spawn(|| {
                while let Some(&(name, seed)) = runs.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let outcome = bench.run(name, seed, options.budget);
                    eprintln!("{name} {seed}: {outcome:?}");
                    let place = options.strategies.iter().position(|known| known == name);
                    if let Ok(mut found) = found.lock() {
                        found.push((place.unwrap_or(0), outcome));
                    }
                }
            });
        }
    });
    let found = found.into_inner().unwrap_or_default();
    print(&options, &found);
    Ok(())
}

struct Options {
    problem: String,
    objective: String,
    strategies: Vec<String>,
    budget: usize,
    seeds: u64,
    threads: usize,
    memo: Option<String>,
}

impl Options {
    fn read() -> Result<Self, Failure> {
        let mut options = Self {
            problem: "table".to_owned(),
            objective: "scalar".to_owned(),
            strategies: ["GreyBox", "Evolution", "Nsga2", "Random"]
                .map(str::to_owned)
                .to_vec(),
            budget: 64,
            seeds: 2,
            threads: 2,
            memo: None,
        };
        let words: Vec<String> = std::env::args().skip(1).collect();
        for pair in words.chunks(2) {
            let [name, value] = pair else {
                return Err(format!("{} needs a value", pair[0]).into());
            };
            match name.as_str() {
                "--problem" => options.problem.clone_from(value),
                "--objective" => options.objective.clone_from(value),
                "--strategies" => options.strategies = value.split(',').map(str::to_owned).collect(),
                "--budget" => options.budget = value.parse()?,
                "--seeds" => options.seeds = value.parse()?,
                "--threads" => options.threads = value.parse()?,
                "--memo" => options.memo = Some(value.clone()),
                other => return Err(format!("{other} is no option").into()),
            }
        }
        for name in &options.strategies {
            by_name(name)?;
        }
        Ok(options)
    }
}

/// A problem, and what was evaluated of it.
struct Bench<'a> {
    base: &'a Loaded,
    space: Space,
    features: Features,
    accuracy: AccuracyModel,
    objective: Objective,
    front: Objective,
    scalar: Objective,
    memo: Mutex<Memo>,
}

/// What a run found after each number of evaluations.
#[derive(Debug)]
struct Outcome {
    best: Vec<f64>,
    hypervolume: Vec<f64>,
    refused: usize,
    proposing_s: f64,
    checking_s: f64,
}

impl<'a> Bench<'a> {
    fn new(options: &Options, base: &'a Loaded) -> Result<Self, Failure> {
        let is_table = match options.problem.as_str() {
            "table" => true,
            "joint" => false,
            other => return Err(format!("{other} is no problem (joint and table are)").into()),
        };
        let [scalar, front] = objectives(is_table);
        let (models, accuracy) = match is_table {
            true => {
                let table = AccuracyTable::load("published-glue", Path::new(""), &Disk)?;
                let entries = table.transformers().cloned().collect();
                let models = Models::Table(Table::new(entries).ok_or("an empty table")?);
                (models, AccuracyModel::Table(table))
            }
            false => {
                let prior = Capacity::new(28.12416, 6.15199, 100.0, 0.0)?;
                (Models::Published, AccuracyModel::Capacity(prior))
            }
        };
        Ok(Self {
            base,
            space: Space {
                models,
                accelerators: Accelerators::Published,
                axes: Vec::new(),
            },
            features: Features::new(base)?,
            accuracy,
            objective: match options.objective.as_str() {
                "front" => front.clone(),
                _ => scalar.clone(),
            },
            front,
            scalar,
            memo: Mutex::new(Memo::open(options.memo.as_deref())?),
        })
    }

    /// Runs a strategy, batch by batch.
    fn run(&self, name: &str, seed: u64, budget: usize) -> Outcome {
        let checking = Mutex::new(0.0);
        let refuse = |design: &Design| {
            let began = cpu_seconds();
            let refusal = self.check(design);
            if let Ok(mut sum) = checking.lock() {
                *sum += cpu_seconds() - began;
            }
            refusal.map(|reason| Refusal {
                field: String::new(),
                reason,
            })
        };
        let problem = Problem {
            space: &self.space,
            features: &self.features,
            accuracy: Some(&self.accuracy),
            risk: 0.0,
            objective: &self.objective,
            limits: &[],
            base: self.base,
            seed,
            refuse: &refuse,
        };
        let strategy = by_name(name).expect("the options were checked");
        let (mut evaluated, mut taken, mut state) = (Vec::<Evaluated>::new(), Vec::new(), None::<State>);
        let mut proposing_s = 0.0;
        for batch in 0.. {
            let count = 8.min(budget - evaluated.len());
            if count == 0 {
                break;
            }
            let past = Past {
                evaluated: &evaluated,
                taken: &taken,
                state: state.as_ref(),
            };
            let began = cpu_seconds();
            let proposal = strategy.propose(&problem, &past, batch, count);
            proposing_s += cpu_seconds() - began;
            state = proposal.state;
            if proposal.drawn.is_empty() {
                break;
            }
            for drawn in proposal.drawn {
                match self.find(&drawn.design) {
                    Ok(metrics) => evaluated.push(Evaluated {
                        design: drawn.design,
                        metrics,
                        objective: self.objective.value(&metrics, 1),
                        keeps_limits: true,
                    }),
                    Err(_) => taken.push(drawn.design),
                }
            }
        }
        let checking_s = checking.into_inner().unwrap_or_default();
        self.outcome(&evaluated, taken.len(), [proposing_s - checking_s, checking_s])
    }

    fn outcome(&self, rows: &[Evaluated], refused: usize, [proposing_s, checking_s]: [f64; 2]) -> Outcome {
        let value = |row: &Evaluated| self.scalar.value(&row.metrics, 1).unwrap_or(f64::INFINITY);
        let points: Vec<Vec<f64>> = rows
            .iter()
            .filter_map(|row| self.front.values(&row.metrics))
            .collect();
        let after = || CHECKPOINTS.into_iter().filter(|&count| count <= rows.len());
        Outcome {
            best: after()
                .map(|count| rows[..count].iter().map(value).fold(f64::INFINITY, f64::min))
                .collect(),
            hypervolume: after()
                .map(|count| hypervolume(&points[..count], &[1.0; 4]))
                .collect(),
            refused,
            proposing_s,
            checking_s,
        }
    }

    /// The figures of a design, or why it cannot be.
    fn find(&self, design: &Design) -> Result<Metrics, String> {
        let key = key(&self.space, design);
        if let Some(known) = self
            .memo
            .lock()
            .ok()
            .and_then(|memo| memo.known.get(&key).cloned())
        {
            let accuracy = self.accuracy.predict(&self.space, design).ok();
            return known.map(|metrics| Metrics {
                accuracy: accuracy.map(|(mean, _)| mean),
                ..metrics
            });
        }
        let found = self.evaluate(design);
        if let Ok(mut memo) = self.memo.lock() {
            memo.add(key, found.clone());
        }
        found
    }

    /// Why a design cannot be: what is known, or else what its plan says.
    fn check(&self, design: &Design) -> Option<String> {
        let key = key(&self.space, design);
        let known = self
            .memo
            .lock()
            .ok()
            .and_then(|memo| memo.known.get(&key).cloned());
        match known {
            Some(known) => known.err(),
            None => self.plan(design).err(),
        }
    }

    fn plan(&self, design: &Design) -> Result<Plan, String> {
        let loaded = self.base.with(|scenario| self.space.apply(design, scenario));
        let plan = loaded.and_then(|loaded| Plan::load(&loaded));
        plan.map_err(|problems| problems.to_string())
    }

    fn evaluate(&self, design: &Design) -> Result<Metrics, String> {
        let plan = self.plan(design)?;
        let estimate = coarse_estimate(&plan).map_err(|error| error.to_string())?;
        let accuracy = self.accuracy.predict(&self.space, design).ok();
        Ok(metrics::of_estimate(
            &plan,
            &estimate,
            accuracy.map(|(mean, _)| mean),
        ))
    }
}

/// Numbers of evaluations after which the outcome is looked at.
const CHECKPOINTS: [usize; 8] = [32, 64, 128, 256, 512, 1024, 2048, 4096];

/// The scalar and the front, with the ends of their terms.
fn objectives(is_table: bool) -> [Objective; 2] {
    let (best, worst) = if is_table { (84.0, 70.0) } else { (78.5, 62.0) };
    let term = |metric, best, worst, weight, log| Term {
        metric,
        best,
        worst,
        weight,
        log,
    };
    let accuracy = term(Metric::Accuracy, best, worst, 0.5, false);
    let latency = term(Metric::Latency, 3e-6, 4e-3, 0.1, true);
    let area = term(Metric::Area, 30.0, 24_000.0, 0.1, true);
    let scalar = vec![
        accuracy,
        latency,
        term(Metric::DynamicEnergy, 3e-4, 0.12, 0.2, true),
        term(Metric::LeakageEnergy, 1e-4, 0.4, 0.1, true),
        area,
    ];
    let energy = term(Metric::Energy, 5e-4, 0.5, 0.0, true);
    let front = [accuracy, latency, energy, area].map(|term| FrontTerm {
        metric: term.metric,
        best: term.best,
        worst: term.worst,
        log: term.log,
    });
    [Objective::Scalar(scalar), Objective::Front(front.to_vec())]
}

/// What was evaluated, by design, and the file that keeps it.
struct Memo {
    known: BTreeMap<String, Result<Metrics, String>>,
    file: Option<File>,
}

impl Memo {
    fn open(path: Option<&str>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self {
                known: BTreeMap::new(),
                file: None,
            });
        };
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let rows = text.lines().filter_map(|line| serde_json::from_str(line).ok());
        Ok(Self {
            known: rows.collect(),
            file: Some(OpenOptions::new().create(true).append(true).open(path)?),
        })
    }

    fn add(&mut self, key: String, found: Result<Metrics, String>) {
        let row = serde_json::to_string(&(&key, &found)).unwrap_or_default();
        if let Some(file) = &mut self.file {
            let _ = writeln!(file, "{row}");
        }
        self.known.insert(key, found);
    }
}

/// What the metrics of a design depend on, as a text.
fn key(space: &Space, design: &Design) -> String {
    let genome = space.genome(design).map(|genome| genome.to_vector());
    let machine = design.accelerator.map(|accelerator| accelerator.numbers());
    format!("{genome:?} {machine:?}")
}

/// CPU time of this thread, in seconds, where the system tells it; else 0.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text
        .split_whitespace()
        .next()
        .and_then(|word| word.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) * 1e-9
}

fn print(options: &Options, found: &[(usize, Outcome)]) {
    let last = CHECKPOINTS
        .into_iter()
        .filter(|&count| count <= options.budget)
        .collect::<Vec<_>>();
    println!(
        "{} {}, {} seeds: medians, and the worst after all",
        options.problem, options.objective, options.seeds
    );
    print!("| strategy |");
    last.iter().for_each(|count| print!(" best @{count} |"));
    print!(" worst |");
    last.iter().for_each(|count| print!(" HV @{count} |"));
    println!(" least | CPU s proposing | CPU s checking | refused |");
    println!("|---|{}", "---:|".repeat(2 * last.len() + 5));
    for (place, name) in options.strategies.iter().enumerate() {
        let outcomes: Vec<&Outcome> = found
            .iter()
            .filter(|(of, _)| *of == place)
            .map(|(_, found)| found)
            .collect();
        let numbers = |of: &dyn Fn(&Outcome) -> Option<f64>| {
            let mut numbers: Vec<f64> = outcomes.iter().filter_map(|outcome| of(outcome)).collect();
            numbers.sort_by(f64::total_cmp);
            numbers
        };
        print!("| {name} |");
        for index in 0..last.len() {
            print!(
                " {:.4} |",
                median(&numbers(&|outcome| outcome.best.get(index).copied()))
            );
        }
        let worst = numbers(&|outcome| outcome.best.last().copied());
        print!(" {:.4} |", worst.last().copied().unwrap_or(f64::NAN));
        for index in 0..last.len() {
            print!(
                " {:.3} |",
                median(&numbers(&|outcome| outcome.hypervolume.get(index).copied()))
            );
        }
        let least = numbers(&|outcome| outcome.hypervolume.last().copied());
        print!(" {:.3} |", least.first().copied().unwrap_or(f64::NAN));
        print!(" {:.1} |", median(&numbers(&|outcome| Some(outcome.proposing_s))));
        print!(" {:.1} |", median(&numbers(&|outcome| Some(outcome.checking_s))));
        println!(
            " {:.0} |",
            median(&numbers(&|outcome| Some(outcome.refused as f64)))
        );
    }
}

fn median(sorted: &[f64]) -> f64 {
    let middle = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
    match sorted.len() {
        0 => f64::NAN,
        count => 0.5 * (middle((count - 1) / 2) + middle(count / 2)),
    }
}
