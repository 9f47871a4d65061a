//! The account of the buffers' room while the plan runs: what is taken, what the plan has for steps to come, and what is
//! promised.
//!
//! Steps take room in the order of the plan, or earlier where what they take fits beside the planned room of every step that
//! they overtake ([`PlannedRoom`]). That alone would let small steps take all the room that the plan leaves, and those that
//! make much of it wait for their turn: scores of many waves of rows, none of which finds room for its softmax. So
//!
//! - steps that are ready to make their results, but for room, queue up: none that comes early passes an older one;
//! - a step that makes a block early for a softmax or layer-norm module leaves room for what the module makes of it. That
//!   room is *promised*: others that come early leave it, too.
//!
//! A step whose turn has come asks for no more than its own room, so neither can block it.

use std::collections::BTreeSet;

use super::planned_room::PlannedRoom;
use super::progress::Progress;
use super::step::Room;

/// The account of a machine's room.
#[derive(Debug)]
pub struct Ledger {
    capacity: Room,
    planned: PlannedRoom,
    /// The oldest step that has not got its room.
    turn: u32,
    /// Room that is taken.
    taken: Room,
    /// Room that is promised to steps that have not taken it.
    promised: Room,
    /// Steps that are ready but for the room of their results.
    queue: BTreeSet<u32>,
}

impl Ledger {
    /// Of empty buffers of this `capacity`.
    #[must_use]
    pub fn new(capacity: Room) -> Self {
        Self {
            capacity,
            planned: PlannedRoom::default(),
            turn: 0,
            taken: Room::default(),
            promised: Room::default(),
            queue: BTreeSet::new(),
        }
    }

    /// The oldest step that has not got its room.
    #[must_use]
    pub fn turn(&self) -> u32 {
        self.turn
    }

    /// It is the next step's turn.
    pub fn advance(&mut self) {
        self.turn += 1;
        self.planned.forget(self.turn);
    }

    /// Appends the next step, with the room that the plan has for it.
    pub fn push(&mut self, room: Room) {
        self.planned.push(room);
    }

    /// Takes the room of a block that is loaded before `step`; false if there is none.
    pub fn take_for_load(&mut self, step: u32, room: Room) -> bool {
        let fits = self.has_room(step, room, self.promised);
        if fits {
            self.take(step, room);
        }
        fits
    }

    /// Takes the room of the results of `step`, and promises the room `next` to their reader. False if there is no room for
    /// both, or an older step waits for room: then `step` queues up.
    pub fn take_for_results(&mut self, step: u32, own: &mut Progress, next: Room) -> bool {
        let passes = step > self.turn && self.queue.first().is_some_and(|&oldest| oldest < step);
        if passes || !self.has_room(step, own.results, self.beside_results(own, next)) {
            self.queue.insert(step);
            return false;
        }
        self.queue.remove(&step);
        if std::mem::take(&mut own.is_promised) {
            self.promised = self.promised.without(own.results);
        }
        own.is_reserved = true;
        self.take(step, own.results);
        self.promised = self.promised.with(next);
        true
    }

    /// Takes those steps out of the queue that can have their room now. `asked` tells how far a step has come, and what it
    /// would promise to the reader of its results.
    pub fn leave_queue<'a>(&mut self, asked: impl Fn(u32) -> Option<(&'a Progress, Room)>) -> Vec<u32> {
        let mut before = Room::default();
        let mut leave = Vec::new();
        for &step in &self.queue {
            let Some((own, next)) = asked(step) else { continue };
            let wanted = own.results.with(before);
            if !self.has_room(step, wanted, self.beside_results(own, next)) {
                break;
            }
            before = wanted.with(next);
            leave.push(step);
        }
        for step in &leave {
            self.queue.remove(step);
        }
        leave
    }

    /// What results that come early have to leave, if their reader makes `next`.
    fn beside_results(&self, own: &Progress, next: Room) -> Room {
        match own.is_promised {
            true => self.promised.without(own.results).with(next),
            false => self.promised.with(next),
        }
    }

    /// Whether there is room for `wanted` of `step` and, if it comes early, for `beside`, too.
    fn has_room(&self, step: u32, wanted: Room, beside: Room) -> bool {
        let asked = match step > self.turn {
            true => wanted.with_where_any(beside),
            false => wanted,
        };
        self.planned.has_room(step, asked, &self.taken, &self.capacity)
    }

    fn take(&mut self, step: u32, room: Room) {
        self.taken = self.taken.with(room);
        self.planned.take_before(step, room);
    }

    /// Gives back `room` that is taken; what the plan has is another matter.
    pub fn give_back(&mut self, room: Room) {
        self.taken = self.taken.without(room);
    }

    /// Notes that `room`, which was planned or taken, is free from now to `last`.
    pub fn free_through(&mut self, last: u32, room: Room) {
        self.planned.free_through(last, room);
    }

    /// Notes that `room`, which was planned or taken, is free from now to before step `end`.
    pub fn free_before(&mut self, end: u32, room: Room) {
        self.planned.free_before(end, room);
    }
}
