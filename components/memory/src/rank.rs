//! One rank: refresh, the activate window, and background power.

use sim_core::{ActorId, Clock, Context, Cycles, Span};

use super::command_counts::CommandCounts;
use super::description::{MemoryDescription, Timing};
use super::label::MemoryEvent;
use super::violation::{Place, Violations};
use super::{Command, DramOperation, MemoryHost, MemoryMessage};

/// The devices that answer together on a channel.
///
/// Row commands pass through it to their bank. It checks the rules that hold between its banks (tRRD, tFAW,
/// refresh), and counts what takes energy: activates, refreshes and standby.
#[derive(Clone, Debug)]
pub struct Rank {
    clock: Clock,
    timing: Timing,
    grouped: bool,
    banks_per_group: u32,
    place: Place,
    banks: Vec<ActorId>,
    open_banks: u128,
    active_since: u64,
    active_cycles: u64,
    /// Cycles of the last four activates, the oldest at `window_start`.
    window: [Option<u64>; 4],
    window_start: usize,
    last_activate: Option<(u64, u8)>,
    last_activate_of_group: Vec<Option<u64>>,
    last_precharge: Option<u64>,
    last_refresh: Option<u64>,
    last_bank_refresh: Vec<Option<u64>>,
    counts: RankCounts,
    violations: Violations,
}

/// What a rank was told to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RankCounts {
    /// ACT commands.
    pub activates: u64,
    /// PRE commands.
    pub precharges: u64,
    /// REF commands.
    pub refreshes: u64,
    /// REFpb commands.
    pub bank_refreshes: u64,
}

impl Rank {
    pub(super) fn new(
        description: &MemoryDescription,
        clock: Clock,
        place: Place,
        banks: Vec<ActorId>,
    ) -> Self {
        let organisation = &description.organisation;
        Self {
            clock,
            timing: description.timing,
            grouped: organisation.bank_groups > 1,
            banks_per_group: organisation.banks_per_group,
            place,
            open_banks: 0,
            active_since: 0,
            active_cycles: 0,
            window: [None; 4],
            window_start: 0,
            last_activate: None,
            last_activate_of_group: vec![None; organisation.bank_groups as usize],
            last_precharge: None,
            last_refresh: None,
            last_bank_refresh: vec![None; banks.len()],
            banks,
            counts: RankCounts::default(),
            violations: Violations::default(),
        }
    }

    /// Takes one command and passes it on to its bank.
    #[inline]
    pub fn receive<M: MemoryHost>(&mut self, message: MemoryMessage, context: &mut Context<'_, M>) {
        let MemoryMessage::Command(command) = message else {
            return;
        };
        let forward = match command.operation {
            DramOperation::Activate { .. } => {
                self.activate(command.cycle, command.bank);
                true
            }
            DramOperation::Precharge => {
                self.precharge(command.cycle, command.bank);
                true
            }
            DramOperation::Refresh { times } => {
                self.refresh(command, times, context);
                false
            }
            DramOperation::RefreshBank { times } => {
                self.refresh_bank(command.cycle, command.bank, times);
                true
            }
            DramOperation::Read { .. } | DramOperation::Write { .. } => true,
        };
        if forward {
            let bank = self.banks[usize::from(command.bank)];
            context.send(bank, sim_core::Ticks::ZERO, message.into());
        }
    }

    fn activate(&mut self, cycle: u64, bank: u8) {
        let group = (u32::from(bank) / self.banks_per_group) as usize;
        let t = self.timing;
        let reaches = |last: Option<u64>, distance: u64| last.is_none_or(|last| cycle >= last + distance);
        let any = self.last_activate.map(|(cycle, _)| cycle);
        self.check(reaches(any, t.activate_to_activate.0), "tRRD", cycle);
        if self.grouped {
            let same = self.last_activate_of_group[group];
            self.check(
                reaches(same, t.activate_to_activate_same_group.0),
                "tRRD_L",
                cycle,
            );
        }
        if t.four_activate_window.0 > 0 {
            let fourth = self.window[self.window_start];
            self.check(reaches(fourth, t.four_activate_window.0), "tFAW", cycle);
        }
        self.check(reaches(self.last_refresh, t.refresh_cycle.0), "tRFC", cycle);
        let refreshed = self.last_bank_refresh[usize::from(bank)];
        self.check(reaches(refreshed, t.bank_refresh_cycle.0), "tRFCb", cycle);

        self.window[self.window_start] = Some(cycle);
        self.window_start = (self.window_start + 1) % 4;
        self.last_activate = Some((cycle, bank));
        self.last_activate_of_group[group] = Some(cycle);
        if self.open_banks == 0 {
            self.active_since = cycle;
        }
        self.open_banks |= 1 << bank;
        self.counts.activates += 1;
    }

    fn precharge(&mut self, cycle: u64, bank: u8) {
        let open = self.open_banks;
        self.open_banks &= !(1 << bank);
        if open != 0 && self.open_banks == 0 {
            self.active_cycles += cycle - self.active_since;
        }
        self.last_precharge = Some(cycle);
        self.counts.precharges += 1;
    }

    fn refresh<M: MemoryHost>(&mut self, command: Command, times: u32, context: &mut Context<'_, M>) {
        let (cycle, t) = (command.cycle, self.timing);
        self.check(self.open_banks == 0, "REF with an open bank", cycle);
        let closed = self
            .last_precharge
            .is_none_or(|last| cycle >= last + t.precharge.0);
        self.check(closed, "tRP before REF", cycle);
        let apart = self
            .last_refresh
            .is_none_or(|last| cycle >= last + t.refresh_cycle.0);
        self.check(apart, "tRFC between REFs", cycle);
        self.last_refresh = Some(cycle);
        self.counts.refreshes += u64::from(times);
        let (actor, clock) = (context.me(), self.clock);
        context.trace(|sink| {
            sink.span(Span {
                actor,
                start: clock.edge(Cycles(cycle)),
                end: clock.edge(Cycles(cycle + t.refresh_cycle.0)),
                label: MemoryEvent::Refresh { times }.label(),
            });
        });
    }

    fn refresh_bank(&mut self, cycle: u64, bank: u8, times: u32) {
        let last = self.last_bank_refresh[usize::from(bank)];
        let apart = last.is_none_or(|last| cycle >= last + self.timing.bank_refresh_cycle.0);
        self.check(apart, "tRFCb between REFpbs", cycle);
        self.last_bank_refresh[usize::from(bank)] = Some(cycle);
        self.counts.bank_refreshes += u64::from(times);
    }

    fn check(&mut self, holds: bool, rule: &'static str, cycle: u64) {
        self.violations.check(holds, rule, cycle, &self.place);
    }

    /// Commands so far.
    #[must_use]
    pub fn counts(&self) -> RankCounts {
        self.counts
    }

    /// What takes energy over the first `cycles` of the memory clock, column accesses left out.
    #[must_use]
    pub fn commands(&self, cycles: u64) -> CommandCounts {
        let open_now = if self.open_banks == 0 {
            0
        } else {
            cycles.saturating_sub(self.active_since)
        };
        let active = (self.active_cycles + open_now).min(cycles);
        CommandCounts {
            activates: self.counts.activates as f64,
            refreshes: self.counts.refreshes as f64,
            bank_refreshes: self.counts.bank_refreshes as f64,
            active_cycles: active as f64,
            idle_cycles: (cycles - active) as f64,
            ..CommandCounts::default()
        }
    }

    /// What it found wrong.
    #[must_use]
    pub fn violations(&self) -> &Violations {
        &self.violations
    }
}
