//! Every published design, as a scenario: whether it is accepted, how long it takes to plan and to estimate, and whether the
//! estimate cautions.
//!
//! `cargo run --release -p tests --example published_designs [small] [ID ...]`: those that are named are simulated, too; with
//! `small`, all of them, with one batch tile of sequences of 64.

#![allow(clippy::print_stdout, reason = "an example prints what it found")]

use std::time::Instant;

use estimate::coarse::coarse_estimate;
use scenarios::Loaded;
use scenarios::system::Plan;
use sim_core::Engine;
use tests::band::quantile;
use tests::pairs::published_designs;

fn main() {
    let (mut planning, mut estimating, mut cautioned, mut refused) = (Vec::new(), Vec::new(), 0, 0);
    let mut wanted: Vec<String> = std::env::args().skip(1).collect();
    let small = wanted.first().is_some_and(|word| word == "small");
    wanted.drain(..usize::from(small));
    let mut off = Vec::new();
    for (name, loaded) in published_designs() {
        let loaded = match small {
            true => scaled(&loaded),
            false => loaded,
        };
        if !wanted.is_empty() && !wanted.contains(&name) {
            continue;
        }
        let began = Instant::now();
        let plan = match Plan::load(&loaded) {
            Ok(plan) => plan,
            Err(problems) => {
                println!("{name}: {problems:?}");
                refused += 1;
                continue;
            }
        };
        planning.push(began.elapsed().as_secs_f64() * 1e3);
        let began = Instant::now();
        match coarse_estimate(&plan) {
            Ok(estimate) => {
                estimating.push(began.elapsed().as_secs_f64() * 1e3);
                let caution = estimate.details.caution;
                let simulated = match wanted.is_empty() && !small {
                    true => None,
                    false => cycles_of(&plan),
                };
                let ratio = simulated.map(|cycles| estimate.estimate.cycles as f64 / cycles as f64);
                if caution.is_none() {
                    off.extend(ratio.map(|ratio| ratio.max(1.0 / ratio) - 1.0));
                }
                cautioned += u32::from(caution.is_some());
                println!(
                    "{name}: {} cycles, {} steps, planned in {:.0} ms, estimated in {:.0} ms{}",
                    estimate.estimate.cycles,
                    plan.machine.blocks.account.steps,
                    planning[planning.len() - 1],
                    estimating[estimating.len() - 1],
                    caution.map_or_else(String::new, |caution| format!(", {caution:?}"))
                        + &ratio
                            .map_or_else(String::new, |ratio| format!(", {ratio:.4} of what is simulated")),
                );
            }
            Err(error) => {
                println!("{name}: {error}");
                refused += 1;
            }
        }
    }
    off.sort_by(f64::total_cmp);
    if let Some(worst) = off.last() {
        println!(
            "{} simulated without caution, off by {:.2}% (median), {:.2}% (worst)",
            off.len(),
            quantile(&off, 0.5) * 100.0,
            worst * 100.0
        );
    }
    planning.sort_by(f64::total_cmp);
    estimating.sort_by(f64::total_cmp);
    println!(
        "{} designs, {refused} refused, {cautioned} with caution; planned in {:.0} ms (median), {:.0} ms (nine of ten); \
         estimated in {:.0} ms (median), {:.0} ms (nine of ten)",
        planning.len(),
        quantile(&planning, 0.5),
        quantile(&planning, 0.9),
        quantile(&estimating, 0.5),
        quantile(&estimating, 0.9),
    );
}

/// Cycles of a run.
fn cycles_of(plan: &Plan) -> Option<u64> {
    let run = plan.build(Engine::default()).ok()?.run(plan).ok()?;
    Some(run.machine.duration().0 / plan.machine.clock.period().0)
}

/// The same design with one batch tile of short sequences.
fn scaled(loaded: &Loaded) -> Loaded {
    let scaled = loaded.with(|scenario| {
        scenario.workload.batch = scenario.accelerator.tile.b;
        scenario.workload.sequence_length = 64;
    });
    scaled.unwrap_or_else(|wrong| panic!("{wrong}"))
}
