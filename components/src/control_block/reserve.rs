//! Reserving: steps get their room in the order of the plan; loads may come earlier where the plan leaves room for them.
//!
//! A step's room is what the plan says, no more. Room is taken in the order of steps, so the oldest step that has not
//! retired always has its own: it never waits for a younger one, and the machine cannot deadlock. A load comes before its
//! turn only if it fits beside what the plan has in the buffers during every step that it overtakes (conservative
//! backfilling; Mu'alem and Feitelson, IEEE TPDS 12(6), 2001).

use std::collections::VecDeque;

use sim_core::Context;

use super::places::StepNumber;
use super::stays::StayState;
use super::transfers::{Placement, Purpose};
use super::{ControlBlock, StallCause};
use crate::block_plan::{Begin, Move, Room, StayNumber, Step};
use crate::buffer_kind::BufferKind;
use crate::message::{Message, TransferPattern};
use crate::operation::Footprint;
use crate::units::BLOCK;

/// What the plan has in the buffers, step by step, and what loads have taken before their turn.
///
/// A load for step `s` that comes when `g` is the oldest step without its room takes room beside steps `g` to `s - 1`. Loads
/// come in the order of steps, so what is taken beside step `i` is all that was ever taken early, less what was
/// for steps up to `i`. The largest of planned room and this is kept as a sliding maximum.
#[derive(Debug, Default)]
pub(super) struct EarlyRoom {
    /// All that was ever taken early, in each buffer.
    taken: [u64; 3],
    /// Steps and the room planned for each, less what had been taken early up to it; a candidate for the maximum each.
    peaks: [VecDeque<(StepNumber, i64)>; 3],
    /// The room planned for steps that the loads have not reached, oldest first.
    ahead: VecDeque<Room>,
}

impl EarlyRoom {
    /// Notes a step that enters the window.
    pub(super) fn push(&mut self, step: &Step) {
        self.ahead.push_back(step.room);
    }

    /// The loads are past step `number`: what is taken from now on is taken beside it, too.
    fn pass(&mut self, number: StepNumber) {
        let Some(room) = self.ahead.pop_front() else {
            return;
        };
        for ((peaks, taken), planned) in self.peaks.iter_mut().zip(self.taken).zip(room.0) {
            let peak = planned.0 as i64 - taken as i64;
            while peaks.back().is_some_and(|&(_, other)| other <= peak) {
                peaks.pop_back();
            }
            peaks.push_back((number, peak));
        }
    }

    /// Forgets the steps before `turn`.
    fn forget(&mut self, turn: StepNumber) {
        for peaks in &mut self.peaks {
            while peaks.front().is_some_and(|&(number, _)| number < turn) {
                peaks.pop_front();
            }
        }
    }

    /// Whether `footprint` fits beside every step that a load would overtake.
    fn fits(&self, footprint: Footprint, is_weight: bool, capacity: &Room) -> bool {
        let wanted = parts(footprint, is_weight);
        (0..3).all(|buffer| {
            let beside = |&(_, peak): &(StepNumber, i64)| {
                peak + self.taken[buffer] as i64 + wanted[buffer] as i64 <= capacity.0[buffer].0 as i64
            };
            wanted[buffer] == 0 || self.peaks[buffer].front().is_none_or(beside)
        })
    }

    fn take(&mut self, footprint: Footprint, is_weight: bool) {
        for (taken, wanted) in self.taken.iter_mut().zip(parts(footprint, is_weight)) {
            *taken += wanted;
        }
    }
}

fn parts(footprint: Footprint, is_weight: bool) -> [u64; 3] {
    match is_weight {
        true => [0, footprint.data.0, footprint.mask.0],
        false => [footprint.data.0, 0, footprint.mask.0],
    }
}

impl ControlBlock {
    /// Gives steps their room, as far as there is any, then begins loads of later ones.
    pub(super) fn reserve(&mut self, context: &mut Context<'_, Message>) {
        while self.turn < self.window.end() {
            if let Err(cause) = self.reserve_next(context) {
                if let Some(entry) = self.window.unfinished_mut(self.turn) {
                    entry.blocked = Some(cause);
                }
                break;
            }
            let place = self.turn;
            self.turn = self.turn.next();
            if let Some(entry) = self.window.unfinished_mut(place) {
                entry.is_reserved = true;
                entry.blocked = None;
            }
            self.make_issuable(place);
        }
        self.early.forget(self.turn);
        self.fetch_ahead(context);
    }

