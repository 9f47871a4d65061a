//! The backward pass and the update held against closed forms.

use std::collections::BTreeMap;

use components::operation::{Operand, Operation, OperationId, Phase, Role, TensorId, TensorKind, Work};
use components::tile::Dimension;
use components::units::{BLOCK, Bytes};
use components::word;

use super::tests::{bert_tiny, parameters, tiling};
use super::{Mapper, MapperParameters};
use crate::program::ProgramSummary;
use crate::schema::Optimizer;
use crate::transformer::{AttentionKind, Head, Layer, TransformKind, Transformer};

fn training(optimizer: Optimizer) -> MapperParameters {
    MapperParameters {
        training: Some(optimizer),
        ..parameters(3, 40)
    }
}

/// Three layers of every kind of head, of different widths, ragged against tiles of 16.
fn mixed() -> Transformer {
    let narrow = Layer {
        hidden: 56,
        heads: vec![
            Head::Attention {
                kind: AttentionKind::ScaledDotProduct,
                dimension: 24,
            },
            Head::Attention {
                kind: AttentionKind::WeightedMultiplicative,
                dimension: 20,
            },
            Head::LinearTransform {
                kind: TransformKind::Cosine,
                dimension: 16,
            },
            Head::Convolution {
                kernel: 5,
                dimension: 16,
            },
        ],
        feed_forward: vec![100, 64],
    };
    let wide = Layer {
        hidden: 96,
        heads: vec![Head::LinearTransform {
            kind: TransformKind::Fourier,
            dimension: 16,
        }],
        feed_forward: vec![48],
    };
    Transformer {
        layers: vec![narrow.clone(), wide, narrow],
    }
}

fn all_optimizers() -> [Optimizer; 3] {
    [
        Optimizer::Sgd { momentum: 0.0 },
        Optimizer::Sgd { momentum: 0.9 },
        Optimizer::Adam,
    ]
}

fn program(parameters: MapperParameters) -> Vec<Operation> {
    Mapper::new(mixed(), tiling(), parameters).collect()
}

fn extents(operation: &Operation) -> [u32; 4] {
    Dimension::ALL.map(|dimension| operation.grid.extent(dimension))
}

/// A product with weights takes as many multiplications for each of its gradients as forward, and so do the two products
/// of attention; a linear transform has one gradient.
#[test]
fn gradients_multiply_as_often_as_the_forward_pass() {
    let summary = ProgramSummary::of(Mapper::new(mixed(), tiling(), training(Optimizer::Adam)));
    let of = |role: Role| {
        let roles = summary.roles.iter().filter(|((_, other), _)| *other == role);
        roles.map(|(_, totals)| totals.multiplications).sum::<u128>()
    };
    let pairs: [(Role, &[Role]); 11] = [
        (
            Role::Query,
            &[Role::QueryInputGradient, Role::QueryWeightGradient],
        ),
        (Role::Key, &[Role::KeyInputGradient, Role::KeyWeightGradient]),
        (
            Role::Value,
            &[Role::ValueInputGradient, Role::ValueWeightGradient],
        ),
        (
            Role::WeightedQuery,
            &[
                Role::WeightedQueryInputGradient,
                Role::WeightedQueryWeightGradient,
            ],
        ),
        (
            Role::Scores,
            &[Role::ScoresQueryGradient, Role::ScoresKeyGradient],
        ),
        (
            Role::Context,
            &[Role::ContextProbabilityGradient, Role::ContextValueGradient],
        ),
        (
            Role::HeadOutput,
            &[Role::HeadOutputInputGradient, Role::HeadOutputWeightGradient],
        ),
        (
            Role::FeedForward,
            &[Role::FeedForwardInputGradient, Role::FeedForwardWeightGradient],
        ),
        (
            Role::Projection,
            &[Role::ProjectionInputGradient, Role::ProjectionWeightGradient],
        ),
        (
            Role::Convolution,
            &[Role::ConvolutionInputGradient, Role::ConvolutionKernelGradient],
        ),
        (Role::LinearTransform, &[Role::LinearTransformInputGradient]),
    ];
    let mut all = 0;
    for (forward, backward) in pairs {
        assert!(of(forward) > 0, "{forward}");
        for role in backward {
            assert_eq!(of(*role), of(forward), "{role}");
        }
        all += of(forward) * (1 + backward.len() as u128);
    }
    assert_eq!(summary.multiplications, all);
}

