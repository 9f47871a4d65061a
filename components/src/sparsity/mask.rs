//! The mask of a tile: which of its elements are not zero, one bit each.

use std::iter;
use std::ops::Range;

/// One bit per element, in the order of the elements: set where the element is not zero.
///
/// Kept in words of 64 bits, lowest first, so that counting and matching take 64 elements at a time. Bits beyond the
/// last element are never set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mask {
    words: Vec<u64>,
    elements: usize,
}

impl Mask {
    /// The mask of `elements` zeros.
    #[must_use]
    pub fn empty(elements: usize) -> Self {
        Self {
            words: vec![0; elements.div_ceil(64)],
            elements,
        }
    }

    /// The mask of `values`; -0 is a zero.
    ///
    /// ```
    /// use components::sparsity::mask::Mask;
    /// let mask = Mask::of(&[0.0, 2.0, -0.0, -1.0]);
    /// assert_eq!(mask.ones().collect::<Vec<_>>(), [1, 3]);
    /// ```
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let mut mask = Self::default();
        mask.refill(values.iter().copied());
        mask
    }

    /// Becomes the mask of `values`, in the room that it has.
    pub(super) fn refill(&mut self, values: impl IntoIterator<Item = f64>) {
        self.words.clear();
        self.elements = 0;
        for value in values {
            let bit = self.elements % 64;
            if bit == 0 {
                self.words.push(0);
            }
            if let Some(word) = self.words.last_mut() {
                *word |= u64::from(value != 0.0) << bit;
            }
            self.elements += 1;
        }
    }

    /// Elements, zeros among them.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.elements
    }

    /// Elements that are not zero.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Elements of `range` that are not zero.
    ///
    /// # Panics
    /// If `range` ends beyond the last element.
    #[must_use]
    pub fn count_in(&self, range: Range<usize>) -> u64 {
        let chunks = range.clone().step_by(64);
        chunks
            .map(|start| u64::from(self.bits(start, (range.end - start).min(64)).count_ones()))
            .sum()
    }

    /// Whether element `index` is not zero.
    ///
    /// # Panics
    /// If there is no such element.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> bool {
        assert!(index < self.elements, "no element {index} of {}", self.elements);
        self.words[index / 64] >> (index % 64) & 1 == 1
    }

    /// Notes that element `index` is not zero, or that it is.
    ///
    /// # Panics
    /// If there is no such element.
    #[inline]
    pub fn set(&mut self, index: usize, one: bool) {
        assert!(index < self.elements, "no element {index} of {}", self.elements);
        let bit = 1 << (index % 64);
        let word = &mut self.words[index / 64];
        *word = if one { *word | bit } else { *word & !bit };
    }

    /// The bits of the `count` elements from `start` on, the first one lowest; `count` is at most 64.
    ///
    /// # Panics
    /// If there are not so many elements.
    #[must_use]
    #[inline]
    pub fn bits(&self, start: usize, count: usize) -> u64 {
        assert!(
            count <= 64 && start + count <= self.elements,
            "no {count} elements from {start} of {}",
            self.elements
        );
        if count == 0 {
            return 0;
        }
        let (word, shift) = (start / 64, start % 64);
        let mut bits = self.words[word] >> shift;
        if shift + count > 64 {
            bits |= self.words[word + 1] << (64 - shift);
        }
        bits & (u64::MAX >> (64 - count))
    }

    /// The places of the elements that are not zero, in order.
    pub fn ones(&self) -> impl Iterator<Item = usize> + '_ {
        let words = self.words.iter().enumerate();
        words.flat_map(|(index, &word)| ones_of(word).map(move |bit| index * 64 + bit as usize))
    }

    /// The words of 64 bits, lowest first; the last one padded with zeros.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }
}

/// The places of the bits set in `word`, lowest first.
#[inline]
pub(super) fn ones_of(word: u64) -> impl Iterator<Item = u32> {
    let mut rest = word;
    iter::from_fn(move || {
        let bit = (rest != 0).then(|| rest.trailing_zeros())?;
        rest &= rest - 1;
        Some(bit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bits_counts_and_places_agree_with_a_list_of_booleans(
            list in prop::collection::vec(any::<bool>(), 0..300),
            from in 0_usize..300,
            length in 0_usize..300,
        ) {
            let mut mask = Mask::empty(list.len());
            for (index, &one) in list.iter().enumerate() {
                mask.set(index, !one);
                mask.set(index, one);
            }
            let places: Vec<usize> = (0..list.len()).filter(|&index| list[index]).collect();
            prop_assert_eq!(mask.ones().collect::<Vec<_>>(), places);
            let (from, to) = (from.min(list.len()), (from + length).min(list.len()));
            let expected = list[from..to].iter().filter(|&&one| one).count();
            prop_assert_eq!(mask.count_in(from..to), expected as u64);
            let bits = mask.bits(from, (to - from).min(64));
            for (bit, &one) in list[from..to].iter().take(64).enumerate() {
                prop_assert_eq!(bits >> bit & 1 == 1, one);
                prop_assert_eq!(mask.get(from + bit), one);
            }
            let values: Vec<f64> = list.iter().map(|&one| if one { 0.5 } else { -0.0 }).collect();
            prop_assert_eq!(Mask::of(&values), mask);
        }
    }
}
