//! The words of a batch: which row of the word table each token reads, and which tokens repeat a word.

use std::sync::Arc;

use sim_core::random;

/// The words that the tokens of a batch stand for, drawn from a seed or stated.
///
/// Inference loads one row per token, whatever the word. A training step updates each word once, with the sum of the gradients
/// of all its tokens, so it has to know which tokens repeat an earlier word.
#[derive(Clone, Debug)]
pub struct Words {
    source: Source,
    table_rows: u32,
    /// One bit per token: set if an earlier token has the same word. Empty until [`Self::with_repeats`].
    repeats: Arc<[u64]>,
}

/// Where words come from.
#[derive(Clone, Debug)]
enum Source {
    Seed(u64),
    Stated(Arc<[u32]>),
}

/// Tokens of one word of [`Words::repeats`].
const BITS: u32 = u64::BITS;

impl Words {
    /// Words of a table of `table_rows` rows, drawn from `seed`, of which no repetitions are known.
    #[must_use]
    pub fn new(seed: u64, table_rows: u32) -> Self {
        Self {
            source: Source::Seed(seed),
            table_rows: table_rows.max(1),
            repeats: Arc::new([]),
        }
    }

    /// The words `rows`, one per token, of a table of `table_rows` rows, of which no repetitions are known.
    #[must_use]
    pub fn stated(rows: Arc<[u32]>, table_rows: u32) -> Self {
        Self {
            source: Source::Stated(rows),
            ..Self::new(0, table_rows)
        }
    }

    /// The same words with the repetitions among the first `tokens` tokens.
    #[must_use]
    pub fn with_repeats(self, tokens: u32) -> Self {
        let mut words = self;
        let blank = |bits: u32| vec![0u64; bits.div_ceil(BITS) as usize];
        let (mut seen, mut repeats) = (blank(words.table_rows), blank(tokens));
        for token in 0..tokens {
            let row = words.row(token);
            if bit(&seen, row) {
                set(&mut repeats, token);
            }
            set(&mut seen, row);
        }
        words.repeats = repeats.into();
        words
    }

    /// The row of the table that `token` reads.
    #[must_use]
    #[inline]
    pub fn row(&self, token: u32) -> u32 {
        match &self.source {
            Source::Seed(seed) => (random::draw(*seed, u64::from(token)) % u64::from(self.table_rows)) as u32,
            Source::Stated(rows) => {
                let row = rows.get(token as usize).copied().unwrap_or(0);
                row.min(self.table_rows - 1)
            }
        }
    }

    /// Whether an earlier token has the same word.
    #[must_use]
    #[inline]
    pub fn repeats(&self, token: u32) -> bool {
        bit(&self.repeats, token)
    }

    /// How many of `tokens` tokens from `first` on repeat a word.
    #[must_use]
    pub fn repeats_among(&self, first: u32, tokens: u32) -> u32 {
        (first..first + tokens)
            .filter(|&token| self.repeats(token))
            .count() as u32
    }
}

fn bit(bits: &[u64], index: u32) -> bool {
    bits.get((index / BITS) as usize)
        .is_some_and(|word| word >> (index % BITS) & 1 == 1)
}

fn set(bits: &mut [u64], index: u32) {
    if let Some(word) = bits.get_mut((index / BITS) as usize) {
        *word |= 1 << (index % BITS);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_word_is_new_once() {
        let words = Words::new(3, 50).with_repeats(200);
        let mut seen = BTreeSet::new();
        for token in 0..200 {
            assert_eq!(words.repeats(token), !seen.insert(words.row(token)), "{token}");
        }
        assert_eq!(words.repeats_among(0, 200), 200 - seen.len() as u32);
        assert_eq!(words.repeats_among(0, 1), 0);
    }
}
