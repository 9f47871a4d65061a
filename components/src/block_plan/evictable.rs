//! Blocks that may leave the buffers, by next use.
//!
//! A heap for each buffer that is first filled when a block has to leave: the plans of most machines never ask. An entry is
//! out of date once its block has left or has another next use; such entries are skipped when they come up.

use std::collections::BinaryHeap;

use super::tensors::{BlockId, PlannedTensors};

/// Entries out of date that a heap may hold beside as many that are not.
const STALE: usize = 4_096;

/// Blocks that may leave: of the activation buffer, and of the weight buffer.
#[derive(Clone, Debug, Default)]
pub(super) struct Evictable {
    heaps: Option<[Heap; 2]>,
}

#[derive(Clone, Debug, Default)]
struct Heap {
    entries: BinaryHeap<(u64, BlockId)>,
    /// How many there may be before those out of date are thrown out.
    most: usize,
}

impl Evictable {
    /// Notes when a block is next used that is in its buffer.
    pub(super) fn may_leave(&mut self, is_weight: bool, next_use: u64, block: BlockId) {
        if let Some(heaps) = &mut self.heaps {
            heaps[usize::from(is_weight)].entries.push((next_use, block));
        }
    }

    /// The next use of the block that is needed last, but for those of `step`; `None` if there is no such block.
    pub(super) fn last(&mut self, tensors: &PlannedTensors, is_weight: bool, step: u32) -> Option<u64> {
        let heap = self.heap(tensors, is_weight, step);
        heap.skip_stale(tensors, step);
        heap.entries.peek().map(|&(next_use, _)| next_use)
    }

    /// Takes out the block that is needed last, but for those of `step`.
    pub(super) fn take_last(
        &mut self,
        tensors: &PlannedTensors,
        is_weight: bool,
        step: u32,
    ) -> Option<BlockId> {
        let heap = self.heap(tensors, is_weight, step);
        heap.skip_stale(tensors, step);
        heap.entries.pop().map(|(_, block)| block)
    }

    fn heap(&mut self, tensors: &PlannedTensors, is_weight: bool, step: u32) -> &mut Heap {
        let heaps = self
            .heaps
            .get_or_insert_with(|| [false, true].map(|is_weight| Heap::of(tensors, is_weight)));
        let heap = &mut heaps[usize::from(is_weight)];
        heap.throw_out_stale(tensors, step);
        heap
    }
}

impl Heap {
    /// All blocks that are in the buffer.
    fn of(tensors: &PlannedTensors, is_weight: bool) -> Self {
        let entries: BinaryHeap<_> = tensors.resident(is_weight).collect();
        Self {
            most: 2 * entries.len() + STALE,
            entries,
        }
    }

    /// Blocks that `step` uses are noted anew when it is over, so their entries count as out of date, too.
    fn skip_stale(&mut self, tensors: &PlannedTensors, step: u32) {
        while let Some(&entry) = self.entries.peek() {
            if is_current(tensors, entry, step) {
                return;
            }
            self.entries.pop();
        }
    }

    fn throw_out_stale(&mut self, tensors: &PlannedTensors, step: u32) {
        if self.entries.len() > self.most {
            self.entries.retain(|&entry| is_current(tensors, entry, step));
            self.most = 2 * self.entries.len() + STALE;
        }
    }
}

fn is_current(tensors: &PlannedTensors, (next_use, block): (u64, BlockId), step: u32) -> bool {
    tensors.block(block).is_some_and(|state| {
        state.stay.is_some() && state.next_use == next_use && state.used_by != Some(step)
    })
}
