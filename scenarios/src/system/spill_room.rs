//! How much main memory spills can take at once.
//!
//! The control block uses what main memory has left as a ring: each tensor gets its place when its operation enters the
//! window, whether it will be spilled or not. A tensor is alive until its last reader is finished, and operations are
//! admitted no further than a window after that reader. So the ring never overtakes itself if it holds all tensors that
//! are made from any tensor up to a window after its last reader.

use std::collections::{BTreeMap, VecDeque};

use components::operation::{Operation, TensorId};
use components::runs::Tiling;
use components::units::BLOCK;
use components::word;

/// A walk over a program that finds the room its spills can take.
pub(super) struct SpillRoom {
    window: u64,
    tiling: Tiling,
    operations: u64,
    /// Bytes given out from the beginning of the program.
    given: u64,
    /// Where tensors that still have readers begin, and how many those are.
    alive: BTreeMap<TensorId, (u64, u32)>,
    /// Operations up to which tensors without a reader left may live, and where those begin.
    ending: VecDeque<(u64, u64)>,
    largest: u64,
    needed: u64,
    kept: u64,
}

impl SpillRoom {
    pub(super) fn new(window: u32, tiling: Tiling) -> Self {
        Self {
            window: u64::from(window),
            tiling,
            operations: 0,
            given: 0,
            alive: BTreeMap::new(),
            ending: VecDeque::new(),
            largest: 0,
            needed: 0,
            kept: 0,
        }
    }

    /// Walks past `operation`.
    pub(super) fn add(&mut self, operation: &Operation) {
        while let Some(&(_, start)) = self.ending.front().filter(|(last, _)| *last <= self.operations) {
            self.ending.pop_front();
            self.needed = self.needed.max(self.given - start);
        }
        for (tensor, _) in operation.inputs() {
            let Some((start, readers)) = self.alive.get_mut(&tensor) else {
                continue;
            };
            *readers -= 1;
            if *readers == 0 {
                self.ending.push_back((self.operations + self.window, *start));
                self.alive.remove(&tensor);
            }
        }
        if let Some(made) = &operation.output {
            let items = u64::from(made.batch.min(self.tiling.tile.b));
            let elements = items * u64::from(made.rows) * u64::from(made.columns);
            let slices = u64::from(made.batch.div_ceil(self.tiling.tile.b));
            let blocks = self.tiling.word.dense(elements).blocks() + word::mask(elements).blocks();
            let bytes = blocks * BLOCK.0 * slices;
            if made.kept_at.is_some() {
                self.kept = self.kept.saturating_add(bytes);
            } else {
                self.alive.insert(made.tensor, (self.given, made.consumers));
                self.given = self.given.saturating_add(bytes);
                self.largest = self.largest.max(bytes);
            }
        }
        self.operations += 1;
    }

    /// Bytes that the ring must hold, if a buffer of `buffer` bytes cannot hold whatever is alive.
    pub(super) fn bytes(mut self, buffer: u64) -> u64 {
        let ends = std::mem::take(&mut self.ending);
        let starts = ends.into_iter().map(|(_, start)| start);
        let starts = starts.chain(self.alive.values().map(|(start, _)| *start));
        let needed = starts.fold(self.needed, |most, start| most.max(self.given - start));
        if needed.saturating_add(self.kept) <= buffer {
            return 0;
        }
        // A tensor that does not fit before the end of the ring begins at its beginning.
        needed.saturating_add(self.largest)
    }
}
