//! Free units: the one free longest goes first.

use std::collections::VecDeque;

/// When units are ready for a first tile, and when the modules after them are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ready {
    pub(super) unit: u64,
    pub(super) after: u64,
}

/// The free units of a class, in groups that are ready at the same time.
#[derive(Clone, Debug)]
pub(super) struct FreeUnits {
    groups: VecDeque<(u64, Ready)>,
    count: u64,
}

impl FreeUnits {
    /// `count` units that have never worked.
    pub(super) fn new(count: u64) -> Self {
        Self {
            groups: VecDeque::from([(count, Ready::default())]),
            count,
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Adds `count` free units that are `ready` then.
    pub(super) fn put(&mut self, count: u64, ready: Ready) {
        self.count += count;
        match self.groups.back_mut() {
            Some((units, same)) if *same == ready => *units += count,
            _ => self.groups.push_back((count, ready)),
        }
    }

    /// Takes the units free longest, at most `wanted`: how many, and when they are ready.
    pub(super) fn take(&mut self, wanted: u64) -> Option<(u64, Ready)> {
        let (units, ready) = self.groups.front_mut()?;
        let (taken, ready) = (wanted.min(*units), *ready);
        *units -= taken;
        if *units == 0 {
            self.groups.pop_front();
        }
        self.count -= taken;
        Some((taken, ready))
    }
}
