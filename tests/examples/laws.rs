//! The laws of the machine over random pairs of the published design space: no run breaks an invariant or is below a bound, the
//! estimate follows it, and twice of any one resource costs nothing.
//!
//! `cargo run --release -p tests --example laws [PAIRS [FIRST [MOST_TILES [FOLDER]]]]`: so many pairs from number FIRST on, those
//! with more than MOST_TILES tile operations left out. With a folder, the scenarios of the worst are written there.
//! It prints ratios, all of them of a machine and the same with more.

#![allow(clippy::print_stdout, reason = "an example prints what it found")]

use std::path::Path;

use components::stall_cause::StallCause;
use estimate::coarse::coarse_estimate;
use scenarios::system::violations;
use tests::bounds::{bytes_moved, compulsory_bytes, cycles_over_bounds};
use tests::pairs::Pair;
use tests::resources::Resource;
use tests::space::pair_of_space;
use tests::{Run, run};

/// Cycles may grow by this factor, bytes by the other if cycles do not fall by as much as the first allows.
const MORE_CYCLES: f64 = 1.02;
const MORE_BYTES: f64 = 1.005;

/// How far an estimate without caution may be off.
const ESTIMATE_OFF: f64 = 0.05;

/// How many of the worst are printed.
const WORST: usize = 12;

fn main() {
    let stated: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, otherwise: u64| {
        let text = stated.get(place);
        text.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (pairs, first, most_tiles) = (number(0, 100), number(1, 1), number(2, 40_000));
    let mut found = Found::default();
    let drawn = (first..).filter_map(|seed| pair_of_space(seed, most_tiles));
    for pair in drawn.take(pairs as usize) {
        found.look_at(pair);
    }
    found.print();
    if let Some(folder) = stated.get(3) {
        found.save(Path::new(folder));
    }
}

/// A pair with twice of one resource, over the pair itself.
struct Doubled {
    pair: u64,
    resource: Resource,
    cycles: f64,
    bytes: f64,
    /// What differs besides.
    cause: String,
}

impl Doubled {
    /// `None` if it is as good as it has to be.
    fn fault(&self) -> Option<&'static str> {
        if self.cycles > MORE_CYCLES {
            Some("slower")
        } else if self.bytes > MORE_BYTES && self.cycles > 1.0 / MORE_CYCLES {
            Some("more bytes")
        } else if !self.resource.is_buffer() && self.bytes != 1.0 && self.cycles >= 1.0 {
            Some("other bytes, no less time")
        } else {
            None
        }
    }
}

#[derive(Default)]
struct Found {
    pairs: u64,
    /// Sentences about runs that break an invariant or are below a bound.
    broken: Vec<String>,
    cautioned: u64,
    /// Estimates without caution: estimated over simulated, with the pair's number.
    estimates: Vec<(f64, u64)>,
    /// The least of cycles over each bound, and of bytes over what is compulsory.
    nearest: Vec<(&'static str, f64)>,
    doubled: Vec<Doubled>,
}

impl Found {
    fn look_at(&mut self, pair: Pair) {
        self.pairs += 1;
        let base = run(pair.plan.clone());
        self.check(pair.seed, "as it is", &base);
        self.estimate(pair.seed, &base);
        for resource in Resource::ALL {
            let more = run(resource.doubled_plan(&pair));
            self.check(pair.seed, resource.name(), &more);
            let doubled = Doubled {
                pair: pair.seed,
                resource,
                cycles: more.cycles() as f64 / base.cycles() as f64,
                bytes: bytes_moved(&more) as f64 / bytes_moved(&base) as f64,
                cause: cause(&base, &more),
            };
            if let Some(fault) = doubled.fault() {
                println!("{}", line(&doubled, fault));
            }
            self.doubled.push(doubled);
        }
    }

    fn check(&mut self, pair: u64, what: &str, run: &Run) {
        let before = self.broken.len();
        for broken in violations(&run.plan, &run.measured) {
            self.broken.push(format!("pair {pair}, {what}: {broken}"));
        }
        let compulsory = bytes_moved(run) as f64 / compulsory_bytes(&run.plan) as f64;
        self.hold(pair, what, "compulsory bytes", compulsory);
        match coarse_estimate(&run.plan) {
            Ok(estimate) => {
                for (name, ratio) in cycles_over_bounds(run, &estimate.details.bounds) {
                    self.hold(pair, what, name, ratio);
                }
            }
            Err(error) => self
                .broken
                .push(format!("pair {pair}, {what}: no estimate: {error}")),
        }
        self.broken[before..]
            .iter()
            .for_each(|broken| println!("{broken}"));
    }

    /// Notes how near a run comes to a bound.
    fn hold(&mut self, pair: u64, what: &str, name: &'static str, ratio: f64) {
        if ratio < 1.0 {
            let broken = format!("pair {pair}, {what}: {ratio:.4} of the bound by {name}");
            self.broken.push(broken);
        }
        match self.nearest.iter_mut().find(|(other, _)| *other == name) {
            Some((_, least)) => *least = least.min(ratio),
            None => self.nearest.push((name, ratio)),
        }
    }

    fn estimate(&mut self, pair: u64, base: &Run) {
        let Ok(estimate) = coarse_estimate(&base.plan) else {
            return;
        };
        if estimate.details.caution.is_some() {
            self.cautioned += 1;
            return;
        }
        let ratio = estimate.estimate.cycles as f64 / base.cycles() as f64;
        if off(ratio) > ESTIMATE_OFF {
            println!("pair {pair}: estimated at {ratio:.4} of its cycles, without caution");
        }
        self.estimates.push((ratio, pair));
    }

