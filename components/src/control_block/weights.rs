//! Weights: which are in the weight buffer, which are in flight, which wait for room.

use std::collections::{BTreeMap, VecDeque};

use crate::control_block::places::WindowPlace;
use crate::control_block::space::Space;
use crate::operation::{Footprint, OperationId, TensorId, WeightTensor};

/// Where a weight tensor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WeightState {
    /// In main memory, and wanted.
    Queued,
    /// In flight.
    Loading,
    /// In the buffer.
    Resident,
}

#[derive(Clone, Debug)]
pub(crate) struct Weight {
    pub(crate) source: WeightTensor,
    pub(crate) footprint: Footprint,
    pub(crate) state: WeightState,
    /// Operations of the window that need it, oldest first. Without any it stays until its room is wanted.
    users: Vec<u32>,
    /// Operations up to this one must be finished before it is loaded.
    after: Option<OperationId>,
    /// Window places of operations that wait for it.
    pub(crate) waiting: Vec<WindowPlace>,
    last_used: u64,
}

/// The weights known to the control block. Loads begin in the order in which operations were admitted, so the oldest
/// operation's weights always come first. A weight that only younger operations wait for is evicted, too, and loaded again
/// for them, so loading cannot deadlock.
#[derive(Clone, Debug)]
pub(crate) struct WeightStore {
    weights: BTreeMap<TensorId, Weight>,
    queue: VecDeque<TensorId>,
    space: Space,
    uses: u64,
    /// Whether a load could begin that could not when last tried.
    changed: bool,
    /// The oldest operation that is not finished.
    oldest: u32,
}

impl WeightStore {
    pub(crate) fn new(space: Space) -> Self {
        Self {
            weights: BTreeMap::new(),
            queue: VecDeque::new(),
            space,
            uses: 0,
            changed: false,
            oldest: 0,
        }
    }

    /// Announces a use of `source` by `operation`, to be loaded if it is not here.
    pub(crate) fn want(
        &mut self,
        source: WeightTensor,
        footprint: Footprint,
        operation: u32,
        after: Option<OperationId>,
    ) {
        let weight = self.weights.entry(source.tensor).or_insert_with(|| {
            self.queue.push_back(source.tensor);
            self.changed = true;
            Weight {
                source,
                footprint,
                state: WeightState::Queued,
                users: Vec::new(),
                after,
                waiting: Vec::new(),
                last_used: 0,
            }
        });
        weight.users.push(operation);
    }

    /// Ends a use announced by [`Self::want`].
    pub(crate) fn release(&mut self, tensor: TensorId, operation: u32) {
        self.uses += 1;
        if let Some(weight) = self.weights.get_mut(&tensor) {
            weight.users.retain(|&user| user != operation);
            self.changed = true;
            weight.last_used = self.uses;
        }
    }

    /// Notes that all operations before `oldest` are finished.
    pub(crate) fn finished_before(&mut self, oldest: u32) {
        let passed = self.oldest..oldest;
        self.oldest = oldest;
        let first = self.queue.front().and_then(|first| self.weights.get(first));
        let awaited = first.and_then(|weight| weight.after);
        self.changed |= awaited.is_some_and(|after| passed.contains(&after.0));
    }

    /// Makes the next load be tried again.
    pub(crate) fn retry(&mut self) {
        self.changed = true;
    }

    pub(crate) fn get_mut(&mut self, tensor: TensorId) -> Option<&mut Weight> {
        self.weights.get_mut(&tensor)
    }

    /// The oldest operation that needs a weight.
    pub(crate) fn first_user(&self, tensor: TensorId) -> Option<u32> {
        self.weights.get(&tensor)?.users.first().copied()
    }

    pub(crate) fn is_resident(&self, tensor: TensorId) -> bool {
        self.weights
            .get(&tensor)
            .is_some_and(|weight| weight.state == WeightState::Resident)
    }

    /// Notes that a weight is here; the operations that wait for it. `None` if nothing wants it.
    pub(crate) fn arrived(&mut self, tensor: TensorId) -> Option<Vec<WindowPlace>> {
        let weight = self.weights.get_mut(&tensor)?;
        weight.state = WeightState::Resident;
        self.changed = true;
        Some(std::mem::take(&mut weight.waiting))
    }

    /// The next weight for which there is room, now marked as loading. Unused weights are evicted, least recently used
    /// first, then those that only younger operations need of which none `has_begun`; each eviction is handed to
    /// `evicted`.
    pub(crate) fn next_load(
        &mut self,
        has_begun: impl Fn(u32) -> bool,
        mut evicted: impl FnMut(TensorId, Footprint),
    ) -> Option<&Weight> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let tensor = *self.queue.front()?;
        let wanted = self.weights.get(&tensor)?;
        if wanted.after.is_some_and(|after| after.0 >= self.oldest) {
            return None;
        }
        let (footprint, wanting) = (
            wanted.footprint,
            wanted.users.first().copied().unwrap_or(u32::MAX),
        );
        while !self.space.take(footprint) {
            let can_wait = |user: &u32| *user > wanting && !has_begun(*user);
            let (&victim, _) = self
                .weights
                .iter()
                .filter(|(_, weight)| {
                    weight.state == WeightState::Resident && weight.users.iter().all(can_wait)
                })
                .min_by_key(|(_, weight)| (!weight.users.is_empty(), weight.last_used))?;
            let gone = self.evict(victim)?;
            self.space.give_back(gone);
            evicted(victim, gone);
        }
        self.queue.pop_front();
        self.changed = true;
        let weight = self.weights.get_mut(&tensor)?;
        weight.state = WeightState::Loading;
        Some(weight)
    }

    /// Takes a weight out; if it is still wanted, it queues again, before what only younger operations want.
    fn evict(&mut self, victim: TensorId) -> Option<Footprint> {
        let weight = self.weights.get_mut(&victim)?;
        let footprint = weight.footprint;
        let Some(&first) = weight.users.first() else {
            self.weights.remove(&victim);
            return Some(footprint);
        };
        weight.state = WeightState::Queued;
        let older = |tensor: &&TensorId| {
            self.weights
                .get(*tensor)
                .and_then(|other| other.users.first())
                .is_some_and(|&user| user < first)
        };
        let place = self.queue.iter().take_while(older).count();
        self.queue.insert(place, victim);
        Some(footprint)
    }
}
