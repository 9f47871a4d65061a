//! Which of several issuable operations issues the next run.

use serde::{Deserialize, Serialize};

use super::places::WindowPlace;

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

/// A set of window places, walked in a circle from any place.
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

    pub(crate) fn insert(&mut self, WindowPlace(place): WindowPlace) {
        self.words[place / 64] |= 1 << (place % 64);
    }

    pub(crate) fn remove(&mut self, WindowPlace(place): WindowPlace) {
        self.words[place / 64] &= !(1 << (place % 64));
    }

    /// The first member at or after `start`, wrapping around.
    pub(crate) fn first_from(&self, WindowPlace(start): WindowPlace) -> Option<WindowPlace> {
        let (first_word, bit) = (start / 64, start % 64);
        let here = self.words[first_word] & (u64::MAX << bit);
        if here != 0 {
            return Some(WindowPlace(first_word * 64 + here.trailing_zeros() as usize));
        }
        let count = self.words.len();
        (1..=count)
            .map(|step| (first_word + step) % count)
            .find(|&word| self.words[word] != 0)
            .map(|word| {
                // In the last step this is the first word again, whose later bits are known to be clear.
                WindowPlace(word * 64 + self.words[word].trailing_zeros() as usize)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walk_goes_around_the_end() {
        let mut set = PlaceSet::new(256);
        assert_eq!(set.first_from(WindowPlace(100)), None);
        set.insert(WindowPlace(3));
        set.insert(WindowPlace(70));
        set.insert(WindowPlace(255));
        assert_eq!(set.first_from(WindowPlace(0)), Some(WindowPlace(3)));
        assert_eq!(set.first_from(WindowPlace(4)), Some(WindowPlace(70)));
        assert_eq!(set.first_from(WindowPlace(71)), Some(WindowPlace(255)));
        set.remove(WindowPlace(255));
        assert_eq!(set.first_from(WindowPlace(71)), Some(WindowPlace(3)));
    }
}
