//! Lanes that share operands: they compute the same, read less, and groups that cannot be are refused.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use components::energy_part::Action;
use scenarios::schema::{DensitySource, LoopOrder, OperandBroadcast, Phase};
use scenarios::system::{MachineMeasurements, Plan, violations};
use scenarios::{Loaded, Scenario};
use sim_core::Engine;

fn tiny(change: impl FnOnce(&mut Scenario)) -> Loaded {
    let tiny = Scenario::shipped("tiny-trace").expect("it is shipped");
    tiny.with(change)
        .unwrap_or_else(|wrong| panic!("{}", wrong.render()))
}

fn run(loaded: &Loaded) -> MachineMeasurements {
    let plan = Plan::load(loaded).unwrap();
    let measured = plan.build(Engine::default()).and_then(|system| system.run(&plan));
    let measured = measured.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(violations(&plan, &measured), Vec::<String>::new());
    measured.machine
}

fn grouped(scenario: &mut Scenario, rows: u32, columns: u32) {
    scenario.accelerator.lanes_per_pe = 8;
    scenario.accelerator.operand_broadcast = OperandBroadcast { rows, columns };
}

#[test]
fn every_loop_order_trains_to_the_right_words() {
    for (place, order) in LoopOrder::all().enumerate() {
        let (rows, columns) = [(1, 4), (2, 2), (4, 1), (2, 4)][place % 4];
        let machine = run(&tiny(|scenario| {
            scenario.workload.batch = 2;
            scenario.workload.sequence_length = 13;
            scenario.workload.phase = Phase::Training;
            scenario.sparsity.source = DensitySource::Values {
                activation_threshold: 0.0,
                weight_threshold: 0.0,
                gradient_threshold: 0.0,
            };
            scenario.accelerator.loop_order = order.into();
            grouped(scenario, rows, columns);
        }));
        let values = machine.values.unwrap();
        assert!(values.words > 1_000, "{order}: {} words", values.words);
        assert_eq!(values.wrong_words, 0, "{order}, {rows} x {columns}");
    }
}

#[test]
fn groups_read_less_and_multiply_as_much() {
    let of = |rows, columns| {
        run(&tiny(|scenario| {
            scenario.workload.sequence_length = 64;
            grouped(scenario, rows, columns);
        }))
    };
    let alone = of(1, 1);
    for (rows, columns) in [(1, 8), (2, 4), (4, 2), (8, 1)] {
        let machine = of(rows, columns);
        let what = format!("{rows} x {columns}");
        assert_eq!(
            machine.lanes.dense_multiplications, alone.lanes.dense_multiplications,
            "{what}"
        );
        assert_eq!(
            machine.actions[Action::MacLane],
            alone.actions[Action::MacLane],
            "{what}"
        );
        assert_eq!(machine.dma_requests, alone.dma_requests, "{what}");
        assert!(
            machine.actions[Action::MaskAccess] < alone.actions[Action::MaskAccess],
            "{what}"
        );
    }
}

#[test]
fn groups_that_do_not_divide_the_lanes_are_refused() {
    let tiny = Scenario::shipped("tiny-trace").unwrap();
    for (rows, columns) in [(3, 1), (4, 4), (128, 128)] {
        let wrong = tiny
            .with(|scenario| grouped(scenario, rows, columns))
            .expect_err("it does not divide 8");
        let problem = &wrong.problems()[0];
        assert_eq!(problem.path(), Some("accelerator.operand_broadcast"));
        assert!(
            problem.to_string().contains("do not divide the 8 lanes of a PE"),
            "{problem}"
        );
    }
}
