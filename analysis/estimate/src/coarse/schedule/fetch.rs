//! Fetching: loads and evictions of blocks, in turn and before it.

use components::block_plan::{Begin, Move, Room, StayNumber};
use components::units::BLOCK;

use super::Schedule;
use super::moves::Purpose;
use super::stays::{StayPlace, StayState, StepNumber};

impl Schedule<'_> {
    /// Whether what is to be loaded lies in main memory.
    pub(super) fn source_is_there(&self, step: StepNumber, read: &Move) -> bool {
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

    pub(super) fn load(&mut self, step: StepNumber, number: StayNumber, read: Move) {
        let Some(place) = self.stays.place_of(number) else {
            return;
        };
        let Some(stay) = self.stays.get_mut(place) else {
            return;
        };
        stay.state = StayState::Loading;
        if let Some(steps) = self.unread.get_mut(&read.data) {
            steps.remove(&step);
            if steps.is_empty() {
                self.unread.remove(&read.data);
            }
        }
        self.move_block(Purpose::Arrival { stay: place }, step, place, read);
    }

    /// Evicts a block before the turn of the step that asks for it, as the control block does.
    pub(super) fn evict_early(&mut self, place: StayPlace) {
        let Some(stay) = self.stays.get(place) else { return };
        let Some(eviction) = stay
            .eviction
            .filter(|eviction| eviction.step > self.room.turn() && stay.users == 0)
        else {
            return;
        };
        let is_unread = eviction.write.is_some_and(|write| {
            let steps = self.unread.get(&write.data);
            steps.is_some_and(|steps| steps.first() < Some(&eviction.step))
        });
        let number = stay.number;
        if !is_unread && self.evict(eviction.step, number, eviction.write) {
            self.room_changed = true;
            self.note_moved(eviction.step, eviction.place);
        }
    }

    pub(super) fn evict(&mut self, step: StepNumber, number: StayNumber, write: Option<Move>) -> bool {
        let Some(place) = self.stays.place_of(number) else {
            return true;
        };
        let Some(stay) = self.stays.get_mut(place) else {
            return true;
        };
        if stay.users > 0 || stay.writes > 0 || stay.state != StayState::Resident {
            return false;
        }
        let footprint = stay.footprint;
        let room = Room::of(footprint, stay.block.is_weight);
        let Some(write) = write else {
            self.timeline.accesses_loaded_again += (footprint.data + footprint.mask).0.div_ceil(BLOCK.0);
            self.room.free_before(step, room);
            self.leave(place);
            return true;
        };
        stay.state = StayState::Leaving;
        self.timeline.blocks_pushed_out += 1;
        self.timeline.accesses_pushed_out += write.accesses();
        self.writing.insert(write.data);
        let purpose = Purpose::Departure {
            stay: place,
            step,
            address: write.data,
        };
        self.move_block(purpose, step, place, write);
        true
    }

    /// Ends a stay: its room is free.
    pub(super) fn leave(&mut self, place: StayPlace) {
        if let Some(stay) = self.stays.remove(place) {
            self.room
                .give_back(Room::of(stay.footprint, stay.block.is_weight));
        }
    }

    /// Begins loads of steps whose turn has not come, in their order, as long as each leaves the steps that it overtakes the
    /// room that the plan has for them.
    pub(super) fn fetch_ahead(&mut self) {
        if self.fetched < self.room.turn() {
            self.fetched = self.room.turn();
            self.fetch_place = 0;
        }
        while let Some(entry) = self.window.get(self.fetched) {
            let Some(begin) = entry.step.begins.get(self.fetch_place) else {
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
                && !entry.progress.is_done(self.fetch_place)
            {
                let (stay, read) = (*stay, *read);
                let room = Room::of(*footprint, block.is_weight);
                let is_there = written_before.is_none_or(|step| step < self.room.turn());
                if is_there && self.source_is_there(self.fetched, &read) {
                    if !self.room.take_for_load(self.fetched, room) {
                        return;
                    }
                    let step = self.fetched;
                    self.load(step, stay, read);
                    self.note_moved(step, self.fetch_place);
                }
            }
            self.fetch_place += 1;
        }
    }
}
