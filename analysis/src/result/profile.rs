//! The result of `elector profile`.

use components::sparsity::threshold::{OperationClass, TensorKind};
use scenarios::schema::CurvesFile;
use serde::{Deserialize, Serialize};

use crate::profile::Profile;

/// Curves, and what they were counted from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfileResult {
    /// The name of the set of curves.
    pub name: String,
    /// Which tensors were profiled.
    pub source: String,
    /// The curves.
    pub curves: Vec<ProfiledCurve>,
}

/// One curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfiledCurve {
    /// The operations.
    pub operations: OperationClass,
    /// The kind of the tensors.
    pub kind: TensorKind,
    /// Number of tensors counted.
    pub tensors: u64,
    /// Number of values; for large drawn tensors, of a sample.
    pub values: u64,
    /// Share of the values that are zero without pruning.
    pub zeros: f64,
    /// (threshold, sparsity).
    pub points: Vec<(f64, f64)>,
}

impl ProfileResult {
    /// The result of `curves`, made from `profile`.
    #[must_use]
    pub fn new(profile: &Profile, curves: &CurvesFile) -> Self {
        let counted = profile.groups().zip(&curves.curves);
        Self {
            name: curves.name.clone(),
            source: curves.source.clone(),
            curves: counted
                .map(|((operations, kind, group), curve)| ProfiledCurve {
                    operations,
                    kind,
                    tensors: group.tensors,
                    values: group.magnitudes.values(),
                    zeros: group.magnitudes.zeros() as f64 / group.magnitudes.values() as f64,
                    points: curve
                        .points
                        .iter()
                        .map(|(t, s)| (t.as_real(), s.as_real()))
                        .collect(),
                })
                .collect(),
        }
    }
}
