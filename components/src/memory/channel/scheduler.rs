//! Which command goes next.

use super::Channel;
use crate::memory::Access;
use crate::memory::description::{HitCap, PagePolicy, Scheduling};

/// What a bank could do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) bank: usize,
    pub(super) step: Step,
}

/// The next command towards serving a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Open the row of the oldest request.
    Activate,
    /// Close the row: `demanded` by the oldest request, or by the page policy alone.
    Precharge { demanded: bool },
    /// Serve the request at this place of the bank's queue.
    Column { place: usize },
}

impl Step {
    pub(super) fn is_column(self) -> bool {
        matches!(self, Self::Column { .. })
    }
}

/// Banks of a mask, from the one after `last` around to `last` itself.
#[inline]
fn in_turn(mask: u128, last: usize) -> impl Iterator<Item = usize> {
    let later = if last >= 127 {
        0
    } else {
        mask & (u128::MAX << (last + 1))
    };
    bits(later).chain(bits(mask ^ later))
}

/// The set bits of a mask, in ascending order.
#[inline]
pub(super) fn bits(mut mask: u128) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        if mask == 0 {
            return None;
        }
        let bit = mask.trailing_zeros() as usize;
        mask &= mask - 1;
        Some(bit)
    })
}

impl Channel {
    /// The command to issue in the cycle `now`, if any is ready.
    #[inline]
    pub(super) fn select(&mut self, now: u64) -> Option<Candidate> {
        let banks = self.busy_banks & !self.refresh.stopped_banks();
        let chosen = match self.scheduling {
            Scheduling::RoundRobin => {
                in_turn(banks, self.last_bank).find_map(|bank| self.bank_candidate(bank, now))
            }
            Scheduling::FrFcfs | Scheduling::Priority(_) => bits(banks)
                .filter_map(|bank| self.bank_candidate(bank, now))
                .min_by_key(|candidate| self.rank_of(candidate)),
            Scheduling::Fcfs => self
                .oldest_bank()
                .and_then(|bank| self.in_order_candidate(bank, now)),
        };
        if let Some(candidate) = chosen {
            self.last_bank = candidate.bank;
            return chosen;
        }
        self.closing_candidate(now)
    }

    /// Smaller goes first: better class, column commands, older requests.
    fn rank_of(&self, candidate: &Candidate) -> (u8, bool, u64) {
        let place = match candidate.step {
            Step::Column { place } => place,
            _ => 0,
        };
        let entry = self.queues[candidate.bank].get(place);
        (entry.class, !candidate.step.is_column(), entry.age)
    }

    /// The first request of the bank's queue that can go forward now, and how. Only the oldest may close the
    /// row, and only if nothing waits for it or the hits have had their share.
    #[inline]
    fn bank_candidate(&self, bank: usize, now: u64) -> Option<Candidate> {
        let queue = &self.queues[bank];
        let times = &self.board.banks[bank];
        let oldest = queue.entries().first()?;
        if !times.is_open() {
            return (now >= self.board.activate_at(bank)).then_some(Candidate {
                bank,
                step: Step::Activate,
            });
        }
        if oldest.row != times.open_row {
            let capped = self.hits_are_capped(times.accesses);
            if now >= times.precharge && (capped || !queue.has_hits()) {
                let step = Step::Precharge { demanded: true };
                return Some(Candidate { bank, step });
            }
            if capped && matches!(self.hit_cap, HitCap::Hard(_)) {
                return None;
            }
        }
        self.ready_hit(bank, now)
    }

    /// The oldest queued request that hits the open row and whose column command is ready.
    #[inline]
    fn ready_hit(&self, bank: usize, now: u64) -> Option<Candidate> {
        let queue = &self.queues[bank];
        let open_row = self.board.banks[bank].open_row;
        let reads = queue.read_hits != 0 && now >= self.board.read_at(bank);
        let writes = queue.write_hits != 0 && now >= self.board.write_at(bank);
        if !reads && !writes {
            return None;
        }
        let ready = queue.entries().iter().enumerate().position(|(place, entry)| {
            entry.row == open_row
                && match entry.access {
                    Access::Read => reads,
                    Access::Write => writes && !queue.write_follows_read(place),
                }
        });
        ready.map(|place| Candidate {
            bank,
            step: Step::Column { place },
        })
    }

