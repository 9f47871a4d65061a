//! The account of the buffers' room while the plan runs: what is taken, what the plan has for steps to come, and what is
//! promised.
//!
//! Steps take room in the order of the plan, or earlier where what they take fits beside the planned room of every step that
//! they overtake ([`PlannedRoom`]). That alone would let the first steps of chains take all the room that the plan leaves:
//! scores of many waves of rows, none of which finds room for its softmax. So a step that makes a block early is only let in
//! if there is room for what the block's first reader makes as well. That room is *promised* to the reader: others that come
//! early have to leave it. A step whose turn has come asks for no more than its own room, so promises cannot block it.

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

    /// Takes the room of the results of `step`, and promises the room `next` to their first reader; false if there is no room
    /// for both.
    pub fn take_for_results(&mut self, step: u32, own: &mut Progress, next: Room) -> bool {
        let beside = self.beside_results(own, next);
        if !self.has_room(step, own.results, beside) {
            return false;
        }
        if std::mem::take(&mut own.is_promised) {
            self.promised = self.promised.without(own.results);
        }
        own.is_reserved = true;
        self.take(step, own.results);
        self.promised = self.promised.with(next);
        true
    }

    /// What results that come early have to leave, if their reader makes `next`.
    fn beside_results(&self, own: &Progress, next: Room) -> Room {
        match own.is_promised {
            true => Room::default(),
            false => self.promised.with(next),
        }
    }

    /// What has to be free for `wanted` of `step`: if it comes early, there has to be room for `beside`, too.
    fn asked(&self, step: u32, wanted: Room, beside: Room) -> Room {
        match step > self.turn {
            true => wanted.with_where_any(beside),
            false => wanted,
        }
    }

    fn has_room(&self, step: u32, wanted: Room, beside: Room) -> bool {
        let asked = self.asked(step, wanted, beside);
        self.planned.has_room(step, asked, &self.taken, &self.capacity)
    }

    /// Those of `steps`, oldest first, whose results have room, each by itself; with each comes what its reader makes.
    pub fn with_room<'a>(&self, steps: impl Iterator<Item = (u32, &'a Progress, Room)>) -> Vec<u32> {
        let asked = steps.map(|(step, own, next)| {
            (
                step,
                self.asked(step, own.results, self.beside_results(own, next)),
            )
        });
        self.planned.with_room(asked, &self.taken, &self.capacity)
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
