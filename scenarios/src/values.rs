//! Runs that compute: the numbers that go in, and whether the right ones come out.
//!
//! Each tensor that the simulated machine makes is held against two computations that know nothing of tiles, lanes or
//! buffers: the same operation on the machine's own operands, in plain loops (`local.rs`), with a bound of a rounding or
//! two; and the whole transformer from its inputs on (`reference.rs`), with a bound that follows every rounding from
//! there. The first leaves an operation no room for a mistake; the second shows that the operations are the right ones.

mod check;
pub mod constants;
mod local;
mod matrix;
mod reference;

use std::cell::RefCell;
use std::rc::Rc;

use components::values::{NonLinearFunction, Rounding, Thresholds, ValueSettings, ValueStore, Values};

use check::Checker;
pub use check::{ValueCheck, Wrong};
use constants::SeededConstants;

use crate::schema::{ActivationFunction, DensitySource};
use crate::system::MachinePlan;

/// The numbers of a machine, and what its check has found so far.
#[derive(Clone)]
pub struct Computation {
    /// The numbers.
    pub values: Values,
    check: Rc<RefCell<Checker>>,
}

impl Computation {
    /// The numbers with which the machine of `plan` computes; none if it does not.
    #[must_use]
    pub fn new(plan: &MachinePlan) -> Option<Self> {
        let settings = settings(plan)?;
        let constants = SeededConstants::new(plan.scenario.seed, &plan.scenario.workload);
        let checker = Rc::new(RefCell::new(Checker::new(plan, settings, &constants)));
        let observer = Box::new(check::Shared(Rc::clone(&checker)));
        let store = ValueStore::new(settings, Box::new(constants), observer);
        Some(Self {
            values: Values::new(store),
            check: checker,
        })
    }

    /// What the check found.
    #[must_use]
    pub fn check(&self) -> ValueCheck {
        self.check.borrow().found(self.values.totals())
    }
}

fn settings(plan: &MachinePlan) -> Option<ValueSettings> {
    let DensitySource::Values {
        activation_threshold,
        weight_threshold,
    } = plan.scenario.sparsity.source
    else {
        return None;
    };
    let prunes = plan.scenario.sparsity.dynaprop;
    let threshold = |stated: f64| if prunes { stated } else { 0.0 };
    Some(ValueSettings {
        word: plan.mapper.word,
        rounding: Rounding::Nearest,
        thresholds: Thresholds {
            activations: threshold(activation_threshold),
            weights: threshold(weight_threshold),
        },
        function: match plan.scenario.workload.activation_function {
            ActivationFunction::Gelu => NonLinearFunction::Gelu,
            ActivationFunction::Relu => NonLinearFunction::Relu,
        },
        seed: plan.scenario.seed,
    })
}
