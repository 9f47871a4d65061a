//! Buffers of limited bandwidth: laws of time, the account of what lanes wait for, and values that are refused.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use components::buffer::BufferKind;
use components::control_block::StallCause;
use components::energy_part::Action;
use scenarios::load::Disk;
use scenarios::schema::{BufferPorts, DensitySource, OperandBroadcast, Phase, Reference};
use scenarios::system::{MachineMeasurements, Plan, violations};
use scenarios::{Loaded, Scenario};
use sim_core::Engine;

fn small(change: impl FnOnce(&mut Scenario)) -> Loaded {
    let shipped = Scenario::shipped("bert-tiny-edge").expect("it is shipped");
    let changed = shipped.with(|scenario| {
        scenario.memory = Reference::Preset("hbm2".to_owned());
        scenario.workload.batch = 2;
        scenario.workload.sequence_length = 64;
        scenario.workload.transformer.layers.truncate(1);
        scenario.accelerator.processing_elements = 16;
        change(scenario);
    });
    changed.unwrap_or_else(|wrong| panic!("{}", wrong.render()))
}

/// Limits the bandwidth of these buffers to `banks` of 64 bytes.
fn limit(scenario: &mut Scenario, buffers: &[BufferKind], banks: u32) {
    let bandwidth = &mut scenario.accelerator.buffer_bandwidth;
    for kind in buffers {
        let ports = match kind {
            BufferKind::Activation => &mut bandwidth.activation,
            BufferKind::Weight => &mut bandwidth.weight,
            BufferKind::Mask => &mut bandwidth.mask,
        };
        *ports = BufferPorts {
            banks: Some(banks),
            width_bits: Some(512),
        };
    }
}

/// Runs it. Among what is checked is that cycles are at least bytes / bandwidth.
fn run(loaded: &Loaded, engine: Engine) -> (MachineMeasurements, u64) {
    let plan = Plan::load(loaded).unwrap();
    let measured = plan.build(engine).and_then(|system| system.run(&plan));
    let measured = measured.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(violations(&plan, &measured), Vec::<String>::new());
    let cycles = plan.machine.clock.cycles_spanning(measured.machine.duration()).0;
    (measured.machine, cycles)
}

fn waited(machine: &MachineMeasurements) -> u128 {
    machine.stalls.lane_ticks(StallCause::BufferBandwidth)
}

#[test]
fn half_the_bandwidth_is_never_faster() {
    use BufferKind::{Activation, Mask, Weight};
    let cases: [&[BufferKind]; 4] = [&[Activation], &[Weight], &[Mask], &BufferKind::ALL];
    for buffers in cases {
        let mut before = 0;
        for banks in [1024, 256, 64, 32, 16, 8, 4, 2] {
            let (machine, cycles) = run(
                &small(|scenario| limit(scenario, buffers, banks)),
                Engine::default(),
            );
            println!(
                "{buffers:?}, {banks} banks: {cycles} cycles, {} waited",
                waited(&machine)
            );
            assert!(
                cycles as f64 >= 0.98 * before as f64,
                "{buffers:?}, {banks} banks: {cycles} cycles after {before}"
            );
            before = cycles;
        }
    }
}

/// What comes in one tick is served by number, without a limit in order of sending: so lanes may get other runs.
#[test]
fn ample_bandwidth_is_as_none() {
    for (rows, columns) in [(1, 1), (2, 4)] {
        let grouped = |scenario: &mut Scenario| {
            scenario.accelerator.operand_broadcast = OperandBroadcast { rows, columns };
        };
        let (free, free_cycles) = run(&small(grouped), Engine::default());
        let (ample, ample_cycles) = run(
            &small(|scenario| {
                grouped(scenario);
                limit(scenario, &BufferKind::ALL, 65_536);
            }),
            Engine::default(),
        );
        println!("{rows} x {columns}: {free_cycles} and {ample_cycles} cycles");
        assert_eq!([waited(&free), waited(&ample)], [0; 2]);
        assert!((ample_cycles as f64 / free_cycles as f64 - 1.0).abs() < 0.01);
        for (action, count) in free.actions.iter() {
            let timed = [Action::ActivePe, Action::SwitchedOn].contains(&action);
            // How many rows a run along i has depends on when they are ready.
            let slack = (*count as f64 * 0.01) as u64;
            let differs = count.abs_diff(ample.actions[action]);
            assert!(
                timed || differs <= slack,
                "{action:?}: {count} and {}",
                ample.actions[action]
            );
        }
        assert_eq!(free.dma_requests, ample.dma_requests);
    }
}

#[test]
fn a_narrow_buffer_is_what_lanes_wait_for() {
    let narrow = small(|scenario| limit(scenario, &BufferKind::ALL, 2));
    let (machine, cycles) = run(&narrow, Engine::default());
    let plan = Plan::load(&narrow).unwrap();
    let bytes = machine
        .bytes_of(BufferKind::Activation, plan.machine.buffer_access())
        .0;
    let share = bytes as f64 / 128.0 / cycles as f64;
    assert!(
        share > 0.9,
        "the activation buffer is at work for {share} of the time"
    );
    let of_all = waited(&machine) as f64 / machine.stalls.total() as f64;
    assert!(of_all > 0.3, "{of_all} of the lanes' idle time");
}

#[test]
fn engines_agree_and_numbers_stay_right() {
    for (rows, columns) in [(1, 1), (2, 4)] {
        let loaded = small(|scenario| {
            scenario.workload.batch = 1;
            scenario.workload.sequence_length = 24;
            scenario.workload.phase = Phase::Training;
            scenario.sparsity.source = DensitySource::Values {
                activation_threshold: 0.0,
                weight_threshold: 0.0,
                gradient_threshold: 0.0,
            };
            scenario.accelerator.operand_broadcast = OperandBroadcast { rows, columns };
            limit(scenario, &BufferKind::ALL, 3);
        });
        let plan = Plan::load(&loaded).unwrap();
        let digests = [Engine::Wheel, Engine::Heap].map(|engine| {
            let measured = plan.build(engine).and_then(|system| system.run(&plan)).unwrap();
            assert_eq!(violations(&plan, &measured), Vec::<String>::new());
            measured.digest
        });
        assert_eq!(digests[0], digests[1]);
    }
}

#[test]
fn impossible_bandwidths_are_refused() {
    for (weight, found, remedy) in [
        (
            "(banks: 0, width_bits: 512)",
            "banks` cannot be 0",
            "from 1 to 65536",
        ),
        (
            "(banks: 8, width_bits: 0)",
            "width_bits` cannot be 0",
            "from 1 to 65536",
        ),
        (
            "(banks: 99999999999, width_bits: 512)",
            "banks` cannot be 99999999999",
            "from 1 to 65536",
        ),
        (
            "(banks: 8, width_bits: 1.5)",
            "width_bits` is a whole number, not 1.5",
            "from 1 to 65536",
        ),
        (
            "(banks: 8)",
            "`banks` is stated without `width_bits`",
            "both together",
        ),
        (
            "(width_bits: 512)",
            "`width_bits` is stated without `banks`",
            "both together",
        ),
        ("(bank: 8)", "bank", "banks"),
        ("8", "8", "("),
    ] {
        let text = format!("(accelerator: (buffer_bandwidth: (weight: {weight})))");
        let error = Scenario::parse("s.ron", &text, Disk).expect_err(weight).render();
        assert!(
            error.contains(found) && error.contains(remedy),
            "{weight}:\n{error}"
        );
    }
}
