//! The coarse estimate against the simulation: it moves the same blocks, and its cycles are near.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use components::message::Traffic;
use estimate::coarse::{Caution, CoarseEstimate, blocks_moved, coarse_estimate};
use scenarios::Scenario;
use scenarios::schema::{BlockOrder, BlockSizes, Mapping, Phase, Reference, Tile};
use scenarios::system::{MachineMeasurements, Plan};
use sim_core::Engine;

fn plan(change: impl FnOnce(&mut Scenario)) -> Plan {
    let loaded = Scenario::open("bert-tiny-edge").unwrap().with(change).unwrap();
    Plan::load(&loaded).unwrap()
}

/// The shipped scenario with a short sequence, and with these buffers in MB.
fn with_buffers(memory: &str, [activation, weight, mask]: [f64; 3]) -> Plan {
    plan(|scenario| {
        scenario.workload.batch = 3;
        scenario.workload.sequence_length = 64;
        scenario.accelerator.processing_elements = 8;
        scenario.memory = Reference::Preset(memory.to_owned());
        let buffers = &mut scenario.accelerator.buffers;
        (buffers.activation_mb, buffers.weight_mb, buffers.mask_mb) = (activation, weight, mask);
    })
}

fn run(plan: &Plan) -> MachineMeasurements {
    plan.build(Engine::default()).unwrap().run(plan).unwrap().machine
}

fn cycles(plan: &Plan, run: &MachineMeasurements) -> f64 {
    run.duration().0 as f64 / plan.machine.clock.period().0 as f64
}

/// Buffers that hold all, that make the plan take items one by one, and that make it cut them to pieces.
const BUFFERS: [[f64; 3]; 7] = [
    [4.0, 8.0, 1.0],
    [1.0, 2.0, 0.5],
    [0.25, 1.0, 0.25],
    [0.125, 8.0, 1.0],
    [0.0625, 0.25, 0.0625],
    [0.03125, 0.0625, 0.03125],
    [0.015625, 0.03125, 0.015625],
];

#[test]
fn an_estimate_moves_what_a_run_moves() {
    let mut spilled = 0;
    for buffers in BUFFERS {
        let plan = with_buffers("ddr4-2400", buffers);
        let run = run(&plan);
        assert_eq!(
            blocks_moved(&plan).unwrap(),
            run.dma_requests,
            "{buffers:?} MB, by {:?}",
            Traffic::ALL.map(Traffic::name)
        );
        let estimate = coarse_estimate(&plan).unwrap();
        assert_eq!(estimate.details.slices_pushed_out, run.spills, "{buffers:?} MB");
        spilled += run.spills;
    }
    assert!(spilled > 0, "none of the buffers is too small");
}

#[test]
fn an_estimate_of_stated_blocks_moves_what_a_run_moves() {
    let sizes = [Some(1), Some(32), Some(64), Some(128)];
    let mut moved = std::collections::BTreeSet::new();
    for (order, phase) in [
        ("bijk", Phase::Inference),
        ("jbik", Phase::Inference),
        ("kijb", Phase::Training),
    ] {
        let plan = plan(|scenario| {
            scenario.workload.batch = 2;
            scenario.workload.sequence_length = 64;
            scenario.workload.phase = phase;
            let accelerator = &mut scenario.accelerator;
            accelerator.processing_elements = 8;
            accelerator.buffers.activation_mb = 0.0625;
            accelerator.buffers.weight_mb = 0.0625;
            let [b, i, j, k] = sizes;
            accelerator.mapping = Mapping {
                blocks: BlockSizes { b, i, j, k },
                order: BlockOrder(order.parse().ok()),
            };
        });
        let run = run(&plan);
        assert_eq!(
            blocks_moved(&plan).unwrap(),
            run.dma_requests,
            "{order}, {phase:?}"
        );
        moved.insert(run.dma_requests);
    }
    assert_eq!(moved.len(), 3, "the orders differ in what they move");
}

