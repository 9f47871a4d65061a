//! Why MAC lanes had no run: idle lane time by cause.

use sim_core::{Context, Tick, Ticks};

use super::ControlBlock;
use crate::message::Message;
use crate::stall_cause::StallCause;

/// Idle time summed over all lanes, by cause, in lane-ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StallAccount {
    idle: [u128; StallCause::ALL.len()],
    until: Tick,
}

impl StallAccount {
    /// Lane-ticks idle for `cause`.
    #[must_use]
    pub fn lane_ticks(&self, cause: StallCause) -> u128 {
        self.idle[cause as usize]
    }

    /// Charges `waited` to the lanes whose operands waited for the bandwidth of a buffer.
    pub fn charge_bandwidth(&mut self, waited: Ticks) {
        self.idle[StallCause::BufferBandwidth as usize] += u128::from(waited.0);
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
    ///
    /// A lane reports itself free while it works on its last tile: it is idle from the end of that tile on.
    pub(super) fn account(&mut self, now: Tick) {
        if self.finished_at.is_some() {
            return;
        }
        let elapsed = now.since(self.stalls.until).0;
        if elapsed == 0 {
            return;
        }
        let free = u128::from(elapsed) * u128::from(self.units.free_lanes());
        let idle = free - self.units.worked_last(self.stalls.until, now).min(free);
        self.stalls.until = now;
        if idle > 0 {
            let cause = self.current_cause();
            self.stalls.idle[cause as usize] += idle;
        }
    }

    /// Closes the account with the last operation, and tells the sources of background traffic that the transformer is
    /// finished.
    pub(super) fn finish(&mut self, context: &mut Context<'_, Message>) {
        if self.finished_at.is_some() {
            return;
        }
        self.finished_at = Some(context.now());
        self.trace_finish(context);
        for &source in &*self.background {
            context.send(source, Ticks::ZERO, Message::TransformerFinished);
        }
    }

    /// What idle lanes wait for: what the oldest step with work to issue waits for.
    pub(super) fn current_cause(&self) -> StallCause {
        match self.window.unfinished(self.leader) {
            Some(leader) => leader
                .blocked
                .unwrap_or_else(|| StallCause::work_of(leader.class())),
            None => self.cause_of_the_rest(),
        }
    }

    /// What there is to wait for when nothing of the window is left to issue: its oldest step. That waits for main memory once
    /// its tiles have retired; until then for the units that work on them, after which the window moves on, if more steps come.
    fn cause_of_the_rest(&self) -> StallCause {
        let Some(oldest) = self.window.iter().next() else {
            return StallCause::Drain;
        };
        let is_last = self.plan_ended && self.next_step.is_none();
        match (oldest.class(), is_last) {
            (Some(_), _) if oldest.tiles_missing == 0 => StallCause::Memory,
            (Some(_), true) => StallCause::Drain,
            (class, _) => StallCause::work_of(class),
        }
    }
}
