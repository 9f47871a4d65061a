//! A training step: what it moves, how long it takes, and that what does not fit comes back.

use components::memory::{MemoryDescription, MemoryPlan};
use components::message::Traffic;
use components::operation::{Operation, Phase, Role, TensorKind, Work};
use components::tile::Dimension;
use components::units::{BLOCK, Bytes};
use components::words::Words;
use scenarios::Loaded;
use scenarios::schema::{Optimizer, Phase as Pass, Scenario};
use scenarios::system::{MainMemory, Plan, violations};
use tests::{Run, engines, memory, plan, run, shipped, try_run};

/// BERT-Tiny with one layer and two sequences, trained.
fn small(change: impl FnOnce(&mut Scenario)) -> Loaded {
    shipped("bert-tiny-train", |scenario| {
        scenario.workload.transformer.layers.truncate(1);
        scenario.workload.batch = 2;
        // Words repeat.
        scenario.workload.vocabulary = 1000;
        change(scenario);
    })
}

fn bytes(run: &Run, traffic: Traffic) -> u64 {
    run.measured.machine.dma_requests[traffic as usize] * BLOCK.0
}

fn blocks(bytes: Bytes) -> u64 {
    bytes.blocks() * BLOCK.0
}

/// Blocks of the rows that an operation on a table of gradients or of the optimiser's state moves: one for each word; a sum
/// writes one row per token, and reads it before if it is not the word's first.
fn blocks_of_rows(plan: &Plan, operation: &Operation) -> u64 {
    let (scenario, tiling) = (&plan.machine.scenario, plan.machine.tiling);
    let kind = match operation.output {
        Some(made) => made.kind,
        None => operation.operands[0].kind(),
    };
    let (data, every_token) = match operation.work {
        Work::Gather { data, .. } => (data, false),
        Work::Scatter {
            data, accumulates, ..
        } => (data, accumulates),
        _ => return 0,
    };
    if kind == TensorKind::Weight {
        return 0;
    }
    let tokens = scenario.workload.batch * scenario.workload.sequence_length;
    let words = Words::new(scenario.seed, scenario.workload.vocabulary).with_repeats(tokens);
    let columns = u64::from(operation.grid.extent(Dimension::J));
    let bytes = tiling.footprint(columns, kind).data.0;
    let blocks = |token: u32| {
        let start = data + u64::from(words.row(token)) * bytes;
        (start + bytes).div_ceil(BLOCK.0) - start / BLOCK.0
    };
    let times = |token: u32| match (every_token, words.repeats(token)) {
        (true, true) => 2,
        (false, true) => 0,
        (_, false) => 1,
    };
    (0..tokens).map(|token| times(token) * blocks(token)).sum()
}

/// With room for all weights they are loaded once for forward and backward pass together. For the update they come once
/// more and go back; gradients go out and come in; the optimiser's state comes in and goes back.
#[test]
fn weights_gradients_and_states_move_as_often_as_the_step_needs_them() {
    for optimizer in [
        Optimizer::Sgd { momentum: 0.0 },
        Optimizer::Sgd { momentum: 0.9 },
        Optimizer::Adam,
    ] {
        let run = run(plan(&small(|scenario| scenario.workload.optimizer = optimizer)));
        let tiling = run.plan.machine.tiling;
        let (mut weights, mut gradients) = (0, 0);
        let mut seen = std::collections::BTreeSet::new();
        for operation in run.plan.machine.program() {
            for weight in operation.weights() {
                let moved = blocks(tiling.footprint(weight.elements, weight.kind).data);
                // What is updated comes and goes; a gradient only comes.
                match (operation.work, weight.kind) {
                    (Work::Update { .. }, TensorKind::Weight) => weights += 2 * moved,
                    (Work::Update { .. }, TensorKind::Gradient) => gradients += moved,
                    (Work::Update { .. }, _) => gradients += 2 * moved,
                    _ if seen.insert(weight.tensor) => weights += moved,
                    _ => {}
                }
            }
            let [rows, columns] =
                [Dimension::I, Dimension::J].map(|dimension| u64::from(operation.grid.extent(dimension)));
            match operation.role {
                Role::GradientStore => {
                    let kind = TensorKind::Gradient;
                    gradients += blocks(tiling.footprint(rows * columns, kind).data);
                }
                Role::WordGradientStore | Role::WordRows | Role::WordStore => {
                    gradients += blocks_of_rows(&run.plan, &operation) * BLOCK.0;
                }
                _ => {}
            }
        }
        assert_eq!(bytes(&run, Traffic::Weights), weights, "{optimizer:?}");
        assert_eq!(bytes(&run, Traffic::Gradients), gradients, "{optimizer:?}");
        assert_eq!(bytes(&run, Traffic::Kept) + bytes(&run, Traffic::Spills), 0);
    }
}

