//! Fetching: loads of steps whose turn has not come.

use sim_core::Context;

use super::ControlBlock;
use super::places::StepNumber;
use crate::block_plan::{Begin, Room};
use crate::message::Message;

impl ControlBlock {
    /// Begins loads of steps whose turn has not come, in their order, as long as each leaves the steps that it overtakes the
    /// room that the plan has for them.
    pub(super) fn fetch_ahead(&mut self, context: &mut Context<'_, Message>) {
        if self.fetched < self.turn() {
            self.fetched = self.turn();
            self.fetch_place = 0;
        }
        while let Some(entry) = self.window.unfinished(self.fetched) {
            let Some(begin) = entry.step.begins.get(self.fetch_place) else {
                self.fetched = self.fetched.next();
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
                let is_there = written_before.is_none_or(|step| StepNumber(step) < self.turn());
                if is_there && self.check_source(self.fetched, &read).is_ok() {
                    if !self.room.take_for_load(self.fetched.0, room) {
                        return;
                    }
                    let step = self.fetched;
                    self.load(step, stay, read, context);
                    self.note_moved(step, self.fetch_place);
                }
            }
            self.fetch_place += 1;
        }
    }
}
