//! Requests inside a channel, and the queues in which they wait for their bank.

use sim_core::ActorId;

use crate::{Access, RequestorId};

/// No transaction.
pub(super) const NONE: u32 = u32::MAX;

/// A request that the channel has taken in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transaction {
    /// The block's number: address over request size, without wrapping.
    pub(super) block: u64,
    /// The first cycle in which the controller can act on it.
    pub(super) added: u64,
    pub(super) row: u32,
    pub(super) column: u32,
    /// The bank in the channel.
    pub(super) bank: u8,
    pub(super) access: Access,
    pub(super) requestor: RequestorId,
    /// 0 goes first under strict priority.
    pub(super) class: u8,
    pub(super) tag: u32,
    pub(super) reply_to: ActorId,
    /// The next read of the same block that this one answers as well.
    pub(super) merged: u32,
}

/// All transactions of a channel, by number. Numbers are used again, so it grows to the peak only.
#[derive(Clone, Debug, Default)]
pub(super) struct Transactions {
    slots: Vec<Transaction>,
    free: Vec<u32>,
}

impl Transactions {
    #[inline]
    pub(super) fn insert(&mut self, transaction: Transaction) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = transaction;
            return slot;
        }
        self.slots.push(transaction);
        (self.slots.len() - 1) as u32
    }

    #[inline]
    pub(super) fn get(&self, slot: u32) -> &Transaction {
        &self.slots[slot as usize]
    }

    #[inline]
    pub(super) fn remove(&mut self, slot: u32) -> Transaction {
        self.free.push(slot);
        self.slots[slot as usize]
    }

    /// Hangs `later` behind `first`, which will answer it.
    #[inline]
    pub(super) fn merge(&mut self, first: u32, later: Transaction) {
        let next = self.slots[first as usize].merged;
        let slot = self.insert(Transaction {
            merged: next,
            ..later
        });
        self.slots[first as usize].merged = slot;
    }
}

/// A waiting request, with what the search for a movable one looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) slot: u32,
    pub(super) bank: u8,
    pub(super) class: u8,
    requestor: RequestorId,
    added: u64,
}

/// A transaction queue: requests in order of arrival, those of one cycle in order of requestor.
#[derive(Clone, Debug)]
pub(super) struct TransactionQueue {
    waiting: Vec<Waiting>,
    places: usize,
    per_bank: Vec<u16>,
    /// Banks for which some request waits.
    banks: u64,
}

impl TransactionQueue {
    pub(super) fn new(places: u32, banks: usize) -> Self {
        Self {
            waiting: Vec::with_capacity(places as usize),
            places: places as usize,
            per_bank: vec![0; banks],
            banks: 0,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    #[inline]
    pub(super) fn places(&self) -> usize {
        self.places
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= self.places
    }

    /// Banks for which some request waits.
    #[inline]
    pub(super) fn banks(&self) -> u64 {
        self.banks
    }

    #[inline]
    pub(super) fn push(&mut self, slot: u32, transaction: &Transaction) {
        let waiting = Waiting {
            slot,
            bank: transaction.bank,
            class: transaction.class,
            requestor: transaction.requestor,
            added: transaction.added,
        };
        // Order within a cycle must not depend on delivery order.
        let mut place = self.waiting.len();
        while place > 0
            && self.waiting[place - 1].added == waiting.added
            && self.waiting[place - 1].requestor > waiting.requestor
        {
            place -= 1;
        }
        self.waiting.insert(place, waiting);
        self.per_bank[usize::from(waiting.bank)] += 1;
        self.banks |= 1 << waiting.bank;
    }

    /// The first request whose bank is in `room` and that `may_go`; under strict priority the first of the
    /// best class.
    #[inline]
    pub(super) fn first_movable(
        &self,
        room: u64,
        by_class: bool,
        may_go: impl Fn(&Waiting) -> bool,
    ) -> Option<usize> {
        if self.banks & room == 0 {
            return None;
        }
        let mut movable = (0..self.waiting.len()).filter(|&place| {
            let waiting = &self.waiting[place];
            room & (1 << waiting.bank) != 0 && may_go(waiting)
        });
        if by_class {
            movable.min_by_key(|&place| self.waiting[place].class)
        } else {
            movable.next()
        }
    }

    #[inline]
    pub(super) fn get(&self, place: usize) -> &Waiting {
        &self.waiting[place]
    }

    #[inline]
    pub(super) fn remove(&mut self, place: usize) -> Waiting {
        let waiting = self.waiting.remove(place);
        let count = &mut self.per_bank[usize::from(waiting.bank)];
        *count -= 1;
        if *count == 0 {
            self.banks &= !(1 << waiting.bank);
        }
        waiting
    }
}
