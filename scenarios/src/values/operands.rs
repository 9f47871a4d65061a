//! The tensors that DynaProp prunes, as they are without pruning.

use components::sparsity::threshold::{OperationClass, TensorKind};

use super::constants::SeededConstants;
use super::parameters::Parameters;
use super::reference::Reference;
use crate::system::MachinePlan;

/// Computes the workload of `plan` without pruning, and shows each operand of a product or a convolution to `each`: the class
/// of the operation that reads it, what it is, and its numbers. Whether there are any: only a machine that computes with values
/// has them.
pub fn show_operands(
    plan: &MachinePlan,
    mut each: impl FnMut(OperationClass, TensorKind, &mut dyn Iterator<Item = f64>) + 'static,
) -> bool {
    if !plan.scenario.sparsity.source.computes() {
        return false;
    }
    let settings = super::unpruned_settings(plan, 1);
    let tile = plan.mapper.tile;
    Reference::read_by(
        &plan.scenario.workload,
        settings,
        Parameters::new(SeededConstants::of(plan)),
        [tile.b, tile.y],
        Some(Box::new(move |role, kind, matrix| {
            if let Some(kind) = TensorKind::of(kind) {
                let mut numbers = matrix.numbers.iter().map(|bounded| bounded.number);
                each(OperationClass::of(role), kind, &mut numbers);
            }
        })),
    );
    true
}
