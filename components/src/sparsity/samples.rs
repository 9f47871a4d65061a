//! Random tiles for tests: words of 4 + 16 bits, many of them zero.

use proptest::prelude::*;

use super::compressed::Extents;

/// A word: zero, or a multiple of 2^-16 within (-8, 8).
pub(super) fn word() -> impl Strategy<Value = f64> {
    prop_oneof![
        2 => Just(0.0),
        3 => (-(1_i32 << 19)..(1 << 19)).prop_map(|steps| f64::from(steps) / 65536.0),
    ]
}

/// `count` words.
pub(super) fn words(count: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(word(), count)
}

/// A tile up to these extents, with its words.
pub(super) fn tile(batch: usize, rows: usize, columns: usize) -> impl Strategy<Value = (Extents, Vec<f64>)> {
    (1..=batch, 1..=rows, 1..=columns).prop_flat_map(|(batch, rows, columns)| {
        let extents = Extents { batch, rows, columns };
        (Just(extents), words(extents.elements()))
    })
}
