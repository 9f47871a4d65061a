//! Putting commands on the bus, and what follows from them.

use sim_core::{Context, Cycles, Message, Span, Ticks};

use super::refresh::Target;
use super::scheduler::{Candidate, Step, bits};
use super::{Access, CLOSED, Channel, MemoryMessage, NONE};
use crate::label::{self, CommandKind};
use crate::{Command, DramOperation, Reply};

impl Channel {
    /// Issues the next command for a queued request. Tells whether it was a column command.
    #[inline]
    pub(super) fn issue_next<M: Message + From<MemoryMessage>>(
        &mut self,
        now: u64,
        context: &mut Context<'_, M>,
    ) -> Option<bool> {
        let candidate = self.select(now)?;
        self.issue(candidate, now, context);
        Some(candidate.step.is_column())
    }

    #[inline]
    pub(super) fn issue<M: Message + From<MemoryMessage>>(
        &mut self,
        candidate: Candidate,
        now: u64,
        context: &mut Context<'_, M>,
    ) {
        let bank = candidate.bank;
        match candidate.step {
            Step::Activate => self.activate(bank, now, context),
            Step::Precharge { demanded } => self.precharge(bank, now, demanded, context),
            Step::Column { place } => self.access_column(bank, place, now, context),
        }
    }

    fn activate<M: Message + From<MemoryMessage>>(
        &mut self,
        bank: usize,
        now: u64,
        context: &mut Context<'_, M>,
    ) {
        let row = self.queues[bank].get(0).row;
        self.board.activate(bank, row, now);
        self.queues[bank].row_changed(row);
        self.open_banks |= 1 << bank;
        self.update_wants(bank);
        self.to_rank(bank, now, DramOperation::Activate { row }, context);
        self.trace_command(CommandKind::Activate, bank, row, 0, now, context);
    }

    fn precharge<M: Message + From<MemoryMessage>>(
        &mut self,
        bank: usize,
        now: u64,
        demanded: bool,
        context: &mut Context<'_, M>,
    ) {
        self.board.precharge(bank, now, demanded);
        self.queues[bank].row_changed(CLOSED);
        self.open_banks &= !(1 << bank);
        self.update_wants(bank);
        self.to_rank(bank, now, DramOperation::Precharge, context);
        self.trace_command(CommandKind::Precharge, bank, 0, 0, now, context);
    }

    #[inline]
    fn access_column<M: Message + From<MemoryMessage>>(
        &mut self,
        bank: usize,
        place: usize,
        now: u64,
        context: &mut Context<'_, M>,
    ) {
        let entry = self.queues[bank].remove_hit(place);
        self.leave_bank(bank);
        let transaction = self.transactions.remove(entry.slot);
        let is_hit = self.board.banks[bank].accesses != 0;
        if !is_hit {
            if self.board.banks[bank].closed_by_conflict {
                self.statistics.row_conflicts += 1;
            } else {
                self.statistics.row_misses += 1;
            }
        }
        let rules = *self.board.rules();
        match entry.access {
            Access::Read => {
                self.statistics.read_commands += 1;
                self.statistics.read_row_hits += u64::from(is_hit);
                self.queued_reads -= 1;
                self.pending_reads.remove(transaction.block);
                self.board.read(bank, now);
                self.update_wants(bank);
                let done = now + rules.read_delay;
                self.record_read(&transaction, done);
                self.answer_merged(transaction.merged, done, context);
                let reply = Reply {
                    to: transaction.reply_to,
                    tag: transaction.tag,
                    requestor: transaction.requestor,
                };
                self.to_bank(
                    bank,
                    now,
                    DramOperation::Read {
                        row: entry.row,
                        reply,
                    },
                    context,
                );
                let bus = (label::READ_DATA, now + rules.read_to_data, done);
                self.trace_burst(bus, bank, entry.row, context);
                self.trace_command(
                    CommandKind::Read,
                    bank,
                    entry.row,
                    transaction.column,
                    now,
                    context,
                );
            }
            Access::Write => {
                self.statistics.write_commands += 1;
                self.statistics.write_row_hits += u64::from(is_hit);
                self.pending_writes.remove(transaction.block);
                self.board.write(bank, now);
                self.update_wants(bank);
                let done = now + rules.write_delay;
                let latency = self.clock.span(Cycles(done - transaction.added));
                self.statistics
                    .of(transaction.requestor)
                    .write_latency
                    .record(latency);
                self.to_bank(bank, now, DramOperation::Write { row: entry.row }, context);
                let bus = (label::WRITE_DATA, now + rules.write_to_data, done);
                self.trace_burst(bus, bank, entry.row, context);
                self.trace_command(
                    CommandKind::Write,
                    bank,
                    entry.row,
                    transaction.column,
                    now,
                    context,
                );
            }
        }
    }

    /// Answers the reads that a column access serves besides its own.
    fn answer_merged<M: Message + From<MemoryMessage>>(
        &mut self,
        mut merged: u32,
        done: u64,
        context: &mut Context<'_, M>,
    ) {
        while merged != NONE {
            let transaction = self.transactions.remove(merged);
            self.record_read(&transaction, done);
            self.answer(&transaction, done, context);
            merged = transaction.merged;
        }
    }

