//! How fast a channel of main memory serves a stream: a single walk along it by the timing rules, block by block.
//!
//! This is not a simulation of the controller: one channel serves requests of one kind, in order within a bank and as soon
//! as the rules allow across banks (which is what FR-FCFS amounts to for a stream). No figure here is fitted: distances
//! come from [`Constraints`], places of blocks from the address map, and refreshes fall due as the description says.

use std::collections::VecDeque;

use components::memory::description::{CommandQueues, HitCap};
use components::memory::{Access, Constraints, Location, MemoryPlan, RefreshSchedule};

/// A walk covers at least this many blocks and this many rounds of refreshes.
const BLOCKS: u64 = 4096;
const REFRESH_ROUNDS: u64 = 4;

/// The result of a walk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace {
    /// Cycles of the memory clock per block.
    pub(super) cycles: f64,
    /// Rows opened per block.
    pub(super) activates: f64,
}

/// One bank of the channel.
#[derive(Clone, Debug, Default)]
struct Bank {
    open_row: Option<u32>,
    /// Earliest time of the next column command.
    column: u64,
    precharge: u64,
    activate: u64,
    /// Column accesses since the row was opened.
    hits: u32,
    /// Requested rows, and when each was requested.
    queue: VecDeque<(u32, u64)>,
}

/// A channel during a walk along a stream.
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
    /// Requests per bank that the scheduler considers.
    places_of_bank: usize,
}

/// The pace of a channel that serves the blocks at `places`, up to `window` at once.
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
            walk.refresh(&mut refresh);
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
    /// `None` for memories that are never refreshed.
    schedule: Option<RefreshSchedule>,
    /// When the next ones fall due.
    due: u64,
    /// The number of the next target.
    next: usize,
    /// Least cycles that a walk must cover.
    enough: u64,
}

impl Refresh {
    fn new(plan: &MemoryPlan) -> Self {
        let schedule = RefreshSchedule::new(plan.description());
        Self {
            due: schedule.map_or(u64::MAX, |schedule| schedule.interval()),
            next: 0,
            enough: schedule.map_or(0, |schedule| schedule.round() * REFRESH_ROUNDS),
            schedule,
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

    /// Opens the row of a bank's first request, as soon as the rules allow.
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

    /// Distance between column commands of two banks.
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
        // The oldest request waits while others hit the open row, up to the cap.
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

    /// Performs the refreshes that are due.
    fn refresh(&mut self, refresh: &mut Refresh) {
        let Some(schedule) = refresh.schedule else { return };
        for place in refresh.next..refresh.next + schedule.at_once() {
            let banks = schedule.banks(schedule.target(place));
            let open = self.banks[banks.clone()]
                .iter()
                .filter(|bank| bank.open_row.is_some());
            let closed = open
                .map(|bank| bank.precharge + self.rules.precharge_to_activate)
                .max();
            let ready = closed.unwrap_or(0).max(refresh.due) + schedule.duration();
            for bank in banks {
                let state = &mut self.banks[bank];
                state.open_row = None;
                state.activate = state.activate.max(ready);
                self.open_row(bank);
            }
        }
        refresh.next = (refresh.next + schedule.at_once()) % schedule.targets();
        refresh.due += schedule.interval();
    }
}
