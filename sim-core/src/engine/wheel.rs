//! The timing wheel: a sliding window of slots, one per tick, and a heap for what lies beyond it.
//!
//! A slot is a linked list in one slab of nodes, so a queue at rest allocates nothing. Within a slot,
//! order of appending is order of sending; for that to hold, messages of the heap move in as soon as the
//! window reaches them, before any handler can append to the same slot.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::QueueStatistics;
use crate::{ActorId, Tick};

/// Ticks the window covers. Chosen by the delays of the shipped scenarios; a power of two.
pub(crate) const SPAN: usize = 4096;
const WORDS: usize = SPAN / 64;
/// No node: an index that no slab reaches, so that one bounds check finds the end of a list as well.
const NIL: u32 = u32::MAX;

struct Node<M> {
    next: u32,
    to: ActorId,
    message: M,
}

#[derive(Clone, Copy)]
struct Slot {
    head: u32,
    /// The last node; meaningless while there is no first.
    tail: u32,
}

pub(crate) struct WheelQueue<M> {
    slots: Box<[Slot; SPAN]>,
    nodes: Vec<Node<M>>,
    free: u32,
    /// The window is `now..now + SPAN`; all messages before `now` are delivered.
    now: u64,
    /// One bit per word of `occupied`, which has one bit per slot.
    summary: u64,
    occupied: [u64; WORDS],
    beyond: BinaryHeap<Reverse<(u64, u64, u32)>>,
    beyond_sequence: u64,
    growths: u64,
}

impl<M: Copy> WheelQueue<M> {
    pub(crate) fn new() -> Self {
        const { assert!(WORDS == 64, "the summary is one word") };
        Self {
            slots: Box::new([Slot { head: NIL, tail: NIL }; SPAN]),
            nodes: Vec::new(),
            free: NIL,
            now: 0,
            summary: 0,
            occupied: [0; WORDS],
            beyond: BinaryHeap::new(),
            beyond_sequence: 0,
            growths: 0,
        }
    }

    pub(crate) fn reserve(&mut self, messages: usize) {
        self.nodes.reserve(messages);
        self.beyond.reserve(messages);
    }

    pub(crate) fn statistics(&self) -> QueueStatistics {
        QueueStatistics {
            // The slab grows only when all its nodes are in use.
            peak_in_flight: self.nodes.len() as u64,
            beyond_window: self.beyond_sequence,
            growths: self.growths,
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, at: Tick, to: ActorId, message: M) {
        debug_assert!(at.0 >= self.now, "no message into the past");
        let node = self.allocate(Node {
            next: NIL,
            to,
            message,
        });
        if at.0 - self.now < SPAN as u64 {
            self.append(at.0 as usize % SPAN, node);
        } else {
            self.defer(at.0, node);
        }
    }

    #[inline]
    pub(crate) fn advance(&mut self, limit: Tick) -> Option<Tick> {
        let at = self.next_tick()?;
        if at > limit.0 {
            return None;
        }
        self.now = at;
        self.admit();
        Some(Tick(at))
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<ActorId> {
        let index = self.now as usize % SPAN;
        let slot = &mut self.slots[index];
        let taken = slot.head;
        let Some(node) = self.nodes.get_mut(taken as usize) else {
            self.vacate(index);
            return None;
        };
        slot.head = node.next;
        node.next = self.free;
        self.free = taken;
        Some(node.to)
    }

    #[inline]
    pub(crate) fn popped(&self) -> M {
        // The node popped last heads the free list, and nothing has been written there yet.
        self.nodes[self.free as usize].message
    }

    #[inline]
    fn allocate(&mut self, node: Node<M>) -> u32 {
        let index = self.free;
        if let Some(place) = self.nodes.get_mut(index as usize) {
            self.free = place.next;
            *place = node;
            return index;
        }
        let index = self.nodes.len();
        assert!(index < NIL as usize, "fewer than 2^32 messages in flight");
        self.growths += u64::from(index == self.nodes.capacity());
        // Inlined, like everything that takes a message: one passed to a call by reference is written twice.
        self.nodes.push(node);
        index as u32
    }

    #[inline]
    fn append(&mut self, index: usize, node: u32) {
        let slot = &mut self.slots[index];
        if slot.head == NIL {
            *slot = Slot {
                head: node,
                tail: node,
            };
            self.occupied[index / 64] |= 1 << (index % 64);
            self.summary |= 1 << (index / 64);
        } else {
            let tail = std::mem::replace(&mut slot.tail, node);
            self.nodes[tail as usize].next = node;
        }
    }

    #[inline]
    fn vacate(&mut self, index: usize) {
        let word = index / 64;
        self.occupied[word] &= !(1 << (index % 64));
        if self.occupied[word] == 0 {
            self.summary &= !(1 << word);
        }
    }

    #[cold]
    #[inline(never)]
    fn defer(&mut self, at: u64, node: u32) {
        self.beyond_sequence += 1;
        self.growths += u64::from(self.beyond.len() == self.beyond.capacity());
        self.beyond.push(Reverse((at, self.beyond_sequence, node)));
    }

    /// Moves messages that the window has reached into it, in the order of sending.
    #[inline]
    fn admit(&mut self) {
        while let Some(&Reverse((at, _, node))) = self.beyond.peek() {
            if at - self.now >= SPAN as u64 {
                break;
            }
            self.beyond.pop();
            self.append(at as usize % SPAN, node);
        }
    }

    /// The tick of the earliest message, found in the bitmaps, else in the heap.
    #[inline]
    fn next_tick(&self) -> Option<u64> {
        if self.summary == 0 {
            return self.beyond.peek().map(|&Reverse((at, _, _))| at);
        }
        let start = self.now as usize % SPAN;
        let (word, bit) = (start / 64, start % 64);
        let here = self.occupied[word] & (u64::MAX << bit);
        let index = if here != 0 {
            word * 64 + here.trailing_zeros() as usize
        } else {
            // Later words first, then around to the earlier bits of this very word.
            let after = self.summary & (u64::MAX << word << 1);
            let found = if after != 0 { after } else { self.summary };
            let word = found.trailing_zeros() as usize;
            word * 64 + self.occupied[word].trailing_zeros() as usize
        };
        Some(self.now + ((index + SPAN - start) % SPAN) as u64)
    }
}
