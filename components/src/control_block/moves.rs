//! Blocks that come and leave: orders to the DMA, and the room that they take and give back.

use sim_core::Context;

use super::places::{StayPlace, StepNumber};
use super::stays::StayState;
use super::transfers::{Placement, Purpose};
use super::{ControlBlock, StallCause};
use crate::block_plan::{Move, Room, StayNumber};
use crate::buffer_kind::BufferKind;
use crate::message::{Message, TransferPattern};
use crate::operation::Footprint;
use crate::units::BLOCK;

impl ControlBlock {
    /// Whether what is to be loaded lies in main memory.
    pub(super) fn check_source(&mut self, step: StepNumber, read: &Move) -> Result<(), StallCause> {
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

    pub(super) fn load(
        &mut self,
        step: StepNumber,
        stay: StayNumber,
        read: Move,
        context: &mut Context<'_, Message>,
    ) {
        let Some(place) = self.stays.place_of(stay) else {
            return context.stop("a block was to be loaded whose stay is not known");
        };
        let Some(owner) = self.stays.stay_mut(place, context) else {
            return;
        };
        owner.state = StayState::Loading;
        if let Some(steps) = self.unread.get_mut(&read.data) {
            steps.remove(&step);
            if steps.is_empty() {
                self.unread.remove(&read.data);
            }
        }
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

    /// Evicts a block before the turn of the step that asks for it, if nothing before that step uses it any more: its room, and
    /// its place in main memory, are free by then.
    pub(super) fn evict_early(&mut self, place: StayPlace, context: &mut Context<'_, Message>) {
        let Some(stay) = self.stays.stay(place, context) else {
            return;
        };
        let eviction = stay
            .eviction
            .filter(|eviction| StepNumber(eviction.step) > self.turn());
        let Some(eviction) = eviction else { return };
        let step = StepNumber(eviction.step);
        // What the write overwrites may still have to be read.
        let is_unread = eviction.write.is_some_and(|write| {
            let steps = self.unread.get(&write.data);
            steps.is_some_and(|steps| steps.first() < Some(&step))
        });
        let number = stay.number;
        if !is_unread && self.evict(step, number, eviction.write, context).is_ok() {
            self.room_changed = true;
            self.note_moved(step, eviction.place);
        }
    }

    /// Evicts a block for step `step`, with a write if main memory does not hold it, or says what that waits for.
    pub(super) fn evict(
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
        let footprint = Room::of(owner.footprint, block.is_weight);
        let Some(write) = write else {
            self.with_numbers(context, |values| {
                values.block_dropped(&block);
                Ok(())
            });
            self.room.free_before(step.0, footprint);
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
    pub(super) fn leave(&mut self, place: StayPlace, context: &mut Context<'_, Message>) {
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
        self.room.give_back(Room::of(footprint, is_weight));
        self.send_to_buffers(buffer_of(is_weight), footprint, Message::Release, context);
    }

    pub(super) fn reserve_in_buffer(
        &mut self,
        footprint: Footprint,
        is_weight: bool,
        context: &mut Context<'_, Message>,
    ) {
        self.send_to_buffers(buffer_of(is_weight), footprint, Message::Reserve, context);
    }
}

/// The buffer that data go to.
pub(super) fn buffer_of(is_weight: bool) -> BufferKind {
    match is_weight {
        true => BufferKind::Weight,
        false => BufferKind::Activation,
    }
}
