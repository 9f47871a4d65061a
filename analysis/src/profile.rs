//! Profiling tensors: the share of values that each threshold prunes.
//!
//! Values come from files ([`read_files`]), or are drawn ([`synthetic`]) or computed ([`of_operands`]). They are counted by
//! magnitude ([`Magnitudes`]), separately for each class of operations and kind of tensor, and the counts become curves for a
//! file ([`Profile`]).

mod classify;
mod computed;
mod files;
mod magnitudes;
pub mod synthetic;

use std::collections::BTreeMap;

use components::sparsity::threshold::{OperationClass, TensorKind};
use scenarios::schema::{CurveFile, CurvesFile};

pub use classify::class_of;
pub use computed::of_operands;
pub use files::read_files;
pub use magnitudes::Magnitudes;

/// Magnitudes by class of operations and kind of tensor.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    groups: BTreeMap<(OperationClass, TensorKind), Group>,
}

/// The tensors of one class and kind.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Tensors counted.
    pub tensors: u64,
    /// Their values.
    pub magnitudes: Magnitudes,
}

impl Profile {
    /// Begins another tensor of this class and kind; returns the magnitudes to count it in.
    pub fn tensor(&mut self, class: OperationClass, kind: TensorKind) -> &mut Magnitudes {
        let group = self.groups.entry((class, kind)).or_default();
        group.tensors += 1;
        &mut group.magnitudes
    }

    /// All groups that hold values.
    pub fn groups(&self) -> impl Iterator<Item = (OperationClass, TensorKind, &Group)> {
        let groups = self
            .groups
            .iter()
            .filter(|(_, group)| group.magnitudes.values() > 0);
        groups.map(|(&(class, kind), group)| (class, kind, group))
    }

    /// The curves, each of up to `points` points.
    #[must_use]
    pub fn curves(&self, name: String, source: String, points: usize) -> CurvesFile {
        let curves = self.groups().map(|(operations, tensors, group)| CurveFile {
            operations,
            tensors,
            points: group
                .magnitudes
                .curve(points)
                .into_iter()
                .map(|point| (point.threshold.into(), point.sparsity.into()))
                .collect(),
        });
        CurvesFile {
            name,
            source,
            curves: curves.collect(),
        }
    }
}
