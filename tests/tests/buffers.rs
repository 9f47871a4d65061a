//! A larger buffer is never worse, from the least that is accepted to more than anything needs: cycles fall or stay, and so does
//! what moves. What is accepted stays accepted, and a byte less than the least is refused.

use components::block_plan::{Room, least_capacities};
use scenarios::Scenario;
use scenarios::system::{Plan, violations};
use tests::{Run, plan, run, shipped};

/// How much longer a run with a larger buffer may take: the choice of blocks is by a rough walk.
const SLACK: f64 = 1.02;

/// How much more may move, unless cycles fall by more than [`SLACK`].
const MORE_BYTES: f64 = 1.005;

const MEGABYTE: f64 = 1_048_576.0;

/// What the scenario's buffers must hold at least.
fn least(name: &str, change: impl FnOnce(&mut Scenario)) -> Room {
    let plan = plan(&shipped(name, change));
    let machine = &plan.machine;
    least_capacities(
        machine.plan_parameters(),
        &machine.stated_blocks(),
        &machine.stage_source(),
    )
    .unwrap()
}

fn with_buffer(scenario: &mut Scenario, buffer: usize, bytes: u64) {
    let buffers = &mut scenario.accelerator.buffers;
    let size = bytes as f64 / MEGABYTE;
    match buffer {
        0 => buffers.activation_mb = size,
        1 => buffers.weight_mb = size,
        _ => buffers.mask_mb = size,
    }
}

fn moved(run: &Run) -> u64 {
    run.measured.machine.dma_requests.iter().sum::<u64>() * 64
}

/// Runs `name` with one buffer after the other from its least up, in steps of `factor`.
fn sweep(name: &str, factor: f64, change: impl Fn(&mut Scenario)) {
    let least = least(name, &change);
    for buffer in 0..3 {
        let mut bytes = least.0[buffer].0;
        let mut before: Option<(u64, u64, u64)> = None;
        let mut flat = 0;
        while flat < 3 && bytes < 1 << 28 {
            let run = run(plan(&shipped(name, |scenario| {
                change(scenario);
                with_buffer(scenario, buffer, bytes);
            })));
            assert_eq!(
                violations(&run.plan, &run.measured),
                Vec::<String>::new(),
                "{name}, {bytes} B"
            );
            let (cycles, moved) = (run.cycles(), moved(&run));
            println!(
                "{name}, buffer {buffer}, {bytes} B: {cycles} cycles, {moved} B; {}",
                run.plan.machine.blocks.blocking
            );
            if let Some((fewer, cycles_before, moved_before)) = before {
                let what = format!("{name}, buffer {buffer}: {fewer} B and {bytes} B");
                assert!(
                    cycles as f64 <= cycles_before as f64 * SLACK,
                    "{what}: {cycles_before} and {cycles} cycles"
                );
                let gains = (cycles as f64) < cycles_before as f64 / SLACK;
                assert!(
                    gains || moved as f64 <= moved_before as f64 * MORE_BYTES,
                    "{what}: {moved_before} and {moved} B moved"
                );
                flat = if (cycles, moved) == (cycles_before, moved_before) {
                    flat + 1
                } else {
                    0
                };
            }
            before = Some((bytes, cycles, moved));
            bytes = (bytes as f64 * factor).ceil() as u64;
        }
    }
}

#[test]
fn larger_buffers_are_never_worse_for_bert_tiny() {
    sweep("bert-tiny-edge", 1.5, |_| ());
}

#[test]
fn larger_buffers_are_never_worse_for_mixed_heads() {
    sweep("flexibert-mixed", 2.0, |scenario| {
        scenario.workload.transformer.layers.truncate(2);
        scenario.workload.batch = 2;
    });
}

#[test]
fn larger_buffers_are_never_worse_for_a_training_step() {
    sweep("bert-tiny-train", 2.0, |scenario| {
        scenario.workload.batch = 2;
        scenario.workload.sequence_length = 64;
    });
}

#[test]
fn a_byte_less_than_the_least_is_refused() {
    let change = |scenario: &mut Scenario| scenario.workload.batch = 1;
    let least = least("bert-tiny-edge", change);
    for (buffer, name) in ["activation", "weight", "mask"].into_iter().enumerate() {
        let of = |bytes: u64| {
            Plan::load(&shipped("bert-tiny-edge", |scenario| {
                change(scenario);
                with_buffer(scenario, buffer, bytes);
            }))
        };
        let bytes = least.0[buffer].0;
        of(bytes).unwrap();
        let refused = of(bytes - 1).unwrap_err().to_string();
        let stated = format!("{}", bytes as f64 / MEGABYTE);
        assert!(
            refused.contains(&format!("{bytes} B")) && refused.contains(&stated) && refused.contains(name),
            "{refused}"
        );
    }
}
