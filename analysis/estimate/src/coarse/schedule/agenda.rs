//! What is to happen, in the order of time, and at one time in the order of sending.
//!
//! An estimate sends a hundred times more events than a plan has steps, of which tens of thousands may be pending. As none is ever sent
//! for a time that has passed, they need no heap: they lie in buckets by the highest digit in which their time differs from now
//! (a radix heap: Ahuja, Mehlhorn, Orlin and Tarjan, Journal of the ACM 37(2), 1990), and few of them move when time goes on.

use super::Event;

/// Bits of a digit of times, and digits.
const BITS: u32 = 4;
const DIGITS: usize = (u64::BITS / BITS) as usize;
const VALUES: usize = 1 << BITS;

/// Events to come.
#[derive(Debug)]
pub(super) struct Agenda {
    now: u64,
    /// Those of now, in the order of sending, and how many of them have been taken.
    current: Vec<Entry>,
    taken: usize,
    /// By the highest digit that differs from now, and the value that it has.
    buckets: Vec<Vec<Entry>>,
    /// Which of the buckets of a digit hold any.
    filled: [u16; DIGITS],
    /// The events themselves, which stay where they are, and free places among them.
    events: Vec<Event>,
    free: Vec<u32>,
}

/// The time of an event, and its place among all.
type Entry = (u64, u32);

impl Agenda {
    /// An empty one, at time 0.
    pub(super) fn new() -> Self {
        Self {
            now: 0,
            current: Vec::new(),
            taken: 0,
            buckets: vec![Vec::new(); DIGITS * VALUES],
            filled: [0; DIGITS],
            events: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Adds an event at a time that has not passed.
    pub(super) fn add(&mut self, at: u64, event: Event) {
        let place = match self.free.pop() {
            Some(place) => {
                self.events[place as usize] = event;
                place
            }
            None => {
                self.events.push(event);
                self.events.len() as u32 - 1
            }
        };
        self.sort_in((at, place));
    }

    fn sort_in(&mut self, entry: Entry) {
        let (at, _) = entry;
        let Some(highest) = (at ^ self.now).checked_ilog2() else {
            return self.current.push(entry);
        };
        let digit = highest / BITS;
        let value = (at >> (digit * BITS)) as usize % VALUES;
        self.filled[digit as usize] |= 1 << value;
        self.buckets[digit as usize * VALUES + value].push(entry);
    }

    /// Takes the next event of now.
    pub(super) fn take_current(&mut self) -> Option<Event> {
        let &(_, place) = self.current.get(self.taken)?;
        self.taken += 1;
        self.free.push(place);
        Some(self.events[place as usize])
    }

    /// Goes on to the time of the next event, and says when that is; `None` if there is none.
    pub(super) fn go_on(&mut self) -> Option<u64> {
        if self.taken < self.current.len() {
            return Some(self.now);
        }
        self.current.clear();
        self.taken = 0;
        let digit = self.filled.iter().position(|&filled| filled != 0)?;
        let value = self.filled[digit].trailing_zeros() as usize;
        self.filled[digit] &= !(1 << value);
        let place = digit * VALUES + value;
        let mut next = std::mem::take(&mut self.buckets[place]);
        self.now = next.iter().map(|&(at, _)| at).min()?;
        next.drain(..).for_each(|entry| self.sort_in(entry));
        // Its memory is kept for those to come.
        self.buckets[place] = next;
        Some(self.now)
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    use sim_core::random;

    use super::*;

    fn numbered(event: Event) -> u64 {
        match event {
            Event::Left { count } => count,
            _ => unreachable!("only these are sent"),
        }
    }

    #[test]
    fn events_come_in_the_order_of_time_then_of_sending() {
        for seed in 0..50 {
            let (mut agenda, mut heap) = (Agenda::new(), BinaryHeap::new());
            let mut sent = 0;
            let mut send = |agenda: &mut Agenda, heap: &mut BinaryHeap<_>, now: u64| {
                let spread = 1 << (random::draw(seed, sent) % 40);
                let at = now + random::draw(seed, sent + 1_000_000) % spread;
                agenda.add(at, Event::Left { count: sent });
                heap.push(Reverse((at, sent)));
                sent += 1;
            };
            for _ in 0..30 {
                send(&mut agenda, &mut heap, 0);
            }
            for turn in 0..1_000 {
                let Some(now) = agenda.go_on() else { break };
                while let Some(event) = agenda.take_current() {
                    assert_eq!(heap.pop(), Some(Reverse((now, numbered(event)))), "case {seed}");
                    if random::draw(seed, turn + 2_000_000).is_multiple_of(2) {
                        send(&mut agenda, &mut heap, now);
                    }
                }
            }
            while agenda.go_on().is_some() {
                while let Some(event) = agenda.take_current() {
                    assert_eq!(
                        heap.pop().map(|Reverse((_, number))| number),
                        Some(numbered(event))
                    );
                }
            }
            assert!(heap.is_empty(), "case {seed}");
        }
    }
}
