//! The reference queue: a binary heap over (tick, sequence number).

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::QueueStatistics;
use super::staged::SlowQueue;
use crate::random::draw;
use crate::{ActorId, Tick};

struct Entry<M> {
    at: Tick,
    /// The sequence number, or a draw from it if ties are shuffled.
    rank: u64,
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
        (other.at, other.rank).cmp(&(self.at, self.rank))
    }
}

pub(crate) struct HeapQueue<M> {
    entries: BinaryHeap<Entry<M>>,
    sequence: u64,
    shuffle: Option<u64>,
    now: Tick,
    peak: usize,
    growths: u64,
}

impl<M> HeapQueue<M> {
    /// An empty queue that orders ties by sending, or at random by the seed `shuffle`.
    pub(crate) fn new(shuffle: Option<u64>) -> Self {
        Self {
            entries: BinaryHeap::new(),
            sequence: 0,
            shuffle,
            now: Tick::ZERO,
            peak: 0,
            growths: 0,
        }
    }
}

impl<M> SlowQueue<M> for HeapQueue<M> {
    fn reserve(&mut self, messages: usize) {
        self.entries.reserve(messages);
    }

    fn statistics(&self) -> QueueStatistics {
        QueueStatistics {
            peak_in_flight: self.peak as u64,
            beyond_window: 0,
            growths: self.growths,
        }
    }

    fn push(&mut self, at: Tick, to: ActorId, message: M) {
        self.sequence += 1;
        self.growths += u64::from(self.entries.len() == self.entries.capacity());
        self.entries.push(Entry {
            at,
            // `draw` is a bijection of the sequence number, so shuffled ranks never tie.
            rank: self
                .shuffle
                .map_or(self.sequence, |seed| draw(seed, self.sequence)),
            to,
            message,
        });
        self.peak = self.peak.max(self.entries.len());
    }

    fn advance(&mut self, limit: Tick) -> Option<Tick> {
        let at = self.entries.peek()?.at;
        if at > limit {
            return None;
        }
        self.now = at;
        Some(at)
    }

    fn pop(&mut self) -> Option<(ActorId, M)> {
        if self.entries.peek()?.at > self.now {
            return None;
        }
        self.entries.pop().map(|entry| (entry.to, entry.message))
    }
}