#[test]
fn an_estimate_of_a_training_step_moves_what_the_step_moves() {
    let loaded = Scenario::open("bert-tiny-train").unwrap();
    let smaller = |activation_mb: f64| {
        let loaded = loaded.with(|scenario| {
            scenario.workload.transformer.layers.truncate(1);
            scenario.workload.batch = 2;
            scenario.workload.sequence_length = 32;
            scenario.accelerator.buffers.activation_mb = activation_mb;
        });
        Plan::load(&loaded.unwrap()).unwrap()
    };
    for plan in [smaller(4.0), smaller(0.125)] {
        assert_eq!(blocks_moved(&plan).unwrap(), run(&plan).dma_requests);
    }
}

#[test]
fn cycles_are_within_a_twentieth_unless_the_estimate_warns() {
    let mut trusted = 0;
    for memory in ["ideal", "lpddr3-1600", "ddr4-2400", "hbm2"] {
        for buffers in BUFFERS {
            let plan = with_buffers(memory, buffers);
            let CoarseEstimate { estimate, details } = coarse_estimate(&plan).unwrap();
            let ratio = estimate.cycles as f64 / cycles(&plan, &run(&plan));
            let most = if details.caution.is_some() { 1.4 } else { 1.05 };
            trusted += u32::from(details.caution.is_none());
            assert!(
                ratio.max(1.0 / ratio) <= most,
                "{memory}, {buffers:?} MB: {ratio}, {:?}",
                details.caution
            );
        }
    }
    assert!(trusted >= 10, "only {trusted} estimates are without caution");
}

#[test]
fn work_is_counted_as_a_run_counts_it() {
    use components::energy_part::EnergyPart;
    for buffers in BUFFERS {
        let plan = with_buffers("hbm2", buffers);
        let spent = run(&plan).energy(&plan.machine, plan.timebase).by_part();
        let energy = coarse_estimate(&plan).unwrap().estimate.energy_nj;
        for (part, estimated) in [
            (EnergyPart::MacLanes, energy.mac_lanes.dynamic),
            (EnergyPart::Softmax, energy.softmax.dynamic),
            (EnergyPart::LayerNorm, energy.layer_norm.dynamic),
            (EnergyPart::Sparsity, energy.sparsity.dynamic),
        ] {
            let ratio = estimated / spent[part].0;
            assert!((ratio - 1.0).abs() < 1e-9, "{part:?}, {buffers:?} MB: {ratio}");
        }
    }
}

#[test]
fn a_bus_that_binds_and_slow_results_count() {
    let narrow = plan(|scenario| scenario.accelerator.operand_bus_bytes = Some(16));
    let slow = plan(|scenario| {
        scenario.accelerator.stages.post_compute_cycles = 100;
        scenario.accelerator.loop_order = "kbij".parse().unwrap();
    });
    let usual = coarse_estimate(&plan(|_| {})).unwrap().estimate.cycles as f64;
    let ratios = [narrow, slow].map(|plan| {
        let estimated = coarse_estimate(&plan).unwrap().estimate.cycles as f64;
        assert_ne!(estimated, usual);
        estimated / cycles(&plan, &run(&plan))
    });
    for ratio in ratios {
        assert!((0.9..1.1).contains(&ratio), "{ratios:?}");
    }
}

#[test]
fn estimates_warn_where_they_are_known_to_be_off() {
    let caution = |plan: &Plan| coarse_estimate(plan).unwrap().details.caution;
    assert_eq!(caution(&with_buffers("ddr4-2400", BUFFERS[0])), None);
    assert_eq!(
        caution(&with_buffers("ddr4-2400", BUFFERS[4])),
        Some(Caution::BlocksCutByColumns)
    );
    assert_eq!(
        caution(&with_buffers("rram", [0.03125, 4.0, 1.0])),
        Some(Caution::SpillsWithWritePulses)
    );
    let contended = Scenario::open("contention").unwrap();
    assert_eq!(
        caution(&Plan::load(&contended).unwrap()),
        Some(Caution::MemoryContention)
    );
    let short = plan(|scenario| {
        scenario.workload.batch = 1;
        scenario.workload.sequence_length = 8;
        scenario.workload.transformer.layers.truncate(1);
        scenario.accelerator.tile = Tile { b: 1, x: 8, y: 8 };
        scenario.memory = Reference::Preset("ideal".to_owned());
    });
    assert_eq!(caution(&short), Some(Caution::ShortRun));
}
