//! Main memory as transfers find it: rows that are open, and writes that were accepted and have not been performed.
//!
//! A pace alone holds for long streams. Blocks of tensors can be a few accesses: what they take depends on whether their
//! rows are open, and reads of what was just written are answered from the queue of writes.

use std::collections::VecDeque;
use std::ops::Range;

use components::memory::MemoryPlan;
use components::memory::description::WriteDrain;
use components::units::BLOCK;
use scenarios::system::{MainMemory, Plan};

use super::memory::Memory;

/// Accesses of a part of a transfer that are looked at one by one; longer parts are streams.
const WALKED: u64 = 64;

/// Cycles of the memory until a read is answered from the queue of writes.
const FORWARDED: f64 = 2.0;

/// How long a transfer occupies main memory, and how long after that it ends; in cycles of the accelerator.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Occupied {
    pub(super) time: f64,
    pub(super) delay: f64,
}

/// Data and masks: the number of the first access of 64 bytes, and how many.
pub(super) type Parts = [(u64, u64); 2];

/// The banks of all channels, and the queues of writes together.
#[derive(Debug)]
pub(super) struct Banks<'a> {
    memory: &'a Memory,
    rules: Option<Rules<'a>>,
    /// The open row of each bank, plus one; 0 if it has none.
    open: Vec<u32>,
    /// Writes that wait, oldest first, and how many accesses they are.
    pending: VecDeque<Range<u64>>,
    queued: f64,
    /// When each bank has performed its writes.
    ready: Vec<f64>,
    pub(super) debug: [f64; 8],
}

/// What the description says, in cycles of the accelerator.
#[derive(Clone, Copy, Debug)]
struct Rules<'a> {
    plan: &'a MemoryPlan,
    to_column: f64,
    to_other_row: f64,
    same_bank_writes: f64,
    forwards: bool,
    forwarded: f64,
    drain: WriteDrain,
    channels: f64,
    /// Banks of a channel and of a group, and groups of a rank.
    banks: u32,
    group: u32,
    groups: u32,
}

impl<'a> Banks<'a> {
    /// The main memory of `plan`, none of whose rows is open.
    pub(super) fn of(plan: &'a Plan, memory: &'a Memory) -> Self {
        let rules = match &plan.memory {
            // Others open and close rows between any two of the DMA's own accesses.
            MainMemory::Banked(banked) if !plan.has_contention() => Some(Rules::of(plan, banked)),
            _ => None,
        };
        let banks = rules.map_or(0, |rules| rules.banks as usize * rules.channels as usize);
        Self {
            memory,
            rules,
            open: vec![0; banks],
            pending: VecDeque::new(),
            queued: 0.0,
            ready: vec![0.0; banks],
            debug: [0.0; 8],
        }
    }

    /// A read that begins at `now`, main memory having been idle from `since` on.
    pub(super) fn read(&mut self, parts: &Parts, since: f64, now: f64) -> Occupied {
        let (pace, latency) = (self.memory.read, self.memory.latency);
        let Some(rules) = self.rules else {
            let blocks = (parts[0].1 + parts[1].1) as f64;
            self.rest(since, now);
            return Occupied {
                time: blocks * pace,
                delay: latency,
            };
        };
        let begins = self.rest(since, now);
        let hit = latency - rules.to_column;
        self.debug[3] += begins;
        self.debug[4] += now - since;
        self.debug[5] += 1.0;
        let (mut offset, mut done) = (begins, 0.0_f64);
        for &(first, blocks) in parts {
            let walked = blocks.min(WALKED);
            for block in first..first + walked {
                if rules.forwards && self.is_pending(block) {
                    self.debug[0] += 1.0;
                    done = done.max(offset + 2.0 + rules.forwarded);
                    continue;
                }
                let (bank, late) = self.open_row(&rules, block);
                let late = late.max(self.ready[bank] - now - offset);
                self.debug[if late == 0.0 { 1 } else { 2 }] += 1.0;
                offset += pace;
                done = done.max(offset + hit + late);
            }
            if blocks > walked {
                offset += (blocks - walked) as f64 * pace;
                done = done.max(offset + hit);
                (first + blocks - walked..first + blocks).for_each(|block| {
                    self.open_row(&rules, block);
                });
            }
        }
        Occupied {
            time: offset,
            delay: (done - offset).max(0.0),
        }
    }

