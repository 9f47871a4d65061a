//! More of anything never costs much: a larger machine is at most a stated share slower, a larger buffer never moves
//! more data, and the extremes of density do what they must.

use scenarios::Scenario;
use tests::{Run, memory, plan, plan_on_memory, run, shipped};

/// How much slower a machine of twice the units may be. Runs are cut to feed all lanes; with more lanes they are cut
/// shorter, operands are fetched more often, partial sums cross the bus, and requests reach memory in another order.
/// Where memory is the limit and there is nothing left to win, that may cost up to one part in a hundred.
const SLACK: f64 = 1.01;

fn bert_tiny(memory_name: &str, change: impl FnOnce(&mut Scenario)) -> Run {
    run(plan(&shipped("bert-tiny-edge", |scenario| {
        scenario.memory = memory(memory_name);
        scenario.workload.batch = 2;
        change(scenario);
    })))
}

fn assert_never_slower(what: &str, cycles: &[u64]) {
    for pair in cycles.windows(2) {
        assert!(pair[1] as f64 <= pair[0] as f64 * SLACK, "{what}: {cycles:?}");
    }
    assert!(
        cycles.last() < cycles.first(),
        "{what} win nothing at all: {cycles:?}"
    );
}

#[test]
fn more_processing_elements_are_not_slower() {
    for name in ["ideal", "lpddr3-1600", "hbm2"] {
        let cycles: Vec<u64> = [1, 2, 4, 8, 16, 32, 64, 128]
            .map(|pes| bert_tiny(name, |scenario| scenario.accelerator.processing_elements = pes).cycles())
            .to_vec();
        println!("PEs, {name}: {cycles:?}");
        assert_never_slower(&format!("PEs on {name}"), &cycles);
    }
}

#[test]
fn more_lanes_are_not_slower() {
    for name in ["ideal", "lpddr3-1600", "hbm2"] {
        let cycles: Vec<u64> = [1, 2, 4, 8, 16, 32]
            .map(|lanes| {
                bert_tiny(name, |scenario| {
                    scenario.accelerator.processing_elements = 8;
                    scenario.accelerator.lanes_per_pe = lanes;
                })
                .cycles()
            })
            .to_vec();
        println!("lanes, {name}: {cycles:?}");
        assert_never_slower(&format!("lanes on {name}"), &cycles);
    }
}

#[test]
fn more_channels_are_not_slower() {
    for name in ["lpddr3-1600", "hbm2"] {
        let loaded = shipped("bert-tiny-edge", |scenario| scenario.memory = memory(name));
        let cycles: Vec<u64> = [1, 2, 4, 8]
            .map(|channels| {
                run(plan_on_memory(&loaded, |memory| {
                    memory.organisation.channels = channels
                }))
                .cycles()
            })
            .to_vec();
        println!("channels, {name}: {cycles:?}");
        assert_never_slower(&format!("channels of {name}"), &cycles);
    }
}

#[test]
fn larger_buffers_never_move_more_data() {
    let traffic = [0.01, 0.02, 0.04, 0.125, 1.0, 4.0].map(|activation_mb| {
        let run = bert_tiny("lpddr3-1600", |scenario| {
            scenario.accelerator.buffers.activation_mb = activation_mb
        });
        run.measured.memory.read_bytes + run.measured.memory.write_bytes
    });
    println!("traffic: {traffic:?}");
    assert!(traffic.windows(2).all(|pair| pair[1] <= pair[0]), "{traffic:?}");
    assert!(
        traffic[5] < traffic[0],
        "the smallest buffer spills nothing: {traffic:?}"
    );
}

fn at_density(density: f64) -> Run {
    bert_tiny("lpddr3-1600", |scenario| {
        scenario.sparsity.activation_density = density;
        scenario.sparsity.weight_density = density;
    })
}

#[test]
fn nothing_but_zeros_is_never_multiplied_yet_every_tile_retires() {
    let run = at_density(0.0);
    assert_eq!(run.measured.machine.lanes.multiplications, 0);
    assert_eq!(
        run.measured.machine.tile_operations(),
        run.plan.machine.program.tile_operations
    );
    assert!(run.cycles() < at_density(0.5).cycles());
}

#[test]
fn without_zeros_every_multiplication_is_done() {
    let run = at_density(1.0);
    assert_eq!(
        run.measured.machine.lanes.multiplications,
        run.measured.machine.lanes.dense_multiplications
    );
    assert_eq!(
        u128::from(run.measured.machine.lanes.multiplications),
        run.plan.machine.program.multiplications
    );
    assert!(run.cycles() > at_density(0.5).cycles());
}
