//! What is left of a program at the least: a candidate that can no longer win is given up.

use super::Pacer;
use crate::units::Bytes;

/// What any way to cut a program has to do.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::block_plan) struct LeastWork {
    /// Cycles of all units of each class.
    pub(in crate::block_plan) units: [f64; 3],
    /// Bytes that main memory moves.
    pub(in crate::block_plan) bytes: Bytes,
}

impl LeastWork {
    /// This, and what was done since `before` so many times more.
    pub(super) fn extended(self, before: &Self, times: u64) -> Self {
        let more =
            |class: usize| self.units[class] + (self.units[class] - before.units[class]) * times as f64;
        Self {
            units: [0, 1, 2].map(more),
            // What a part evicts may be loaded by the next.
            bytes: self.bytes + Bytes(self.bytes.0.saturating_sub(before.bytes.0)) * times,
        }
    }

    /// The lesser of both, of each thing: ways differ in how they round, and in the sums that they add up.
    pub(in crate::block_plan) fn min(self, other: Self) -> Self {
        let units = [0, 1, 2].map(|class| self.units[class].min(other.units[class]));
        let bytes = self.bytes.min(other.bytes);
        Self { units, bytes }
    }
}

/// What is sought: a way that is better than the best so far.
#[derive(Clone, Copy, Debug)]
pub(in crate::block_plan) struct Goal {
    /// What any way has to do.
    pub(in crate::block_plan) work: LeastWork,
    /// The best way so far: its cycles, each of its bytes counted as so many more, and how many bytes it moves.
    pub(in crate::block_plan) best: Rank,
    /// By what factor one that moves fewer bytes, and one that does not, have to be better.
    pub(in crate::block_plan) worthwhile: [f64; 2],
}

/// What ways are compared by.
#[derive(Clone, Copy, Debug)]
pub(in crate::block_plan) struct Rank {
    /// Cycles.
    pub(in crate::block_plan) cycles: f64,
    /// Bytes that it moves.
    pub(in crate::block_plan) bytes: Bytes,
    /// Cycles that each byte counts for, besides the time that it takes.
    pub(in crate::block_plan) weight_of_byte: f64,
}

impl Rank {
    fn cost(&self) -> f64 {
        self.cycles + self.bytes.0 as f64 * self.weight_of_byte
    }
}

impl Goal {
    /// Whether a way of this rank is taken in place of the best.
    pub(in crate::block_plan) fn is_met_by(&self, found: &Rank) -> bool {
        let [fewer, more] = self.worthwhile;
        let factor = if found.bytes < self.best.bytes {
            fewer
        } else {
            more
        };
        found.cost() < self.best.cost() * factor
    }
}

impl Pacer {
    /// What a way has at the least by its end, after what has been walked.
    pub(super) fn at_least(&self, goal: &Goal) -> Rank {
        let bytes = self.bytes_ahead(&goal.work);
        let transfers = bytes.0 as f64 / self.rates.bytes_per_cycle;
        let units = [0, 1, 2].map(|class| {
            let left = (goal.work.units[class] - self.worked[class]).max(0.0);
            self.units[class].done_after(left)
        });
        let cycles = units
            .into_iter()
            .chain([self.so_far(), self.memory.done_after(transfers)])
            .fold(0.0, f64::max);
        Rank {
            cycles,
            bytes: self.account.moved() + bytes,
            ..goal.best
        }
    }

    /// Bytes that have to move yet: what has not been loaded at all, and what was evicted and has not come back.
    fn bytes_ahead(&self, least: &LeastWork) -> Bytes {
        let loaded = self.account.weights_loaded + self.account.reloaded;
        let known = least.bytes + self.evicted;
        Bytes(known.0.saturating_sub(loaded.0))
    }

    /// What has been walked so far, of what any way has to do: units' work, and bytes loaded for the first time.
    pub(super) fn work_done(&self) -> LeastWork {
        let loaded = self.account.weights_loaded + self.account.reloaded;
        LeastWork {
            units: self.worked,
            bytes: Bytes(loaded.0.saturating_sub(self.evicted.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rank(cycles: f64, bytes: u64) -> Rank {
        Rank {
            cycles,
            bytes: Bytes(bytes),
            weight_of_byte: 0.5,
        }
    }

    #[test]
    fn a_way_that_moves_fewer_bytes_is_taken_sooner() {
        let goal = Goal {
            work: LeastWork::default(),
            best: rank(900.0, 200),
            worthwhile: [0.98, 0.95],
        };
        // The best costs 1,000: 980 are asked for with fewer bytes, 950 with as many.
        assert!(goal.is_met_by(&rank(880.0, 198)) && !goal.is_met_by(&rank(882.0, 198)));
        assert!(goal.is_met_by(&rank(849.0, 200)) && !goal.is_met_by(&rank(851.0, 200)));
    }

    #[test]
    fn parts_that_repeat_do_as_much_again() {
        let work = |units: f64, bytes: u64| LeastWork {
            units: [units; 3],
            bytes: Bytes(bytes),
        };
        assert_eq!(work(30.0, 70).extended(&work(20.0, 60), 4), work(70.0, 110));
        // What a part evicts, the next one loads: nothing new is loaded.
        assert_eq!(work(30.0, 50).extended(&work(20.0, 60), 4), work(70.0, 50));
        assert_eq!(work(3.0, 50).min(work(2.0, 60)), work(2.0, 50));
    }
}
