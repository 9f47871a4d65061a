//! DynaProp's threshold calculator: a profiled curve for each kind of operation and of tensor.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::operation;
pub use crate::role::OperationClass;
use crate::sparsity::curve::{SparsityCurve, Threshold};

/// What a tensor is to the operation that reads it: those kinds of [`operation::TensorKind`] whose zeros are skipped, by the names
/// that files of curves have for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TensorKind {
    /// Constant in inference, updated in training.
    Weights,
    /// Made by an earlier operation of the forward pass.
    Activations,
    /// Made by the backward pass.
    Gradients,
    /// The matrices of transforms: they have zeros, but none are made, so no curves name them.
    #[serde(skip_deserializing)]
    Constants,
}

impl TensorKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Weights, Self::Activations, Self::Gradients, Self::Constants];

    /// Those that DynaProp prunes.
    pub const PRUNED: [Self; 3] = [Self::Weights, Self::Activations, Self::Gradients];

    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weights => "weights",
            Self::Activations => "activations",
            Self::Gradients => "gradients",
            Self::Constants => "constants",
        }
    }

    /// What such a tensor holds.
    #[must_use]
    pub const fn holds(self) -> operation::TensorKind {
        match self {
            Self::Weights => operation::TensorKind::Weight,
            Self::Activations => operation::TensorKind::Activation,
            Self::Gradients => operation::TensorKind::Gradient,
            Self::Constants => operation::TensorKind::Constant,
        }
    }

    /// What a tensor that holds `kind` is; `None` if its zeros are never skipped.
    #[must_use]
    pub const fn of(kind: operation::TensorKind) -> Option<Self> {
        match kind {
            operation::TensorKind::Weight => Some(Self::Weights),
            operation::TensorKind::Activation => Some(Self::Activations),
            operation::TensorKind::Gradient => Some(Self::Gradients),
            operation::TensorKind::Constant => Some(Self::Constants),
            operation::TensorKind::OptimizerState => None,
        }
    }
}

impl fmt::Display for TensorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The calculator beside the DynaProp modules (arXiv:2302.14705 keeps the curves in a small memory of it): it finds the
/// threshold for a wanted sparsity at run time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ThresholdCalculator {
    curves: BTreeMap<(OperationClass, TensorKind), SparsityCurve>,
}

impl ThresholdCalculator {
    /// Sets the curve of a class and kind, replacing an earlier one.
    pub fn insert(&mut self, class: OperationClass, kind: TensorKind, curve: SparsityCurve) {
        self.curves.insert((class, kind), curve);
    }

    /// The curve of a class and kind.
    #[must_use]
    pub fn curve(&self, class: OperationClass, kind: TensorKind) -> Option<&SparsityCurve> {
        self.curves.get(&(class, kind))
    }

    /// The threshold that prunes such a tensor to `wanted`, by [`SparsityCurve::threshold_for`]; `None` if there is no curve.
    #[must_use]
    pub fn threshold(&self, class: OperationClass, kind: TensorKind, wanted: f64) -> Option<Threshold> {
        Some(self.curve(class, kind)?.threshold_for(wanted))
    }

    /// All curves, by class and kind.
    pub fn curves(&self) -> impl Iterator<Item = (OperationClass, TensorKind, &SparsityCurve)> {
        self.curves
            .iter()
            .map(|(&(class, kind), curve)| (class, kind, curve))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Phase;
    use crate::role::Role;
    use crate::sparsity::curve::CurvePoint;

    #[test]
    fn kinds_are_what_they_hold() {
        for kind in TensorKind::ALL {
            assert_eq!(TensorKind::of(kind.holds()), Some(kind));
        }
        assert_eq!(TensorKind::of(operation::TensorKind::OptimizerState), None);
    }

    #[test]
    fn backward_operations_belong_to_the_class_of_their_forward_operation() {
        let backward = Role::ALL.iter().filter(|role| role.phase() == Phase::Backward);
        for role in backward {
            let name = role.name();
            let forward = Role::ALL
                .iter()
                .filter(|forward| forward.phase() == Phase::Forward)
                .filter(|forward| {
                    name.strip_prefix(forward.name())
                        .is_some_and(|rest| rest.starts_with(' '))
                })
                .max_by_key(|forward| forward.name().len());
            let class = forward.map_or(OperationClass::Other, |forward| OperationClass::of(*forward));
            assert_eq!(OperationClass::of(*role), class, "{name}");
        }
    }

    #[test]
    fn each_class_and_kind_has_a_curve_of_its_own() {
        let line = |last: f64| {
            let points =
                [(0.0, 0.0), (last, 1.0)].map(|(threshold, sparsity)| CurvePoint { threshold, sparsity });
            SparsityCurve::new(points.to_vec()).unwrap()
        };
        let mut calculator = ThresholdCalculator::default();
        calculator.insert(
            OperationClass::of(Role::Scores),
            TensorKind::Activations,
            line(1.0),
        );
        calculator.insert(
            OperationClass::of(Role::FeedForward),
            TensorKind::Activations,
            line(4.0),
        );
        let threshold = |class, kind| calculator.threshold(class, kind, 0.5).map(|found| found.value);
        assert_eq!(
            threshold(OperationClass::Attention, TensorKind::Activations),
            Some(0.5)
        );
        assert_eq!(
            threshold(OperationClass::FeedForward, TensorKind::Activations),
            Some(2.0)
        );
        assert_eq!(threshold(OperationClass::Attention, TensorKind::Weights), None);
    }
}
