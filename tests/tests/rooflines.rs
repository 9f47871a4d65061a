//! No run is faster than its multipliers at their peak, nor than its memory bus, both worked out here from published
//! figures: multipliers, pins and transfers a second.

use tests::{Run, memory, plan, run, shipped};

/// BERT-Tiny at 128 tokens: 2 layers of width 128, 2 heads of width 64, feed-forward products to 512 and back.
const WEIGHTS: u64 = 2 * (2 * 4 * 128 * 64 + 2 * 128 * 512);
/// Multiplications of an item of the batch by a weight, and by another activation (scores and context).
const BY_WEIGHTS: u64 = WEIGHTS * 128;
const BY_ACTIVATIONS: u64 = 2 * 2 * 2 * 128 * 128 * 64;
/// Multipliers of the edge accelerator: 64 PEs, 16 lanes, 16 multipliers.
const MULTIPLIERS: f64 = 64.0 * 16.0 * 16.0;

fn bert_tiny(name: &str, density: f64, batch: u32) -> Run {
    run(plan(&shipped("bert-tiny-edge", |scenario| {
        scenario.memory = memory(name);
        scenario.workload.batch = batch;
        scenario.sparsity.activation_density = density;
        scenario.sparsity.weight_density = density;
    })))
}

#[test]
fn no_run_is_faster_than_its_multipliers() {
    for density in [0.25, 0.5, 1.0] {
        for batch in [1, 4] {
            let run = bert_tiny("ideal", density, batch);
            // A pair is worth a multiplication if neither word is zero.
            let pairs = f64::from(batch) * (BY_WEIGHTS + BY_ACTIVATIONS) as f64 * density * density;
            assert!(
                run.cycles() as f64 >= pairs / MULTIPLIERS,
                "density {density}, batch {batch}"
            );
            assert!(
                run.measured.machine.lanes.multiplications as f64 >= pairs,
                "density {density}, batch {batch}"
            );
        }
    }
}

#[test]
fn no_run_is_faster_than_its_memory_bus() {
    // Channels x bytes a transfer x transfers a second.
    let peaks = [
        ("lpddr3-1600", 8.0 * 1.6e9),
        ("ddr4-2400", 8.0 * 2.4e9),
        ("hbm2", 8.0 * 16.0 * 2e9),
        ("rram", 4.0 * 8.0 * 0.8e9),
        ("rram-m3d", 16.0 * 16.0 * 1e9),
    ];
    for (name, bytes_per_second) in peaks {
        for density in [0.25, 1.0] {
            let run = bert_tiny(name, density, 1);
            // Words of 20 bits if not zero, and a bit of mask each; the positions are a weight, too.
            let bits = (WEIGHTS + 128 * 128) as f64 * (20.0 * density + 1.0);
            let seconds = bits / 8.0 / bytes_per_second;
            assert!(
                run.seconds() >= seconds,
                "{name}, density {density}: {} s < {seconds} s",
                run.seconds()
            );
            assert!(
                run.measured.memory.read_bytes as f64 >= bits / 8.0,
                "{name}, density {density}"
            );
        }
    }
}
