//! Room in the weight buffer: weights are loaded in program order while there is room.

use std::collections::VecDeque;

use components::operation::Footprint;
use components::units::Bytes;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Absent,
    Queued,
    Loading,
    Here,
}

/// The weight buffer.
#[derive(Clone, Debug)]
pub(super) struct WeightRoom {
    capacity: Footprint,
    used: Footprint,
    sizes: Vec<Footprint>,
    state: Vec<State>,
    /// The step that must be finished, with all before it, before each is loaded.
    after: Vec<Option<usize>>,
    /// Unfinished operations of the window that need each.
    users: Vec<Vec<usize>>,
    queue: VecDeque<usize>,
    /// Weights not needed now, the longest unused first.
    idle: VecDeque<usize>,
}

impl WeightRoom {
    pub(super) fn new(capacity: Footprint, weights: &[Footprint]) -> Self {
        Self {
            capacity,
            used: Footprint {
                data: Bytes(0),
                mask: Bytes(0),
            },
            sizes: weights.to_vec(),
            after: vec![None; weights.len()],
            state: vec![State::Absent; weights.len()],
            users: vec![Vec::new(); weights.len()],
            queue: VecDeque::new(),
            idle: VecDeque::new(),
        }
    }

    /// Announces that operation `user` needs `weights`, which may be loaded once `after` and all before it are finished;
    /// returns how many of them are missing.
    pub(super) fn want(&mut self, weights: &[usize], user: usize, after: Option<usize>) -> usize {
        let mut missing = 0;
        for &weight in weights {
            self.users[weight].push(user);
            self.idle.retain(|&idle| idle != weight);
            if self.state[weight] == State::Absent {
                self.state[weight] = State::Queued;
                self.after[weight] = after;
                self.queue.push_back(weight);
            }
            missing += usize::from(self.state[weight] != State::Here);
        }
        missing
    }

    /// Operation `user` is done with `weights`.
    pub(super) fn release(&mut self, weights: &[usize], user: usize) {
        for &weight in weights {
            self.users[weight].retain(|&other| other != user);
            if self.users[weight].is_empty() {
                self.idle.push_back(weight);
            }
        }
    }

    /// The next weight to load, if there is room and everything it must wait for comes before `oldest`. Unneeded weights make
    /// way for it, then weights that only younger operations need, if none of these `has_begun`. Those are loaded again, and
    /// the operations that need them are added to `losers`.
    pub(super) fn next_load(
        &mut self,
        oldest: usize,
        has_begun: impl Fn(usize) -> bool,
        losers: &mut Vec<usize>,
    ) -> Option<usize> {
        let weight = *self.queue.front()?;
        if self.after[weight].is_some_and(|after| after >= oldest) {
            return None;
        }
        let size = self.sizes[weight];
        while self.used.data + size.data > self.capacity.data
            || self.used.mask + size.mask > self.capacity.mask
        {
            let gone = match self.idle.pop_front() {
                Some(idle) => {
                    self.state[idle] = State::Absent;
                    idle
                }
                None => self.take_from_younger(weight, &has_begun, losers)?,
            };
            self.used.data -= self.sizes[gone].data;
            self.used.mask -= self.sizes[gone].mask;
        }
        self.queue.pop_front();
        self.used.data += size.data;
        self.used.mask += size.mask;
        self.state[weight] = State::Loading;
        Some(weight)
    }

    fn take_from_younger(
        &mut self,
        wanted: usize,
        has_begun: &impl Fn(usize) -> bool,
        losers: &mut Vec<usize>,
    ) -> Option<usize> {
        let oldest = *self.users[wanted].first()?;
        let gone = (0..self.state.len()).find(|&weight| {
            let mut users = self.users[weight].iter();
            self.state[weight] == State::Here && users.all(|&user| user > oldest && !has_begun(user))
        })?;
        self.state[gone] = State::Queued;
        losers.extend(&self.users[gone]);
        let first = self.users[gone].first().copied();
        let older = self
            .queue
            .iter()
            .take_while(|&&other| self.users[other].first().copied() < first);
        let place = older.count();
        self.queue.insert(place, gone);
        Some(gone)
    }

    /// A weight has arrived: the operations that wait for it.
    pub(super) fn arrived(&mut self, weight: usize) -> Vec<usize> {
        self.state[weight] = State::Here;
        self.users[weight].clone()
    }
}
