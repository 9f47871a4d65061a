//! Weights: which are in the weight buffer, which are on their way, which wait for room.

use std::collections::{BTreeMap, VecDeque};

use crate::control_block::space::Space;
use crate::operation::{Footprint, TensorId, WeightTensor};

/// Where a weight tensor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WeightState {
    /// In main memory, and wanted.
    Queued,
    /// On its way.
    Loading,
    /// In the buffer.
    Resident,
}

#[derive(Clone, Debug)]
pub(crate) struct Weight {
    pub(crate) source: WeightTensor,
    pub(crate) footprint: Footprint,
    pub(crate) state: WeightState,
    /// Operations of the window that need it. At zero it stays as long as its room is not wanted.
    users: u32,
    /// Window places of operations that wait for it.
    pub(crate) waiting: Vec<usize>,
    last_used: u64,
}

/// The weights known to the control block. Loads begin in the order in which operations were admitted, so the oldest
/// operation's weights always come first and loading cannot deadlock.
#[derive(Clone, Debug)]
pub(crate) struct WeightStore {
    weights: BTreeMap<TensorId, Weight>,
    queue: VecDeque<TensorId>,
    space: Space,
    uses: u64,
    /// Whether a load could begin that could not when last tried.
    changed: bool,
}

impl WeightStore {
    pub(crate) fn new(space: Space) -> Self {
        Self {
            weights: BTreeMap::new(),
            queue: VecDeque::new(),
            space,
            uses: 0,
            changed: false,
        }
    }

    /// Announces a use of `source`, to be loaded if it is not here.
    pub(crate) fn want(&mut self, source: WeightTensor, footprint: Footprint) {
        let weight = self.weights.entry(source.tensor).or_insert_with(|| {
            self.queue.push_back(source.tensor);
            self.changed = true;
            Weight {
                source,
                footprint,
                state: WeightState::Queued,
                users: 0,
                waiting: Vec::new(),
                last_used: 0,
            }
        });
        weight.users += 1;
    }

    /// Ends a use announced by [`Self::want`].
    pub(crate) fn release(&mut self, tensor: TensorId) {
        self.uses += 1;
        if let Some(weight) = self.weights.get_mut(&tensor) {
            weight.users -= 1;
            self.changed |= weight.users == 0;
            weight.last_used = self.uses;
        }
    }

    pub(crate) fn get_mut(&mut self, tensor: TensorId) -> Option<&mut Weight> {
        self.weights.get_mut(&tensor)
    }

    pub(crate) fn is_resident(&self, tensor: TensorId) -> bool {
        self.weights
            .get(&tensor)
            .is_some_and(|weight| weight.state == WeightState::Resident)
    }

    /// The next weight for which there is room, now marked as loading. Unused weights make way,
    /// least recently used first; what was evicted for it is handed to `evicted`.
    pub(crate) fn next_load(&mut self, mut evicted: impl FnMut(Footprint)) -> Option<&Weight> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let tensor = *self.queue.front()?;
        let footprint = self.weights.get(&tensor)?.footprint;
        while !self.space.take(footprint) {
            let (&victim, _) = self
                .weights
                .iter()
                .filter(|(_, weight)| weight.users == 0 && weight.state == WeightState::Resident)
                .min_by_key(|(_, weight)| weight.last_used)?;
            let gone = self.weights.remove(&victim)?.footprint;
            self.space.give_back(gone);
            evicted(gone);
        }
        self.queue.pop_front();
        self.changed = true;
        let weight = self.weights.get_mut(&tensor)?;
        weight.state = WeightState::Loading;
        Some(weight)
    }
}
