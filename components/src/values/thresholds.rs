//! The thresholds that DynaProp's calculator has found for each class of operations and kind of tensor.

use crate::operation::{Role, TensorKind};
use crate::sparsity::keep;
use crate::sparsity::threshold::{self, OperationClass};

const CLASSES: usize = OperationClass::ALL.len();
const KINDS: usize = threshold::TensorKind::ALL.len();

/// Magnitudes below which DynaProp takes a word for zero, by class of operations and kind of tensor; 0 prunes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Thresholds([[f64; KINDS]; CLASSES]);

impl Thresholds {
    /// The same thresholds for all operations, by kind of tensor.
    #[must_use]
    pub fn by_kind(of: impl Fn(threshold::TensorKind) -> f64) -> Self {
        Self::by_class_and_kind(|_, kind| of(kind))
    }

    /// A threshold for each class of operations and kind of tensor.
    #[must_use]
    pub fn by_class_and_kind(of: impl Fn(OperationClass, threshold::TensorKind) -> f64) -> Self {
        let of = &of;
        Self(OperationClass::ALL.map(|class| threshold::TensorKind::ALL.map(|kind| of(class, kind))))
    }

    /// The threshold by which an operation of `role` prunes an operand that holds `kind`.
    #[must_use]
    #[inline]
    pub fn of(&self, role: Role, kind: TensorKind) -> f64 {
        match threshold::TensorKind::of(kind) {
            Some(kind) => self.0[OperationClass::of(role) as usize][kind as usize],
            None => 0.0,
        }
    }

    /// `x` after pruning at `threshold`.
    #[must_use]
    #[inline]
    pub fn pruned(x: f64, threshold: f64) -> f64 {
        if keep::keeps(x, threshold) { x } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_and_kind_has_the_threshold_of_its_class() {
        let thresholds =
            Thresholds::by_class_and_kind(|class, kind| (class as usize * 10 + kind as usize) as f64);
        let of = |role, kind| thresholds.of(role, kind);
        assert_eq!(of(Role::Scores, TensorKind::Activation), 1.0);
        assert_eq!(of(Role::ScoresKeyGradient, TensorKind::Gradient), 2.0);
        assert_eq!(of(Role::FeedForward, TensorKind::Weight), 10.0);
        assert_eq!(of(Role::ConvolutionKernelGradient, TensorKind::Gradient), 22.0);
        assert_eq!(of(Role::LinearTransform, TensorKind::Weight), 30.0);
        assert_eq!(of(Role::WeightUpdate, TensorKind::OptimizerState), 0.0);
    }
}
