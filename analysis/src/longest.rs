//! The longest of many.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Keeps the longest of the items offered to it; among equally long ones, those with the smaller keys.
#[derive(Debug)]
pub struct Longest<K, T> {
    most: usize,
    kept: BTreeMap<(Reverse<u64>, K), T>,
}

impl<K: Ord, T> Longest<K, T> {
    /// Keeps at most `most` items.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            kept: BTreeMap::new(),
        }
    }

    /// Offers an item; `make` is called only if it is kept.
    pub fn offer(&mut self, length: u64, key: K, make: impl FnOnce() -> T) {
        let key = (Reverse(length), key);
        if self.kept.len() >= self.most {
            match self.kept.last_key_value() {
                Some((shortest, _)) if key < *shortest => {}
                _ => return,
            }
        }
        self.kept.insert(key, make());
        if self.kept.len() > self.most {
            self.kept.pop_last();
        }
    }

    /// The kept items, the longest first.
    pub fn finish(self) -> impl Iterator<Item = (K, T)> {
        self.kept.into_iter().map(|((_, key), value)| (key, value))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_longest_are_kept_in_order(lengths in prop::collection::vec(0_u64..20, 0..60), most in 0_usize..12) {
            let mut longest = Longest::new(most);
            for (key, &length) in lengths.iter().enumerate() {
                longest.offer(length, key, || length);
            }
            let mut sorted: Vec<_> = lengths.iter().copied().enumerate().collect();
            sorted.sort_by_key(|&(key, length)| (Reverse(length), key));
            sorted.truncate(most);
            prop_assert_eq!(longest.finish().collect::<Vec<_>>(), sorted);
        }
    }
}