    #[inline]
    fn leave_bank(&mut self, bank: usize) {
        if self.queues[bank].is_empty() {
            self.busy_banks &= !(1 << bank);
        }
        match &mut self.shared_places {
            Some(left) => {
                *left += 1;
                self.room = u64::MAX >> (64 - self.queues.len());
            }
            None => self.room |= 1 << bank,
        }
    }

    /// Brings the current refresh forward: closes a row, or refreshes. Tells, if it issued a command, that it
    /// was no column command.
    #[inline]
    pub(super) fn issue_refresh<M: Message + From<MemoryMessage>>(
        &mut self,
        now: u64,
        context: &mut Context<'_, M>,
    ) -> Option<bool> {
        let target = self.refresh.current()?;
        let open = self.open_banks & self.refresh.stopped_banks();
        if let Some(bank) = bits(open).find(|&bank| now >= self.board.banks[bank].precharge) {
            self.precharge(bank, now, false, context);
            return Some(false);
        }
        if open != 0 || now < self.refresh_ready_at() {
            return None;
        }
        self.refresh.done();
        self.refresh_target(target, now, 1, context);
        Some(false)
    }

    /// When the current refresh can next be brought forward.
    pub(super) fn refresh_ready_at(&self) -> u64 {
        let open = self.open_banks & self.refresh.stopped_banks();
        if open != 0 {
            let closing = bits(open).map(|bank| self.board.banks[bank].precharge);
            return closing.min().unwrap_or(0);
        }
        match self.refresh.current() {
            None => u64::MAX,
            Some(Target::Rank(rank)) => self.board.rank_refresh_at(rank),
            Some(Target::Bank(bank)) => self.board.bank_refresh_at(bank),
        }
    }

    fn refresh_target<M: Message + From<MemoryMessage>>(
        &mut self,
        target: Target,
        now: u64,
        times: u32,
        context: &mut Context<'_, M>,
    ) {
        match target {
            Target::Rank(rank) => {
                self.board.refresh_rank(rank, now);
                let bank = self.board.banks_of(rank).start;
                self.to_rank(bank, now, DramOperation::Refresh { times }, context);
                self.trace_command(CommandKind::Refresh, bank, times, 0, now, context);
            }
            Target::Bank(bank) => {
                self.board.refresh_bank(bank, now);
                self.to_rank(bank, now, DramOperation::RefreshBank { times }, context);
                self.trace_command(CommandKind::RefreshBank, bank, times, 0, now, context);
            }
        }
    }

    /// Accounts at once for the refreshes of a long idle time with all rows closed: each is issued in the
    /// very cycle in which it falls due.
    pub(super) fn skip_idle_refreshes<M: Message + From<MemoryMessage>>(
        &mut self,
        through: u64,
        context: &mut Context<'_, M>,
    ) {
        let next = self.refresh.next_due();
        if (0..self.ranks.len()).any(|rank| self.board.rank_refresh_at(rank) > next) {
            // A row was closed, or a refresh done, so late that the next one has to wait.
            return;
        }
        let mut skipped = Vec::new();
        self.refresh.skip_rounds(through, |target, cycle, times| {
            skipped.push((target, cycle, times))
        });
        for (target, cycle, times) in skipped {
            self.refresh_target(target, cycle, times, context);
        }
        self.next_event = self.refresh.next_due();
    }

    #[inline]
    fn to_bank<M: Message + From<MemoryMessage>>(
        &self,
        bank: usize,
        cycle: u64,
        operation: DramOperation,
        context: &mut Context<'_, M>,
    ) {
        let command = Command {
            cycle,
            bank: (bank as u32 % self.banks_per_rank) as u8,
            operation,
        };
        context.send(
            self.bank_actors[bank],
            Ticks::ZERO,
            MemoryMessage::Command(command).into(),
        );
    }

    #[inline]
    fn to_rank<M: Message + From<MemoryMessage>>(
        &self,
        bank: usize,
        cycle: u64,
        operation: DramOperation,
        context: &mut Context<'_, M>,
    ) {
        let command = Command {
            cycle,
            bank: (bank as u32 % self.banks_per_rank) as u8,
            operation,
        };
        let rank = self.ranks[bank / self.banks_per_rank as usize];
        context.send(rank, Ticks::ZERO, MemoryMessage::Command(command).into());
    }

    #[inline]
    fn trace_command<M: Message>(
        &self,
        kind: CommandKind,
        bank: usize,
        row: u32,
        column: u32,
        cycle: u64,
        context: &mut Context<'_, M>,
    ) {
        let (actor, at) = (context.me(), self.clock.edge(Cycles(cycle)));
        context.trace(|sink| sink.instant(actor, at, label::command(kind, bank as u32, row, column)));
    }

    #[inline]
    fn trace_burst<M: Message>(
        &self,
        (kind, start, end): (u16, u64, u64),
        bank: usize,
        row: u32,
        context: &mut Context<'_, M>,
    ) {
        let (actor, clock) = (context.me(), self.clock);
        context.trace(|sink| {
            sink.span(Span {
                actor,
                start: clock.edge(Cycles(start)),
                end: clock.edge(Cycles(end)),
                label: sim_core::Label {
                    kind,
                    work: bank as u32,
                    part: u64::from(row),
                },
            });
        });
    }
}
