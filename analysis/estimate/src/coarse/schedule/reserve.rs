//! Reserving: steps get their room in the order of the plan, or earlier where the plan leaves room for it, as in the control
//! block.

use components::block_plan::{Begin, Room, StayNumber};

use super::Schedule;
use super::stays::{StayState, StepNumber};

impl Schedule<'_> {
    /// Gives steps their room in turn, as far as there is any.
    pub(super) fn reserve(&mut self) {
        while self.turn < self.window.end() && self.reserve_next() {
            let waits = self
                .window
                .get(self.turn)
                .is_some_and(|entry| !entry.progress.is_reserved);
            if waits {
                break;
            }
            self.turn += 1;
            self.planned.forget(self.turn);
        }
        self.retry_results();
    }

    /// Has blocks evicted and loaded for the step whose turn it is; false if that has to wait.
    fn reserve_next(&mut self) -> bool {
        let turn = self.turn;
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
                    let begins = self.source_is_there(turn, &read) && self.take_room_before(turn, room);
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
        let Some(entry) = self.window.get(number) else {
            return false;
        };
        let room = entry.progress.results;
        if !self.take_room_before(number, room) {
            self.awaiting_room.insert(number);
            return false;
        }
        let Some(entry) = self.window.get_mut(number) else {
            return false;
        };
        entry.progress.is_reserved = true;
        let makes: Vec<StayNumber> = entry.step.made().map(|(stay, _)| stay).collect();
        for stay in makes {
            let place = self.stays.place_of(stay);
            if let Some(stay) = place.and_then(|place| self.stays.get_mut(place)) {
                stay.state = StayState::Resident;
                let woken = std::mem::take(&mut stay.waiting);
                self.consider_all(woken);
            }
        }
        // The next step's turn may have come.
        self.room_changed |= number == self.turn;
        true
    }

    /// Takes room for step `number`, beside that of all steps before it; false if there is none.
    pub(super) fn take_room_before(&mut self, number: StepNumber, room: Room) -> bool {
        let fits = self.planned.has_room(number, room, &self.taken, &self.capacity);
        if fits {
            self.taken = self.taken.with(room);
            self.planned.take_before(number, room);
        }
        fits
    }

    /// Lets steps try again that found no room for their results and now may.
    fn retry_results(&mut self) {
        let window = &self.window;
        self.awaiting_room.retain(|&number| window.get(number).is_some());
        let steps = self
            .awaiting_room
            .iter()
            .filter_map(|&number| Some((number, window.get(number)?.progress.results)));
        for number in self.planned.with_room(steps, &self.taken, &self.capacity) {
            self.awaiting_room.remove(&number);
            self.consider(number);
        }
    }
}
