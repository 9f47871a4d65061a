//! A plain event loop over `std::collections::BinaryHeap`: what one writes without a kernel.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::load::{Node, Packet};
use crate::{CHUNK, Kernel, Population};

struct Event {
    at: u64,
    sequence: u64,
    to: u32,
    packet: Packet,
}

impl Ord for Event {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Event {}

struct HeapLoop {
    nodes: Vec<Node>,
    events: BinaryHeap<Reverse<Event>>,
    sequence: u64,
    limit: u64,
}

impl HeapLoop {
    fn push(&mut self, at: u64, to: u32, packet: Packet) {
        self.sequence += 1;
        let sequence = self.sequence;
        self.events.push(Reverse(Event {
            at,
            sequence,
            to,
            packet,
        }));
    }
}

impl Kernel for HeapLoop {
    fn run(&mut self, at_least: u64) -> u64 {
        let mut delivered = 0;
        while delivered < at_least {
            self.limit += CHUNK;
            while self
                .events
                .peek()
                .is_some_and(|Reverse(event)| event.at <= self.limit)
            {
                let Reverse(event) = self.events.pop().expect("it has just been seen");
                let (to, delay, packet) =
                    self.nodes[event.to as usize].react(event.to, event.at, &event.packet);
                self.push(event.at + delay, to, packet);
                delivered += 1;
            }
        }
        delivered
    }

    fn checksum(&self) -> Option<u64> {
        Some(self.nodes.iter().fold(0, |sum, node| sum ^ node.checksum()))
    }
}

pub(crate) fn build(Population { load, actors }: Population) -> Box<dyn Kernel> {
    let mut heap = HeapLoop {
        nodes: Node::all(load, actors),
        events: BinaryHeap::with_capacity(actors as usize + 1),
        sequence: 0,
        limit: 0,
    };
    for (to, at, packet) in load.first_messages(actors) {
        heap.push(at, to, packet);
    }
    Box::new(heap)
}