    /// Does what stands before the step whose turn it is, or says what that waits for.
    fn reserve_next(&mut self, context: &mut Context<'_, Message>) -> Result<(), StallCause> {
        loop {
            let Some(entry) = self.window.unfinished(self.turn) else {
                return Ok(());
            };
            let place = entry.begun;
            let Some(begin) = entry.step.begins.get(place) else {
                return Ok(());
            };
            if !entry.fetched_early.get(place).is_some_and(|early| *early) {
                let begin = begin.clone();
                self.begin(self.turn, &begin, context)?;
            }
            if let Some(entry) = self.window.unfinished_mut(self.turn) {
                entry.begun += 1;
            }
        }
    }

    fn begin(
        &mut self,
        step: StepNumber,
        begin: &Begin,
        context: &mut Context<'_, Message>,
    ) -> Result<(), StallCause> {
        match begin {
            Begin::Evict { stay, write } => self.evict(step, *stay, *write, context),
            Begin::Load {
                stay,
                read,
                footprint,
                block,
                ..
            } => {
                self.check_source(step, read)?;
                self.take_room(*footprint, block.is_weight)?;
                self.load(step, *stay, *read, context);
                Ok(())
            }
            Begin::Make {
                stay,
                footprint,
                block,
            } => {
                self.take_room(*footprint, block.is_weight)?;
                self.reserve_in_buffer(*footprint, block.is_weight, context);
                self.with_numbers(context, |values| {
                    values.block_made(block);
                    Ok(())
                });
                if let Some(stay) = self
                    .stays
                    .place_of(*stay)
                    .and_then(|place| self.stays.stay_mut(place, context))
                {
                    stay.state = StayState::Resident;
                }
                Ok(())
            }
        }
    }

    fn take_room(&mut self, footprint: Footprint, is_weight: bool) -> Result<(), StallCause> {
        let mut taken = self.taken;
        taken.take(footprint, is_weight);
        if !taken.fits(&self.parameters.capacity) {
            // Room comes from steps in flight, or from blocks on their way to main memory.
            return Err(match self.leaving > 0 {
                true => StallCause::Memory,
                false => StallCause::BufferSpace,
            });
        }
        self.taken = taken;
        Ok(())
    }

    /// Whether what is to be loaded lies in main memory.
    fn check_source(&mut self, step: StepNumber, read: &Move) -> Result<(), StallCause> {
        if self.writing.contains_key(&read.data) {
            return Err(StallCause::Memory);
        }
        match self.waits_for_older(step) {
            true => Err(StallCause::Memory),
            false => Ok(()),
        }
    }

    /// Whether an operation is unfinished that must have finished before `step` loads anything.
    pub(super) fn waits_for_older(&self, step: StepNumber) -> bool {
        let after = self
            .window
            .unfinished(step)
            .and_then(|entry| entry.step.operation.after);
        after.is_some_and(|after| {
            let older = self.window.iter().take_while(|entry| entry.number() < step);
            older.into_iter().any(|entry| entry.step.operation.id <= after)
        })
    }

    fn load(&mut self, step: StepNumber, stay: StayNumber, read: Move, context: &mut Context<'_, Message>) {
        let Some(place) = self.stays.place_of(stay) else {
            return context.stop("a block was to be loaded whose stay is not known");
        };
        let Some(owner) = self.stays.stay_mut(place, context) else {
            return;
        };
        owner.state = StayState::Loading;
        let (footprint, is_weight) = (owner.footprint, owner.block.is_weight);
        let placement = Placement::of_block(&owner.block, read);
        self.reserve_in_buffer(footprint, is_weight, context);
        *self.reading.entry(read.data).or_default() += 1;
        self.order(
            Purpose::Arrival {
                stay: place,
                step,
                address: read.data,
            },
            &placement,
            TransferPattern::Load,
            context,
        );
    }

