//! Which of the operations that could issue a run does so next.

use serde::{Deserialize, Serialize};

/// How the heads of a layer share the PEs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SchedulingPolicy {
    /// Heads in order: the first gets all lanes it can use, the next what is left. Heads drift apart, so the softmax of
    /// one overlaps the products of another.
    #[default]
    StaggeredHeads,
    /// All heads take turns: they stay in step.
    EqualPriority,
}

/// A set of window places, walked from any place on, around the end.
#[derive(Clone, Debug)]
pub(crate) struct PlaceSet {
    words: Vec<u64>,
}

impl PlaceSet {
    pub(crate) fn new(places: usize) -> Self {
        Self {
            words: vec![0; places.div_ceil(64)],
        }
    }

    pub(crate) fn insert(&mut self, place: usize) {
        self.words[place / 64] |= 1 << (place % 64);
    }

    pub(crate) fn remove(&mut self, place: usize) {
        self.words[place / 64] &= !(1 << (place % 64));
    }

    /// The first member at or after `start`, going around.
    pub(crate) fn first_from(&self, start: usize) -> Option<usize> {
        let (first_word, bit) = (start / 64, start % 64);
        let here = self.words[first_word] & (u64::MAX << bit);
        if here != 0 {
            return Some(first_word * 64 + here.trailing_zeros() as usize);
        }
        let count = self.words.len();
        (1..=count)
            .map(|step| (first_word + step) % count)
            .find(|&word| self.words[word] != 0)
            .map(|word| {
                // In the last step this is the first word again, whose later bits are known to be clear.
                word * 64 + self.words[word].trailing_zeros() as usize
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walk_goes_around_the_end() {
        let mut set = PlaceSet::new(256);
        assert_eq!(set.first_from(100), None);
        set.insert(3);
        set.insert(70);
        set.insert(255);
        assert_eq!(set.first_from(0), Some(3));
        assert_eq!(set.first_from(4), Some(70));
        assert_eq!(set.first_from(71), Some(255));
        set.remove(255);
        assert_eq!(set.first_from(71), Some(3));
    }
}
