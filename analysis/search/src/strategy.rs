//! Strategies: what to evaluate next, from what has been evaluated.
//!
//! [`GreyBox`] learns what it does not know and is the one to take. [`Evolution`] and [`Nsga2`] need no model, and are what it is
//! measured against. [`Random`], [`LatinHypercube`], [`Sobol`] and [`Grid`] cover a space whatever is found in it.

mod batch;
mod evolution;
mod grey_box;
mod name;
mod nsga2;
mod ranking;
mod spread;
mod standing;

use serde::{Deserialize, Serialize};

pub use evolution::Evolution;
pub use grey_box::GreyBox;
pub use name::{NAMES, StrategyName, UnknownStrategy, by_name};
pub use nsga2::Nsga2;
pub use spread::{Grid, LatinHypercube, Random, Sobol};

use crate::problem::{Drawn, Evaluated, Problem};
use crate::surrogate::Hyperparameters;

/// A way to choose designs. A batch depends on the problem, the seed and earlier rows alone.
pub trait Strategy: Sync {
    /// Draws batch number `batch` (from 0): `count` designs that are not refused, none of them evaluated before or under way,
    /// and the refused ones met on the way, in the order in which they were drawn. Fewer than `count` mean that the space is
    /// exhausted, or that 10,000 designs in a row were refused.
    fn propose(&self, problem: &Problem<'_>, past: &Past<'_>, batch: u32, count: usize) -> Proposal;

    /// Whether it learns nothing from what was evaluated, so that all its designs are one batch.
    fn is_one_batch(&self) -> bool {
        false
    }
}

/// What a strategy knows when it draws a batch.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// Rows that were evaluated, in the order in which they were proposed.
    pub evaluated: &'a [Evaluated],
    /// Designs of batches under way, whose results a lag keeps back, refused ones, and failed ones: not to be drawn again.
    pub taken: &'a [crate::space::Design],
    /// What the strategy left with the batch before.
    pub state: Option<&'a State>,
}

/// What a strategy drew.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proposal {
    /// The designs.
    pub drawn: Vec<Drawn>,
    /// What it wants back with the next batch. It is stored with the batch, so that resuming needs no replay.
    pub state: Option<State>,
}

/// What a strategy keeps from batch to batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The hyperparameters of each surrogate, in the strategy's order.
    pub hyperparameters: Vec<Hyperparameters>,
}

#[cfg(test)]
mod tests;
