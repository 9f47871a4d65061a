//! Counting the tensors that a scenario computes with.

use std::cell::RefCell;
use std::rc::Rc;

use components::sparsity::threshold::TensorKind;
use scenarios::system::MachinePlan;
use scenarios::values::show_operands;

use super::Profile;

/// Counts the operands of all products and convolutions of `plan` that are of one of `kinds`, as they are without pruning: once
/// for each operation that reads them. None if the machine does not compute with values.
#[must_use]
pub fn of_operands(plan: &MachinePlan, kinds: &[TensorKind]) -> Option<Profile> {
    let profile = Rc::new(RefCell::new(Profile::default()));
    let (counted, kinds) = (Rc::clone(&profile), kinds.to_vec());
    let computes = show_operands(plan, move |class, kind, numbers| {
        if kinds.contains(&kind) {
            let mut counted = counted.borrow_mut();
            let magnitudes = counted.tensor(class, kind);
            numbers.for_each(|number| magnitudes.add(number));
        }
    });
    computes.then(|| profile.take())
}
