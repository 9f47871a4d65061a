//! Request patterns for tests, benches and background traffic: each a lazy, endless-free iterator.
//!
//! Randomness is splitmix64, so any language can make the same requests.

use super::Access;
use super::trace_text::{TraceError, TraceRecord};

/// The generator splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
#[derive(Clone, Copy, Debug)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// A generator from its seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next_number(&mut self) -> u64 {
        let number = sim_core::random::splitmix(self.0);
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        number
    }

    /// A number below `bound`, by plain remainder.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next_number() % bound
    }
}

/// What a pattern must know of the memory it is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Bytes of all channels.
    pub capacity: u64,
    /// Distance of one row to the next of the same bank, in bytes.
    pub row_stride: u64,
    /// Contiguous bytes of one row.
    pub page: u64,
}

/// The kinds of patterns. Requests are of 64 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// One stream of reads from address 0.
    Sequential,
    /// One stream; each third request is a write.
    SequentialTwoReadsOneWrite,
    /// Uniform random reads.
    Random {
        /// Seed.
        seed: u64,
    },
    /// Uniform random reads and writes in equal parts.
    RandomReadsAndWrites {
        /// Seed.
        seed: u64,
    },
    /// Rows 0, 1, 2, ... of one bank.
    RowConflicts,
    /// Four streams of reads that walk the same bank in different rows.
    AlignedStreams,
    /// Four streams in different banks, the last of writes.
    StaggeredStreams,
    /// Uniform random reads, one each `period` cycles.
    SparseRandom {
        /// Seed.
        seed: u64,
        /// Cycles between requests.
        period: u64,
    },
    /// Bursts of sequential requests from random pages, a quarter of them writes, with gaps between them.
    Bursts {
        /// Seed.
        seed: u64,
        /// Requests of a burst.
        burst: u64,
        /// Least gap, in cycles.
        gap_min: u64,
        /// Largest gap, in cycles.
        gap_max: u64,
    },
    /// `c[i] = a[i] + b[i]` over three arrays.
    Triad,
    /// Loads of tiles: `rows` pieces of `row_bytes`, `pitch` apart, from random places.
    Tiles {
        /// Seed.
        seed: u64,
        /// Pieces of a tile.
        rows: u64,
        /// Bytes of a piece.
        row_bytes: u64,
        /// Distance of pieces, in bytes.
        pitch: u64,
    },
}

/// Bytes of one request.
const REQUEST: u64 = 64;

impl Pattern {
    /// The first `count` requests of the pattern.
    pub fn requests(self, geometry: Geometry, count: u64) -> impl Iterator<Item = TraceRecord> {
        let mut state = State::new(self);
        (0..count).map(move |index| state.request(self, geometry, index))
    }

    /// As [`Self::requests`], in the form that [`replay`](super::replay) takes.
    pub fn records(
        self,
        geometry: Geometry,
        count: u64,
    ) -> impl Iterator<Item = Result<TraceRecord, TraceError>> {
        self.requests(geometry, count).map(Ok)
    }
}

/// What a pattern carries from one request to the next.
struct State {
    random: SplitMix64,
    base: u64,
    writes: bool,
    cycle: u64,
}

impl State {
    fn new(pattern: Pattern) -> Self {
        let seed = match pattern {
            Pattern::Random { seed }
            | Pattern::RandomReadsAndWrites { seed }
            | Pattern::SparseRandom { seed, .. }
            | Pattern::Bursts { seed, .. }
            | Pattern::Tiles { seed, .. } => seed,
            _ => 0,
        };
        Self {
            random: SplitMix64::new(seed),
            base: 0,
            writes: false,
            cycle: 0,
        }
    }

    fn request(&mut self, pattern: Pattern, geometry: Geometry, index: u64) -> TraceRecord {
        let Geometry {
            capacity, row_stride, ..
        } = geometry;
        let blocks = capacity / REQUEST;
        let quarter = capacity / 4;
        match pattern {
            Pattern::Sequential => read(index * REQUEST),
            Pattern::SequentialTwoReadsOneWrite => request(index * REQUEST, index % 3 == 2),
            Pattern::Random { .. } => read(self.random.below(blocks) * REQUEST),
            Pattern::RandomReadsAndWrites { .. } => {
                let address = self.random.below(blocks) * REQUEST;
                request(address, self.random.next_number() & 1 == 1)
            }
            Pattern::RowConflicts => read(index * row_stride % capacity),
            Pattern::AlignedStreams => read(index % 4 * quarter + index / 4 * REQUEST),
            Pattern::StaggeredStreams => {
                let stream = index % 4;
                let address = stream * quarter + stream * (row_stride / 4) + index / 4 * REQUEST;
                request(address, stream == 3)
            }
            Pattern::SparseRandom { period, .. } => TraceRecord {
                cycle: index * period,
                ..read(self.random.below(blocks) * REQUEST)
            },
            Pattern::Bursts {
                burst,
                gap_min,
                gap_max,
                ..
            } => self.burst(geometry, index, burst, gap_min, gap_max),
            Pattern::Triad => request(index % 3 * quarter + index / 3 * REQUEST, index % 3 == 2),
            Pattern::Tiles {
                rows,
                row_bytes,
                pitch,
                ..
            } => self.tile(capacity, index, rows, row_bytes, pitch),
        }
    }

    fn burst(
        &mut self,
        geometry: Geometry,
        index: u64,
        burst: u64,
        gap_min: u64,
        gap_max: u64,
    ) -> TraceRecord {
        let place = index % burst;
        if place == 0 {
            if index > 0 {
                self.cycle += gap_min + self.random.below(gap_max - gap_min + 1);
            }
            let pages = (geometry.capacity - burst * REQUEST) / geometry.page;
            self.base = self.random.below(pages) * geometry.page;
            self.writes = self.random.below(4) == 0;
        }
        TraceRecord {
            cycle: self.cycle,
            ..request(self.base + place * REQUEST, self.writes)
        }
    }

    fn tile(&mut self, capacity: u64, index: u64, rows: u64, row_bytes: u64, pitch: u64) -> TraceRecord {
        let per_row = row_bytes / REQUEST;
        let place = index % (rows * per_row);
        if place == 0 {
            let slots = (capacity - rows * pitch) / row_bytes;
            self.base = self.random.below(slots) * row_bytes;
        }
        read(self.base + place / per_row * pitch + place % per_row * REQUEST)
    }
}

fn read(address: u64) -> TraceRecord {
    request(address, false)
}

fn request(address: u64, write: bool) -> TraceRecord {
    TraceRecord {
        address,
        access: if write { Access::Write } else { Access::Read },
        cycle: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::SplitMix64;

    #[test]
    fn first_numbers_of_seed_zero() {
        // Reference output of Vigna's splitmix64.c for seed 0.
        let mut random = SplitMix64::new(0);
        assert_eq!(random.next_number(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(random.next_number(), 0x6e78_9e6a_a1b9_65f4);
    }
}
