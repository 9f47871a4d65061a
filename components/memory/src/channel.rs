//! One channel: queues, scheduler, refresh timer, and the buses to its ranks.

mod bank_queue;
mod bits;
mod drain;
mod ingress;
mod intake;
mod issue;
mod pending;
mod refresh;
mod scheduler;
mod scoreboard;
mod statistics;
mod transaction;

use sim_core::{ActorId, Clock, Context, Cycles};

use self::bank_queue::BankQueue;
use self::ingress::Ingress;
use self::pending::PendingBlocks;
use self::refresh::RefreshTimer;
use self::scoreboard::{CLOSED, Scoreboard, Wants};
use self::transaction::{NONE, TransactionQueue, Transactions};
use super::address_map::AddressMap;
use super::arbitration::Precedence;
use super::description::{CommandQueues, HitCap, PagePolicy, Scheduling, TransactionQueues, WriteDrain};
use super::plan::MemoryPlan;
use super::{Access, MemoryHost, MemoryMessage};

pub use statistics::{ChannelStatistics, RequestorStatistics};

/// The controller of one channel.
///
/// It works in cycles of the memory clock, and only in those in which something can happen. In one cycle, in
/// this order: refreshes fall due; one command issues (two with `dual_command`), a refresh before all else;
/// requests move from the transaction queues to their bank's queue; requests of this cycle are taken in.
/// While nothing is queued it sleeps, and catches up on refreshes when it is next used.
#[derive(Clone, Debug)]
pub struct Channel {
    clock: Clock,
    index: u16,
    map: AddressMap,
    request_shift: u32,
    banks_per_group: u32,
    bank_groups: u32,
    banks_per_rank: u32,
    ranks: Vec<ActorId>,
    bank_actors: Vec<ActorId>,

    scheduling: Scheduling,
    page_policy: PagePolicy,
    hit_cap: HitCap,
    write_drain: WriteDrain,
    unified: bool,
    moves_per_cycle: u32,
    read_forwarding: bool,
    read_merging: bool,
    write_merging: bool,
    dual_command: bool,
    precedence: Precedence,

    board: Scoreboard,
    refresh: RefreshTimer,
    transactions: Transactions,
    /// Reads, or all requests if the queue is unified.
    reads: TransactionQueue,
    writes: TransactionQueue,
    ingress: Ingress,
    queues: Vec<BankQueue>,
    bank_places: usize,
    /// Places left in a command queue shared by all banks.
    shared_places: Option<usize>,
    pending_reads: PendingBlocks,
    pending_writes: PendingBlocks,
    /// Writes still to move in the current drain.
    draining: usize,
    /// Reads that move before the next drain: as many as the last drain moved writes, or under `FullOrIdle` as the last few did
    /// each.
    reads_owed: usize,
    /// Drains since the last read moved, if reads waited at their ends (`FullOrIdle`).
    drains_in_a_row: u32,
    /// Reads in the banks' queues.
    queued_reads: usize,
    /// The bank of the last command.
    last_bank: usize,
    /// Banks with queued requests, with room for more, and with an open row.
    busy_banks: u64,
    room: u64,
    open_banks: u64,
    /// What each bank wants next.
    wants: Wants,

    /// The next cycle in which something happens by itself.
    next_event: u64,
    /// Whether that needs a wake-up, or can wait until the channel is next used.
    must_wake: bool,
    /// Cycles of the wake-ups in flight, the latest first.
    wakes: Vec<u64>,
    /// The last cycle of the run, once that is known.
    halted: Option<u64>,
    statistics: ChannelStatistics,
}

