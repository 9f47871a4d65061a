//! When each command may next issue: the channel's own account of its ranks and banks.

use super::bits::bits;
use crate::constraints::Constraints;

/// Row number of a closed bank.
pub(super) const CLOSED: u32 = u32::MAX;

/// Which banks want which command next, one bit per bank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wants {
    pub(super) activate: u64,
    pub(super) precharge: u64,
    pub(super) read: u64,
    pub(super) write: u64,
}

impl Wants {
    /// The banks that want anything.
    #[inline]
    pub(super) fn any(&self) -> u64 {
        self.activate | self.precharge | self.read | self.write
    }

    /// The same but for the banks of a mask, which want nothing.
    #[inline]
    pub(super) fn without(&self, banks: u64) -> Self {
        Self {
            activate: self.activate & !banks,
            precharge: self.precharge & !banks,
            read: self.read & !banks,
            write: self.write & !banks,
        }
    }
}

/// Earliest cycles of the commands to one bank, as far as that bank decides.
#[derive(Clone, Copy, Debug)]
pub(super) struct BankTimes {
    pub(super) open_row: u32,
    /// Column accesses since the row was opened.
    pub(super) accesses: u32,
    pub(super) rank: u16,
    pub(super) group: u16,
    activate: u64,
    read: u64,
    write: u64,
    pub(super) precharge: u64,
    refresh: u64,
    /// Cycle of the last column command.
    pub(super) last_column: u64,
    /// When the write pulse in progress ends.
    pulse_end: u64,
    /// Whether the last precharge made way for another row.
    pub(super) closed_by_conflict: bool,
}

impl BankTimes {
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.open_row != CLOSED
    }
}

/// Earliest cycles as far as a bank group or a rank decides.
#[derive(Clone, Copy, Debug, Default)]
struct SharedTimes {
    activate: u64,
    read: u64,
    write: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct RankTimes {
    shared: SharedTimes,
    refresh: u64,
    /// Ends of the activate windows of the last four activates, the oldest at `window_start`.
    window: [u64; 4],
    window_start: usize,
}

/// The scoreboard of a channel.
#[derive(Clone, Debug)]
pub(super) struct Scoreboard {
    rules: Constraints,
    pub(super) banks: Vec<BankTimes>,
    groups: Vec<SharedTimes>,
    ranks: Vec<RankTimes>,
    banks_per_rank: usize,
}

impl Scoreboard {
    pub(super) fn new(rules: Constraints, ranks: u32, groups: u32, banks_per_group: u32) -> Self {
        let banks = (0..ranks * groups * banks_per_group).map(|bank| BankTimes {
            open_row: CLOSED,
            accesses: 0,
            rank: (bank / (groups * banks_per_group)) as u16,
            group: (bank / banks_per_group) as u16,
            activate: 0,
            read: 0,
            write: 0,
            precharge: 0,
            refresh: 0,
            last_column: 0,
            pulse_end: 0,
            closed_by_conflict: false,
        });
        Self {
            rules,
            banks: banks.collect(),
            groups: vec![SharedTimes::default(); (ranks * groups) as usize],
            ranks: vec![RankTimes::default(); ranks as usize],
            banks_per_rank: (groups * banks_per_group) as usize,
        }
    }

    #[inline]
    pub(super) fn rules(&self) -> &Constraints {
        &self.rules
    }

    #[inline]
    pub(super) fn activate_at(&self, bank: usize) -> u64 {
        let times = &self.banks[bank];
        let group = &self.groups[usize::from(times.group)];
        let rank = &self.ranks[usize::from(times.rank)].shared;
        times.activate.max(group.activate).max(rank.activate)
    }

    #[inline]
    pub(super) fn read_at(&self, bank: usize) -> u64 {
        let times = &self.banks[bank];
        let group = &self.groups[usize::from(times.group)];
        let rank = &self.ranks[usize::from(times.rank)].shared;
        times.read.max(group.read).max(rank.read)
    }