    fn print(&mut self) {
        println!(
            "\n{} pairs, {} sentences on invariants and bounds",
            self.pairs,
            self.broken.len()
        );
        for (name, ratio) in &self.nearest {
            println!("at least {ratio:.4} of the bound by {name}");
        }
        self.print_estimates();
        println!(
            "\n| twice | slower by over 2 % | more bytes | other bytes, no less time | worst cycles | worst bytes |"
        );
        println!("|---|---:|---:|---:|---:|---:|");
        for resource in Resource::ALL {
            let of: Vec<&Doubled> = self
                .doubled
                .iter()
                .filter(|one| one.resource == resource)
                .collect();
            let share = |fault: &str| {
                let count = of.iter().filter(|one| one.fault() == Some(fault)).count();
                100.0 * count as f64 / of.len().max(1) as f64
            };
            let worst = |of_one: fn(&Doubled) -> f64| of.iter().map(|one| of_one(one)).fold(0.0, f64::max);
            println!(
                "| {} | {:.1} % | {:.1} % | {:.1} % | {:.4} | {:.4} |",
                resource.name(),
                share("slower"),
                share("more bytes"),
                share("other bytes, no less time"),
                worst(|one| one.cycles),
                worst(|one| one.bytes)
            );
        }
        let slower = self.doubled.iter().filter(|one| one.cycles > MORE_CYCLES).count();
        println!(
            "{slower} of {} are slower by over 2 %: {:.2} %",
            self.doubled.len(),
            100.0 * slower as f64 / self.doubled.len().max(1) as f64
        );
        println!("\nThe worst:");
        for one in self.worst() {
            println!("{}", line(one, one.fault().unwrap_or("as it should be")));
        }
    }

    fn print_estimates(&mut self) {
        self.estimates.sort_by(|a, b| off(a.0).total_cmp(&off(b.0)));
        let median = self.estimates.get(self.estimates.len() / 2);
        let far = self.estimates.iter().filter(|one| off(one.0) > ESTIMATE_OFF);
        println!(
            "{} estimates with caution; of {} without, {} off by over 5 %, the median {:.4}, the worst {:.4} (pair {})",
            self.cautioned,
            self.estimates.len(),
            far.count(),
            median.map_or(f64::NAN, |one| one.0),
            self.estimates.last().map_or(f64::NAN, |one| one.0),
            self.estimates.last().map_or(0, |one| one.1),
        );
    }

    /// Those that lose most time, the worst first.
    fn worst(&self) -> Vec<&Doubled> {
        let mut all: Vec<&Doubled> = self.doubled.iter().collect();
        all.sort_by(|a, b| b.cycles.total_cmp(&a.cycles));
        all.truncate(WORST);
        all
    }

    /// Writes the scenarios of the worst to `folder`: as they are, and with twice of what makes them slower.
    fn save(&self, folder: &Path) {
        let write = |name: String, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        };
        let farthest = self.estimates.iter().rev().take(WORST);
        for &(_, number) in farthest.filter(|one| off(one.0) > ESTIMATE_OFF) {
            if let Some(pair) = pair_of_space(number, u64::MAX) {
                write(format!("estimate_{number}.ron"), pair.loaded.scenario().to_ron());
            }
        }
        for one in self.worst().into_iter().filter(|one| one.fault().is_some()) {
            let Some(pair) = pair_of_space(one.pair, u64::MAX) else {
                continue;
            };
            write(format!("pair_{}.ron", one.pair), pair.loaded.scenario().to_ron());
            if let Some(more) = one.resource.doubled(&pair) {
                let name = one.resource.name().replace(' ', "_");
                write(format!("pair_{}_{name}.ron", one.pair), more.scenario().to_ron());
            }
        }
    }
}

fn off(ratio: f64) -> f64 {
    ratio.max(1.0 / ratio) - 1.0
}

fn line(one: &Doubled, fault: &str) -> String {
    format!(
        "pair {}, twice the {}: {fault}, cycles {:.4}, bytes {:.4}; {}",
        one.pair,
        one.resource.name(),
        one.cycles,
        one.bytes,
        one.cause
    )
}

/// What differs between two runs besides time and bytes: how they are cut, or what lanes wait for.
fn cause(base: &Run, more: &Run) -> String {
    let [before, after] = [base, more].map(|run| run.plan.machine.blocks.blocking);
    let plan = match before == after {
        true => format!("same plan ({before})"),
        false => format!("{before} -> {after}"),
    };
    let share = |run: &Run, cause: StallCause| {
        let lanes = run.plan.machine.scenario.accelerator.lanes();
        let available = run.measured.machine.duration().0 as f64 * lanes as f64;
        run.measured.machine.stalls.lane_ticks(cause) as f64 / available
    };
    // In cycles of the base.
    let times = more.cycles() as f64 / base.cycles() as f64;
    let grown = |cause: StallCause| share(more, cause) * times - share(base, cause);
    let most = StallCause::ALL
        .into_iter()
        .max_by(|&a, &b| grown(a).total_cmp(&grown(b)));
    let stalls = most.map_or_else(String::new, |cause| {
        format!(
            "waits for {} {:+.3} of the base's time",
            cause.name(),
            grown(cause)
        )
    });
    format!("{plan}; {stalls}")
}
