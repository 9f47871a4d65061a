//! The stages on a lane's path: DynaProp, pre-compute and post-compute sparsity.

use sim_core::{Tick, Ticks};

/// A pipeline stage that takes one tile at a time, in order of arrival.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    free_at: Tick,
    busy: Ticks,
}

impl Stage {
    /// Admits a tile as soon as the stage is free; returns when it leaves, `cost` later.
    #[inline]
    pub(super) fn admit(&mut self, now: Tick, cost: Ticks) -> Tick {
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
