//! Room in the activation buffer: slices of tensors, spilled and reloaded as the control block does it.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use components::operation::Footprint;
use components::units::Bytes;

use crate::coarse::step::{Step, Steps};

/// One batch tile's part of a tensor: the number of the operation that makes it, and of the batch tile.
pub(super) type SliceId = (usize, usize);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Unallocated,
    Resident,
    Spilling,
    Spilled,
    Reloading,
    Freed,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slice {
    state: State,
    /// Pieces in flight that read or write it.
    pins: u32,
    readers: u32,
    size: Footprint,
    last_used: u64,
    /// Whether all of it has been computed: from then on it can be saved.
    complete: bool,
    /// Whether main memory holds its current content, so that it can be dropped without another write.
    saved: bool,
}

/// A slice that has to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Motion {
    Out(SliceId),
    Back(SliceId),
}

/// The activation buffer.
#[derive(Clone, Debug, Default)]
pub(super) struct ActivationRoom {
    capacity: Footprint,
    used: Footprint,
    slices: Vec<Vec<Slice>>,
    /// All slices that occupy room.
    alive: BTreeSet<SliceId>,
    stamp: u64,
    /// The oldest operation requested room and got none. Until it gets some, no other operation does.
    leader_is_short: bool,
    /// Whether slices that main memory holds already are not written again.
    keeps_saved: bool,
    /// Room that is about to become free.
    coming: Footprint,
    pub(super) motions: Vec<Motion>,
}

impl ActivationRoom {
    pub(super) fn new(capacity: Footprint, steps: &Steps) -> Self {
        // Where several batch tiles make one slice, it may not take more than its share of an operation's three slices.
        let several = |step: &Step, bytes: Bytes, capacity: Bytes| match step.pieces.batches_each() {
            1 => bytes,
            _ if step.output_slices() == 1 => bytes,
            times => (bytes * times).min(Bytes(capacity.0 / 4)),
        };
        let slices = |step: &Step| {
            let Some(output) = step.output else {
                return Vec::new();
            };
            let slice = Slice {
                readers: output.readers,
                size: Footprint {
                    data: several(step, output.partial, capacity.data),
                    mask: several(step, output.mask, capacity.mask),
                },
                ..Slice::default()
            };
            vec![slice; step.output_slices()]
        };
        Self {
            capacity,
            used: Footprint::default(),
            slices: steps.steps.iter().map(slices).collect(),
            alive: BTreeSet::new(),
            stamp: 0,
            leader_is_short: false,
            keeps_saved: steps.trains,
            coming: Footprint::default(),
            motions: Vec::new(),
        }
    }

    /// Whether all slices that an operation needs for a piece are in the buffer; takes room for them as far as it can. Only
    /// the oldest operation with work to issue (`leads`) may spill others, those with the latest `next_use` first.
    pub(super) fn acquire(
        &mut self,
        needed: &[SliceId],
        leads: bool,
        next_use: &dyn Fn(SliceId) -> usize,
    ) -> bool {
        for &(step, batch) in needed {
            let Some(&slice) = self.slices[step].get(batch) else {
                continue;
            };
            let next = match slice.state {
                State::Resident => continue,
                State::Unallocated => State::Resident,
                State::Spilled => State::Reloading,
                State::Spilling | State::Reloading | State::Freed => return false,
            };
            if !self.take(slice.size, leads) {
                if leads {
                    self.leader_is_short = true;
                    self.make_room(slice.size, needed, next_use);
                }
                if !leads || !self.take(slice.size, leads) {
                    return false;
                }
            }
            self.slices[step][batch].state = next;
            self.alive.insert((step, batch));
            if next == State::Reloading {
                self.motions.push(Motion::Back((step, batch)));
                return false;
            }
        }
        true
    }

    fn take(&mut self, size: Footprint, leads: bool) -> bool {
        let fits = self.used.data + size.data <= self.capacity.data
            && self.used.mask + size.mask <= self.capacity.mask;
        if !fits || (self.leader_is_short && !leads) {
            return false;
        }
        self.used.data += size.data;
        self.used.mask += size.mask;
        if leads {
            self.leader_is_short = false;
        }
        true
    }

