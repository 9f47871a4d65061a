//! How far the corrected convention is from the simulation: over the named scenarios, then over random variations of one.
//!
//! `cargo run --release -p elector-estimate --example accuracy -- [--no-run] [SCENARIO ...] [--variations N] [--first SEED]`

#![allow(clippy::print_stdout, reason = "an example reports on standard output")]

use std::time::Instant;

use components::message::Traffic;
use estimate::coarse::{blocks_moved, coarse_estimate};
use scenarios::schema::{Reference, Tile};
use scenarios::system::Plan;
use scenarios::{Loaded, Scenario};
use sim_core::{Engine, random};

/// Estimate over simulation, and whether the estimate warns that it may be far off.
struct Row {
    ratio: f64,
    warns: bool,
    milliseconds: f64,
}

fn main() {
    let mut rows = Vec::new();
    let (mut variations, mut first, mut runs) = (0, 0, true);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok()).unwrap_or(0);
        match argument.as_str() {
            "--variations" => variations = number(),
            "--first" => first = number(),
            "--no-run" => runs = false,
            name => match Scenario::open(name) {
                Ok(loaded) => rows.extend(compare(name, &loaded, runs)),
                Err(problems) => println!("{name}: {problems:?}"),
            },
        }
    }
    for seed in first..first + variations {
        if let Some((name, loaded)) = variation(seed) {
            rows.extend(compare(&name, &loaded, runs));
        }
    }
    print_summary("all", rows.iter());
    print_summary("without caution", rows.iter().filter(|row| !row.warns));
}

fn compare(name: &str, loaded: &Loaded, runs: bool) -> Option<Row> {
    let plan = Plan::load(loaded).ok()?;
    let began = Instant::now();
    let estimate = match coarse_estimate(&plan) {
        Ok(estimate) => estimate,
        Err(error) => {
            println!("{name}: {error}");
            return None;
        }
    };
    let milliseconds = began.elapsed().as_secs_f64() * 1e3;
    if !runs {
        println!(
            "{name}: {} cycles, {milliseconds:.1} ms",
            estimate.estimate.cycles
        );
        return None;
    }
    let moved = blocks_moved(&plan).unwrap_or_default();
    let began = Instant::now();
    let run = plan.build(Engine::default()).ok()?.run(&plan).ok()?;
    let machine = &run.machine;
    let cycles = machine.duration().0 / plan.machine.clock.period().0;
    let row = Row {
        ratio: estimate.estimate.cycles as f64 / cycles as f64,
        warns: estimate.details.caution.is_some(),
        milliseconds,
    };
    println!(
        "{:7.4} {}{name}: {} of {cycles} cycles, bound by {}, {milliseconds:.1} ms (run {:.0} ms), {} steps, {}",
        row.ratio,
        estimate
            .details
            .caution
            .map_or_else(String::new, |caution| format!("({caution:?}) ")),
        estimate.estimate.cycles,
        estimate.details.bound_by.name(),
        began.elapsed().as_secs_f64() * 1e3,
        plan.machine.blocks.account.steps,
        plan.machine.blocks.blocking,
    );
    if moved != machine.dma_requests || estimate.details.slices_pushed_out != machine.spills {
        let names = Traffic::ALL.map(Traffic::name);
        println!("  moves {moved:?} for {:?} ({names:?})", machine.dma_requests);
    }
    Some(row)
}

/// The scenario `bert-tiny-edge` with other buffers, batch, sequence, tile and memory.
fn variation(seed: u64) -> Option<(String, Loaded)> {
    let loaded = Scenario::open("bert-tiny-edge").ok()?;
    let mut thrown = 0;
    let mut of = |choices: &[u32]| {
        thrown += 1;
        choices[(random::draw(seed, thrown) % choices.len() as u64) as usize]
    };
    let batch = of(&[1, 2, 3, 4, 8, 16, 32]);
    let sequence = of(&[16, 32, 48, 64, 128, 200, 256]);
    let edge = of(&[8, 16]);
    let memory = ["ideal", "lpddr3-1600", "ddr4-2400", "hbm2", "rram"][of(&[0, 1, 2, 3, 4]) as usize];
    let [activation, weight, mask] =
        [0; 3].map(|_| 2_f64.powi(of(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) as i32 - 7));
    let pes = of(&[4, 16, 64]);
    let varied = loaded.with(|scenario| {
        scenario.workload.batch = batch;
        scenario.workload.sequence_length = sequence;
        scenario.accelerator.tile = Tile {
            b: 1,
            x: edge,
            y: edge,
        };
        scenario.accelerator.processing_elements = pes;
        let buffers = &mut scenario.accelerator.buffers;
        (buffers.activation_mb, buffers.weight_mb, buffers.mask_mb) = (activation, weight, mask);
        scenario.memory = Reference::Preset(memory.to_owned());
    });
    let name = format!(
        "{seed}: batch {batch} x {sequence}, tile {edge}, {pes} PEs, {memory}, buffers {activation} {weight} {mask} MB"
    );
    varied.ok().map(|loaded| (name, loaded))
}

fn print_summary<'a>(what: &str, rows: impl Iterator<Item = &'a Row>) {
    let rows: Vec<&Row> = rows.collect();
    let mut off: Vec<f64> = rows
        .iter()
        .map(|row| row.ratio.max(1.0 / row.ratio) - 1.0)
        .collect();
    let mut times: Vec<f64> = rows.iter().map(|row| row.milliseconds).collect();
    off.sort_by(f64::total_cmp);
    times.sort_by(f64::total_cmp);
    let at = |values: &[f64], share: f64| {
        let last = values.len().saturating_sub(1) as f64;
        values
            .get((last * share).round() as usize)
            .copied()
            .unwrap_or(0.0)
    };
    println!(
        "{what}: {} scenarios, {} with caution; off by {:.2}% (median), {:.2}% (nine of ten), {:.2}% (worst); \
         {:.1} ms (median), {:.1} ms (worst)",
        rows.len(),
        rows.iter().filter(|row| row.warns).count(),
        at(&off, 0.5) * 100.0,
        at(&off, 0.9) * 100.0,
        at(&off, 1.0) * 100.0,
        at(&times, 0.5),
        at(&times, 1.0),
    );
}
