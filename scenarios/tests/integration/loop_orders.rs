//! Orders of loops that are chosen for each operation: they take the least energy of all orders, compute the same, and are
//! read from every format.

use components::energy_part::EnergyPart;
use scenarios::schema::{
    DensitySource, Embedding, Goal, LoopOrder, LoopOrderRule, OperandBroadcast, Phase, Reference,
};
use scenarios::system::{MachineMeasurements, Plan, violations};
use scenarios::transformer::{AttentionKind, Head, Layer, Transformer};
use scenarios::{Loaded, Scenario};
use sim_core::Engine;

/// A machine on which no order is best for all operations: reductions are short beside rows and columns.
fn machine(change: impl FnOnce(&mut Scenario)) -> Loaded {
    let head = Head::Attention {
        kind: AttentionKind::ScaledDotProduct,
        dimension: 8,
    };
    let tiny = Scenario::shipped("tiny-trace").expect("it is shipped");
    tiny.with(|scenario| {
        scenario.workload.transformer = Transformer {
            layers: vec![Layer {
                hidden: 16,
                heads: vec![head; 2],
                feed_forward: vec![64],
            }],
        };
        scenario.workload.batch = 2;
        scenario.workload.sequence_length = 40;
        scenario.memory = Reference::Preset("ideal".to_owned());
        change(scenario);
    })
    .unwrap_or_else(|wrong| panic!("{}", wrong.render()))
}

fn run(loaded: &Loaded) -> (Plan, MachineMeasurements) {
    let plan = Plan::load(loaded).unwrap_or_else(|wrong| panic!("{}", wrong.render()));
    let measured = plan.build(Engine::default()).and_then(|system| system.run(&plan));
    let measured = measured.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(violations(&plan, &measured), Vec::<String>::new());
    (plan, measured.machine)
}

/// Energy of accesses to the buffers.
fn buffer_energy(loaded: &Loaded) -> f64 {
    let (plan, machine) = run(loaded);
    let spent = machine.energy(&plan.machine, plan.timebase);
    spent.of_modules(EnergyPart::Buffers).dynamic.0
}

type Change = fn(&mut Scenario);

const MACHINES: [(&str, Change); 6] = [
    ("as it is", |_| {}),
    ("training", |scenario| scenario.workload.phase = Phase::Training),
    ("one lane", |scenario| {
        scenario.accelerator.processing_elements = 1;
        scenario.accelerator.lanes_per_pe = 1;
    }),
    ("many lanes", |scenario| {
        scenario.accelerator.processing_elements = 16;
        scenario.accelerator.lanes_per_pe = 8;
    }),
    ("groups", |scenario| {
        scenario.accelerator.lanes_per_pe = 4;
        scenario.accelerator.operand_broadcast = OperandBroadcast { rows: 2, columns: 2 };
    }),
    ("small parts", |scenario| {
        scenario.accelerator.mapping.blocks.i = Some(16);
        scenario.accelerator.mapping.blocks.k = Some(8);
    }),
];

#[test]
fn no_order_for_all_operations_takes_less_energy_than_those_that_are_chosen() {
    for (what, change) in MACHINES {
        let of = |rule: LoopOrderRule| {
            buffer_energy(&machine(|scenario| {
                change(scenario);
                scenario.accelerator.loop_order = rule;
            }))
        };
        let chosen = of(LoopOrderRule::Auto(Goal::Energy));
        let stated = LoopOrder::all().map(|order| of(order.into()));
        let least = stated.fold(f64::INFINITY, f64::min);
        assert!(chosen <= least * (1.0 + 1e-9), "{what}: {chosen} nJ, {least} nJ");
    }
}

#[test]
fn orders_chosen_by_time_are_as_fast_as_the_closed_form_can_tell() {
    for (what, change) in MACHINES {
        let of = |rule: LoopOrderRule| {
            let (_, machine) = run(&machine(|scenario| {
                change(scenario);
                scenario.accelerator.loop_order = rule;
            }));
            machine.duration().0 as f64
        };
        let chosen = of(LoopOrderRule::Auto(Goal::Time));
        let stated = LoopOrder::all().map(|order| of(order.into()));
        let least = stated.fold(f64::INFINITY, f64::min);
        assert!(chosen <= least * 1.02, "{what}: {}", chosen / least);
    }
}

#[test]
fn operations_have_orders_of_their_own() {
    for goal in [Goal::Energy, Goal::Time] {
        let plan = Plan::load(&machine(|scenario| {
            scenario.workload.phase = Phase::Training;
            scenario.accelerator.loop_order = LoopOrderRule::Auto(goal);
        }))
        .unwrap();
        let (mut orders, mut again) = (plan.machine.loop_orders(), plan.machine.loop_orders());
        let program: Vec<_> = plan.machine.program().collect();
        let chosen: Vec<LoopOrder> = program.iter().map(|operation| orders.of(operation)).collect();
        let differ = chosen.iter().any(|order| *order != chosen[0]);
        assert_eq!(differ, goal == Goal::Energy, "{goal:?}: {}", chosen[0]);
        // Whoever asks, in whichever order, gets the same answer.
        for (operation, order) in program.iter().zip(&chosen).rev() {
            assert_eq!(again.of(operation), *order);
        }
    }
}

#[test]
fn chosen_orders_train_to_the_right_words() {
    for goal in [Goal::Energy, Goal::Time] {
        for (what, change) in MACHINES {
            let (_, machine) = run(&machine(|scenario| {
                scenario.workload.sequence_length = 13;
                scenario.workload.phase = Phase::Training;
                scenario.workload.embedding = Embedding::Gather;
                scenario.sparsity.source = DensitySource::Values {
                    activation_threshold: 0.0,
                    weight_threshold: 0.0,
                    gradient_threshold: 0.0,
                };
                change(scenario);
                scenario.accelerator.loop_order = LoopOrderRule::Auto(goal);
            }));
            let values = machine.values.unwrap();
            assert!(values.words > 1_000, "{what}: {} words", values.words);
            assert_eq!(values.wrong_words, 0, "{goal:?}, {what}");
        }
    }
}

#[test]
fn orders_are_read_from_ron_and_json_in_every_form() {
    let auto = LoopOrderRule::Auto;
    let letters: LoopOrder = "kbij".parse().unwrap();
    for (ron, json, expected) in [
        ("\"kbij\"", "\"kbij\"", letters.into()),
        ("Auto", "\"Auto\"", auto(Goal::Energy)),
        ("\"Auto\"", "\"Auto\"", auto(Goal::Energy)),
        ("Auto(Energy)", "{\"Auto\": \"Energy\"}", auto(Goal::Energy)),
        ("Auto(Time)", "{\"Auto\": \"Time\"}", auto(Goal::Time)),
        ("\"Auto(Time)\"", "\"Auto(Time)\"", auto(Goal::Time)),
    ] {
        let from_ron = Scenario::from_ron(&format!("(accelerator: (loop_order: {ron}))"));
        let scenario = from_ron.unwrap_or_else(|wrong| panic!("{ron}: {}", wrong.render()));
        assert_eq!(scenario.accelerator.loop_order, expected, "{ron}");
        let from_json = Scenario::from_json(&format!("{{\"accelerator\": {{\"loop_order\": {json}}}}}"));
        let from_json = from_json.unwrap_or_else(|wrong| panic!("{json}: {}", wrong.render()));
        assert_eq!(from_json.accelerator.loop_order, expected, "{json}");
        assert_eq!(Scenario::from_json(&scenario.to_json()).unwrap(), scenario);
        assert_eq!(Scenario::from_ron(&scenario.to_ron()).unwrap(), scenario);
    }
}
