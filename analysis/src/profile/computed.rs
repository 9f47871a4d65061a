//! Counting the tensors that a scenario computes with.

use components::sparsity::threshold::TensorKind;
use scenarios::system::MachinePlan;
use scenarios::values::show_operands;

use super::Profile;

/// Counts the operands of `kinds` of all products and convolutions of `plan`, as they are without pruning, once for each
/// operation that reads them. `None` if the machine does not compute with values.
#[must_use]
pub fn of_operands(plan: &MachinePlan, kinds: &[TensorKind]) -> Option<Profile> {
    let mut profile = Profile::default();
    let computes = show_operands(plan, |class, kind, numbers| {
        if kinds.contains(&kind) {
            let magnitudes = profile.tensor(class, kind);
            numbers.for_each(|number| magnitudes.add(number));
        }
    });
    computes.then_some(profile)
}
