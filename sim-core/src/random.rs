//! Seeded randomness: one stream per actor, and stateless draws by coordinate.

use rand_pcg::Pcg64Mcg;

/// The generator of one actor's stream. Which numbers a seed gives depends on the version of `rand_pcg`.
pub type Stream = Pcg64Mcg;

/// The stream number `id` of `seed`. Streams of different ids are independent, so adding an actor changes no
/// other actor's draws.
///
/// ```
/// use rand_core::Rng;
/// let mut dice = sim_core::random::stream(42, 7);
/// assert_ne!(dice.next_u64(), sim_core::random::stream(42, 8).next_u64());
/// ```
#[must_use]
pub fn stream(seed: u64, id: u64) -> Stream {
    let high = splitmix(seed ^ splitmix(id));
    let low = splitmix(high ^ id);
    Pcg64Mcg::new((u128::from(high) << 64) | u128::from(low))
}

/// A draw that depends on `seed` and `coordinate` alone: the same however often, and in whatever order, it is made.
#[must_use]
#[inline]
pub fn draw(seed: u64, coordinate: u64) -> u64 {
    splitmix(seed ^ splitmix(coordinate))
}

/// A draw as [`draw`] gives it, uniform in [0, 1).
#[must_use]
#[inline]
pub fn draw_unit(seed: u64, coordinate: u64) -> f64 {
    (draw(seed, coordinate) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// One step of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
#[must_use]
#[inline]
pub fn splitmix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
