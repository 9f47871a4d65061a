//! Units of a class, or the memory pipe, as one resource that fills the gaps it left.

use std::collections::VecDeque;

/// Gaps that are remembered: as many as a window of steps leaves.
const MOST_GAPS: usize = 16;

/// Units of one class, or the memory pipe.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    /// When it has done all that was asked of it.
    pub(super) free: f64,
    /// How long it has worked.
    pub(super) busy: f64,
    /// Idle times before `free` that later steps may fill, earliest first: beginning and end.
    gaps: VecDeque<(f64, f64)>,
}

impl Pool {
    /// When `more` is done at the earliest, if all of it could begin at once.
    pub(super) fn done_after(&self, more: f64) -> f64 {
        let idle: f64 = self.gaps.iter().map(|gap| gap.1 - gap.0).sum();
        self.free + (more - idle).max(0.0)
    }

    /// When work is done that may begin at `ready`, takes `least` by itself, and this `share` of the pool's time.
    pub(super) fn run(&mut self, ready: f64, least: f64, share: f64) -> f64 {
        self.busy += share;
        let mut left = share;
        let mut done = ready;
        for gap in &mut self.gaps {
            let start = gap.0.max(ready);
            let used = left.min(gap.1 - start);
            if used > 0.0 {
                left -= used;
                done = start + used;
                // What lies before `ready` is lost with it: few steps are ready so early.
                gap.0 = done;
                if left <= 0.0 {
                    break;
                }
            }
        }
        if left > 0.0 {
            let start = ready.max(self.free);
            if start > self.free {
                if self.gaps.len() == MOST_GAPS {
                    self.gaps.pop_front();
                }
                self.gaps.push_back((self.free, start));
            }
            self.free = start + left;
            done = self.free;
        }
        done.max(ready + least)
    }
}
