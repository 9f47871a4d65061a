//! How strategies move in a space: designs are sampled, changed and crossed.
//!
//! [`Space::of_point`] turns a point of the unit cube into a design, so that any sequence of points, such as Sobol's, samples
//! the space. [`Space::mutate`] changes one thing or a few, [`Space::cross`] mixes two designs. All three give designs of the
//! space only.

mod cross;
mod mutate;
mod sample;

pub use sample::MOST_DIMENSIONS;

#[cfg(doc)]
use super::Space;
