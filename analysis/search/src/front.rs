//! Fronts of several objectives, all of which are minimised: who dominates whom, how much of the space a front covers, which
//! candidates widen it most, and which members of a population live on.
//!
//! A point is a slice of objectives; all points of a call have the same number of them. NaN counts as infinite.

pub mod dominance;
pub mod hypervolume;
pub mod selection;
mod wfg;
