//! The heads of a layer: how many there are of each kind.

use crate::shape::HeadKind;

/// The numbers of heads that a layer may have, in order.
pub const HEAD_COUNTS: [u8; 4] = [2, 4, 8, 12];

const KINDS: usize = HeadKind::ALL.len();

/// The heads of a layer, of which there are 2, 4, 8 or 12: a multiset over the seven kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Heads {
    counts: [u8; KINDS],
}

impl Heads {
    /// How many there are: 28 of 2 heads, 210 of 4, 3,003 of 8 and 18,564 of 12.
    pub const ALL: u32 = 21_805;

    /// So many heads of each kind, in the order of [`HeadKind::ALL`]; `None` if no layer has so many in all.
    #[must_use]
    pub fn of_counts(counts: [u8; KINDS]) -> Option<Self> {
        let sum: u32 = counts.iter().map(|&count| u32::from(count)).sum();
        let known = HEAD_COUNTS.iter().any(|&known| u32::from(known) == sum);
        known.then_some(Self { counts })
    }

    /// All heads of one kind. `position` is that of their number in [`HEAD_COUNTS`]; the last for all beyond.
    #[must_use]
    pub fn alike(position: usize, kind: HeadKind) -> Self {
        let mut counts = [0; KINDS];
        counts[kind as usize] = HEAD_COUNTS[position.min(HEAD_COUNTS.len() - 1)];
        Self { counts }
    }

    /// The heads with this index in the published order: by number, then lexicographically by the sorted kinds; `None` from
    /// [`ALL`](Self::ALL) on.
    #[must_use]
    pub fn of_index(index: u32) -> Option<Self> {
        let mut rank = index;
        for total in HEAD_COUNTS {
            let all = multisets(total, KINDS);
            if rank < all {
                return Some(Self::of_rank(total, rank));
            }
            rank -= all;
        }
        None
    }

    /// The multiset of `total` heads with this place among its like, from 0.
    fn of_rank(total: u8, mut rank: u32) -> Self {
        let mut counts = [0; KINDS];
        let mut left = total;
        for (kind, place) in counts.iter_mut().enumerate() {
            // More heads of an earlier kind come first.
            let mut count = left;
            loop {
                let block = multisets(left - count, KINDS - 1 - kind);
                if rank < block || count == 0 {
                    break;
                }
                rank -= block;
                count -= 1;
            }
            *place = count;
            left -= count;
        }
        Self { counts }
    }

    /// The heads' index in the published order, below [`ALL`](Self::ALL).
    #[must_use]
    pub fn index(&self) -> u32 {
        let total = self.total();
        let shorter = HEAD_COUNTS.iter().take_while(|&&count| count < total);
        let before: u32 = shorter.map(|&count| multisets(count, KINDS)).sum();
        let (mut rank, mut left) = (0, total);
        for (kind, &count) in self.counts.iter().enumerate() {
            // Those with more of this kind, and any number of the later kinds for the rest.
            if left > count {
                rank += multisets(left - count - 1, KINDS - kind);
            }
            left -= count;
        }
        before + rank
    }

    /// How many heads there are of each kind, in the order of [`HeadKind::ALL`].
    #[must_use]
    pub fn counts(&self) -> [u8; KINDS] {
        self.counts
    }

    /// How many heads there are.
    #[must_use]
    pub fn total(&self) -> u8 {
        self.counts.iter().sum()
    }

    /// The place of their number in [`HEAD_COUNTS`].
    #[must_use]
    pub fn position(&self) -> usize {
        let total = self.total();
        HEAD_COUNTS.iter().position(|&count| count == total).unwrap_or(0)
    }

    /// The kinds of the heads, sorted.
    pub fn kinds(&self) -> impl Iterator<Item = HeadKind> {
        let counts = HeadKind::ALL.into_iter().zip(self.counts);
        counts.flat_map(|(kind, count)| std::iter::repeat_n(kind, usize::from(count)))
    }

    /// The kind of the head with this number, of the sorted heads; the last one's for all beyond.
    #[must_use]
    pub fn kind(&self, head: usize) -> HeadKind {
        self.kinds()
            .take(head + 1)
            .last()
            .unwrap_or(HeadKind::ScaledDotProduct)
    }

    /// One head of kind `from` turned into one of kind `to`; the same heads if there is none.
    #[must_use]
    pub fn with_changed(mut self, from: HeadKind, to: HeadKind) -> Self {
        if self.counts[from as usize] > 0 {
            self.counts[from as usize] -= 1;
            self.counts[to as usize] += 1;
        }
        self
    }

    /// As many heads as `position` in [`HEAD_COUNTS`] says: `choose(n)` gives the number, below `n`, of a head that is copied
    /// or left out, until there are as many.
    #[must_use]
    pub fn resized(mut self, position: usize, mut choose: impl FnMut(usize) -> usize) -> Self {
        let wanted = HEAD_COUNTS[position.min(HEAD_COUNTS.len() - 1)];
        while self.total() != wanted {
            let total = self.total();
            let kind = self.kind(choose(usize::from(total))) as usize;
            if total < wanted {
                self.counts[kind] += 1;
            } else {
                self.counts[kind] -= 1;
            }
        }
        self
    }
}

/// How many multisets of `size` over `kinds` there are: size + kinds - 1 over size.
pub(crate) fn multisets(size: u8, kinds: usize) -> u32 {
    if kinds == 0 {
        return u32::from(size == 0);
    }
    // Each partial product is a binomial, so that every division is exact.
    (1..=u32::from(size)).fold(1, |product, i| product * (kinds as u32 - 1 + i) / i)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_multisets_as_published() {
        assert_eq!(
            HEAD_COUNTS.map(|total| multisets(total, KINDS)),
            [28, 210, 3_003, 18_564]
        );
        assert_eq!(
            HEAD_COUNTS
                .map(|total| multisets(total, KINDS))
                .iter()
                .sum::<u32>(),
            Heads::ALL
        );
    }

    #[test]
    fn every_index_is_one_multiset_in_lexicographic_order() {
        let mut before: Option<(u8, Vec<HeadKind>)> = None;
        for index in 0..Heads::ALL {
            let heads = Heads::of_index(index).unwrap();
            assert_eq!(heads.index(), index);
            let sorted = (heads.total(), heads.kinds().collect::<Vec<_>>());
            assert!(before.is_none_or(|before| before < sorted), "{index}");
            before = Some(sorted);
        }
        assert_eq!(Heads::of_index(Heads::ALL), None);
        assert_eq!(Heads::of_index(u32::MAX), None);
    }

    #[test]
    fn heads_are_changed_and_copied_within_the_space() {
        let two = Heads::alike(0, HeadKind::Fourier);
        let mixed = two.with_changed(HeadKind::Fourier, HeadKind::Convolution9);
        assert_eq!(mixed.counts(), [0, 0, 1, 0, 0, 1, 0]);
        assert_eq!(mixed.with_changed(HeadKind::Cosine, HeadKind::Fourier), mixed);
        let twelve = mixed.resized(3, |heads| heads - 1);
        assert_eq!(twelve.counts(), [0, 0, 1, 0, 0, 11, 0]);
        assert_eq!(twelve.resized(0, |_| 0).counts(), [0, 0, 0, 0, 0, 2, 0]);
        assert_eq!(Heads::of_counts([1; 7]), None);
        assert_eq!(Heads::of_counts([255; 7]), None);
    }
}