/// A step multiplies three times as often as the forward pass, so it takes at least twice as long where nothing but the
/// lanes counts.
#[test]
fn a_step_takes_over_twice_the_forward_pass_when_lanes_are_the_limit() {
    let cycles = |phase| {
        let loaded = small(|scenario| {
            scenario.workload.phase = phase;
            scenario.memory = memory("ideal");
            scenario.accelerator.processing_elements = 2;
            scenario.accelerator.lanes_per_pe = 2;
        });
        let run = run(plan(&loaded));
        (run.cycles(), run.measured.machine.lanes.dense_multiplications)
    };
    let ((forward, once), (step, thrice)) = (cycles(Pass::Inference), cycles(Pass::Training));
    assert_eq!(thrice, 3 * once);
    assert!(step > 2 * forward && step < 5 * forward, "{forward} {step}");
}

#[test]
fn phases_add_up_to_the_step() {
    let run = run(plan(&small(|_| ())));
    let measured = &run.measured.machine;
    let spans: Vec<_> = Phase::ALL
        .into_iter()
        .map(|phase| measured.phase_span(phase).unwrap())
        .collect();
    assert_eq!(spans[0].0, measured.started);
    assert_eq!(spans[2].1, measured.finished);
    assert!(spans.windows(2).all(|pair| pair[0].1 == pair[1].0));
    assert!(spans.iter().all(|(start, end)| end > start));
    let moved: Bytes = Phase::ALL
        .into_iter()
        .map(|phase| measured.phases.moved(phase))
        .sum();
    let requested: u64 = measured.dma_requests.iter().sum::<u64>() * BLOCK.0;
    // Requests are whole blocks.
    assert!(
        moved.0 <= requested && moved.0 * 10 > requested * 8,
        "{moved} {requested}"
    );
}

#[test]
fn inference_has_one_phase() {
    let run = run(plan(&shipped("tiny-trace", |_| ())));
    let spans = Phase::ALL.map(|phase| run.measured.machine.phase_span(phase));
    let machine = &run.measured.machine;
    assert_eq!(spans, [Some((machine.started, machine.finished)), None, None]);
}

/// A buffer that holds but a fraction of what is kept: the rest goes out and comes back, once each time.
#[test]
fn what_does_not_fit_is_kept_in_main_memory_and_comes_back() {
    for prefetch in [1, 16, 256] {
        let loaded = small(|scenario| {
            scenario.accelerator.buffers.activation_mb = 0.75;
            scenario.accelerator.buffers.mask_mb = 2.0;
            scenario.accelerator.prefetch_operations = prefetch;
        });
        let run = run(plan(&loaded));
        assert_eq!(violations(&run.plan, &run.measured), Vec::<String>::new());
        let kept = &run.measured.memory.requestors[Traffic::Kept as usize];
        assert!(
            kept.writes > 0,
            "nothing was pushed out, looking {prefetch} ahead"
        );
        assert!(
            kept.reads >= kept.writes,
            "{} of {} came back",
            kept.reads,
            kept.writes
        );
    }
}

#[test]
fn engines_agree_under_spills() {
    let loaded = small(|scenario| {
        scenario.accelerator.buffers.activation_mb = 0.75;
        scenario.accelerator.buffers.mask_mb = 2.0;
    });
    let outcomes: Vec<_> = engines()
        .into_iter()
        .map(|engine| {
            let run = try_run(plan(&loaded), engine).unwrap();
            (run.measured.digest, run.cycles(), run.measured.machine.spills)
        })
        .collect();
    assert!(outcomes.windows(2).all(|pair| pair[0] == pair[1]), "{outcomes:?}");
}

#[test]
fn pruned_gradients_take_less_time() {
    let cycles = |density| {
        let loaded = small(|scenario| scenario.sparsity.gradient_density = density);
        run(plan(&loaded)).cycles()
    };
    assert!(cycles(0.2) < cycles(0.9));
}

/// What is wrong with `loaded` on an LPDDR3 memory of `megabytes`.
fn refused(loaded: &Loaded, megabytes: u32) -> String {
    let document = loaded.memory::<MemoryDescription>().unwrap();
    let mut description = document.value.clone();
    // Eight banks of rows of 8 KiB.
    description.organisation.rows = 16 * megabytes;
    let memory = MainMemory::Banked(Box::new(MemoryPlan::new(description).unwrap()));
    let wrong = Plan::on_memory(loaded, memory).unwrap_err();
    wrong.problems()[0].message().to_owned()
}

#[test]
fn a_memory_too_small_for_what_is_kept_is_refused() {
    let loaded = small(|scenario| scenario.workload.vocabulary = 64);
    let message = refused(&loaded, 2);
    assert!(message.contains("kept for the backward pass"), "{message}");
}

#[test]
fn a_memory_without_room_for_spills_is_refused() {
    let loaded = small(|scenario| {
        scenario.workload.phase = Pass::Inference;
        scenario.workload.vocabulary = 64;
        scenario.workload.batch = 1;
        scenario.workload.sequence_length = 2048;
        scenario.accelerator.buffers.activation_mb = 0.125;
    });
    let message = refused(&loaded, 2);
    assert!(message.contains("find no room in the buffer"), "{message}");
}
