//! What must hold of whole machines, one claim per module.
//!
//! `#[cfg(test)]` tells Clippy that a module is of tests, in which `unwrap` is allowed; in modules without it functions beside
//! the tests would need `expect`.

#[cfg(test)]
mod buffers;
#[cfg(test)]
mod closed_form;
mod contention;
#[cfg(test)]
mod counts;
#[cfg(test)]
mod critical_path;
#[cfg(test)]
mod determinism;
#[cfg(test)]
mod estimate;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod monotonicity;
#[cfg(test)]
mod published;
#[cfg(test)]
mod random;
#[cfg(test)]
mod rooflines;
#[cfg(test)]
mod sampled;
mod scaling;
#[cfg(test)]
mod shipped;
#[cfg(test)]
mod threads;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod training;
#[cfg(test)]
mod values;
#[cfg(test)]
mod values_of_training;
#[cfg(test)]
mod wanted;
