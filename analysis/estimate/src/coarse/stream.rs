//! How fast a channel of main memory serves a stream: its timing rules walked once, block by block.
//!
//! Not a simulation of the controller: one channel, requests of one kind, served in order within a bank and as soon as
//! the rules allow across banks (what FR-FCFS comes to for a stream). No figure here is fitted: all distances are those of
//! [`Constraints`], the places of blocks those of the address map, refreshes fall due as the description says.

use std::collections::VecDeque;

use components::memory::description::{CommandQueues, HitCap, RefreshPolicy};
use components::memory::{Access, Constraints, Location, MemoryPlan};

/// The least a walk covers: this many blocks, and as many refresh intervals of a rank.
const BLOCKS: u64 = 4096;
const REFRESH_INTERVALS: u64 = 4;

/// What a walk found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace {
    /// Cycles of the memory clock for a block.
    pub(super) cycles: f64,
    /// Rows opened for a block.
    pub(super) activates: f64,
}

/// One bank of the channel.
#[derive(Clone, Debug, Default)]
struct Bank {
    open_row: Option<u32>,
    /// When the next column command may come.
    column: u64,
    precharge: u64,
    activate: u64,
    /// Column accesses since the row was opened.
    hits: u32,
    /// Rows wanted, and when each was asked for.
    queue: VecDeque<(u32, u64)>,
}

/// A channel on its way through a stream.
struct Walk<'a> {
    rules: &'a Constraints,
    access: Access,
    banks_per_group: u32,
    banks_per_rank: usize,
    banks: Vec<Bank>,
    /// Times of the last four activates of each rank, in a ring.
    activates: Vec<([u64; 4], usize)>,
    last: Option<(usize, u64)>,
    rows_opened: u64,
    /// Hits that may overtake an older request.
    most_hits: u32,
    /// Requests of a bank that are looked at.
    places_of_bank: usize,
}

/// The pace of a channel that is asked for the blocks at `places`, up to `window` at once.
pub(super) fn pace(
    plan: &MemoryPlan,
    places: &mut dyn Iterator<Item = Location>,
    window: usize,
    access: Access,
) -> Pace {
    let rules = plan.constraints();
    let mut walk = Walk::new(plan, &rules, access);
    let mut refresh = Refresh::new(plan);
    for _ in 0..window.max(1) {
        if let Some(place) = places.next() {
            walk.ask(place, 0);
        }
    }
    let (mut served, mut now) = (0, 0);
    while served < BLOCKS || now < refresh.enough {
        let Some((bank, at)) = walk.next_column() else {
            break;
        };
        if at >= refresh.due {
            walk.refresh_rank(&mut refresh);
            continue;
        }
        walk.serve(bank, at);
        (served, now) = (served + 1, at);
        let returned = match access {
            Access::Read => at + rules.read_delay + 1,
            Access::Write => at + 1,
        };
        if let Some(place) = places.next() {
            walk.ask(place, returned);
        }
    }
    Pace {
        cycles: now as f64 / served.max(1) as f64,
        activates: walk.rows_opened as f64 / served.max(1) as f64,
    }
}

/// The refreshes of a channel.
struct Refresh {
    due: u64,
    interval: u64,
    ranks: usize,
    next: usize,
    together: bool,
    enough: u64,
}

impl Refresh {
    fn new(plan: &MemoryPlan) -> Self {
        let description = plan.description();
        let ranks = description.organisation.ranks as usize;
        let interval = description.timing.refresh_interval.0;
        let (interval, together) = match description.controller.refresh {
            RefreshPolicy::None => (u64::MAX, false),
            // A bank at a time costs less than a rank at a time, which stands for it.
            RefreshPolicy::AllBank => (interval, true),
            RefreshPolicy::Staggered | RefreshPolicy::PerBank => (interval / ranks as u64, false),
        };
        let interval = interval.max(1);
        let enough = match description.controller.refresh {
            RefreshPolicy::None => 0,
            _ => description.timing.refresh_interval.0 * REFRESH_INTERVALS,
        };
        Self {
            due: interval,
            interval,
            ranks,
            next: 0,
            together,
            enough,
        }
    }
}

impl<'a> Walk<'a> {
    fn new(plan: &MemoryPlan, rules: &'a Constraints, access: Access) -> Self {
        let organisation = &plan.description().organisation;
        let banks_per_rank = organisation.banks_per_rank() as usize;
        let ranks = organisation.ranks as usize;
        let controller = &plan.description().controller;
        Self {
            rules,
            access,
            banks_per_group: organisation.banks_per_group,
            banks_per_rank,
            banks: vec![Bank::default(); banks_per_rank * ranks],
            activates: vec![([0; 4], 0); ranks],
            last: None,
            rows_opened: 0,
            most_hits: match controller.hit_cap {
                HitCap::Unlimited => u32::MAX,
                HitCap::Soft(cap) | HitCap::Hard(cap) => cap,
            },
            places_of_bank: match controller.command_queues {
                CommandQueues::PerBank { depth } | CommandQueues::Unified { depth } => depth as usize,
            },
        }
    }

