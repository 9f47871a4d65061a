//! Reserving: steps get their room in the order of the plan, or earlier where the plan leaves room for it, as in the control
//! block.

use components::block_plan::{Begin, Room, StayNumber};

use super::Schedule;
use super::stays::{StayState, Stays, StepNumber};
use super::window::Window;

impl Schedule<'_> {
    /// Gives steps their room in turn, as far as there is any.
    pub(super) fn reserve(&mut self) {
        while self.room.turn() < self.window.end() && self.reserve_next() {
            let waits = self
                .window
                .get(self.room.turn())
                .is_some_and(|entry| !entry.progress.is_reserved);
            if waits {
                break;
            }
            self.room.advance();
        }
        self.retry_results();
    }

    /// Has blocks evicted and loaded for the step whose turn it is; false if that has to wait.
    fn reserve_next(&mut self) -> bool {
        let turn = self.room.turn();
        while let Some(entry) = self.window.get(turn) {
            let place = entry.progress.begun;
            let Some(begin) = entry.step.begins.get(place) else {
                return true;
            };
            let begins = match begin {
                _ if entry.progress.is_done(place) => None,
                Begin::Make { .. } => None,
                Begin::Evict { stay, write } => {
                    let (stay, write) = (*stay, *write);
                    Some(self.evict(turn, stay, write))
                }
                Begin::Load {
                    stay,
                    read,
                    footprint,
                    block,
                    ..
                } => {
                    let (stay, read) = (*stay, *read);
                    let room = Room::of(*footprint, block.is_weight);
                    let begins = self.source_is_there(turn, &read) && self.room.take_for_load(turn, room);
                    if begins {
                        self.load(turn, stay, read);
                    }
                    Some(begins)
                }
            };
            match begins {
                Some(false) => return false,
                Some(true) => self.note_moved(turn, place),
                None => {}
            }
            if let Some(entry) = self.window.get_mut(turn) {
                entry.progress.begun += 1;
            }
        }
        true
    }

    /// The block that moves at `place` before step `number` has been ordered to.
    pub(super) fn note_moved(&mut self, number: StepNumber, place: usize) {
        if let Some(entry) = self.window.get_mut(number) {
            entry.progress.note_moved(&entry.step, place);
        }
        self.consider(number);
    }

    /// Takes the room of a step's results, all at once; false if there is none.
    pub(super) fn reserve_results(&mut self, number: StepNumber) -> bool {
        let (reader, next) = to_promise(&self.window, &self.stays, number);
        let Some(entry) = self.window.get_mut(number) else {
            return false;
        };
        if !self.room.take_for_results(number, &mut entry.progress, next) {
            return false;
        }
        let makes: Vec<StayNumber> = entry.step.made().map(|(stay, _)| stay).collect();
        if let Some(reader) = reader.and_then(|reader| self.window.get_mut(reader)) {
            reader.progress.is_promised = true;
        }
        for stay in makes {
            let place = self.stays.place_of(stay);
            if let Some(stay) = place.and_then(|place| self.stays.get_mut(place)) {
                stay.state = StayState::Resident;
                let woken = std::mem::take(&mut stay.waiting);
                self.consider_all(woken);
            }
        }
        // The next step's turn may have come.
        self.room_changed |= number == self.room.turn();
        true
    }

    /// Lets steps try again that found no room for their results and now may.
    fn retry_results(&mut self) {
        let (window, stays) = (&self.window, &self.stays);
        let ready = self.room.leave_queue(|step| {
            let (_, next) = to_promise(window, stays, step);
            Some((&window.get(step)?.progress, next))
        });
        for number in ready {
            self.consider(number);
        }
    }
}

/// The module's step that reads what step `number` begins to make, and the room to promise it; none if that is taken or
/// promised.
fn to_promise(window: &Window, stays: &Stays, number: StepNumber) -> (Option<StepNumber>, Room) {
    let entry = window.get(number);
    let made = entry.and_then(|entry| entry.step.made().next());
    let place = made.and_then(|(stay, _)| stays.place_of(stay));
    let reader = place.and_then(|place| stays.get(place)?.module_reader);
    let next = reader.and_then(|reader| window.get(reader)?.progress.to_promise());
    match next {
        Some(next) => (reader, next),
        None => (None, Room::default()),
    }
}
