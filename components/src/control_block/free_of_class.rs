//! The free units of one class, so that work spreads evenly over PEs.

use std::collections::VecDeque;

/// No PE.
const NONE: u16 = u16::MAX;

/// Free units of a class. The next one taken is of the PE that has most of them free, so that no PE's buses serve more runs than
/// another's; of such PEs the one that has been in that state longest, and of its units the one that has waited longest.
#[derive(Clone, Debug)]
pub(super) struct FreeOfClass<T> {
    /// By PE.
    units: Vec<VecDeque<T>>,
    /// PEs with so many free units: lists through `neighbours`.
    ends: Vec<Ends>,
    /// Those before and after each PE in its list.
    neighbours: Vec<Neighbours>,
    /// No PE has more free units.
    most: usize,
    count: u64,
}

/// The first and the last PE of a list.
#[derive(Clone, Copy, Debug)]
struct Ends {
    first: u16,
    last: u16,
}

#[derive(Clone, Copy, Debug)]
struct Neighbours {
    before: u16,
    after: u16,
}

impl<T> FreeOfClass<T> {
    /// Of `pes` PEs, none of whose units are free.
    pub(super) fn new(pes: u16) -> Self {
        let pes = usize::from(pes);
        Self {
            units: (0..pes).map(|_| VecDeque::new()).collect(),
            ends: Vec::new(),
            neighbours: vec![
                Neighbours {
                    before: NONE,
                    after: NONE,
                };
                pes
            ],
            most: 0,
            count: 0,
        }
    }

    /// How many there are.
    #[inline]
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Adds a unit of `pe`.
    pub(super) fn put(&mut self, pe: u16, unit: T) {
        let units = &mut self.units[usize::from(pe)];
        units.push_back(unit);
        let free = units.len();
        self.count += 1;
        self.leave(pe, free - 1);
        self.join(pe, free);
        self.most = self.most.max(free);
    }

    /// Takes a unit out.
    pub(super) fn take(&mut self) -> Option<T> {
        while self.most > 0 && self.ends[self.most].first == NONE {
            self.most -= 1;
        }
        let pe = self.ends.get(self.most).filter(|_| self.most > 0)?.first;
        let unit = self.units[usize::from(pe)].pop_front()?;
        self.count -= 1;
        self.leave(pe, self.most);
        self.join(pe, self.most - 1);
        Some(unit)
    }

    /// Puts `pe` at the end of the list of those with so many `free`; there is none of those with nothing free.
    fn join(&mut self, pe: u16, free: usize) {
        if free == 0 {
            return;
        }
        if self.ends.len() <= free {
            let none = Ends {
                first: NONE,
                last: NONE,
            };
            self.ends.resize(free + 1, none);
        }
        let ends = &mut self.ends[free];
        let before = std::mem::replace(&mut ends.last, pe);
        match before {
            NONE => ends.first = pe,
            before => self.neighbours[usize::from(before)].after = pe,
        }
        self.neighbours[usize::from(pe)] = Neighbours { before, after: NONE };
    }

    /// Takes `pe` out of the list of those with so many `free`.
    fn leave(&mut self, pe: u16, free: usize) {
        if free == 0 {
            return;
        }
        let Neighbours { before, after } = self.neighbours[usize::from(pe)];
        match before {
            NONE => self.ends[free].first = after,
            before => self.neighbours[usize::from(before)].after = after,
        }
        match after {
            NONE => self.ends[free].last = before,
            after => self.neighbours[usize::from(after)].before = before,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_pe_with_most_free_units_goes_first_then_who_has_waited_longest() {
        let mut free = FreeOfClass::new(3);
        for unit in ["a0", "b0", "c0", "a1", "b1", "c1"] {
            let pe = unit.as_bytes()[0] - b'a';
            free.put(pe.into(), unit);
        }
        let mut take = |times: usize| (0..times).map(|_| free.take().unwrap()).collect::<Vec<_>>();
        assert_eq!(take(4), ["a0", "b0", "c0", "a1"]);
        free.put(0, "a0");
        free.put(0, "a1");
        assert_eq!((free.take(), free.count()), (Some("a0"), 3));
        assert_eq!(free.take(), Some("b1"));
    }

    proptest! {
        /// Whatever comes back when, the PE of a unit that is taken has as many free ones as any.
        #[test]
        fn work_is_spread_evenly(pes in 1_u16..6, moves in proptest::collection::vec(any::<u16>(), 1..200)) {
            let mut free = FreeOfClass::new(pes);
            let mut of_pe = vec![0_u32; pes.into()];
            for number in moves {
                let pe = number % pes;
                if number % 3 > 0 {
                    free.put(pe, pe);
                    of_pe[usize::from(pe)] += 1;
                } else if let Some(pe) = free.take() {
                    prop_assert_eq!(Some(&of_pe[usize::from(pe)]), of_pe.iter().max());
                    of_pe[usize::from(pe)] -= 1;
                }
                prop_assert_eq!(free.count(), u64::from(of_pe.iter().sum::<u32>()));
            }
            while free.take().is_some() {}
            prop_assert_eq!(free.count(), 0);
        }
    }
}
