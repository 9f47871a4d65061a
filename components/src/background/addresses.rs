//! The addresses of background traffic.

use rand_distr::Distribution as _;
use rand_distr::Uniform;
use sim_core::random::Stream;

use crate::units::BLOCK;

/// Which addresses of its region a source asks for, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressPattern {
    /// Block after block; from the end of the region it wraps to the beginning.
    Stream,
    /// Every `stride` bytes; from the end of the region it wraps to the beginning, one block further on.
    Strided {
        /// Distance from one request to the next, in bytes.
        stride: u64,
    },
    /// Any block, all equally likely.
    Random,
}

/// The addresses of one source.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    pattern: AddressPattern,
    base: u64,
    bytes: u64,
    offset: u64,
    /// How far into its first block the current sweep over the region began.
    sweep: u64,
}

impl Addresses {
    /// Addresses in the `bytes` from `base` on, which are at least one block.
    pub(super) fn new(pattern: AddressPattern, base: u64, bytes: u64) -> Self {
        Self {
            pattern,
            base,
            bytes: bytes.max(BLOCK.0) / BLOCK.0 * BLOCK.0,
            offset: 0,
            sweep: 0,
        }
    }

    pub(super) fn next(&mut self, random: &mut Stream) -> u64 {
        match self.pattern {
            AddressPattern::Stream => self.step(BLOCK.0),
            AddressPattern::Strided { stride } => self.step(stride.max(1)),
            AddressPattern::Random => {
                let blocks = self.bytes / BLOCK.0;
                // The range is never empty; if it were, the first block would stand for all.
                let block = Uniform::new(0, blocks).map_or(0, |blocks| blocks.sample(random));
                self.base + block * BLOCK.0
            }
        }
    }

    fn step(&mut self, stride: u64) -> u64 {
        let address = self.base + self.offset;
        self.offset = self.offset.saturating_add(stride);
        if self.offset >= self.bytes {
            self.sweep += BLOCK.0;
            if self.sweep >= stride.min(self.bytes) {
                self.sweep = 0;
            }
            self.offset = self.sweep;
        }
        address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(pattern: AddressPattern, bytes: u64, count: usize) -> Vec<u64> {
        let mut random = sim_core::random::stream(1, 2);
        let mut addresses = Addresses::new(pattern, 4096, bytes);
        (0..count).map(|_| addresses.next(&mut random)).collect()
    }

    #[test]
    fn a_stream_begins_again_at_its_end() {
        assert_eq!(
            addresses(AddressPattern::Stream, 192, 5),
            [4096, 4160, 4224, 4096, 4160]
        );
    }

    #[test]
    fn strides_come_to_every_block() {
        let mut seen = addresses(AddressPattern::Strided { stride: 256 }, 1024, 16);
        assert_eq!(seen[..5], [4096, 4352, 4608, 4864, 4160]);
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 16);
    }

    #[test]
    fn random_addresses_stay_in_their_region() {
        let seen = addresses(AddressPattern::Random, 64 * 64, 1000);
        assert!(
            seen.iter()
                .all(|address| (4096..4096 + 64 * 64).contains(address) && address % 64 == 0)
        );
        assert!(seen.iter().collect::<std::collections::BTreeSet<_>>().len() == 64);
    }
}