/// BERT-Tiny at batch 4, sequence 128, tiles of 1x16x16: backward tiles of a layer, by hand as in the table of the forward
/// pass. Gradients of weights have the tiles of the product with its loops exchanged: query dW is 4·8·4·8 a head.
#[test]
fn bert_tiny_lowers_backwards_to_the_table_worked_out_by_hand() {
    let parameters = MapperParameters {
        training: Some(Optimizer::Adam),
        ..parameters(4, 128)
    };
    let summary = ProgramSummary::of(Mapper::new(bert_tiny(), tiling(), parameters));
    let table = [
        (Role::LayerNormGradient, 2, 512),
        (Role::FeedForwardInputGradient, 2, 16_384),
        (Role::FeedForwardWeightGradient, 2, 16_384),
        (Role::ActivationGradient, 1, 1024),
        (Role::HeadOutputInputGradient, 2, 2048),
        (Role::HeadOutputWeightGradient, 2, 2048),
        (Role::ContextProbabilityGradient, 2, 2048),
        (Role::ContextValueGradient, 2, 2048),
        (Role::SoftmaxGradient, 2, 512),
        (Role::ScoresQueryGradient, 2, 2048),
        (Role::ScoresKeyGradient, 2, 2048),
        (Role::QueryInputGradient, 2, 2048),
        (Role::QueryWeightGradient, 2, 2048),
        (Role::KeyInputGradient, 2, 2048),
        (Role::ValueWeightGradient, 2, 2048),
        // Stack and residual; three for each of two heads.
        (Role::GradientSum, 1 + 6, 7 * 256),
        // Four matrices a head and two of the stack.
        (Role::GradientStore, 4 * 2 + 2, 0),
    ];
    for (role, operations, tiles) in table {
        let totals = summary.roles[&(1, role)];
        assert_eq!(totals.operations, operations, "operations of {role}");
        assert_eq!(totals.tile_operations, tiles, "tiles of {role}");
    }
    let position = summary.roles[&(0, Role::PositionGradient)];
    assert_eq!(position.tile_operations, 256);
    // Layer 1: 16 x 1024 rows of the tiles of 8 heads' matrices (8 x 4 tiles) and 2 of the stack (8 x 32).
    let updated = summary.roles[&(1, Role::WeightUpdate)];
    assert_eq!(
        (updated.operations, updated.tile_operations),
        (10, 8 * 32 + 2 * 256)
    );
}

#[test]
fn inference_has_no_backward_pass_and_keeps_nothing() {
    let operations: Vec<_> = Mapper::new(mixed(), tiling(), parameters(3, 40)).collect();
    for operation in &operations {
        assert_eq!(operation.role.phase(), Phase::Forward);
        assert!(operation.output.is_none_or(|made| made.kept_at.is_none()));
    }
}

#[test]
fn phases_come_in_order_and_the_forward_pass_is_that_of_inference() {
    let inference: Vec<_> = Mapper::new(mixed(), tiling(), parameters(3, 40)).collect();
    let step = program(training(Optimizer::Adam));
    assert!(step.is_sorted_by_key(|operation| operation.role.phase()));
    // All but the write-back of the result.
    let forward = inference.iter().zip(&step).take(inference.len() - 1);
    for (alone, within) in forward {
        assert_eq!((alone.role, alone.grid), (within.role, within.grid));
    }
    assert_eq!(step[inference.len() - 1].role, Role::Target);
}

/// What is kept is what the forward pass makes and the backward pass reads, nothing else.
#[test]
fn the_kept_tensors_are_those_that_the_backward_pass_reads() {
    let step = program(training(Optimizer::Adam));
    let mut read_backwards: Vec<TensorId> = step
        .iter()
        .filter(|operation| operation.role.phase() == Phase::Backward && operation.role != Role::LossGradient)
        .flat_map(Operation::inputs)
        .map(|(tensor, _)| tensor)
        .collect();
    read_backwards.sort();
    read_backwards.dedup();
    // The first rows that the update loads are those of the words' gradient.
    let gathers_gradient = step
        .iter()
        .find(|operation| operation.role == Role::WordRows)
        .unwrap();
    for operation in &step {
        let Some(made) = operation.output else { continue };
        let is_forward = operation.role.phase() == Phase::Forward;
        assert_eq!(
            made.kept_at.is_some(),
            is_forward && read_backwards.contains(&made.tensor),
            "{}",
            operation.role
        );
        assert_eq!(
            made.kind == TensorKind::Gradient,
            operation.role.phase() == Phase::Backward && operation.role != Role::Target
                || operation.id == gathers_gradient.id,
            "{}",
            operation.role
        );
    }
}