    /// As [`Self::read`], of a write, which ends once main memory has accepted it: how long that takes.
    pub(super) fn write(&mut self, parts: &Parts, since: f64, now: f64) -> f64 {
        self.rest(since, now);
        for &(first, blocks) in parts {
            if blocks > 0 {
                self.pending.push_back(first..first + blocks);
                self.queued += blocks as f64;
            }
        }
        let capacity = self.memory.posted_writes;
        if self.queued <= capacity {
            return 0.0;
        }
        let kept = match self.rules.map(|rules| rules.drain) {
            Some(WriteDrain::FullOrIdle { .. }) if capacity > 0.0 => self.queued % capacity,
            Some(WriteDrain::Watermarks { high, .. }) => {
                capacity.min(f64::from(high) * self.rules.map_or(1.0, |rules| rules.channels))
            }
            _ => capacity,
        };
        self.drain(self.queued - kept, now)
    }

    /// Main memory was idle from `since` to `now`. How much longer reads have to wait for writes that it has begun.
    fn rest(&mut self, since: f64, now: f64) -> f64 {
        let idle = now - since;
        if self.queued <= 0.0 || idle <= 0.0 {
            return 0.0;
        }
        match self.rules.map(|rules| (rules.drain, rules.channels)) {
            Some((WriteDrain::FullOrIdle { threshold }, channels)) => {
                if self.queued <= f64::from(threshold) * channels {
                    return 0.0;
                }
                (self.drain(self.queued, since) - idle).max(0.0)
            }
            _ => {
                let possible = idle / self.memory.write.max(1e-9);
                self.drain(self.queued.min(possible), since);
                0.0
            }
        }
    }

    /// Performs the oldest `blocks` of the writes that wait, from `start` on; how long main memory is occupied with it.
    fn drain(&mut self, blocks: f64, start: f64) -> f64 {
        let pace = self.memory.write;
        let (mut left, mut at) = (blocks, start);
        while left >= 1.0
            && let Some(first) = self.pending.front_mut()
        {
            let taken = ((first.end - first.start) as f64).min(left.floor());
            left -= taken;
            let done = first.start..first.start + taken as u64;
            first.start = done.end;
            if first.is_empty() {
                self.pending.pop_front();
            }
            let Some(rules) = self.rules else { continue };
            let from = done.end.saturating_sub(WALKED).max(done.start);
            at += (from - done.start) as f64 * pace;
            for block in from..done.end {
                let (bank, _) = self.open_row(&rules, block);
                at += pace;
                self.ready[bank] = self.ready[bank].max(at) + rules.same_bank_writes - pace;
            }
        }
        self.queued = (self.queued - blocks).max(0.0);
        blocks * pace
    }

    fn is_pending(&self, block: u64) -> bool {
        self.pending.iter().any(|range| range.contains(&block))
    }

    /// Opens the row of an access: its bank, and how much later that makes it than one to an open row.
    fn open_row(&mut self, rules: &Rules<'_>, block: u64) -> (usize, f64) {
        let (bank, row) = rules.place(block);
        let late = match std::mem::replace(&mut self.open[bank], row + 1) {
            open if open == row + 1 => 0.0,
            0 => rules.to_column,
            _ => rules.to_other_row,
        };
        (bank, late)
    }
}

impl<'a> Rules<'a> {
    fn of(plan: &Plan, memory: &'a MemoryPlan) -> Self {
        let ratio = plan.memory_clock.period().0 as f64 / plan.machine.clock.period().0 as f64;
        let description = memory.description();
        let (organisation, rules) = (&description.organisation, memory.constraints());
        let banks = organisation.banks_per_rank();
        Self {
            plan: memory,
            to_column: rules.activate_to_read as f64 * ratio,
            to_other_row: (rules.precharge_to_activate + rules.activate_to_read) as f64 * ratio,
            same_bank_writes: rules.write_to_write_same_bank as f64 * ratio,
            forwards: description.controller.read_forwarding,
            forwarded: FORWARDED * ratio,
            drain: description.controller.write_drain,
            channels: f64::from(organisation.channels),
            banks: banks * organisation.ranks,
            group: organisation.banks_per_group,
            groups: banks / organisation.banks_per_group,
        }
    }

    /// The number of an access's bank among all, and its row.
    fn place(&self, block: u64) -> (usize, u32) {
        let place = self.plan.address_map().locate(block * BLOCK.0);
        let of_channel = place.bank + self.group * (place.bank_group + self.groups * place.rank);
        ((place.channel * self.banks + of_channel) as usize, place.row)
    }
}