    fn ask(&mut self, place: Location, at: u64) {
        let bank = place.rank as usize * self.banks_per_rank
            + (place.bank_group * self.banks_per_group + place.bank) as usize;
        self.banks[bank].queue.push_back((place.row, at));
        if self.banks[bank].queue.len() == 1 {
            self.open_row(bank);
        }
    }

    /// Opens the row that the first request of a bank wants, as soon as the rules allow.
    fn open_row(&mut self, bank: usize) {
        let rank = bank / self.banks_per_rank;
        let state = &mut self.banks[bank];
        let Some(&(row, asked)) = state.queue.front() else {
            return;
        };
        if state.open_row == Some(row) {
            return;
        }
        let closed = match state.open_row {
            Some(_) => state.precharge.max(asked) + self.rules.precharge_to_activate,
            None => state.activate.max(asked),
        };
        let (window, oldest) = &mut self.activates[rank];
        let newest = window[(*oldest + 3) % 4];
        let mut at = closed.max(state.activate);
        if newest > 0 {
            at = at.max(newest + self.rules.activate_to_activate_same_rank);
        }
        if window[*oldest] > 0 {
            at = at.max(window[*oldest] + self.rules.four_activate_window);
        }
        window[*oldest] = at.max(1);
        *oldest = (*oldest + 1) % 4;
        let to_column = match self.access {
            Access::Read => self.rules.activate_to_read,
            Access::Write => self.rules.activate_to_write,
        };
        state.open_row = Some(row);
        state.hits = 0;
        state.column = at + to_column;
        state.precharge = at + self.rules.activate_to_precharge;
        state.activate = at + self.rules.activate_to_activate_same_bank;
        self.rows_opened += 1;
    }

    /// The bank that can serve its first request soonest, and when.
    fn next_column(&self) -> Option<(usize, u64)> {
        let banks = self.banks.iter().enumerate();
        let ready = banks.filter_map(|(index, bank)| {
            let &(_, asked) = bank.queue.front()?;
            let after_last = self.last.map_or(0, |(last, at)| at + self.distance(last, index));
            Some((index, bank.column.max(asked).max(after_last), asked))
        });
        ready
            .min_by_key(|&(_, at, asked)| (at, asked))
            .map(|(index, at, _)| (index, at))
    }

    /// Column command to column command of two banks.
    fn distance(&self, from: usize, to: usize) -> u64 {
        let rules = self.rules;
        let group = |bank: usize| bank / self.banks_per_group as usize;
        let [same_bank, same_group, same_rank, other_rank] = match self.access {
            Access::Read => [
                rules.read_to_read_same_group,
                rules.read_to_read_same_group,
                rules.read_to_read_same_rank,
                rules.read_to_read_other_rank,
            ],
            Access::Write => [
                rules.write_to_write_same_bank,
                rules.write_to_write_same_group,
                rules.write_to_write_same_rank,
                rules.write_to_write_other_rank,
            ],
        };
        if from == to {
            same_bank
        } else if group(from) == group(to) {
            same_group
        } else if from / self.banks_per_rank == to / self.banks_per_rank {
            same_rank
        } else {
            other_rank
        }
    }

    fn serve(&mut self, bank: usize, at: u64) {
        let own = self.distance(bank, bank);
        let to_precharge = match self.access {
            Access::Read => self.rules.read_to_precharge,
            Access::Write => self.rules.write_to_precharge,
        };
        let state = &mut self.banks[bank];
        state.queue.pop_front();
        state.hits += 1;
        // The oldest waits while others hit the open row, as long as they may.
        if state.hits < self.most_hits {
            let waiting = state.queue.iter().take(self.places_of_bank);
            let hit = waiting
                .enumerate()
                .find(|(_, (row, asked))| state.open_row == Some(*row) && *asked <= at);
            if let Some((place, _)) = hit
                && let Some(request) = state.queue.remove(place)
            {
                state.queue.push_front(request);
            }
        }
        state.column = state.column.max(at + own);
        state.precharge = state.precharge.max(at + to_precharge);
        self.last = Some((bank, at));
        self.open_row(bank);
    }

    fn refresh_rank(&mut self, refresh: &mut Refresh) {
        let ranks = if refresh.together {
            0..refresh.ranks
        } else {
            refresh.next..refresh.next + 1
        };
        for rank in ranks {
            let banks = rank * self.banks_per_rank..(rank + 1) * self.banks_per_rank;
            let open = self.banks[banks.clone()]
                .iter()
                .filter(|bank| bank.open_row.is_some());
            let closed = open
                .map(|bank| bank.precharge + self.rules.precharge_to_activate)
                .max();
            let ready = closed.unwrap_or(0).max(refresh.due) + self.rules.refresh_cycle;
            for bank in banks {
                let state = &mut self.banks[bank];
                state.open_row = None;
                state.activate = state.activate.max(ready);
                self.open_row(bank);
            }
        }
        refresh.next = (refresh.next + 1) % refresh.ranks;
        refresh.due += refresh.interval;
    }
}
