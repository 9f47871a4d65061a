//! The sparsity modules on each lane's path, as pipeline stages.

pub mod dynaprop;
pub mod post_compute;
pub mod pre_compute;

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
