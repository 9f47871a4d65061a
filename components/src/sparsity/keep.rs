//! The comparison of DynaProp: whether a value survives.

/// Whether a value survives pruning by `threshold`: its magnitude is not below it. A threshold of 0 prunes nothing.
///
/// ```
/// use components::sparsity::keep::keeps;
/// assert!(keeps(-0.5, 0.5) && !keeps(0.25, 0.5) && keeps(1e-9, 0.0));
/// ```
#[must_use]
#[inline]
pub fn keeps(value: f64, threshold: f64) -> bool {
    value.abs() >= threshold
}
