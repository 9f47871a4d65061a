//! When which rank or bank must be refreshed.

use std::collections::VecDeque;

use crate::description::{MemoryDescription, RefreshPolicy};

/// What one refresh command covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// All banks of a rank.
    Rank(usize),
    /// One bank of the channel.
    Bank(usize),
}

/// The refresh timer of a channel.
///
/// Refreshes fall due at multiples of the interval and wait their turn; from then on the banks concerned get
/// no new work, are precharged, and refreshed.
#[derive(Clone, Debug)]
pub(super) struct RefreshTimer {
    policy: RefreshPolicy,
    interval: u64,
    next_due: u64,
    next_target: usize,
    targets: usize,
    due: VecDeque<Target>,
    banks_per_rank: usize,
}

impl RefreshTimer {
    pub(super) fn new(description: &MemoryDescription) -> Self {
        let ranks = description.organisation.ranks as usize;
        let banks_per_rank = description.organisation.banks_per_rank() as usize;
        let timing = &description.timing;
        let policy = description.controller.refresh;
        let (interval, targets) = match policy {
            RefreshPolicy::None => (u64::MAX, 1),
            RefreshPolicy::AllBank => (timing.refresh_interval.0, ranks),
            RefreshPolicy::Staggered => (timing.refresh_interval.0 / ranks as u64, ranks),
            RefreshPolicy::PerBank => (timing.bank_refresh_interval.0, ranks * banks_per_rank),
        };
        Self {
            policy,
            interval,
            next_due: interval,
            next_target: 0,
            targets,
            due: VecDeque::new(),
            banks_per_rank,
        }
    }

    /// Cycle of the next refresh to fall due.
    #[inline]
    pub(super) fn next_due(&self) -> u64 {
        self.next_due
    }

    /// The refresh that is to be done now.
    #[inline]
    pub(super) fn current(&self) -> Option<Target> {
        self.due.front().copied()
    }

    /// Banks that get no new work because of the current refresh.
    #[inline]
    pub(super) fn stopped_banks(&self) -> u64 {
        match self.current() {
            None => 0,
            Some(Target::Bank(bank)) => 1 << bank,
            Some(Target::Rank(rank)) => {
                (u64::MAX >> (64 - self.banks_per_rank)) << (rank * self.banks_per_rank)
            }
        }
    }

    /// The current refresh was issued.
    pub(super) fn done(&mut self) {
        self.due.pop_front();
    }

    /// Lets time go on to `now`.
    #[inline]
    pub(super) fn advance(&mut self, now: u64) {
        while self.next_due <= now {
            self.fall_due();
        }
    }

    fn fall_due(&mut self) {
        self.next_due += self.interval;
        if self.policy == RefreshPolicy::AllBank {
            self.due.extend((0..self.targets).map(Target::Rank));
            return;
        }
        let target = self.next_target;
        self.next_target = (target + 1) % self.targets;
        self.due.push_back(match self.policy {
            RefreshPolicy::PerBank => Target::Bank(target),
            _ => Target::Rank(target),
        });
    }

    /// Passes over whole rounds of refreshes of a memory that stays idle until `until`, and tells `each` of
    /// every target, the cycle of its last refresh passed over, and how many there were.
    ///
    /// At least one round is left to be done one by one.
    pub(super) fn skip_rounds(&mut self, until: u64, mut each: impl FnMut(Target, u64, u32)) {
        if self.policy == RefreshPolicy::None || until <= self.next_due {
            return;
        }
        let due_at_once = self.policy == RefreshPolicy::AllBank;
        let round = if due_at_once {
            self.interval
        } else {
            self.interval * self.targets as u64
        };
        let rounds = ((until - self.next_due) / round)
            .saturating_sub(1)
            .min(u64::from(u32::MAX));
        if rounds == 0 {
            return;
        }
        for place in 0..self.targets {
            let target = (self.next_target + place) % self.targets;
            let first = self.next_due
                + if due_at_once {
                    place as u64
                } else {
                    place as u64 * self.interval
                };
            let last = first + (rounds - 1) * round;
            let target = match self.policy {
                RefreshPolicy::PerBank => Target::Bank(target),
                _ => Target::Rank(target),
            };
            each(target, last, rounds as u32);
        }
        self.next_due += rounds * round;
    }
}
