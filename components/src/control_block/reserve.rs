//! Reserving: steps get their room in the order of the plan, or earlier where the plan leaves room for it.
//!
//! A step's room is what the plan says, no more. In its *turn*, a step first has blocks evicted and loaded in the plan's order;
//! its results take room when it can issue its first tile, as room that waits for operands is wasted. Loads (`fetch.rs`) and
//! results of steps whose turn has not come take room early if it fits beside the planned room of every step that they
//! overtake (conservative backfilling; Mu'alem and Feitelson, IEEE TPDS 12(6), 2001). So the step whose turn it is always
//! finds its room once older ones have retired: it never waits for a younger one, and the machine cannot deadlock.

use sim_core::Context;

use super::places::StepNumber;
use super::stays::{StayState, Stays};
use super::window::Window;
use super::{ControlBlock, StallCause};
use crate::block_plan::{Begin, Room, StayNumber};
use crate::message::Message;

impl ControlBlock {
    /// Gives steps their room in turn, as far as there is any.
    pub(super) fn reserve(&mut self, context: &mut Context<'_, Message>) {
        while self.turn() < self.window.end() {
            if let Err(cause) = self.reserve_next(context) {
                let turn = self.turn();
                if let Some(entry) = self.window.unfinished_mut(turn) {
                    entry.blocked = Some(cause);
                }
                break;
            }
            let turn = self.turn();
            let waits = self
                .window
                .unfinished(turn)
                .is_some_and(|entry| !entry.progress.is_reserved);
            if waits {
                break;
            }
            self.room.advance();
        }
        self.retry_results();
    }

    /// Has blocks evicted and loaded for the step whose turn it is, or says what that waits for.
    fn reserve_next(&mut self, context: &mut Context<'_, Message>) -> Result<(), StallCause> {
        let turn = self.turn();
        while let Some(entry) = self.window.unfinished(turn) {
            let place = entry.progress.begun;
            let Some(begin) = entry.step.begins.get(place) else {
                return Ok(());
            };
            match begin {
                _ if entry.progress.is_done(place) => {}
                Begin::Make { .. } => {}
                Begin::Evict { stay, write } => {
                    let (stay, write) = (*stay, *write);
                    self.evict(turn, stay, write, context)?;
                    self.note_moved(turn, place);
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
                    self.check_source(turn, &read)?;
                    if !self.room.take_for_load(turn.0, room) {
                        return Err(self.shortage());
                    }
                    self.load(turn, stay, read, context);
                    self.note_moved(turn, place);
                }
            }
            if let Some(entry) = self.window.unfinished_mut(turn) {
                entry.progress.begun += 1;
            }
        }
        Ok(())
    }

    /// The block that moves at `place` before step `number` has been ordered to.
    pub(super) fn note_moved(&mut self, number: StepNumber, place: usize) {
        let Some(entry) = self.window.unfinished_mut(number) else {
            return;
        };
        entry.progress.note_moved(&entry.step, place);
        self.make_issuable(number);
    }

    /// Takes the room of a step's results, all at once, or says what that waits for.
    pub(super) fn reserve_results(
        &mut self,
        number: StepNumber,
        context: &mut Context<'_, Message>,
    ) -> Result<(), StallCause> {
        let (reader, next) = to_promise(&self.window, &self.stays, number);
        let Some(entry) = self.window.unfinished_mut(number) else {
            return Ok(());
        };
        if !self.room.take_for_results(number.0, &mut entry.progress, next) {
            return Err(self.shortage());
        }
        let makes: Vec<StayNumber> = entry.step.made().map(|(stay, _)| stay).collect();
        if let Some(reader) = reader.and_then(|reader| self.window.unfinished_mut(reader)) {
            reader.progress.is_promised = true;
        }
        for stay in makes {
            self.make_room(stay, context);
        }
        // The next step's turn may have come.
        self.room_changed |= number == self.turn();
        Ok(())
    }

    /// The room of a result is taken: what adds to it may issue.
    fn make_room(&mut self, stay: StayNumber, context: &mut Context<'_, Message>) {
        let Some(place) = self.stays.place_of(stay) else {
            return context.stop("a step was to make a block whose stay is not known");
        };
        let Some(owner) = self.stays.stay_mut(place, context) else {
            return;
        };
        owner.state = StayState::Resident;
        let woken = std::mem::take(&mut owner.waiting);
        let (footprint, block) = (owner.footprint, owner.block.clone());
        self.reserve_in_buffer(footprint, block.is_weight, context);
        self.with_numbers(context, |values| {
            values.block_made(&block);
            Ok(())
        });
        self.make_all_issuable(woken);
    }

    /// What a step waits for that finds no room: steps in flight, or blocks on their way to main memory.
    fn shortage(&self) -> StallCause {
        match self.leaving > 0 {
            true => StallCause::Memory,
            false => StallCause::BufferSpace,
        }
    }

    /// Lets steps try again that found no room for their results and now may.
    fn retry_results(&mut self) {
        let (window, stays) = (&self.window, &self.stays);
        let ready = self.room.leave_queue(|step| {
            let number = StepNumber(step);
            let (_, next) = to_promise(window, stays, number);
            Some((&window.unfinished(number)?.progress, next))
        });
        for step in ready {
            self.make_issuable(StepNumber(step));
        }
    }
}

/// The module's step that reads what step `number` begins to make, and the room to promise it; none if that is taken or
/// promised.
fn to_promise(window: &Window, stays: &Stays, number: StepNumber) -> (Option<StepNumber>, Room) {
    let entry = window.unfinished(number);
    let made = entry.and_then(|entry| entry.step.made().next());
    let place = made.and_then(|(stay, _)| stays.place_of(stay));
    let reader = place.and_then(|place| stays.known(place)?.module_reader);
    let next = reader.and_then(|reader| window.unfinished(reader)?.progress.to_promise());
    match next {
        Some(next) => (reader, next),
        None => (None, Room::default()),
    }
}
