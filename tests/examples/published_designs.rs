//! Every published design, as a scenario: whether it is accepted, how long it takes to plan and to estimate, and whether the
//! estimate cautions.
//!
//! `cargo run --release -p tests --example published_designs [small] [ID ...]`: those that are named are simulated, too; with
//! `small`, all of them, with one batch tile of sequences of 64.

#![allow(clippy::print_stdout, reason = "an example prints what it found")]

use std::fmt::Display;
use std::time::Instant;

use estimate::coarse::coarse_estimate;
use scenarios::Loaded;
use scenarios::system::Plan;
use tests::band::quantile;
use tests::pairs::published_designs;
use tests::run;

fn main() {
    let mut named: Vec<String> = std::env::args().skip(1).collect();
    let small = named.first().is_some_and(|word| word == "small");
    named.drain(..usize::from(small));
    let simulates = small || !named.is_empty();
    let mut found = Found::default();
    for (name, loaded) in published_designs() {
        if named.is_empty() || named.contains(&name) {
            let loaded = if small { scaled(&loaded) } else { loaded };
            found.look_at(&name, &loaded, simulates);
        }
    }
    found.print();
}

/// What was found of all designs: times in ms, and how far estimates without caution were off.
#[derive(Default)]
struct Found {
    planning: Vec<f64>,
    estimating: Vec<f64>,
    off: Vec<f64>,
    cautioned: u32,
    refused: u32,
}

impl Found {
    fn look_at(&mut self, name: &str, loaded: &Loaded, simulates: bool) {
        let (plan, planning) = timed(|| Plan::load(loaded));
        let plan = match plan {
            Ok(plan) => plan,
            Err(problems) => return self.refuse(name, &problems),
        };
        let (estimate, estimating) = timed(|| coarse_estimate(&plan));
        let estimate = match estimate {
            Ok(estimate) => estimate,
            Err(error) => return self.refuse(name, &error),
        };
        self.planning.push(planning);
        self.estimating.push(estimating);
        let (cycles, caution) = (estimate.estimate.cycles, estimate.details.caution);
        self.cautioned += u32::from(caution.is_some());
        print!(
            "{name}: {cycles} cycles, {} steps, planned in {planning:.0} ms, estimated in {estimating:.0} ms",
            plan.machine.blocks.account.steps
        );
        if let Some(caution) = caution {
            print!(", {caution:?}");
        }
        if simulates {
            let ratio = cycles as f64 / run(plan).cycles() as f64;
            print!(", {ratio:.4} of what is simulated");
            if caution.is_none() {
                self.off.push(ratio.max(1.0 / ratio) - 1.0);
            }
        }
        println!();
    }

    fn refuse(&mut self, name: &str, why: &impl Display) {
        println!("{name}: {why}");
        self.refused += 1;
    }

    fn print(&mut self) {
        for figures in [&mut self.planning, &mut self.estimating, &mut self.off] {
            figures.sort_by(f64::total_cmp);
        }
        if let Some(worst) = self.off.last() {
            println!(
                "{} simulated without caution, off by {:.2}% (median), {:.2}% (worst)",
                self.off.len(),
                quantile(&self.off, 0.5) * 100.0,
                worst * 100.0
            );
        }
        let [planning, estimating] = [&self.planning, &self.estimating].map(|times| {
            let at = |share| quantile(times, share);
            format!("{:.0} ms (median), {:.0} ms (nine of ten)", at(0.5), at(0.9))
        });
        println!(
            "{} designs, {} refused, {} with caution; planned in {planning}; estimated in {estimating}",
            self.planning.len(),
            self.refused,
            self.cautioned
        );
    }
}

/// What `work` comes to, and how many ms it takes.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let began = Instant::now();
    let done = work();
    (done, began.elapsed().as_secs_f64() * 1e3)
}

/// The same design with one batch tile of short sequences.
fn scaled(loaded: &Loaded) -> Loaded {
    let scaled = loaded.with(|scenario| {
        scenario.workload.batch = scenario.accelerator.tile.b;
        scenario.workload.sequence_length = 64;
    });
    scaled.unwrap_or_else(|wrong| panic!("{wrong}"))
}
