//! Places in main memory for blocks that have left the buffers.

use std::collections::BTreeMap;

use super::step::Move;
use crate::operation::Footprint;
use crate::units::BLOCK;

/// Hands out places of whole accesses, and takes them back. Sizes recur, as blocks do, so free places are kept by size.
#[derive(Clone, Debug)]
pub(super) struct SpillSlots {
    start: u64,
    /// Bytes ever handed out.
    used: u64,
    /// Free places by accesses.
    free: BTreeMap<u64, Vec<u64>>,
}

impl SpillSlots {
    /// Places from address `start` on.
    pub(super) fn new(start: u64) -> Self {
        Self {
            start,
            used: 0,
            free: BTreeMap::new(),
        }
    }

    /// A place for `footprint`, its mask after its data.
    pub(super) fn take(&mut self, footprint: Footprint) -> Move {
        let accesses = footprint.data.blocks() + footprint.mask.blocks();
        let free = self.free.get_mut(&accesses).and_then(Vec::pop);
        let data = free.unwrap_or_else(|| {
            let place = self.start + self.used;
            self.used += accesses * BLOCK.0;
            place
        });
        Move {
            data,
            masks: data + footprint.data.blocks() * BLOCK.0,
            footprint,
        }
    }

    /// Takes a place back.
    pub(super) fn give_back(&mut self, place: Move) {
        let accesses = place.footprint.data.blocks() + place.footprint.mask.blocks();
        self.free.entry(accesses).or_default().push(place.data);
    }

    /// Bytes that were in use at once, at most.
    pub(super) fn used(&self) -> u64 {
        self.used
    }
}