    /// Spills slices that are not in use: those needed last first, and among equals the least recently used. Slices that
    /// main memory holds already are dropped at once.
    fn make_room(&mut self, size: Footprint, needed: &[SliceId], next_use: &dyn Fn(SliceId) -> usize) {
        let short = |used: Bytes, wanted: Bytes, capacity: Bytes| {
            Bytes((used.0 + wanted.0).saturating_sub(capacity.0))
        };
        loop {
            let data = short(self.used.data, size.data, self.capacity.data);
            let mask = short(self.used.mask, size.mask, self.capacity.mask);
            if self.coming.data >= data && self.coming.mask >= mask {
                return;
            }
            let slices = &self.slices;
            let candidates = self.alive.iter().filter(|&&(step, batch)| {
                let slice = &slices[step][batch];
                slice.state == State::Resident && slice.pins == 0 && !needed.contains(&(step, batch))
            });
            let victim = candidates.min_by_key(|&&(step, batch)| {
                (Reverse(next_use((step, batch))), slices[step][batch].last_used)
            });
            let Some(&(step, batch)) = victim else { return };
            let slice = &mut self.slices[step][batch];
            if slice.saved {
                slice.state = State::Spilled;
                let size = slice.size;
                self.give_back((step, batch), size);
                continue;
            }
            slice.state = State::Spilling;
            self.coming.data += slice.size.data;
            self.coming.mask += slice.size.mask;
            self.motions.push(Motion::Out((step, batch)));
        }
    }

    /// A piece that reads and writes `slices` begins.
    pub(super) fn pin(&mut self, slices: &[SliceId]) {
        self.stamp += 1;
        for &(step, batch) in slices {
            if let Some(slice) = self.slices[step].get_mut(batch) {
                slice.pins += 1;
                slice.last_used = self.stamp;
            }
        }
    }

    /// It has ended.
    pub(super) fn unpin(&mut self, slices: &[SliceId]) {
        for &(step, batch) in slices {
            if let Some(slice) = self.slices[step].get_mut(batch) {
                slice.pins -= 1;
            }
        }
    }

    /// A slice has arrived in main memory or in the buffer.
    pub(super) fn moved(&mut self, motion: Motion) {
        match motion {
            Motion::Out((step, batch)) => {
                let size = self.slices[step][batch].size;
                let slice = &mut self.slices[step][batch];
                slice.state = State::Spilled;
                slice.saved |= slice.complete && self.keeps_saved;
                self.coming.data -= size.data;
                self.coming.mask -= size.mask;
                self.give_back((step, batch), size);
            }
            Motion::Back((step, batch)) => self.slices[step][batch].state = State::Resident,
        }
    }

    /// Current bytes of a slice.
    pub(super) fn size(&self, (step, batch): SliceId) -> Footprint {
        self.slices[step][batch].size
    }

    /// A slice is complete: its zeros are dropped.
    pub(super) fn compact(&mut self, (step, batch): SliceId, data: Bytes) {
        let Some(slice) = self.slices[step].get_mut(batch) else {
            return;
        };
        slice.complete = true;
        if slice.state == State::Resident && slice.size.data > data {
            self.used.data -= slice.size.data - data;
            slice.size.data = data;
        }
    }

    /// A reader is done with a slice; the last one frees it.
    pub(super) fn release(&mut self, (step, batch): SliceId) {
        let Some(slice) = self.slices[step].get_mut(batch) else {
            return;
        };
        slice.readers = slice.readers.saturating_sub(1);
        if slice.readers > 0 {
            return;
        }
        let (state, size) = (slice.state, slice.size);
        slice.state = State::Freed;
        if state == State::Resident {
            self.give_back((step, batch), size);
        }
    }

    fn give_back(&mut self, slice: SliceId, size: Footprint) {
        self.used.data -= size.data;
        self.used.mask -= size.mask;
        self.alive.remove(&slice);
    }
}