    #[inline]
    pub(super) fn write_at(&self, bank: usize) -> u64 {
        let times = &self.banks[bank];
        let group = &self.groups[usize::from(times.group)];
        let rank = &self.ranks[usize::from(times.rank)].shared;
        times.write.max(group.write).max(rank.write)
    }

    /// Of the banks that want each kind of command, those for which it is ready.
    #[inline]
    pub(super) fn ready(&self, wants: &Wants, now: u64) -> Wants {
        let mut ready = Wants::default();
        for bank in bits(wants.precharge) {
            ready.precharge |= u64::from(now >= self.banks[bank].precharge) << bank;
        }
        for (rank, times) in self.ranks.iter().enumerate() {
            let banks = self.mask_of(rank);
            if now >= times.shared.activate {
                for bank in bits(wants.activate & banks) {
                    ready.activate |= u64::from(now >= self.activate_at(bank)) << bank;
                }
            }
            if now >= times.shared.read {
                for bank in bits(wants.read & banks) {
                    ready.read |= u64::from(now >= self.read_at(bank)) << bank;
                }
            }
            if now >= times.shared.write {
                for bank in bits(wants.write & banks) {
                    ready.write |= u64::from(now >= self.write_at(bank)) << bank;
                }
            }
        }
        ready
    }

    /// The first cycle in which one of the wanted commands is ready.
    #[inline]
    pub(super) fn next_ready(&self, wants: &Wants) -> u64 {
        let mut next = u64::MAX;
        for (rank, times) in self.ranks.iter().enumerate() {
            // What the whole rank must wait for decides first: its banks can only be later.
            let banks = self.mask_of(rank);
            if times.shared.read < next {
                next = bits(wants.read & banks)
                    .map(|bank| self.read_at(bank))
                    .fold(next, u64::min);
            }
            if times.shared.write < next {
                next = bits(wants.write & banks)
                    .map(|bank| self.write_at(bank))
                    .fold(next, u64::min);
            }
            if times.shared.activate < next {
                next = bits(wants.activate & banks)
                    .map(|bank| self.activate_at(bank))
                    .fold(next, u64::min);
            }
        }
        bits(wants.precharge)
            .map(|bank| self.banks[bank].precharge)
            .fold(next, u64::min)
    }

    /// The banks of a rank, as a mask.
    #[inline]
    fn mask_of(&self, rank: usize) -> u64 {
        (u64::MAX >> (64 - self.banks_per_rank)) << (rank * self.banks_per_rank)
    }

    #[inline]
    pub(super) fn bank_refresh_at(&self, bank: usize) -> u64 {
        self.banks[bank].refresh
    }

    /// When a rank whose banks are all closed may be refreshed.
    pub(super) fn rank_refresh_at(&self, rank: usize) -> u64 {
        let banks = self.banks_of(rank).map(|bank| self.banks[bank].refresh);
        banks.fold(self.ranks[rank].refresh, u64::max)
    }

    /// The banks of a rank.
    #[inline]
    pub(super) fn banks_of(&self, rank: usize) -> std::ops::Range<usize> {
        rank * self.banks_per_rank..(rank + 1) * self.banks_per_rank
    }

    pub(super) fn activate(&mut self, bank: usize, row: u32, now: u64) {
        let rules = &self.rules;
        let times = &mut self.banks[bank];
        times.open_row = row;
        times.accesses = 0;
        times.activate = now + rules.activate_to_activate_same_bank;
        times.read = times.read.max(now + rules.activate_to_read);
        times.write = times.write.max(now + rules.activate_to_write);
        times.precharge = times.precharge.max(now + rules.activate_to_precharge);
        let group = &mut self.groups[usize::from(times.group)];
        group.activate = group.activate.max(now + rules.activate_to_activate_same_group);
        let rank = &mut self.ranks[usize::from(times.rank)];
        rank.window[rank.window_start] = now + rules.four_activate_window;
        rank.window_start = (rank.window_start + 1) % 4;
        let fourth = rank.window[rank.window_start];
        rank.shared.activate = rank
            .shared
            .activate
            .max(now + rules.activate_to_activate_same_rank)
            .max(fourth);
    }

