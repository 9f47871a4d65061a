//! How far the corrected estimate is from the simulation, over pairs drawn from the two design spaces.
//!
//! `cargo run --release -p tests --example estimate_band [PAIRS [FIRST [MOST_TILES]]]`

use std::time::Instant;

use analysis::estimate::corrected::corrected;
use tests::pairs::pair;
use tests::run;

fn main() {
    let argument = |place: usize, otherwise: u64| {
        let stated = std::env::args().nth(place);
        stated.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (pairs, first, most) = (argument(1, 300), argument(2, 1), argument(3, 60_000));
    let mut found = 0;
    for seed in first.. {
        if found == pairs {
            break;
        }
        let Some(pair) = pair(seed, false, most) else {
            continue;
        };
        found += 1;
        let began = Instant::now();
        let estimate = corrected(&pair.plan);
        let estimated_in = began.elapsed().as_secs_f64();
        let scenario = &pair.loaded.scenario;
        let a = &scenario.accelerator;
        let tiles = pair.plan.machine.program.tile_operations;
        let began = Instant::now();
        let run = run(pair.plan);
        let simulated_in = began.elapsed().as_secs_f64();
        let b = estimate.bounds;
        let m = &run.measured.memory;
        println!(
            "{seed}\t{:.4}\t{}\t{}\t{:?}\tC {:.0} M {:.0} S {:.0} L {:.0} D {:.0}\t{} l{} s{} b{}\tt{}x{} pe{} ln{} m{} sm{} A{} W{} K{} o{}\ttiles {tiles}\tspills {}\tMB/s-blocks sim {} est? \t{:.3} {:.4}",
            estimate.estimate.cycles as f64 / run.cycles() as f64,
            run.cycles(),
            estimate.estimate.cycles,
            estimate.bound_by,
            b.compute,
            b.memory,
            b.softmax,
            b.layer_norm,
            b.dependences,
            format!("{:?}", scenario.memory).replace("Preset(", ""),
            scenario.workload.transformer.layers.len(),
            scenario.workload.sequence_length,
            scenario.workload.batch,
            a.tile.b,
            a.tile.x,
            a.processing_elements,
            a.lanes_per_pe,
            a.multipliers_per_lane,
            a.softmax_per_pe,
            a.buffers.activation_mb,
            a.buffers.weight_mb,
            a.buffers.mask_mb,
            a.dma.outstanding_requests,
            run.measured.machine.spills,
            m.reads,
            simulated_in,
            estimated_in,
        );
    }
}
