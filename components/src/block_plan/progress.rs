//! How far a step of the plan has come with what happens before it.

use super::step::{Room, Step};

/// What has happened of what a step's [`begins`](Step::begins) ask for. Blocks leave and come first; then the step's results take
/// their room, all at once.
#[derive(Clone, Debug)]
pub struct Progress {
    /// How far the step has come in its turn.
    pub begun: usize,
    /// What has been done, before its turn or in it; empty if nothing has.
    done: Vec<bool>,
    /// Blocks that are still to be ordered to leave or to come.
    missing: usize,
    /// What the results take.
    pub results: Room,
    /// Whether all the step's room is taken.
    pub is_reserved: bool,
    /// Whether the room of the results is promised to it ([`Ledger`](super::Ledger)).
    pub is_promised: bool,
}

impl Progress {
    /// Of a step for which nothing has been done.
    #[must_use]
    pub fn of(step: &Step) -> Self {
        let made = step.made().count();
        Self {
            begun: 0,
            done: Vec::new(),
            missing: step.begins.len() - made,
            results: step.made().fold(Room::default(), |all, (_, room)| all.with(room)),
            is_reserved: step.begins.is_empty(),
            is_promised: false,
        }
    }

    /// Of a step that waits for nothing but the room of its `results`.
    #[cfg(test)]
    pub(super) fn of_results(results: Room) -> Self {
        Self {
            begun: 0,
            done: Vec::new(),
            missing: 0,
            results,
            is_reserved: false,
            is_promised: false,
        }
    }

    /// Whether what stands at `place` is done.
    #[must_use]
    pub fn is_done(&self, place: usize) -> bool {
        self.done.get(place).is_some_and(|done| *done)
    }

    /// Notes that the block that moves at `place` before `step` has been ordered to.
    pub fn note_moved(&mut self, step: &Step, place: usize) {
        self.done.resize(step.begins.len(), false);
        self.done[place] = true;
        self.missing -= 1;
        self.is_reserved = self.missing == 0 && step.made().next().is_none();
    }

    /// What is to be promised to it: its results' room, unless that is taken or promised.
    #[must_use]
    pub fn to_promise(&self) -> Option<Room> {
        (!self.is_reserved && !self.is_promised).then_some(self.results)
    }

    /// Whether the step may issue once its operands are there and there is room for its results.
    #[must_use]
    pub fn has_ordered_all(&self) -> bool {
        self.missing == 0
    }
}
