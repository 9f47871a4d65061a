//! When which rank or bank must be refreshed.

use std::collections::VecDeque;

use crate::description::MemoryDescription;
use crate::refresh_policy::{RefreshSchedule, RefreshTarget};

/// The refresh timer of a channel.
///
/// Refreshes fall due at multiples of the interval and wait their turn; from then on the banks concerned get
/// no new work, are precharged, and refreshed.
#[derive(Clone, Debug)]
pub(super) struct RefreshTimer {
    /// `None` for memories that are never refreshed.
    schedule: Option<RefreshSchedule>,
    next_due: u64,
    next_target: usize,
    due: VecDeque<RefreshTarget>,
    /// Banks of the target at the front of `due`, as a mask.
    stopped_banks: u64,
}

impl RefreshTimer {
    pub(super) fn new(description: &MemoryDescription) -> Self {
        let schedule = RefreshSchedule::new(description);
        Self {
            next_due: schedule.map_or(u64::MAX, |schedule| schedule.interval()),
            schedule,
            next_target: 0,
            due: VecDeque::new(),
            stopped_banks: 0,
        }
    }

    /// Cycle of the next refresh to fall due.
    #[inline]
    pub(super) fn next_due(&self) -> u64 {
        self.next_due
    }

    /// The refresh that is to be done now.
    #[inline]
    pub(super) fn current(&self) -> Option<RefreshTarget> {
        self.due.front().copied()
    }

    /// Banks that get no new work because of the current refresh.
    #[inline]
    pub(super) fn stopped_banks(&self) -> u64 {
        self.stopped_banks
    }

    /// The current refresh was issued.
    pub(super) fn done(&mut self) {
        self.due.pop_front();
        self.stop_banks();
    }

    /// Advances to `now`.
    #[inline]
    pub(super) fn advance(&mut self, now: u64) {
        while self.next_due <= now {
            self.fall_due();
        }
    }

    fn fall_due(&mut self) {
        let Some(schedule) = self.schedule else { return };
        self.next_due += schedule.interval();
        let due = self.next_target..self.next_target + schedule.at_once();
        self.due.extend(due.map(|place| schedule.target(place)));
        self.next_target = (self.next_target + schedule.at_once()) % schedule.targets();
        self.stop_banks();
    }

    fn stop_banks(&mut self) {
        self.stopped_banks = match (self.schedule, self.current()) {
            (Some(schedule), Some(target)) => {
                let banks = schedule.banks(target);
                (u64::MAX >> (64 - banks.len())) << banks.start
            }
            _ => 0,
        };
    }

    /// Skips whole rounds of refreshes of a memory that stays idle until `until`, and hands `each`
    /// target, the cycle of its last refresh skipped, and how many there were.
    ///
    /// At least one round is left to be done one by one.
    pub(super) fn skip_rounds(&mut self, until: u64, mut each: impl FnMut(RefreshTarget, u64, u32)) {
        let Some(schedule) = self.schedule else { return };
        if until <= self.next_due {
            return;
        }
        let round = schedule.round();
        let rounds = ((until - self.next_due) / round)
            .saturating_sub(1)
            .min(u64::from(u32::MAX));
        if rounds == 0 {
            return;
        }
        for place in 0..schedule.targets() {
            // Those that are due together are refreshed in successive cycles.
            let (instant, in_turn) = (place / schedule.at_once(), place % schedule.at_once());
            let first = self.next_due + instant as u64 * schedule.interval() + in_turn as u64;
            let last = first + (rounds - 1) * round;
            each(schedule.target(self.next_target + place), last, rounds as u32);
        }
        self.next_due += rounds * round;
    }
}
