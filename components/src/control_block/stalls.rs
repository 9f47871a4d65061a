//! Why MAC lanes had no run: idle lane time by cause.

use sim_core::{Context, Tick, Ticks};

use super::ControlBlock;
use super::units::Unit;
use crate::message::Message;
use crate::stall_cause::StallCause;
use crate::work::UnitClass;

/// Idle time summed over all lanes, by cause, in lane-ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StallAccount {
    idle: [u128; 6],
    until: Tick,
}

impl StallAccount {
    /// Lane-ticks idle for `cause`.
    #[must_use]
    pub fn lane_ticks(&self, cause: StallCause) -> u128 {
        self.idle[cause as usize]
    }

    /// Lane-ticks idle for any cause.
    #[must_use]
    pub fn total(&self) -> u128 {
        self.idle.iter().sum()
    }
}

impl ControlBlock {
    /// Opens the account: lanes are idle from now on.
    pub(super) fn start_account(&mut self, now: Tick) {
        self.stalls.until = now;
    }

    /// Charges the time since the last event to the cause in force since then. Call it before the state changes.
    pub(super) fn account(&mut self, now: Tick) {
        if self.finished_at.is_some() {
            return;
        }
        let elapsed = now.since(self.stalls.until).0;
        self.stalls.until = now;
        let idle = self.units.count(UnitClass::Lane);
        if elapsed > 0 && idle > 0 {
            let cause = self.current_cause();
            self.stalls.idle[cause as usize] += u128::from(elapsed) * u128::from(idle);
        }
    }

    /// Takes back what was charged while a free lane still worked on its last tile: from the cause in force when it
    /// became free and, as far as the cause has changed since, from others.
    pub(super) fn discharge(&mut self, class: UnitClass, unit: &Unit, now: Tick) {
        if class != UnitClass::Lane {
            return;
        }
        let mut overlap = u128::from(unit.busy_until.min(now).since(unit.freed_at).0);
        for cause in std::iter::once(unit.cause).chain(StallCause::ALL) {
            let charged = &mut self.stalls.idle[cause as usize];
            let taken_back = overlap.min(*charged);
            *charged -= taken_back;
            overlap -= taken_back;
        }
    }

    /// Closes the account with the last operation, and tells the sources of background traffic that the transformer is
    /// finished.
    pub(super) fn finish(&mut self, context: &mut Context<'_, Message>) {
        if self.finished_at.is_some() {
            return;
        }
        let now = context.now();
        let idle: Vec<Unit> = self.units.iter(UnitClass::Lane).copied().collect();
        idle.iter()
            .for_each(|unit| self.discharge(UnitClass::Lane, unit, now));
        self.finished_at = Some(now);
        self.trace_finish(context);
        for &source in &*self.background {
            context.send(source, Ticks::ZERO, Message::TransformerFinished);
        }
    }

    pub(super) fn current_cause(&self) -> StallCause {
        match self.window.unfinished(self.leader) {
            Some(leader) => leader
                .blocked
                .unwrap_or_else(|| StallCause::work_of(leader.class())),
            None => self.drain_cause(),
        }
    }

    /// What there is to wait for when nothing is left to issue: runs in flight, or else main memory.
    fn drain_cause(&self) -> StallCause {
        match self.runs_issued == self.runs_retired && !self.pending.is_empty() {
            true => StallCause::Memory,
            false => StallCause::Drain,
        }
    }
}
