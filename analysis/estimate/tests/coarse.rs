//! The coarse estimate against the simulation: it moves the same blocks, and its cycles are near.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use components::energy_part::{Action, ByAction};
use components::message::Traffic;
use components::units::NanoJoules;
use estimate::coarse::{Caution, CoarseEstimate, Limit, blocks_moved, coarse_estimate, energy_by_group};
use scenarios::Scenario;
use scenarios::schema::{
    BlockOrder, BlockSizes, BufferPorts, Goal, LoopOrder, LoopOrderRule, Mapping, OperandBroadcast, Phase,
    Reference, Tile,
};
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
                ..Mapping::default()
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

/// Dynamic energy of the buffers: of a run's own counts, and of the estimate.
fn buffer_energies(plan: &Plan) -> [f64; 2] {
    let run = run(plan);
    let mut actions = ByAction::new(|action| run.actions[action] as f64);
    actions[Action::SwitchedOn] = 0.0;
    let measured = energy_by_group(&plan.machine, plan.timebase, &actions, NanoJoules(0.0)).buffer;
    [measured, estimated_buffer_energy(plan)]
}

fn estimated_buffer_energy(plan: &Plan) -> f64 {
    let CoarseEstimate { estimate, details } = coarse_estimate(plan).unwrap();
    estimate.energy_nj.buffer - details.buffer_leakage_nj
}

fn server(change: impl FnOnce(&mut Scenario), [rows, columns]: [u32; 2]) -> Plan {
    let loaded = Scenario::open("bert-base-server").unwrap().with(|scenario| {
        change(scenario);
        scenario.accelerator.operand_broadcast = OperandBroadcast { rows, columns };
    });
    Plan::load(&loaded.unwrap()).unwrap()
}

#[test]
fn buffers_are_read_as_often_as_the_closed_form_of_groups_says() {
    let smaller = |scenario: &mut Scenario| {
        scenario.workload.transformer.layers.truncate(1);
        scenario.workload.batch = 2;
        scenario.workload.sequence_length = 100;
        scenario.accelerator.processing_elements = 8;
    };
    for shape in [[1, 1], [1, 32], [2, 16], [4, 8], [8, 4], [32, 1]] {
        let plan = server(smaller, shape);
        let [measured, estimated] = buffer_energies(&plan);
        assert!(
            (measured / estimated - 1.0).abs() < 1e-9,
            "{shape:?}: {measured} and {estimated} nJ"
        );
    }
}

#[test]
fn sharing_operands_saves_most_of_what_buffers_take() {
    let mut before = estimated_buffer_energy(&server(|_| {}, [1, 1]));
    for (shape, most_mj) in [
        ([1, 32], 400.0),
        ([2, 16], 235.0),
        ([4, 8], 148.0),
        ([8, 4], 128.0),
    ] {
        let energy = estimated_buffer_energy(&server(|_| {}, shape));
        println!("{shape:?}: {:.1} mJ", energy / 1e6);
        assert!(
            energy < before && energy < most_mj * 1e6,
            "{shape:?}: {energy} nJ"
        );
        before = energy;
    }
}

