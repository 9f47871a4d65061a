//! Putting commands on the bus, and what follows from them.

use sim_core::{ActorId, Context, Cycles, Span, Ticks};

use super::bits::bits;
use super::scheduler::{Candidate, Step};
use super::transaction::Transaction;
use super::{Access, CLOSED, Channel, MemoryMessage, NONE};
use crate::label::{BusCommand, CommandKind, MemoryEvent};
use crate::refresh_policy::RefreshTarget;
use crate::{Command, DramOperation, MemoryHost, Reply};

impl Channel {
    /// Issues the next command for a queued request. Returns whether it was a column command.
    #[inline]
    pub(super) fn issue_next<M: MemoryHost>(
        &mut self,
        now: u64,
        context: &mut Context<'_, M>,
    ) -> Option<bool> {
        let candidate = self.select(now)?;
        self.issue(candidate, now, context);
        Some(candidate.step.is_column())
    }

    #[inline]
    pub(super) fn issue<M: MemoryHost>(
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

    fn activate<M: MemoryHost>(&mut self, bank: usize, now: u64, context: &mut Context<'_, M>) {
        let row = self.queues[bank].get(0).row;
        self.board.activate(bank, row, now);
        self.queues[bank].row_changed(row);
        self.open_banks |= 1 << bank;
        self.update_wants(bank);
        self.to_rank(bank, now, DramOperation::Activate { row }, context);
        self.trace_command((CommandKind::Activate, row, 0), bank, now, context);
    }

    fn precharge<M: MemoryHost>(
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
        self.trace_command((CommandKind::Precharge, 0, 0), bank, now, context);
    }

    #[inline]
    fn access_column<M: MemoryHost>(
        &mut self,
        bank: usize,
        place: usize,
        now: u64,
        context: &mut Context<'_, M>,
    ) {
        let entry = self.queues[bank].remove_hit(place);
        self.leave_bank(bank);
        let transaction = self.transactions.remove(entry.slot);
        let is_hit = self.count_row(bank);
        match entry.access {
            Access::Read => {
                self.statistics.read_row_hits += u64::from(is_hit);
                self.read_column(bank, entry.row, &transaction, now, context);
            }
            Access::Write => {
                self.statistics.write_row_hits += u64::from(is_hit);
                self.write_column(bank, entry.row, &transaction, now, context);
            }
        }
    }

    /// Counts what an access to the open row of a bank found; whether the row had been accessed before.
    #[inline]
    fn count_row(&mut self, bank: usize) -> bool {
        let row = &self.board.banks[bank];
        let is_hit = row.accesses != 0;
        if !is_hit {
            if row.closed_by_conflict {
                self.statistics.row_conflicts += 1;
            } else {
                self.statistics.row_misses += 1;
            }
        }
        is_hit
    }

    #[inline]
    fn read_column<M: MemoryHost>(
        &mut self,
        bank: usize,
        row: u32,
        transaction: &Transaction,
        now: u64,
        context: &mut Context<'_, M>,
    ) {
        self.statistics.read_commands += 1;
        self.queued_reads -= 1;
        self.pending_reads.remove(transaction.block);
        self.board.read(bank, now);
        self.update_wants(bank);
        let rules = self.board.rules();
        let (data, done) = (now + rules.read_to_data, now + rules.read_delay);
        self.record_read(transaction, done);
        self.answer_merged(transaction.merged, done, context);
        let reply = Reply {
            to: transaction.reply_to,
            tag: transaction.tag,
            requestor: transaction.requestor,
        };
        self.to_bank(bank, now, DramOperation::Read { row, reply }, context);
        self.trace_burst(Access::Read, (data, done), bank, row, context);
        self.trace_command((CommandKind::Read, row, transaction.column), bank, now, context);
    }

    #[inline]
    fn write_column<M: MemoryHost>(
        &mut self,
        bank: usize,
        row: u32,
        transaction: &Transaction,
        now: u64,
        context: &mut Context<'_, M>,
    ) {
        self.statistics.write_commands += 1;
        self.pending_writes.remove(transaction.block);
        self.board.write(bank, now);
        self.update_wants(bank);
        let rules = self.board.rules();
        let (data, done) = (now + rules.write_to_data, now + rules.write_delay);
        let latency = self.clock.span(Cycles(done - transaction.added));
        let statistics = self.statistics.of(transaction.requestor);
        statistics.write_latency.record(latency);
        self.to_bank(bank, now, DramOperation::Write { row }, context);
        self.trace_burst(Access::Write, (data, done), bank, row, context);
        self.trace_command((CommandKind::Write, row, transaction.column), bank, now, context);
    }

    /// Answers the reads that a column access serves besides its own.
    fn answer_merged<M: MemoryHost>(&mut self, mut merged: u32, done: u64, context: &mut Context<'_, M>) {
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

    /// Advances the current refresh: closes a row, or refreshes. Returns `Some(false)` if it issued a command, which
    /// is never a column command.
    #[inline]
    pub(super) fn issue_refresh<M: MemoryHost>(
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

    /// When the current refresh can next be advanced.
    pub(super) fn refresh_ready_at(&self) -> u64 {
        let open = self.open_banks & self.refresh.stopped_banks();
        if open != 0 {
            let closing = bits(open).map(|bank| self.board.banks[bank].precharge);
            return closing.min().unwrap_or(0);
        }
        match self.refresh.current() {
            None => u64::MAX,
            Some(RefreshTarget::Rank(rank)) => self.board.rank_refresh_at(rank),
            Some(RefreshTarget::Bank(bank)) => self.board.bank_refresh_at(bank),
        }
    }

    fn refresh_target<M: MemoryHost>(
        &mut self,
        target: RefreshTarget,
        now: u64,
        times: u32,
        context: &mut Context<'_, M>,
    ) {
        match target {
            RefreshTarget::Rank(rank) => {
                self.board.refresh_rank(rank, now);
                let bank = self.board.banks_of(rank).start;
                self.to_rank(bank, now, DramOperation::Refresh { times }, context);
                self.trace_command((CommandKind::Refresh, times, 0), bank, now, context);
            }
            RefreshTarget::Bank(bank) => {
                self.board.refresh_bank(bank, now);
                self.to_rank(bank, now, DramOperation::RefreshBank { times }, context);
                self.trace_command((CommandKind::RefreshBank, times, 0), bank, now, context);
            }
        }
    }

    /// Accounts at once for the refreshes of a long idle time with all rows closed: each is issued in the
    /// very cycle in which it falls due.
    pub(super) fn skip_idle_refreshes<M: MemoryHost>(&mut self, through: u64, context: &mut Context<'_, M>) {
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
    fn to_bank<M: MemoryHost>(
        &self,
        bank: usize,
        cycle: u64,
        operation: DramOperation,
        context: &mut Context<'_, M>,
    ) {
        self.send_command(self.bank_actors[bank], bank, cycle, operation, context);
    }

    #[inline]
    fn to_rank<M: MemoryHost>(
        &self,
        bank: usize,
        cycle: u64,
        operation: DramOperation,
        context: &mut Context<'_, M>,
    ) {
        let rank = self.ranks[bank / self.banks_per_rank as usize];
        self.send_command(rank, bank, cycle, operation, context);
    }

    #[inline]
    fn send_command<M: MemoryHost>(
        &self,
        to: ActorId,
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
        context.send(to, Ticks::ZERO, MemoryMessage::Command(command).into());
    }

    /// Records a command, with its row (or how many refreshes it stands for) and column.
    #[inline]
    fn trace_command<M: MemoryHost>(
        &self,
        (kind, row, column): (CommandKind, u32, u32),
        bank: usize,
        cycle: u64,
        context: &mut Context<'_, M>,
    ) {
        let (actor, at) = (context.me(), self.clock.edge(Cycles(cycle)));
        context.trace(|sink| {
            let command = BusCommand {
                kind,
                bank: bank as u32,
                row,
                column,
            };
            sink.instant(actor, at, MemoryEvent::Command(command).label());
        });
    }

    /// Records the data of an access on the bus, from one cycle to another.
    #[inline]
    fn trace_burst<M: MemoryHost>(
        &self,
        access: Access,
        (start, end): (u64, u64),
        bank: usize,
        row: u32,
        context: &mut Context<'_, M>,
    ) {
        let (actor, clock) = (context.me(), self.clock);
        context.trace(|sink| {
            let burst = MemoryEvent::Burst {
                access,
                bank: bank as u32,
                row,
            };
            sink.span(Span {
                actor,
                start: clock.edge(Cycles(start)),
                end: clock.edge(Cycles(end)),
                label: burst.label(),
            });
        });
    }
}
