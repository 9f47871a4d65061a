//! The reference queue: a binary heap over (tick, sequence number).

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::{ActorId, Tick};

struct Entry<M> {
    at: Tick,
    sequence: u64,
    to: ActorId,
    message: M,
}

impl<M> PartialEq for Entry<M> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<M> Eq for Entry<M> {}

impl<M> PartialOrd for Entry<M> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<M> Ord for Entry<M> {
    /// Reversed: `BinaryHeap` pops the greatest, and the earliest must come first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

pub(crate) struct HeapQueue<M> {
    entries: BinaryHeap<Entry<M>>,
    sequence: u64,
}

impl<M> HeapQueue<M> {
    pub(crate) fn new() -> Self {
        Self {
            entries: BinaryHeap::new(),
            sequence: 0,
        }
    }

    pub(crate) fn push(&mut self, at: Tick, to: ActorId, message: M) {
        self.sequence += 1;
        self.entries.push(Entry {
            at,
            sequence: self.sequence,
            to,
            message,
        });
    }

    pub(crate) fn pop(&mut self, limit: Tick) -> Option<(Tick, ActorId, M)> {
        if self.entries.peek()?.at > limit {
            return None;
        }
        self.entries
            .pop()
            .map(|entry| (entry.at, entry.to, entry.message))
    }
}