    fn evict(
        &mut self,
        step: StepNumber,
        stay: StayNumber,
        write: Option<Move>,
        context: &mut Context<'_, Message>,
    ) -> Result<(), StallCause> {
        let Some(place) = self.stays.place_of(stay) else {
            context.stop("a block was to leave whose stay is not known");
            return Ok(());
        };
        let Some(owner) = self.stays.stay_mut(place, context) else {
            return Ok(());
        };
        if owner.users > 0 {
            return Err(StallCause::BufferSpace);
        }
        if owner.writes > 0 || owner.state != StayState::Resident {
            return Err(StallCause::Memory);
        }
        let block = owner.block.clone();
        let Some(write) = write else {
            self.with_numbers(context, |values| {
                values.block_dropped(&block);
                Ok(())
            });
            self.leave(place, context);
            return Ok(());
        };
        if self.reading.contains_key(&write.data) || self.writing.contains_key(&write.data) {
            return Err(StallCause::Memory);
        }
        let Some(owner) = self.stays.stay_mut(place, context) else {
            return Ok(());
        };
        owner.state = StayState::Leaving;
        self.leaving += 1;
        self.spills += 1;
        *self.writing.entry(write.data).or_default() += 1;
        let placement = Placement::of_block(&block, write);
        self.order(
            Purpose::Departure {
                stay: place,
                step,
                address: write.data,
                bytes: (write.footprint.data.blocks() + write.footprint.mask.blocks()) * BLOCK.0,
            },
            &placement,
            TransferPattern::Store,
            context,
        );
        Ok(())
    }

    /// Ends a stay: its room is free.
    pub(super) fn leave(&mut self, place: super::places::StayPlace, context: &mut Context<'_, Message>) {
        let Some(stay) = self.stays.remove(place) else {
            return;
        };
        self.give_back(stay.footprint, stay.block.is_weight, context);
    }

    /// Gives room back.
    pub(super) fn give_back(
        &mut self,
        footprint: Footprint,
        is_weight: bool,
        context: &mut Context<'_, Message>,
    ) {
        self.taken.give_back(footprint, is_weight);
        self.send_to_buffers(buffer_of(is_weight), footprint, Message::Release, context);
    }

    fn reserve_in_buffer(
        &mut self,
        footprint: Footprint,
        is_weight: bool,
        context: &mut Context<'_, Message>,
    ) {
        self.send_to_buffers(buffer_of(is_weight), footprint, Message::Reserve, context);
    }

    /// Begins loads of steps whose turn has not come, in their order, as long as they fit beside what they overtake.
    fn fetch_ahead(&mut self, context: &mut Context<'_, Message>) {
        if self.fetched < self.turn {
            while self.fetched < self.turn {
                self.early.pass(self.fetched);
                self.fetched = self.fetched.next();
            }
            self.early.forget(self.turn);
            self.fetch_place = self.window.unfinished(self.turn).map_or(0, |entry| entry.begun);
        }
        while let Some(entry) = self.window.unfinished(self.fetched) {
            let place = if self.fetched == self.turn {
                self.fetch_place.max(entry.begun)
            } else {
                self.fetch_place
            };
            let Some(begin) = entry.step.begins.get(place) else {
                self.early.pass(self.fetched);
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
            {
                let (stay, read, footprint, is_weight) = (*stay, *read, *footprint, block.is_weight);
                let is_there = written_before.is_none_or(|step| StepNumber(step) < self.turn);
                if is_there && self.check_source(self.fetched, &read).is_ok() {
                    if !self.early.fits(footprint, is_weight, &self.parameters.capacity)
                        || self.take_room(footprint, is_weight).is_err()
                    {
                        self.fetch_place = place;
                        return;
                    }
                    self.early.take(footprint, is_weight);
                    let step = self.fetched;
                    self.load(step, stay, read, context);
                    if let Some(entry) = self.window.unfinished_mut(step) {
                        entry.fetched_early.resize(entry.step.begins.len(), false);
                        entry.fetched_early[place] = true;
                    }
                }
            }
            self.fetch_place = place + 1;
        }
    }
}

/// The buffer that data go to.
pub(super) fn buffer_of(is_weight: bool) -> BufferKind {
    match is_weight {
        true => BufferKind::Weight,
        false => BufferKind::Activation,
    }
}
