//! The tensors that DynaProp prunes, as they would be without pruning.

use components::sparsity::threshold::{OperationClass, TensorKind};

use super::parameters::Parameters;
use super::reference::Reference;
use crate::system::MachinePlan;

/// Computes the workload of `plan` without pruning, and shows each operand of a product or a convolution to `each`: the class
/// of the operation that reads it, what it holds, and its numbers. Returns whether there are any: only a machine that computes
/// with values has them.
pub fn show_operands(
    plan: &MachinePlan,
    mut each: impl FnMut(OperationClass, TensorKind, &mut dyn Iterator<Item = f64>) + Send,
) -> bool {
    if !plan.scenario.sparsity.source.computes() {
        return false;
    }
    let settings = super::unpruned_settings(plan, 1);
    let tile = plan.tiling.tile;
    Reference::read_by(
        &plan.scenario.workload,
        settings,
        Parameters::new(plan.seeded_constants()),
        [tile.b, tile.y],
        Some(&mut |role, kind, matrix| {
            if let Some(kind) = TensorKind::of(kind) {
                let mut numbers = matrix.numbers.iter().map(|bounded| bounded.number);
                each(OperationClass::of(role), kind, &mut numbers);
            }
        }),
    );
    true
}