/// The shapes of all products agree, once operands that are read transposed are turned.
#[test]
fn operands_have_the_shapes_that_their_products_need() {
    let mut shapes = BTreeMap::new();
    for operation in program(training(Optimizer::Adam)) {
        let [b, i, j, k] = extents(&operation);
        let check = |place: usize, rows: u32, columns: u32| {
            let operand = &operation.operands[place];
            let turned = if operand.is_transposed() {
                [columns, rows]
            } else {
                [rows, columns]
            };
            match operand {
                Operand::Activation { tensor, .. } => {
                    assert_eq!(shapes[tensor], [b, turned[0], turned[1]], "{}", operation.role);
                }
                Operand::Weight(weight) => {
                    assert_eq!(
                        weight.elements,
                        u64::from(rows) * u64::from(columns),
                        "{}",
                        operation.role
                    );
                }
            }
        };
        match operation.work {
            Work::Product | Work::WeightGradient => {
                check(0, i, k);
                check(1, k, j);
            }
            Work::Convolution { kernel } => {
                check(0, i, j);
                check(1, kernel, j);
            }
            Work::KernelGradient => {
                check(0, k, j);
                check(1, k, j);
            }
            _ => (0..operation.operands.len()).for_each(|place| check(place, i, j)),
        }
        if let Some(made) = operation.output {
            shapes.insert(made.tensor, [made.batch, made.rows, made.columns]);
        }
    }
}

/// Every matrix that the forward pass multiplies with, but a transform's, has its gradient stored and is updated, whole,
/// once, after the gradient was stored.
#[test]
fn every_weight_is_updated_once_from_its_own_gradient() {
    for optimizer in all_optimizers() {
        let step = program(training(optimizer));
        let mut trained: BTreeMap<u64, u64> = BTreeMap::new();
        let mut stored: BTreeMap<u64, OperationId> = BTreeMap::new();
        let (mut updated, mut states, mut words) = (0, 0, None);
        for operation in &step {
            match (operation.role.phase(), operation.work) {
                (Phase::Forward, _) if operation.role != Role::LinearTransform => {
                    trained.extend(operation.weights().map(|weight| (weight.data, weight.elements)));
                }
                (Phase::Backward, Work::Store { data, .. }) => {
                    stored.insert(data, operation.id);
                }
                (Phase::Update, Work::Update { .. }) if operation.role == Role::WeightUpdate => {
                    let parts: Vec<_> = operation.weights().collect();
                    let kinds: Vec<_> = parts.iter().map(|part| part.kind).collect();
                    assert_eq!(kinds[..2], [TensorKind::Gradient, TensorKind::Weight]);
                    assert!(kinds[2..].iter().all(|kind| *kind == TensorKind::OptimizerState));
                    assert!(parts.iter().all(|part| part.elements == parts[0].elements));
                    // The whole gradient begins at or before its part.
                    let (_, &by) = stored.range(..=parts[0].data).next_back().unwrap();
                    assert_eq!(operation.after, Some(by));
                    assert!(operation.id > by);
                    updated += parts[1].elements;
                    states += (parts.len() as u64 - 2) * parts[0].elements;
                }
                (
                    Phase::Backward,
                    Work::Scatter {
                        data, accumulates, ..
                    },
                ) => {
                    assert!(accumulates);
                    words = Some((data, operation.id));
                }
                (Phase::Update, Work::Gather { data, once, .. }) => {
                    assert!(once);
                    let is_gradient = operation.output.unwrap().kind == TensorKind::Gradient;
                    assert_eq!(is_gradient, words == operation.after.map(|by| (data, by)));
                }
                _ => assert!(operation.after.is_none()),
            }
        }
        assert!(words.is_some());
        let all: u64 = trained.values().sum();
        assert_eq!(stored.len(), trained.len());
        assert_eq!(updated, all);
        assert_eq!(states, all * u64::from(optimizer.states()));
    }
}

