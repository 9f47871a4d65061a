//! Blocks that may leave the buffers, by next use.
//!
//! A heap for each buffer that is filled when a block has to leave: the plans of most machines never ask. An entry is out of
//! date once its block has left or has another next use; such entries are skipped when they come up. When they become many, the
//! heap is dropped, and filled again if another block has to leave.

use std::collections::{BinaryHeap, VecDeque};

use super::tensor_table::PlannedTensors;
use super::tensors::BlockId;

/// Entries that a heap may hold beside twice as many as it began with.
const STALE: usize = 4_096;

/// Blocks that may leave: of the activation buffer, and of the weight buffer.
#[derive(Clone, Debug, Default)]
pub(super) struct Evictable([Option<Heap>; 2]);

#[derive(Clone, Debug)]
struct Heap {
    entries: BinaryHeap<(u64, BlockId)>,
    /// How many there may be.
    most: usize,
    /// Those that came up while they rest, the one that is needed last first.
    passed_over: VecDeque<(u64, BlockId)>,
}

impl Evictable {
    /// Notes when a block is next used that is in its buffer.
    pub(super) fn may_leave(&mut self, is_weight: bool, next_use: u64, block: BlockId) {
        let slot = &mut self.0[usize::from(is_weight)];
        if let Some(heap) = slot {
            heap.entries.push((next_use, block));
            if heap.entries.len() > heap.most {
                *slot = None;
            }
        }
    }

    /// The next use of the block that is needed last, but for those of `step`; `None` if there is no such block.
    pub(super) fn last(&mut self, tensors: &PlannedTensors, is_weight: bool, step: u32) -> Option<u64> {
        let heap = self.current(tensors, is_weight, step);
        // What was passed over is needed later than all that has not come up.
        let first = heap.passed_over(tensors, step).or(heap.entries.peek().copied());
        first.map(|(next_use, _)| next_use)
    }

    /// Takes out the block that is needed last, but for those of `step`, and before those that the last `resting` steps used. Those
    /// are passed over until [`settle`](Self::settle), however many blocks leave for a step.
    pub(super) fn take_last(
        &mut self,
        tensors: &PlannedTensors,
        is_weight: bool,
        step: u32,
        resting: u32,
    ) -> Option<BlockId> {
        let rests = |block| {
            let used_by = tensors.block(block).and_then(|state| state.used_by);
            used_by.is_some_and(|used_by| used_by + resting >= step)
        };
        loop {
            let heap = self.current(tensors, is_weight, step);
            match heap.entries.pop() {
                Some(entry) if rests(entry.1) => heap.passed_over.push_back(entry),
                Some((_, block)) => return Some(block),
                None => {
                    let entry = heap.passed_over(tensors, step);
                    heap.passed_over.pop_front();
                    return entry.map(|(_, block)| block);
                }
            }
        }
    }

    /// Notes that all blocks have left that leave for a step.
    pub(super) fn settle(&mut self) {
        for heap in self.0.iter_mut().flatten() {
            heap.entries.extend(heap.passed_over.drain(..));
        }
    }

    /// The heap of a buffer, whose first entry is not out of date. Blocks that `step` uses are noted anew when it is over, so
    /// their entries count as out of date, too.
    fn current(&mut self, tensors: &PlannedTensors, is_weight: bool, step: u32) -> &mut Heap {
        let slot = &mut self.0[usize::from(is_weight)];
        let heap = slot.get_or_insert_with(|| Heap::of(tensors, is_weight));
        while let Some(&entry) = heap.entries.peek() {
            if is_current(tensors, entry, step) {
                break;
            }
            heap.entries.pop();
        }
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
            passed_over: VecDeque::new(),
        }
    }

    /// The first block that was passed over and is still there.
    fn passed_over(&mut self, tensors: &PlannedTensors, step: u32) -> Option<(u64, BlockId)> {
        while let Some(&entry) = self.passed_over.front() {
            if is_current(tensors, entry, step) {
                return Some(entry);
            }
            self.passed_over.pop_front();
        }
        None
    }
}

fn is_current(tensors: &PlannedTensors, (next_use, block): (u64, BlockId), step: u32) -> bool {
    tensors.block(block).is_some_and(|state| {
        state.stay.is_some() && state.next_use == next_use && state.used_by != Some(step)
    })
}
