//! What the pre-compute module computes: the pairs of two compressed vectors of which neither word is zero.

use crate::sparsity::compressed::CompressedVector;

/// The masks inside the pre-compute module, of up to 64 elements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MatchedMasks {
    /// Elements that both operands have: AND of the masks.
    pub common: u64,
    /// Elements of the left operand to be filtered out, as the right one lacks them: XOR of its mask with the common one.
    pub left_alone: u64,
    /// Elements of the right operand to be filtered out.
    pub right_alone: u64,
}

/// Matches two masks.
///
/// ```
/// use components::sparsity::matching::match_masks;
/// let masks = match_masks(0b1101, 0b0111);
/// assert_eq!((masks.common, masks.left_alone, masks.right_alone), (0b0101, 0b1000, 0b0010));
/// ```
#[must_use]
#[inline]
pub fn match_masks(left: u64, right: u64) -> MatchedMasks {
    let common = left & right;
    MatchedMasks {
        common,
        left_alone: left ^ common,
        right_alone: right ^ common,
    }
}

/// Two words to be multiplied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Their place along the summed dimension.
    pub place: usize,
    /// The left operand's word, not zero.
    pub left: f64,
    /// The right operand's word, not zero.
    pub right: f64,
}

/// The pairs of two vectors, in the order in which the pre-compute module hands them on: ascending places.
///
/// The module (arXiv:2302.14705, after SPRING, arXiv:1909.00557; the order follows AccelTran's `mask.sv`, `filter.sv` and
/// `shifter.sv`, BSD-3-Clause) makes the common mask, filters the words out that only one operand has, by the XOR of its
/// mask with the common one, and shifts the rest together. A pointer into each operand's data advances for every
/// common bit and for every bit of its own; here the pointer's place is the number of bits set below.
#[derive(Clone, Debug)]
pub struct Pairs<'a> {
    left: CompressedVector<'a>,
    right: CompressedVector<'a>,
    /// First element of the 64 being matched.
    start: usize,
    left_bits: u64,
    right_bits: u64,
    /// Common bits not handed on yet.
    common: u64,
    /// Data words before those of the 64 being matched.
    left_base: usize,
    right_base: usize,
}

impl<'a> Pairs<'a> {
    /// Matches `left` with `right`.
    ///
    /// # Panics
    /// If they are not equally long.
    #[must_use]
    #[inline]
    pub fn new(left: CompressedVector<'a>, right: CompressedVector<'a>) -> Self {
        assert_eq!(
            left.elements(),
            right.elements(),
            "matched vectors have one length"
        );
        let (left_bits, right_bits) = (left.bits(0), right.bits(0));
        Self {
            left,
            right,
            start: 0,
            left_bits,
            right_bits,
            common: match_masks(left_bits, right_bits).common,
            left_base: 0,
            right_base: 0,
        }
    }

    /// Moves to the next 64 elements; whether there are any.
    fn advance(&mut self) -> bool {
        self.left_base += self.left_bits.count_ones() as usize;
        self.right_base += self.right_bits.count_ones() as usize;
        self.start += 64;
        if self.start >= self.left.elements() {
            (self.left_bits, self.right_bits) = (0, 0);
            return false;
        }
        self.left_bits = self.left.bits(self.start);
        self.right_bits = self.right.bits(self.start);
        self.common = match_masks(self.left_bits, self.right_bits).common;
        true
    }
}

impl Iterator for Pairs<'_> {
    type Item = Pair;

    #[inline]
    fn next(&mut self) -> Option<Pair> {
        while self.common == 0 {
            if !self.advance() {
                return None;
            }
        }
        let bit = self.common.trailing_zeros();
        self.common &= self.common - 1;
        let below = (1 << bit) - 1;
        let left = self.left_base + (self.left_bits & below).count_ones() as usize;
        let right = self.right_base + (self.right_bits & below).count_ones() as usize;
        Some(Pair {
            place: self.start + bit as usize,
            left: self.left.data()[left],
            right: self.right.data()[right],
        })
    }
}

/// Pairs of `left` and `right` of which neither word is zero.
///
/// # Panics
/// If they are not equally long.
#[must_use]
pub fn count_pairs(left: CompressedVector<'_>, right: CompressedVector<'_>) -> u64 {
    assert_eq!(
        left.elements(),
        right.elements(),
        "matched vectors have one length"
    );
    let chunks = (0..left.elements()).step_by(64);
    chunks
        .map(|start| u64::from((left.bits(start) & right.bits(start)).count_ones()))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sparsity::compressed::{CompressedTile, Extents};
    use crate::sparsity::samples::word;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn exactly_the_pairs_of_two_non_zeros_come_out_in_order(
            words in prop::collection::vec((word(), word()), 0..200),
        ) {
            let (left, right): (Vec<f64>, Vec<f64>) = words.into_iter().unzip();
            let tiles = [&left, &right].map(|words| CompressedTile::compress(Extents::matrix(1, words.len()), words));
            let [left_row, right_row] = [&tiles[0], &tiles[1]].map(|tile| tile.row(0, 0));
            let found: Vec<Pair> = Pairs::new(left_row, right_row).collect();
            let expected: Vec<Pair> = (0..left.len())
                .filter(|&place| left[place] != 0.0 && right[place] != 0.0)
                .map(|place| Pair { place, left: left[place], right: right[place] })
                .collect();
            prop_assert_eq!(count_pairs(left_row, right_row), expected.len() as u64);
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn the_filter_masks_take_each_mask_apart(left: u64, right: u64) {
            let masks = match_masks(left, right);
            prop_assert_eq!(masks.common | masks.left_alone, left);
            prop_assert_eq!(masks.common | masks.right_alone, right);
            prop_assert_eq!(masks.left_alone & right, 0);
            prop_assert_eq!(masks.right_alone & left, 0);
        }
    }

    #[test]
    fn an_exhausted_iterator_stays_so() {
        let tile = CompressedTile::compress(Extents::matrix(1, 65), &[1.0; 65]);
        let mut pairs = Pairs::new(tile.row(0, 0), tile.row(0, 0));
        assert_eq!(pairs.by_ref().count(), 65);
        assert_eq!(pairs.next(), None);
        assert_eq!(pairs.next(), None);
    }
}
