//! Reserving: steps get their room in the order of the plan; loads may come earlier where the plan leaves room for them.

use components::block_plan::{Begin, Move, StayNumber};
use components::operation::Footprint;

use super::Schedule;
use super::moves::Purpose;
use super::stays::{StayPlace, StayState, StepNumber};

impl Schedule<'_> {
    /// Gives steps their room, as far as there is any, then begins loads of later ones.
    pub(super) fn reserve(&mut self) {
        while self.turn < self.window.end() && self.reserve_next() {
            let number = self.turn;
            self.turn += 1;
            if let Some(entry) = self.window.get_mut(number) {
                entry.is_reserved = true;
            }
            self.consider(number);
        }
        self.early.forget(self.turn);
        self.fetch_ahead();
    }

    /// Does what stands before the step whose turn it is; false if that has to wait.
    fn reserve_next(&mut self) -> bool {
        loop {
            let Some(entry) = self.window.get(self.turn) else {
                return true;
            };
            let place = entry.begun;
            let Some(begin) = entry.step.begins.get(place) else {
                return true;
            };
            if !entry.fetched_early.get(place).is_some_and(|early| *early) {
                let begin = begin.clone();
                if !self.begin(self.turn, &begin) {
                    return false;
                }
            }
            if let Some(entry) = self.window.get_mut(self.turn) {
                entry.begun += 1;
            }
        }
    }

    fn begin(&mut self, step: StepNumber, begin: &Begin) -> bool {
        match begin {
            Begin::Evict { stay, write } => self.evict(step, *stay, *write),
            Begin::Load {
                stay,
                read,
                footprint,
                block,
                ..
            } => {
                let begins = self.source_is_there(step, read) && self.take_room(*footprint, block.is_weight);
                if begins {
                    self.load(step, *stay, *read);
                }
                begins
            }
            Begin::Make {
                stay,
                footprint,
                block,
            } => {
                let begins = self.take_room(*footprint, block.is_weight);
                if begins
                    && let Some(stay) = self
                        .stays
                        .place_of(*stay)
                        .and_then(|place| self.stays.get_mut(place))
                {
                    stay.state = StayState::Resident;
                }
                begins
            }
        }
    }

    fn take_room(&mut self, footprint: Footprint, is_weight: bool) -> bool {
        let mut taken = self.taken;
        taken.take(footprint, is_weight);
        let fits = taken.fits(&self.capacity);
        if fits {
            self.taken = taken;
        }
        fits
    }

    /// Whether what is to be loaded lies in main memory.
    fn source_is_there(&self, step: StepNumber, read: &Move) -> bool {
        !self.writing.contains(&read.data) && !self.waits_for_older(step)
    }

    /// Whether an operation is unfinished that must have finished before `step` loads anything.
    pub(super) fn waits_for_older(&self, step: StepNumber) -> bool {
        let after = self.window.get(step).and_then(|entry| entry.step.operation.after);
        after.is_some_and(|after| {
            let mut older = self.window.iter().take_while(|entry| entry.step.number < step);
            older.any(|entry| entry.step.operation.id <= after)
        })
    }

    fn load(&mut self, step: StepNumber, number: StayNumber, read: Move) {
        let Some(place) = self.stays.place_of(number) else {
            return;
        };
        let Some(stay) = self.stays.get_mut(place) else {
            return;
        };
        stay.state = StayState::Loading;
        self.move_block(Purpose::Arrival { stay: place }, step, place, read);
    }

    fn evict(&mut self, step: StepNumber, number: StayNumber, write: Option<Move>) -> bool {
        let Some(place) = self.stays.place_of(number) else {
            return true;
        };
        let Some(stay) = self.stays.get_mut(place) else {
            return true;
        };
        if stay.users > 0 || stay.writes > 0 || stay.state != StayState::Resident {
            return false;
        }
        let Some(write) = write else {
            self.leave(place);
            return true;
        };
        stay.state = StayState::Leaving;
        self.timeline.blocks_pushed_out += 1;
        self.writing.insert(write.data);
        let purpose = Purpose::Departure {
            stay: place,
            address: write.data,
        };
        self.move_block(purpose, step, place, write);
        true
    }

    /// Ends a stay: its room is free.
    pub(super) fn leave(&mut self, place: StayPlace) {
        if let Some(stay) = self.stays.remove(place) {
            self.taken.give_back(stay.footprint, stay.block.is_weight);
        }
    }

    /// Begins loads of steps whose turn has not come, in their order, as long as they fit beside what they overtake.
    fn fetch_ahead(&mut self) {
        if self.fetched < self.turn {
            while self.fetched < self.turn {
                self.early.pass(self.fetched);
                self.fetched += 1;
            }
            self.early.forget(self.turn);
            self.fetch_place = 0;
        }
        while let Some(entry) = self.window.get(self.fetched) {
            let place = match self.fetched == self.turn {
                true => self.fetch_place.max(entry.begun),
                false => self.fetch_place,
            };
            let Some(begin) = entry.step.begins.get(place) else {
                self.early.pass(self.fetched);
                self.fetched += 1;
                self.fetch_place = 0;
                continue;
            };
            if let Begin::Load {
                stay,
                read,
                footprint,
                block,
                written_before,
            } = begin
            {
                let (stay, read, footprint, is_weight) = (*stay, *read, *footprint, block.is_weight);
                let is_there = written_before.is_none_or(|step| step < self.turn);
                if is_there && self.source_is_there(self.fetched, &read) {
                    let fits = self.early.fits(footprint, is_weight, &self.capacity);
                    if !fits || !self.take_room(footprint, is_weight) {
                        self.fetch_place = place;
                        return;
                    }
                    self.early.take(footprint, is_weight);
                    let step = self.fetched;
                    self.load(step, stay, read);
                    if let Some(entry) = self.window.get_mut(step) {
                        entry.fetched_early.resize(entry.step.begins.len(), false);
                        entry.fetched_early[place] = true;
                    }
                }
            }
            self.fetch_place = place + 1;
        }
    }
}