    pub(super) fn precharge(&mut self, bank: usize, now: u64, by_conflict: bool) {
        let times = &mut self.banks[bank];
        times.open_row = CLOSED;
        times.accesses = 0;
        times.closed_by_conflict = by_conflict;
        times.activate = times.activate.max(now + self.rules.precharge_to_activate);
        times.refresh = times.refresh.max(now + self.rules.precharge_to_activate);
    }

    #[inline]
    pub(super) fn read(&mut self, bank: usize, now: u64) {
        let rules = &self.rules;
        let times = &mut self.banks[bank];
        times.accesses += 1;
        times.last_column = now;
        times.precharge = times.precharge.max(now + rules.read_to_precharge);
        if now < times.pulse_end {
            // The read interrupts a write pulse, which ends later by as long as the read holds the array.
            times.pulse_end += rules.read_to_read_same_rank;
            times.precharge = times.precharge.max(times.pulse_end);
            times.write = times.write.max(times.pulse_end);
        }
        let group = &mut self.groups[usize::from(times.group)];
        group.read = group.read.max(now + rules.read_to_read_same_group);
        let own = usize::from(times.rank);
        let shared = &mut self.ranks[own].shared;
        shared.read = shared.read.max(now + rules.read_to_read_same_rank);
        shared.write = shared.write.max(now + rules.read_to_write_same_rank);
        if self.ranks.len() > 1 {
            let (read, write) = (rules.read_to_read_other_rank, rules.read_to_write_other_rank);
            self.delay_other_ranks(own, now + read, now + write);
        }
    }

    #[inline]
    pub(super) fn write(&mut self, bank: usize, now: u64) {
        let rules = &self.rules;
        let times = &mut self.banks[bank];
        times.accesses += 1;
        times.last_column = now;
        times.precharge = times.precharge.max(now + rules.write_to_precharge);
        if rules.write_pulse > 0 {
            times.pulse_end = now + rules.write_delay + rules.write_pulse;
            times.read = times.read.max(now + rules.write_to_read_same_bank);
            times.write = times.write.max(now + rules.write_to_write_same_bank);
        }
        let group = &mut self.groups[usize::from(times.group)];
        group.read = group.read.max(now + rules.write_to_read_same_group);
        group.write = group.write.max(now + rules.write_to_write_same_group);
        let own = usize::from(times.rank);
        let shared = &mut self.ranks[own].shared;
        shared.read = shared.read.max(now + rules.write_to_read_same_rank);
        shared.write = shared.write.max(now + rules.write_to_write_same_rank);
        if self.ranks.len() > 1 {
            let (read, write) = (rules.write_to_read_other_rank, rules.write_to_write_other_rank);
            self.delay_other_ranks(own, now + read, now + write);
        }
    }

    fn delay_other_ranks(&mut self, own: usize, read: u64, write: u64) {
        for (rank, times) in self.ranks.iter_mut().enumerate() {
            if rank != own {
                times.shared.read = times.shared.read.max(read);
                times.shared.write = times.shared.write.max(write);
            }
        }
    }

    pub(super) fn refresh_rank(&mut self, rank: usize, now: u64) {
        let done = now + self.rules.refresh_cycle;
        let times = &mut self.ranks[rank];
        times.shared.activate = times.shared.activate.max(done);
        times.refresh = times.refresh.max(done);
    }

    pub(super) fn refresh_bank(&mut self, bank: usize, now: u64) {
        let done = now + self.rules.bank_refresh_cycle;
        let times = &mut self.banks[bank];
        times.activate = times.activate.max(done);
        times.refresh = times.refresh.max(done);
    }
}
