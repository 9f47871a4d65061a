//! One bank: its open row, its rules, its data, its wear.

use sim_core::{Clock, Context, Cycles, Message, Span};

use super::description::{Cells, MemoryDescription, Timing};
use super::violation::{Place, Violations};
use super::{DramOperation, MemoryMessage, MemoryResponse, label};

/// A bank of one rank.
///
/// It takes the commands of its channel (row commands by way of its rank), answers reads when their burst is
/// over, and checks each command against the datasheet's rules within one bank. The check is made from the
/// timing table, apart from the channel's own bookkeeping, so a fault of either shows as a violation.
///
/// Rules between banks are the rank's (ACT to ACT, REF); those of the shared data bus are the channel's.
#[derive(Clone, Debug)]
pub struct Bank {
    clock: Clock,
    timing: Timing,
    burst: u64,
    pausing: bool,
    place: Place,
    open_row: Option<u32>,
    last: LastCommands,
    /// When the write pulse in progress ends, reads that interrupted it counted in.
    pulse_end: u64,
    reads: u64,
    writes: u64,
    violations: Violations,
}

/// Cycle of the last command of each kind, if there was one.
#[derive(Clone, Copy, Debug, Default)]
struct LastCommands {
    activate: Option<u64>,
    precharge: Option<u64>,
    read: Option<u64>,
    write: Option<u64>,
}

/// Whether `distance` cycles have passed since `last`.
#[inline]
fn passed(last: Option<u64>, distance: u64, now: u64) -> bool {
    last.is_none_or(|last| now >= last + distance)
}

impl Bank {
    pub(super) fn new(description: &MemoryDescription, clock: Clock, place: Place) -> Self {
        Self {
            clock,
            timing: description.timing,
            burst: description.organisation.burst_cycles(),
            pausing: matches!(
                description.cells,
                Cells::Rram {
                    write_pausing: true,
                    ..
                }
            ),
            place,
            open_row: None,
            last: LastCommands::default(),
            pulse_end: 0,
            reads: 0,
            writes: 0,
            violations: Violations::default(),
        }
    }

    /// Takes one command.
    #[inline]
    pub fn receive<M: Message + From<MemoryMessage>>(
        &mut self,
        message: MemoryMessage,
        context: &mut Context<'_, M>,
    ) {
        let MemoryMessage::Command(command) = message else {
            return;
        };
        let cycle = command.cycle;
        match command.operation {
            DramOperation::Activate { row } => {
                self.activate(cycle, row);
                let (actor, at) = (context.me(), self.clock.edge(Cycles(cycle)));
                context.trace(|sink| sink.instant(actor, at, label::row_opened(row)));
            }
            DramOperation::Precharge => self.precharge(cycle, context),
            DramOperation::Read { row, reply } => {
                self.read(cycle, row);
                let response = MemoryResponse {
                    tag: reply.tag,
                    requestor: reply.requestor,
                    access: super::Access::Read,
                };
                let done = cycle + self.timing.additive_latency.0 + self.timing.read_latency.0 + self.burst;
                context.send_at(
                    reply.to,
                    self.clock.edge(Cycles(done)),
                    MemoryMessage::Response(response).into(),
                );
            }
            DramOperation::Write { row } => self.write(cycle, row),
            DramOperation::RefreshBank { .. } => self.refresh(cycle),
            // The rank checks its refreshes itself.
            DramOperation::Refresh { .. } => {}
        }
    }

    fn activate(&mut self, cycle: u64, row: u32) {
        let row_cycle = self.timing.activate_to_precharge.0 + self.timing.precharge.0;
        self.check(self.open_row.is_none(), "ACT of an open bank", cycle);
        self.check(
            passed(self.last.precharge, self.timing.precharge.0, cycle),
            "tRP",
            cycle,
        );
        self.check(passed(self.last.activate, row_cycle, cycle), "tRC", cycle);
        self.open_row = Some(row);
        self.last.activate = Some(cycle);
    }

    fn precharge<M: Message>(&mut self, cycle: u64, context: &mut Context<'_, M>) {
        let t = &self.timing;
        let recovered = t.additive_latency.0 + t.write_latency.0 + self.burst + t.write_recovery.0;
        let (ras, rtp) = (
            t.activate_to_precharge.0,
            t.additive_latency.0 + t.read_to_precharge.0,
        );
        self.check(self.open_row.is_some(), "PRE of a closed bank", cycle);
        self.check(passed(self.last.activate, ras, cycle), "tRAS", cycle);
        self.check(passed(self.last.read, rtp, cycle), "tRTP", cycle);
        self.check(passed(self.last.write, recovered, cycle), "tWR", cycle);
        self.check(cycle >= self.pulse_end, "tWP", cycle);
        if let (Some(row), Some(opened)) = (self.open_row.take(), self.last.activate) {
            let (actor, clock) = (context.me(), self.clock);
            context.trace(|sink| {
                sink.span(Span {
                    actor,
                    start: clock.edge(Cycles(opened)),
                    end: clock.edge(Cycles(cycle)),
                    label: label::row_open(row),
                });
            });
        }
        self.last.precharge = Some(cycle);
    }

    #[inline]
    fn read(&mut self, cycle: u64, row: u32) {
        let t = &self.timing;
        let column = t.column_to_column.0.max(self.burst);
        let turn = t.additive_latency.0 + t.write_latency.0 + self.burst + t.write_to_read.0;
        let rcd = t.activate_to_read.0 - t.additive_latency.0;
        self.check(self.open_row == Some(row), "RD of a row that is not open", cycle);
        self.check(passed(self.last.activate, rcd, cycle), "tRCD", cycle);
        self.check(passed(self.last.read, column, cycle), "tCCD", cycle);
        self.check(passed(self.last.write, turn, cycle), "tWTR", cycle);
        if cycle < self.pulse_end {
            self.check(self.pausing, "RD during a write pulse", cycle);
            // The pulse goes on where it was left: it ends later by as long as the read holds the array.
            self.pulse_end += self.burst.max(self.timing.column_to_column.0);
        }
        self.last.read = Some(cycle);
        self.reads += 1;
    }

    #[inline]
    fn write(&mut self, cycle: u64, row: u32) {
        let t = &self.timing;
        let column = t.column_to_column.0.max(self.burst);
        let rcd = t.activate_to_write.0 - t.additive_latency.0;
        let data_end = cycle + t.additive_latency.0 + t.write_latency.0 + self.burst;
        let pulse = t.write_pulse.0;
        self.check(self.open_row == Some(row), "WR of a row that is not open", cycle);
        self.check(passed(self.last.activate, rcd, cycle), "tRCD", cycle);
        self.check(passed(self.last.write, column, cycle), "tCCD", cycle);
        self.check(data_end >= self.pulse_end || pulse == 0, "tWP", cycle);
        self.last.write = Some(cycle);
        self.pulse_end = if pulse == 0 { 0 } else { data_end + pulse };
        self.writes += 1;
    }

    fn refresh(&mut self, cycle: u64) {
        self.check(self.open_row.is_none(), "REFpb of an open bank", cycle);
        self.check(
            passed(self.last.precharge, self.timing.precharge.0, cycle),
            "tRP before REFpb",
            cycle,
        );
    }

    #[inline]
    fn check(&mut self, holds: bool, rule: &'static str, cycle: u64) {
        self.violations.check(holds, rule, cycle, &self.place);
    }

    /// Column reads so far.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.reads
    }

    /// Column writes so far: each wears the cells of one block.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.writes
    }

    /// What it found wrong.
    #[must_use]
    pub fn violations(&self) -> &Violations {
        &self.violations
    }
}
