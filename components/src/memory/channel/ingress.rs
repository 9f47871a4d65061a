//! Requests that have arrived while the transaction queues were full.

use std::collections::VecDeque;

use super::transaction::Transaction;
use crate::memory::Access;

/// One queue a requestor, bounded by the requestor's credits; served in turn, or by class under strict
/// priority.
#[derive(Clone, Debug, Default)]
pub(super) struct Ingress {
    queues: Vec<VecDeque<Transaction>>,
    waiting: usize,
    last: usize,
}

impl Ingress {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    pub(super) fn push(&mut self, transaction: Transaction) {
        let requestor = usize::from(transaction.requestor.0);
        if self.queues.len() <= requestor {
            self.queues.resize_with(requestor + 1, VecDeque::new);
        }
        self.queues[requestor].push_back(transaction);
        self.waiting += 1;
    }

    /// Whether an earlier request of the same requestor still waits here.
    #[inline]
    pub(super) fn holds(&self, requestor: usize) -> bool {
        self.waiting != 0 && self.queues.get(requestor).is_some_and(|queue| !queue.is_empty())
    }

    /// The next request for which there `is_room`.
    pub(super) fn pop(&mut self, is_room: impl Fn(Access) -> bool) -> Option<Transaction> {
        if self.waiting == 0 {
            return None;
        }
        let requestors = self.queues.len();
        let next = (1..=requestors)
            .map(|step| (self.last + step) % requestors)
            .filter_map(|requestor| Some((requestor, self.queues[requestor].front()?)))
            .filter(|(_, first)| is_room(first.access))
            .min_by_key(|(_, first)| first.class)
            .map(|(requestor, _)| requestor)?;
        self.last = next;
        self.waiting -= 1;
        self.queues[next].pop_front()
    }
}
