//! Reserving: steps get their room in the order of the plan, or earlier where the plan leaves room for it.
//!
//! A step's room is what the plan says, no more. In its *turn*, a step first has blocks evicted and loaded in the plan's order;
//! its results take room when it can issue its first tile, as room that waits for operands is wasted. Loads (`fetch.rs`) and
//! results of steps whose turn has not come take room early if it fits beside the planned room of every step that they
//! overtake (conservative backfilling; Mu'alem and Feitelson, IEEE TPDS 12(6), 2001). So the step whose turn it is always
//! finds its room once older ones have retired: it never waits for a younger one, and the machine cannot deadlock.

use sim_core::Context;

use super::places::StepNumber;
use super::stays::StayState;
use super::{ControlBlock, StallCause};
use crate::block_plan::{Begin, Room, StayNumber};
use crate::message::Message;

impl ControlBlock {
    /// Gives steps their room in turn, as far as there is any.
    pub(super) fn reserve(&mut self, context: &mut Context<'_, Message>) {
        while self.turn < self.window.end() {
            if let Err(cause) = self.reserve_next(context) {
                if let Some(entry) = self.window.unfinished_mut(self.turn) {
                    entry.blocked = Some(cause);
                }
                break;
            }
            let turn = self.turn;
            let waits = self
                .window
                .unfinished(turn)
                .is_some_and(|entry| !entry.is_reserved);
            if waits {
                break;
            }
            self.turn = turn.next();
        }
        self.planned.forget(self.turn);
        self.retry_results();
    }

    /// Has blocks evicted and loaded for the step whose turn it is, or says what that waits for.
    fn reserve_next(&mut self, context: &mut Context<'_, Message>) -> Result<(), StallCause> {
        let turn = self.turn;
        while let Some(entry) = self.window.unfinished(turn) {
            let place = entry.begun;
            let Some(begin) = entry.step.begins.get(place) else {
                return Ok(());
            };
            match begin {
                _ if entry.is_done(place) => {}
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
                    self.take_room(room)?;
                    self.load(turn, stay, read, context);
                    self.note_moved(turn, place);
                }
            }
            if let Some(entry) = self.window.unfinished_mut(turn) {
                entry.begun += 1;
            }
        }
        Ok(())
    }

    /// The block that moves at `place` before step `number` has been ordered to.
    pub(super) fn note_moved(&mut self, number: StepNumber, place: usize) {
        let Some(entry) = self.window.unfinished_mut(number) else {
            return;
        };
        entry.note_moved(place);
        self.make_issuable(number);
    }

    /// Takes the room of a step's results, all at once, or says what that waits for.
    pub(super) fn reserve_results(
        &mut self,
        number: StepNumber,
        context: &mut Context<'_, Message>,
    ) -> Result<(), StallCause> {
        let Some(entry) = self.window.unfinished_mut(number) else {
            return Ok(());
        };
        let room = entry.results;
        if let Err(cause) = self.take_room_before(number, room) {
            self.awaiting_room.insert(number);
            return Err(cause);
        }
        let Some(entry) = self.window.unfinished_mut(number) else {
            return Ok(());
        };
        entry.is_reserved = true;
        let makes: Vec<StayNumber> = entry.step.made().map(|(stay, _)| stay).collect();
        for stay in makes {
            self.make_room(stay, context);
        }
        // The next step's turn may have come.
        self.room_changed |= number == self.turn;
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

    /// Takes room for step `number`, beside that of all steps before it.
    pub(super) fn take_room_before(&mut self, number: StepNumber, room: Room) -> Result<(), StallCause> {
        if number > self.turn {
            let most = self.planned.most_before(number);
            let fits = (0..3).all(|buffer| {
                let wanted = room.0[buffer].0 as i64;
                wanted == 0 || most[buffer] + wanted <= self.parameters.capacity.0[buffer].0 as i64
            });
            if !fits {
                return Err(self.shortage());
            }
        }
        self.take_room(room)?;
        self.planned.take_before(number, room);
        Ok(())
    }

    fn take_room(&mut self, room: Room) -> Result<(), StallCause> {
        let taken = self.taken.with(room);
        if !taken.fits(&self.parameters.capacity) {
            return Err(self.shortage());
        }
        self.taken = taken;
        Ok(())
    }

    /// What a step waits for that finds no room: steps in flight, or blocks on their way to main memory.
    fn shortage(&self) -> StallCause {
        match self.leaving > 0 {
            true => StallCause::Memory,
            false => StallCause::BufferSpace,
        }
    }

    /// Lets steps try again that found no room for their results, unless it is still clear that there is none.
    fn retry_results(&mut self) {
        let mut too_much: Vec<Room> = Vec::new();
        let mut woken = Vec::new();
        for &number in &self.awaiting_room {
            let Some(entry) = self.window.unfinished(number) else {
                woken.push(number);
                continue;
            };
            let room = entry.results;
            // What found no room beside some steps finds none beside more of them.
            if too_much.iter().any(|&less| less.fits(&room)) {
                continue;
            }
            let most = match number > self.turn {
                true => self.planned.most_before(number),
                false => [0; 3],
            };
            let fits = (0..3).all(|buffer| {
                let beside = most[buffer].max(self.taken.0[buffer].0 as i64);
                let wanted = room.0[buffer].0 as i64;
                wanted == 0 || beside + wanted <= self.parameters.capacity.0[buffer].0 as i64
            });
            match fits {
                true => woken.push(number),
                false => too_much.push(room),
            }
        }
        for number in woken {
            self.awaiting_room.remove(&number);
            self.make_issuable(number);
        }
    }
}