/// A matrix of more weights than a part holds is updated in parts that lie one after another.
#[test]
fn large_weights_are_updated_in_parts() {
    let layer = Layer {
        hidden: 512,
        heads: vec![Head::Attention {
            kind: AttentionKind::ScaledDotProduct,
            dimension: 16,
        }],
        feed_forward: vec![300],
    };
    let transformer = Transformer { layers: vec![layer] };
    let step: Vec<_> = Mapper::new(transformer, tiling(), training(Optimizer::Adam)).collect();
    let parts: Vec<_> = step
        .iter()
        .filter(|operation| {
            operation.role == Role::WeightUpdate && operation.grid.extent(Dimension::J) == 300
        })
        .collect();
    // 512 rows of 300: 218 a part.
    let rows: Vec<_> = parts.iter().map(|part| part.grid.extent(Dimension::I)).collect();
    assert_eq!(rows, [218, 218, 76]);
    let of_weights: Vec<_> = parts.iter().map(|part| *part.weights().nth(1).unwrap()).collect();
    assert!(of_weights.is_sorted_by_key(|weight| weight.data));
    assert_eq!(
        of_weights.iter().map(|weight| weight.elements).sum::<u64>(),
        512 * 300
    );
}

/// No two tensors share a byte of main memory, and all lie in what the mapper says it uses.
#[test]
fn tensors_lie_apart_in_main_memory() {
    let parameters = training(Optimizer::Adam);
    let mut mapper = Mapper::new(mixed(), tiling(), parameters);
    let mut ranges: BTreeMap<u64, u64> = BTreeMap::new();
    let mut add = |start: u64, bytes: Bytes| {
        if bytes.0 > 0 {
            let longest = ranges.entry(start).or_default();
            *longest = bytes.0.max(*longest);
        }
    };
    for operation in mapper.by_ref() {
        // Parts of larger tensors begin inside them.
        if operation.role != Role::WeightUpdate {
            for weight in operation.weights() {
                let footprint = tiling().footprint(weight.elements, weight.kind);
                add(weight.data, footprint.data);
                add(weight.masks, footprint.mask);
            }
        }
        if let Some((address, made)) = operation.output.and_then(|made| Some((made.kept_at?, made))) {
            let slice = u64::from(made.rows) * u64::from(made.columns);
            let blocks = tiling().word.dense(slice).blocks() + word::mask(slice).blocks();
            add(address, BLOCK * (blocks * u64::from(made.batch)));
        }
        if let Work::Gather {
            table_rows,
            data,
            masks,
            ..
        } = operation.work
        {
            let kind = operation.output.unwrap().kind;
            let row = tiling().footprint(u64::from(operation.grid.extent(Dimension::J)), kind);
            add(data, row.data * u64::from(table_rows));
            add(masks, row.mask * u64::from(table_rows));
        }
    }
    let mut end = 0;
    for (start, bytes) in ranges {
        assert!(
            start >= end,
            "a tensor at {start} begins before the one before ends at {end}"
        );
        end = start + bytes;
    }
    assert!(end <= mapper.memory_used());
}

/// A forward convolution and its gradient need the neighbours of a row; gradients of weights need all of it.
#[test]
fn gradients_know_their_rows() {
    use components::operation::RowAccess;
    for operation in program(training(Optimizer::Adam)) {
        for (_, rows) in operation.inputs() {
            match operation.work {
                Work::Convolution { kernel } => assert_eq!(rows, RowAccess::Halo { radius: kernel / 2 }),
                Work::WeightGradient | Work::KernelGradient | Work::Store { .. } | Work::Scatter { .. } => {
                    assert_eq!(rows, RowAccess::AllRows);
                }
                Work::SoftmaxGradient | Work::LayerNormGradient | Work::NonLinearityGradient => {
                    assert_eq!(rows, RowAccess::SameRow);
                }
                _ => {}
            }
        }
        let turned: Vec<_> = operation.operands.iter().map(Operand::is_transposed).collect();
        match operation.role {
            Role::Scores | Role::ContextProbabilityGradient => assert_eq!(turned, [false, true]),
            Role::ContextValueGradient | Role::ScoresKeyGradient | Role::LinearTransformInputGradient => {
                assert_eq!(turned, [true, false]);
            }
            Role::ConvolutionInputGradient | Role::FeedForwardInputGradient => {
                assert_eq!(turned, [false, true]);
            }
            Role::FeedForwardWeightGradient => assert_eq!(turned, [true, false]),
            Role::Query | Role::ScoresQueryGradient | Role::ConvolutionKernelGradient => {
                assert_eq!(turned, [false, false]);
            }
            _ => {}
        }
    }
}

#[test]
fn roles_and_work_agree_on_what_adds_tensors() {
    for optimizer in all_optimizers() {
        for operation in program(training(optimizer)) {
            let adds = operation.work.profile().adds;
            assert_eq!(operation.role.is_add(), adds, "{}", operation.role);
        }
    }
}