impl Channel {
    pub(super) fn new(
        plan: &MemoryPlan,
        clock: Clock,
        index: u16,
        ranks: Vec<ActorId>,
        bank_actors: Vec<ActorId>,
    ) -> Self {
        let description = plan.description();
        let organisation = &description.organisation;
        let controller = &description.controller;
        let banks = bank_actors.len();
        let all_banks = u64::MAX >> (64 - banks);
        let (unified, read_places, write_places) = match controller.transaction_queues {
            TransactionQueues::Split { reads, writes } => (false, reads, writes),
            TransactionQueues::Unified { depth } => (true, depth, 0),
        };
        let (bank_places, shared_places) = match controller.command_queues {
            CommandQueues::PerBank { depth } => (depth, None),
            CommandQueues::Unified { depth } => (depth, Some(depth as usize)),
        };
        let refresh = RefreshTimer::new(description);
        Self {
            clock,
            index,
            map: plan.address_map(),
            request_shift: organisation.request_bytes().trailing_zeros(),
            banks_per_group: organisation.banks_per_group,
            bank_groups: organisation.bank_groups,
            banks_per_rank: organisation.banks_per_rank(),
            ranks,
            bank_actors,
            scheduling: controller.scheduling.clone(),
            page_policy: controller.page_policy,
            hit_cap: controller.hit_cap,
            write_drain: controller.write_drain,
            unified,
            moves_per_cycle: controller.moves_per_cycle,
            read_forwarding: controller.read_forwarding,
            read_merging: controller.read_merging,
            write_merging: controller.write_merging,
            dual_command: controller.dual_command,
            precedence: plan.precedence().clone(),
            board: Scoreboard::new(
                plan.constraints(),
                organisation.ranks,
                organisation.bank_groups,
                organisation.banks_per_group,
            ),
            next_event: refresh.next_due(),
            refresh,
            transactions: Transactions::default(),
            reads: TransactionQueue::new(read_places, banks),
            writes: TransactionQueue::new(write_places, banks),
            ingress: Ingress::new(plan.precedence()),
            queues: vec![BankQueue::with_places(bank_places.min(64)); banks],
            bank_places: bank_places as usize,
            shared_places,
            pending_reads: PendingBlocks::new(),
            pending_writes: PendingBlocks::new(),
            draining: 0,
            reads_owed: 0,
            drains_in_a_row: 0,
            queued_reads: 0,
            last_bank: 0,
            busy_banks: 0,
            room: all_banks,
            open_banks: 0,
            wants: Wants::default(),
            must_wake: false,
            wakes: Vec::new(),
            halted: None,
            statistics: ChannelStatistics::default(),
        }
    }

    /// Takes one message.
    #[inline]
    pub fn receive<M: MemoryHost>(&mut self, message: MemoryMessage, context: &mut Context<'_, M>) {
        if self.halted.is_some() {
            return;
        }
        let now = self.clock.cycle_at(context.now()).0;
        match message {
            MemoryMessage::Wake { cycle } => {
                self.wakes.retain(|&wake| wake != cycle);
                self.catch_up(now, context);
            }
            MemoryMessage::Request(request) => {
                self.catch_up(now, context);
                self.on_request(&request, now + 1, context);
            }
            MemoryMessage::Halt => {
                self.catch_up(now, context);
                self.halted = Some(now);
                return;
            }
            MemoryMessage::Response(_) | MemoryMessage::Credit(_) | MemoryMessage::Command(_) => {}
        }
        self.wake_in_time(context);
    }

    fn wake_in_time<M: MemoryHost>(&mut self, context: &mut Context<'_, M>) {
        let cycle = self.next_event;
        if self.must_wake && self.wakes.last().is_none_or(|&earliest| earliest > cycle) {
            self.wakes.push(cycle);
            let at = self.clock.edge(Cycles(cycle));
            context.send_at(context.me(), at, MemoryMessage::Wake { cycle }.into());
        }
    }

    /// Does everything that happens up to and in the cycle `through`.
    #[inline]
    fn catch_up<M: MemoryHost>(&mut self, through: u64, context: &mut Context<'_, M>) {
        while self.next_event <= through {
            if !self.must_wake && self.open_banks == 0 && self.refresh.current().is_none() {
                self.skip_idle_refreshes(through, context);
            }
            self.tick(self.next_event, context);
        }
    }

    /// One cycle of the controller.
    #[inline]
    fn tick<M: MemoryHost>(&mut self, now: u64, context: &mut Context<'_, M>) {
        self.refresh.advance(now);
        let first = self
            .issue_refresh(now, context)
            .or_else(|| self.issue_next(now, context));
        if self.dual_command
            && let Some(first_is_column) = first
            && let Some(second) = self.select(now)
            && second.step.is_column() != first_is_column
        {
            self.issue(second, now, context);
            self.statistics.dual_commands += 1;
        }
        self.move_transactions(context);
        while let Some(transaction) = self.next_from_ingress() {
            self.take_in(transaction, now + 1, context);
        }
        self.plan_next(now);
    }

    /// Finds the next cycle in which something happens.
    #[inline]
    fn plan_next(&mut self, now: u64) {
        let can_move = self.can_move();
        let work = if can_move { now + 1 } else { self.next_command() };
        let mut event = work.min(self.refresh.next_due());
        // Requests of a bank that is stopped for a refresh wait for it.
        self.must_wake = can_move || self.busy_banks != 0;
        if self.refresh.current().is_some() {
            event = event.min(self.refresh_ready_at());
        }
        if self.open_banks != 0 {
            event = event.min(self.next_closing());
        }
        self.next_event = event.max(now + 1);
    }

    /// What it counted.
    #[must_use]
    pub fn statistics(&self) -> &ChannelStatistics {
        &self.statistics
    }

    /// The last cycle of the run, if it was told.
    #[must_use]
    pub fn halted(&self) -> Option<u64> {
        self.halted
    }

    /// Requests that wait for their bank or for their command.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.reads.len() + self.writes.len() + self.queues.iter().map(BankQueue::len).sum::<usize>()
    }
}
