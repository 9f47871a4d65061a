//! Taking requests in: merging, forwarding, answers to writes, and credits.

use sim_core::{Context, Cycles, Message, Ticks};

use super::transaction::{NONE, Transaction, TransactionQueue};
use super::{Access, Channel, MemoryMessage};
use crate::{Credit, MemoryRequest, MemoryResponse, label};

impl Channel {
    #[inline]
    pub(super) fn on_request<M: Message + From<MemoryMessage>>(
        &mut self,
        request: &MemoryRequest,
        added: u64,
        context: &mut Context<'_, M>,
    ) {
        let transaction = self.transaction(request, added);
        let counts = self.statistics.of(request.requestor);
        match request.access {
            Access::Read => counts.reads += 1,
            Access::Write => counts.writes += 1,
        }
        let queued_before = self.ingress.holds(usize::from(request.requestor.0));
        if queued_before || !self.has_room(request.access) {
            self.ingress.push(transaction);
        } else {
            self.ingress.passed_by(usize::from(request.requestor.0));
            self.take_in(transaction, added, context);
        }
        self.next_event = self.next_event.min(added);
        self.must_wake = true;
    }

    fn transaction(&self, request: &MemoryRequest, added: u64) -> Transaction {
        let location = self.map.locate(request.address);
        let bank =
            location.bank + self.banks_per_group * (location.bank_group + self.bank_groups * location.rank);
        Transaction {
            block: request.address >> self.request_shift,
            added,
            row: location.row,
            column: location.column,
            bank: bank as u8,
            access: request.access,
            requestor: request.requestor,
            class: self.precedence.class(request.requestor),
            tag: request.tag,
            reply_to: request.reply_to,
            merged: NONE,
        }
    }

    #[inline]
    fn has_room(&self, access: Access) -> bool {
        !self.queue_of(access).is_full()
    }

    #[inline]
    fn queue_of(&self, access: Access) -> &TransactionQueue {
        if self.unified || access == Access::Read {
            &self.reads
        } else {
            &self.writes
        }
    }

    pub(super) fn next_from_ingress(&mut self) -> Option<Transaction> {
        if self.ingress.is_empty() {
            return None;
        }
        let (reads, writes) = (self.has_room(Access::Read), self.has_room(Access::Write));
        self.ingress.pop(|access| match access {
            Access::Read => reads,
            Access::Write => writes,
        })
    }

    /// Takes a request into its queue, unless another request serves it as well.
    #[inline]
    pub(super) fn take_in<M: Message + From<MemoryMessage>>(
        &mut self,
        transaction: Transaction,
        now: u64,
        context: &mut Context<'_, M>,
    ) {
        match transaction.access {
            Access::Write => self.take_in_write(transaction, now, context),
            Access::Read => self.take_in_read(transaction, now, context),
        }
        self.trace_queue(transaction.access, context);
    }

    /// Records the length of the transaction queue that takes `access`.
    #[inline]
    pub(super) fn trace_queue<M: Message>(&self, access: Access, context: &mut Context<'_, M>) {
        let (actor, at) = (context.me(), context.now());
        context.trace(|sink| {
            let counter = if self.unified || access == Access::Read {
                label::QUEUED_READS
            } else {
                label::QUEUED_WRITES
            };
            sink.counter(actor, at, counter, self.queue_of(access).len() as u64);
        });
    }

    #[inline]
    fn take_in_write<M: Message + From<MemoryMessage>>(
        &mut self,
        transaction: Transaction,
        now: u64,
        context: &mut Context<'_, M>,
    ) {
        self.answer(&transaction, now + 1, context);
        if self.write_merging && self.pending_writes.contains(transaction.block) {
            self.statistics.merged_writes += 1;
            self.give_credit(&transaction, context);
            return;
        }
        let slot = self.transactions.insert(transaction);
        self.pending_writes.add(transaction.block, slot);
        let queue = if self.unified {
            &mut self.reads
        } else {
            &mut self.writes
        };
        queue.push(slot, &transaction);
    }

    #[inline]
    fn take_in_read<M: Message + From<MemoryMessage>>(
        &mut self,
        transaction: Transaction,
        now: u64,
        context: &mut Context<'_, M>,
    ) {
        if self.read_forwarding && self.pending_writes.contains(transaction.block) {
            self.statistics.forwarded_reads += 1;
            self.record_read(&transaction, now + 1);
            self.answer(&transaction, now + 1, context);
            self.give_credit(&transaction, context);
            return;
        }
        if self.read_merging
            && let Some(first) = self.pending_reads.head(transaction.block)
        {
            self.statistics.merged_reads += 1;
            self.transactions.merge(first, transaction);
            self.give_credit(&transaction, context);
            return;
        }
        let slot = self.transactions.insert(transaction);
        self.pending_reads.add(transaction.block, slot);
        self.reads.push(slot, &transaction);
    }

    #[inline]
    pub(super) fn record_read(&mut self, transaction: &Transaction, done: u64) {
        let latency = self.clock.span(Cycles(done - transaction.added));
        self.statistics
            .of(transaction.requestor)
            .read_latency
            .record(latency);
    }

    #[inline]
    pub(super) fn answer<M: Message + From<MemoryMessage>>(
        &self,
        transaction: &Transaction,
        done: u64,
        context: &mut Context<'_, M>,
    ) {
        let response = MemoryResponse {
            tag: transaction.tag,
            requestor: transaction.requestor,
            access: transaction.access,
        };
        let at = self.clock.edge(Cycles(done));
        context.send_at(transaction.reply_to, at, MemoryMessage::Response(response).into());
    }

    #[inline]
    pub(super) fn give_credit<M: Message + From<MemoryMessage>>(
        &self,
        transaction: &Transaction,
        context: &mut Context<'_, M>,
    ) {
        let credit = Credit {
            channel: self.index,
            requestor: transaction.requestor,
            access: transaction.access,
        };
        context.send(
            transaction.reply_to,
            Ticks::ZERO,
            MemoryMessage::Credit(credit).into(),
        );
    }
}
