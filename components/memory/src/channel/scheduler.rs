//! Which command goes next.

use super::Channel;
use super::scoreboard::Wants;
use crate::Access;
use crate::description::{HitCap, PagePolicy, Scheduling};

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
fn in_turn(mask: u64, last: usize) -> impl Iterator<Item = usize> {
    let later = if last >= 63 {
        0
    } else {
        mask & (u64::MAX << (last + 1))
    };
    bits(later).chain(bits(mask ^ later))
}

/// The set bits of a mask, in ascending order.
#[inline]
pub(super) fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
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
        let chosen = match self.scheduling {
            Scheduling::Fcfs => self
                .oldest_bank()
                .and_then(|bank| self.in_order_candidate(bank, now)),
            Scheduling::RoundRobin => {
                let ready = self.ready(now);
                in_turn(ready.any(), self.last_bank).find_map(|bank| self.candidate(bank, &ready))
            }
            Scheduling::FrFcfs => {
                let ready = self.ready(now);
                let columns = self.best(ready.read | ready.write, &ready);
                columns.or_else(|| self.best(ready.activate | ready.precharge, &ready))
            }
            Scheduling::Priority(_) => {
                let ready = self.ready(now);
                self.best(ready.any(), &ready)
            }
        };
        if let Some(candidate) = chosen {
            self.last_bank = candidate.bank;
            return chosen;
        }
        self.closing_candidate(now)
    }

    #[inline]
    fn ready(&self, now: u64) -> Wants {
        self.board
            .ready(&self.wants.without(self.refresh.stopped_banks()), now)
    }

    /// Of the candidates of these banks, that of the best class; then column commands; then the oldest.
    #[inline]
    fn best(&self, banks: u64, ready: &Wants) -> Option<Candidate> {
        bits(banks)
            .filter_map(|bank| self.candidate(bank, ready))
            .min_by_key(|candidate| {
                let place = match candidate.step {
                    Step::Column { place } => place,
                    _ => 0,
                };
                let entry = self.queues[candidate.bank].get(place);
                (entry.class, !candidate.step.is_column(), entry.age)
            })
    }

    /// The first request of the bank's queue that can go forward, and how, given which commands are ready.
    #[inline]
    fn candidate(&self, bank: usize, ready: &Wants) -> Option<Candidate> {
        let bit = 1 << bank;
        if ready.activate & bit != 0 {
            let step = Step::Activate;
            return Some(Candidate { bank, step });
        }
        if ready.precharge & bit != 0 {
            let step = Step::Precharge { demanded: true };
            return Some(Candidate { bank, step });
        }
        let (reads, writes) = (ready.read & bit != 0, ready.write & bit != 0);
        let queue = &self.queues[bank];
        let open_row = self.board.banks[bank].open_row;
        let first = queue.entries().iter().enumerate().position(|(place, entry)| {
            entry.row == open_row
                && match entry.access {
                    Access::Read => reads,
                    Access::Write => writes && !queue.write_follows_read(place),
                }
        });
        first.map(|place| Candidate {
            bank,
            step: Step::Column { place },
        })
    }

    /// Works out anew what a bank wants, after its row or its queue has changed.
    ///
    /// Only the oldest request may close the row, and only if nothing waits for it or the hits have had their
    /// share.
    #[inline]
    pub(super) fn update_wants(&mut self, bank: usize) {
        let bit = 1 << bank;
        let mut wants = self.wants.without(bit);
        let queue = &self.queues[bank];
        let times = &self.board.banks[bank];
        if let Some(oldest) = queue.entries().first() {
            if times.is_open() {
                let capped = oldest.row != times.open_row && self.hits_are_capped(times.accesses);
                if capped || !queue.has_hits() {
                    wants.precharge |= bit;
                }
                if !(capped && matches!(self.hit_cap, HitCap::Hard(_))) {
                    wants.read |= u64::from(queue.read_hits != 0) << bank;
                    wants.write |= u64::from(queue.write_hits != 0) << bank;
                }
            } else {
                wants.activate |= bit;
            }
        }
        self.wants = wants;
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
        let (step, at) = self.in_order_step(bank);
        (now >= at).then_some(Candidate { bank, step })
    }

    /// What the oldest request of a bank needs next, and when that can be.
    fn in_order_step(&self, bank: usize) -> (Step, u64) {
        let times = &self.board.banks[bank];
        let oldest = self.queues[bank].get(0);
        if !times.is_open() {
            (Step::Activate, self.board.activate_at(bank))
        } else if oldest.row != times.open_row {
            (Step::Precharge { demanded: true }, times.precharge)
        } else if oldest.access == Access::Read {
            (Step::Column { place: 0 }, self.board.read_at(bank))
        } else {
            (Step::Column { place: 0 }, self.board.write_at(bank))
        }
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
        let stopped = self.refresh.stopped_banks();
        if self.scheduling == Scheduling::Fcfs {
            let bank = self.oldest_bank().filter(|&bank| stopped & (1 << bank) == 0);
            return bank.map_or(u64::MAX, |bank| self.in_order_step(bank).1);
        }
        self.board.next_ready(&self.wants.without(stopped))
    }
}

#[cfg(test)]
mod tests {
    use super::in_turn;

    #[test]
    fn turn_starts_after_the_last_and_ends_with_it() {
        assert_eq!(in_turn(0b1011, 1).collect::<Vec<_>>(), [3, 0, 1]);
        assert_eq!(in_turn(1 << 63 | 1, 63).collect::<Vec<_>>(), [0, 63]);
        assert_eq!(in_turn(0, 5).count(), 0);
    }
}