#[test]
fn an_estimate_with_shared_operands_is_near_the_run() {
    for shape in [[1, 4], [2, 2], [4, 4], [8, 2]] {
        let [rows, columns] = shape;
        let plan = plan(|scenario| {
            scenario.workload.sequence_length = 128;
            scenario.accelerator.operand_broadcast = OperandBroadcast { rows, columns };
        });
        let run = run(&plan);
        let estimated = coarse_estimate(&plan).unwrap().estimate.cycles as f64;
        let ratio = estimated / cycles(&plan, &run);
        println!("{shape:?}: {ratio:.3}");
        assert!((ratio - 1.0).abs() < 0.1, "{shape:?}: {ratio}");
    }
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
    assert!(trusted >= 8, "only {trusted} estimates are without caution");
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

/// Machines on which no order of loops is best for all operations: reductions are short beside rows and columns.
fn short_reductions(phase: Phase, pes: u32, order: LoopOrderRule) -> Plan {
    let loaded = Scenario::shipped("tiny-trace").unwrap().with(|scenario| {
        scenario.workload.batch = 2;
        scenario.workload.sequence_length = 64;
        scenario.workload.phase = phase;
        scenario.memory = Reference::Preset("ideal".to_owned());
        scenario.accelerator.processing_elements = pes;
        scenario.accelerator.lanes_per_pe = 4;
        scenario.accelerator.loop_order = order;
    });
    Plan::load(&loaded.unwrap()).unwrap()
}

#[test]
fn chosen_orders_take_least_in_the_estimate() {
    for (phase, pes) in [
        (Phase::Inference, 1),
        (Phase::Inference, 8),
        (Phase::Training, 1),
        (Phase::Training, 8),
    ] {
        let of = |order| short_reductions(phase, pes, order);
        let least = |cost: fn(&Plan) -> f64| {
            let all = LoopOrder::all().map(|order| cost(&of(order.into())));
            all.fold(f64::INFINITY, f64::min)
        };
        let energy = estimated_buffer_energy(&of(LoopOrderRule::Auto(Goal::Energy)));
        let least_energy = least(estimated_buffer_energy);
        assert!(
            energy <= least_energy * (1.0 + 1e-9),
            "{phase:?}, {pes} PEs: {energy}, {least_energy} nJ"
        );
        let cycles = |plan: &Plan| coarse_estimate(plan).unwrap().estimate.cycles as f64;
        let ratio = cycles(&of(LoopOrderRule::Auto(Goal::Time))) / least(cycles);
        // An order is chosen by its operation's own time; what others wait for is not in it.
        assert!(ratio <= 1.01, "{phase:?}, {pes} PEs: {ratio}");
    }
}

/// A window of few operations keeps lanes idle, in the estimate as in a run.
#[test]
fn the_estimate_looks_ahead_as_far_as_the_control_block() {
    let ratios = [1, 2, 8, 256].map(|operations| {
        let plan = plan(|scenario| {
            scenario.accelerator.prefetch_operations = operations;
            scenario.memory = Reference::Preset("hbm2".to_owned());
        });
        let estimated = coarse_estimate(&plan).unwrap().estimate.cycles as f64;
        estimated / cycles(&plan, &run(&plan))
    });
    for ratio in ratios {
        assert!((0.95..1.05).contains(&ratio), "{ratios:?}");
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

/// Cautioned where a buffer is at work for a third of the time: then within a tenth, and where it bounds all, near again.
#[test]
fn an_estimate_with_limited_buffers_is_near_the_run() {
    let mut bound = 0;
    for memory in ["hbm2", "lpddr3-1600"] {
        for banks in [512, 128, 64, 32, 16, 8, 4] {
            let plan = plan(|scenario| {
                scenario.memory = Reference::Preset(memory.to_owned());
                let bandwidth = &mut scenario.accelerator.buffer_bandwidth;
                for ports in [
                    &mut bandwidth.activation,
                    &mut bandwidth.weight,
                    &mut bandwidth.mask,
                ] {
                    *ports = BufferPorts {
                        banks: Some(banks),
                        width_bits: Some(512),
                    };
                }
            });
            let run = run(&plan);
            let CoarseEstimate { estimate, details } = coarse_estimate(&plan).unwrap();
            let ratio = estimate.cycles as f64 / cycles(&plan, &run);
            println!("{memory}, {banks} banks: {ratio:.3}, {:?}", details.caution);
            let slack = if details.caution.is_some() { 0.1 } else { 0.05 };
            assert!((ratio - 1.0).abs() < slack, "{memory}, {banks} banks: {ratio}");
            assert!(details.bounds.buffers <= estimate.cycles as f64);
            bound += usize::from(details.bound_by == Limit::Buffers);
        }
    }
    assert!(bound >= 6, "buffers bound {bound} runs");
}
