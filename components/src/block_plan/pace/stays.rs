//! Stays of blocks while a plan is paced. Most are over soon after they begin; those that are not are kept apart, so that a weight
//! which stays for the whole program does not hold on to all that came after it.

use std::collections::{BTreeMap, VecDeque};

use super::super::step::{Room, StayNumber};
use crate::units::Bytes;

/// Stays that are kept in the order of their numbers.
const RECENT: usize = 4_096;

/// A block's stay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stay {
    /// When it is there.
    pub(super) ready: f64,
    /// When the last user so far is done.
    pub(super) used: f64,
    /// What it takes.
    pub(super) room: Room,
    /// Bytes that its load moved; none if it was made.
    pub(super) loaded: Bytes,
}

impl Stay {
    /// One that is there at `ready` and takes `room`.
    pub(super) fn new(ready: f64, room: Room) -> Self {
        Self {
            ready,
            used: ready,
            room,
            loaded: Bytes(0),
        }
    }
}

/// The stays that are not over.
#[derive(Clone, Debug, Default)]
pub(super) struct Stays {
    /// By number, from `first` on; `None` if it is over.
    recent: VecDeque<Option<Stay>>,
    first: u32,
    /// Those of lower numbers.
    long: BTreeMap<u32, Stay>,
}

impl Stays {
    /// Notes a stay that begins; numbers come in order.
    pub(super) fn begin(&mut self, number: StayNumber, stay: Stay) {
        while self.first + (self.recent.len() as u32) < number.0 {
            self.recent.push_back(None);
        }
        self.recent.push_back(Some(stay));
        if self.recent.len() > RECENT
            && let Some(oldest) = self.recent.pop_front()
        {
            self.long.extend(oldest.map(|stay| (self.first, stay)));
            self.first += 1;
        }
    }

    /// Forgets a stay that is over.
    pub(super) fn end(&mut self, number: StayNumber) {
        match number.0.checked_sub(self.first) {
            None => drop(self.long.remove(&number.0)),
            Some(place) => {
                if let Some(stay) = self.recent.get_mut(place as usize) {
                    *stay = None;
                }
            }
        }
        while self.recent.front().is_some_and(Option::is_none) {
            self.recent.pop_front();
            self.first += 1;
        }
    }

    /// The stay of that number, unless it is over.
    pub(super) fn get(&self, number: StayNumber) -> Option<&Stay> {
        match number.0.checked_sub(self.first) {
            None => self.long.get(&number.0),
            Some(place) => self.recent.get(place as usize)?.as_ref(),
        }
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, number: StayNumber) -> Option<&mut Stay> {
        match number.0.checked_sub(self.first) {
            None => self.long.get_mut(&number.0),
            Some(place) => self.recent.get_mut(place as usize)?.as_mut(),
        }
    }
}
