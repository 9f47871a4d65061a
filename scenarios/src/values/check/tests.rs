//! The checker notices wrong results.

use components::operation::{
    ActivationTensor, Operand, Operation, OperationId, Role, RowAccess, TensorId, TensorKind, WeightTensor,
    Work,
};
use components::tile::{TileGrid, TileShape};
use components::values::OperandValues;

use super::*;
use crate::schema::{DensitySource, Scenario};
use crate::system::{MainMemory, Plan};
use crate::values::settings;
use crate::weights::SeededConstants;

fn checker() -> Checker {
    let loaded = Scenario::shipped("tiny-trace").unwrap().with(|scenario| {
        scenario.sparsity.source = DensitySource::Values {
            activation_threshold: 0.0,
            weight_threshold: 0.0,
            gradient_threshold: 0.0,
        };
    });
    let plan = Plan::on_memory(&loaded.unwrap(), MainMemory::Ideal).unwrap();
    let constants = SeededConstants::new(1, &plan.machine.scenario.workload);
    let settings = settings(&plan.machine, 1).unwrap();
    Checker::new(&plan.machine, settings, Parameters::new(constants))
}

/// A product of 1 x 2 by 2 x 1 that the reference does not know.
fn product(result: f64) -> ValueCheck {
    product_of(&[result], &[OperandValues::Constant(&[1.0, -2.0])])
}

/// The same with any result, and with any operands after the first.
fn product_of(result: &[f64], others: &[OperandValues<'_>]) -> ValueCheck {
    let tile = TileShape { b: 1, x: 4, y: 4 };
    let operation = Operation {
        id: OperationId(0),
        layer: 77,
        head: None,
        role: Role::FeedForward,
        work: Work::Product,
        grid: TileGrid::new([1, 1, 1, 2], tile),
        operands: vec![
            Operand::Activation {
                tensor: TensorId(0),
                rows: RowAccess::SameRow,
                kind: TensorKind::Activation,
                transposed: false,
            },
            Operand::Weight(WeightTensor {
                tensor: TensorId(2),
                kind: TensorKind::Weight,
                transposed: false,
                elements: 2,
                data: 0,
                masks: 0,
                whole: 0,
                first: 0,
            }),
        ],
        output: Some(ActivationTensor {
            tensor: TensorId(1),
            batch: 1,
            rows: 1,
            columns: 1,
            kind: TensorKind::Activation,
            consumers: 1,
            kept_at: None,
        }),
        siblings: 1,
        after: None,
    };
    let mut checker = checker();
    let left = OperandValues::Activation {
        words: &[0.5, 0.25],
        rows: 1,
        columns: 2,
    };
    let operands = std::iter::once(left).chain(others.iter().copied()).collect();
    checker.look_at(&Finished {
        operation: &operation,
        ordinal: 0,
        b: 0,
        operands,
        result,
        complete: true,
        parts: 1,
    });
    checker.found(ValueTotals::default())
}

#[test]
fn a_word_that_is_one_step_off_is_wrong() {
    let step = 2f64.powi(-16);
    let wrong = |result| -> Vec<String> {
        product(result)
            .wrong
            .into_iter()
            .map(|wrong| wrong.tensor)
            .collect()
    };
    let unknown = "feed forward 0 of layer 77, which the reference does not have".to_owned();
    assert_eq!(wrong(0.0), std::slice::from_ref(&unknown));
    for result in [step, -step, 1.0, f64::NAN] {
        let local = "feed forward 0 of layer 77, against its own operands".to_owned();
        assert_eq!(wrong(result), [local, unknown.clone()], "{result}");
    }
}

/// A result of another size, or one that cannot be computed again, is not passed over.
#[test]
fn what_cannot_be_compared_is_wrong() {
    let constant = [OperandValues::Constant(&[1.0, -2.0])];
    for (result, others, why) in [
        (&[0.0, 0.0][..], &constant[..], "of which there should be 1 words"),
        (&[], &constant, "of which there should be 1 words"),
        (&[0.0], &[], "which cannot be computed from its own operands"),
    ] {
        let found = product_of(result, others);
        assert!(!found.is_right());
        assert!(found.wrong[0].tensor.contains(why), "{:?}", found.wrong);
    }
}