    fn hits_are_capped(&self, accesses: u32) -> bool {
        match self.hit_cap {
            HitCap::Unlimited => false,
            HitCap::Soft(cap) | HitCap::Hard(cap) => accesses >= cap,
        }
    }

    /// The bank with the oldest queued request of the channel.
    fn oldest_bank(&self) -> Option<usize> {
        bits(self.busy_banks).min_by_key(|&bank| self.queues[bank].get(0).age)
    }

    fn in_order_candidate(&self, bank: usize, now: u64) -> Option<Candidate> {
        if self.refresh.stopped_banks() & (1 << bank) != 0 {
            return None;
        }
        let times = &self.board.banks[bank];
        let oldest = self.queues[bank].get(0);
        let (step, at) = if !times.is_open() {
            (Step::Activate, self.board.activate_at(bank))
        } else if oldest.row != times.open_row {
            (Step::Precharge { demanded: true }, times.precharge)
        } else if oldest.access == Access::Read {
            (Step::Column { place: 0 }, self.board.read_at(bank))
        } else {
            (Step::Column { place: 0 }, self.board.write_at(bank))
        };
        (now >= at).then_some(Candidate { bank, step })
    }

    /// A row that the page policy wants closed.
    fn closing_candidate(&self, now: u64) -> Option<Candidate> {
        if self.page_policy == PagePolicy::Open {
            return None;
        }
        let step = Step::Precharge { demanded: false };
        bits(self.open_banks & !self.refresh.stopped_banks())
            .find(|&bank| now >= self.closes_at(bank))
            .map(|bank| Candidate { bank, step })
    }

    /// When the page policy closes the row of an open bank; never while requests wait for it.
    fn closes_at(&self, bank: usize) -> u64 {
        let times = &self.board.banks[bank];
        if times.accesses == 0 || self.queues[bank].has_hits() {
            return u64::MAX;
        }
        match self.page_policy {
            PagePolicy::Open => u64::MAX,
            PagePolicy::Closed => times.precharge,
            PagePolicy::Timeout(idle) => times.precharge.max(times.last_column + idle.0),
        }
    }

    /// When the page policy next closes a row.
    pub(super) fn next_closing(&self) -> u64 {
        if self.page_policy == PagePolicy::Open {
            return u64::MAX;
        }
        let banks = bits(self.open_banks & !self.refresh.stopped_banks());
        banks.map(|bank| self.closes_at(bank)).min().unwrap_or(u64::MAX)
    }

    /// No command for a queued request is ready before this cycle. It is exact but for reads and writes of
    /// one block that wait for each other.
    #[inline]
    pub(super) fn next_command(&self) -> u64 {
        let banks = self.busy_banks & !self.refresh.stopped_banks();
        let mut next = u64::MAX;
        if self.scheduling == Scheduling::Fcfs {
            return self.oldest_bank().map_or(next, |bank| self.bank_ready_at(bank));
        }
        for bank in bits(banks) {
            next = next.min(self.bank_ready_at(bank));
        }
        next
    }

    #[inline]
    fn bank_ready_at(&self, bank: usize) -> u64 {
        let times = &self.board.banks[bank];
        if !times.is_open() {
            return self.board.activate_at(bank);
        }
        let queue = &self.queues[bank];
        let mut at = u64::MAX;
        if self.scheduling == Scheduling::Fcfs && queue.get(0).row != times.open_row {
            return times.precharge;
        }
        if queue.read_hits != 0 {
            at = self.board.read_at(bank);
        }
        if queue.write_hits != 0 {
            at = at.min(self.board.write_at(bank));
        }
        if queue.get(0).row != times.open_row {
            let capped = self.hits_are_capped(times.accesses);
            if capped && matches!(self.hit_cap, HitCap::Hard(_)) {
                return times.precharge;
            }
            if capped || !queue.has_hits() {
                at = at.min(times.precharge);
            }
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::in_turn;

    #[test]
    fn turn_starts_after_the_last_and_ends_with_it() {
        assert_eq!(in_turn(0b1011, 1).collect::<Vec<_>>(), [3, 0, 1]);
        assert_eq!(in_turn(1 << 127 | 1, 127).collect::<Vec<_>>(), [0, 127]);
        assert_eq!(in_turn(0, 5).count(), 0);
    }
}
