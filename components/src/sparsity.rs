//! The sparsity modules on each lane's path: as pipeline stages that take time, and as functions on values.
//!
//! [`dynaprop`], [`pre_compute`] and [`post_compute`] are the actors. What they compute is here as data and functions:
//! a tile as zero-free data and [`mask`] ([`compressed`]), pruning ([`prune`]), the pairs of two operands that are worth
//! multiplying ([`matching`], at a [`cost`]), and a whole tile operation ([`product`]). [`threshold`] finds the threshold for
//! a wanted sparsity on a profiled [`curve`]; [`top_k`] is the way of pruning that this replaces.

pub mod compressed;
pub mod cost;
pub mod curve;
pub mod mask;
pub mod matching;
pub mod product;
pub mod prune;
#[cfg(test)]
mod samples;
pub mod threshold;
pub mod top_k;

use sim_core::{Tick, Ticks};

/// A pipeline stage that takes one tile at a time, in order of arrival.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    free_at: Tick,
    busy: Ticks,
}

impl Stage {
    /// Lets a tile in as soon as the stage is free; the instant at which it leaves, `cost` later.
    #[inline]
    fn admit(&mut self, now: Tick, cost: Ticks) -> Tick {
        self.free_at = self.free_at.max(now) + cost;
        self.busy += cost;
        self.free_at
    }

    /// Time in use.
    #[must_use]
    pub fn busy(&self) -> Ticks {
        self.busy
    }
}
