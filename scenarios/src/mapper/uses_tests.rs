//! Uses and readers held against a walk over the whole program.

use std::collections::BTreeMap;

use components::operation::{Operation, Phase, Role, TensorId};
use components::program::{Position, StageOperations};
use proptest::prelude::*;

use super::tests::{parameters, tiling};
use super::{EmbeddingLoad, Mapper, MapperParameters, Stages};
use crate::schema::Optimizer;
use crate::transformer::{AttentionKind, Head, Layer, TransformKind, Transformer};

fn head() -> impl Strategy<Value = Head> {
    let attention = prop_oneof![
        Just(AttentionKind::ScaledDotProduct),
        Just(AttentionKind::WeightedMultiplicative)
    ];
    let transform = prop_oneof![Just(TransformKind::Fourier), Just(TransformKind::Cosine)];
    let dimension = 1..40u32;
    prop_oneof![
        (attention, dimension.clone()).prop_map(|(kind, dimension)| Head::Attention { kind, dimension }),
        (transform, dimension.clone())
            .prop_map(|(kind, dimension)| Head::LinearTransform { kind, dimension }),
        (prop_oneof![Just(5), Just(9), Just(13)], dimension)
            .prop_map(|(kernel, dimension)| Head::Convolution { kernel, dimension }),
    ]
}

/// Layers of few widths, so that some have a projection to the next and some have not; a few have no heads or no stack.
fn transformer() -> impl Strategy<Value = Transformer> {
    let layer = (
        prop_oneof![Just(16u32), Just(24), Just(40)],
        prop::collection::vec(head(), 0..5),
        prop::collection::vec(1..80u32, 0..4),
    );
    let layer = layer.prop_map(|(hidden, heads, feed_forward)| Layer {
        hidden,
        heads,
        feed_forward,
    });
    prop::collection::vec(layer, 1..6).prop_map(|layers| Transformer { layers })
}

fn of_any_phase() -> impl Strategy<Value = MapperParameters> {
    let training = prop_oneof![
        Just(None),
        Just(Some(Optimizer::Sgd { momentum: 0.0 })),
        Just(Some(Optimizer::Sgd { momentum: 0.9 })),
        Just(Some(Optimizer::Adam)),
    ];
    let embedding = prop_oneof![Just(EmbeddingLoad::Gather), Just(EmbeddingLoad::WholeTable)];
    (training, embedding, 1..4u32, 1..50u32).prop_map(|(training, embedding, batch, sequence)| {
        MapperParameters {
            training,
            embedding,
            ..parameters(batch, sequence)
        }
    })
}

/// Where each tensor is read, found by looking at every operand of the whole program.
fn reads(program: &[StageOperations]) -> BTreeMap<TensorId, Vec<Position>> {
    let mut reads = BTreeMap::<TensorId, Vec<Position>>::new();
    for stage in program {
        for (index, operation) in stage.operations.iter().enumerate() {
            let position = Position {
                stage: stage.number,
                index: index as u32,
            };
            for (tensor, _) in operation.inputs() {
                reads.entry(tensor).or_default().push(position);
            }
        }
    }
    reads
}

proptest! {
    /// Every tensor that an operation makes carries, when its stage is handed on, all places at which the rest of the
    /// program will read it, and has as many readers; every tensor that is read was made before.
    #[test]
    fn uses_are_all_places_that_read_a_tensor(transformer in transformer(), parameters in of_any_phase()) {
        let program: Vec<_> = Stages::new(transformer, tiling(), parameters).collect();
        let mut reads = reads(&program);
        for (number, stage) in program.iter().enumerate() {
            prop_assert_eq!(stage.number as usize, number);
            for (index, operation) in stage.operations.iter().enumerate() {
                let Some(made) = operation.output else { continue };
                let uses = reads.remove(&made.tensor).unwrap_or_default();
                let at = Position { stage: stage.number, index: index as u32 };
                prop_assert!(uses.iter().all(|&position| position > at), "{} is read before it", operation.role);
                prop_assert!(!uses.is_empty(), "nothing reads what the {} makes", operation.role);
                prop_assert_eq!(&stage.uses[&made.tensor], &uses, "{}", operation.role);
                prop_assert_eq!(made.consumers as usize, uses.len(), "{}", operation.role);
            }
            let made = stage.operations.iter().filter(|operation| operation.output.is_some());
            prop_assert_eq!(stage.uses.len(), made.count());
        }
        prop_assert!(reads.is_empty(), "no operation makes {reads:?}");
    }

    /// What is kept in main memory is what the forward pass makes and the backward pass reads beyond the loss.
    #[test]
    fn kept_tensors_are_those_that_the_backward_pass_reads(
        transformer in transformer(),
        parameters in of_any_phase(),
    ) {
        let program: Vec<Operation> = Mapper::new(transformer, tiling(), parameters).collect();
        let backward = program.iter().filter(|operation| {
            operation.role.phase() == Phase::Backward && operation.role != Role::LossGradient
        });
        let read: Vec<TensorId> = backward.flat_map(Operation::inputs).map(|(tensor, _)| tensor).collect();
        for operation in &program {
            let Some(made) = operation.output else { continue };
            let is_forward = operation.role.phase() == Phase::Forward;
            prop_assert_eq!(made.kept_at.is_some(), is_forward && read.contains(&made.tensor), "{}", operation.role);
        }
    }
}

/// A layer without heads adds its input to itself: both terms are uses.
#[test]
fn a_tensor_that_an_operation_reads_twice_has_two_uses() {
    let layer = Layer {
        hidden: 16,
        heads: Vec::new(),
        feed_forward: vec![16],
    };
    let transformer = Transformer { layers: vec![layer] };
    let embedding = Stages::new(transformer, tiling(), parameters(1, 16))
        .next()
        .unwrap();
    let made = embedding.operations.last().unwrap().output.unwrap();
    let first = Position { stage: 1, index: 0 };
    assert_eq!(embedding.uses[&made.tensor], [first, first]);
    assert_eq!(made.consumers, 2);
}
