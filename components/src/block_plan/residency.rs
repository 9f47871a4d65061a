//! Residency by next use: what each part of an operation finds in the buffers, and what moves for it.

use arrival::{Arrival, Way};
pub(super) use moves::Moves;

use super::block_states::BlockState;
use super::evictable::Evictable;
use super::plan_error::Shortage;
use super::spill_slots::SpillSlots;
use super::step::{Begin, End, Room, StayNumber};
use super::tensor_table::PlannedTensors;
use super::tensors::{BlockId, PlannedTensor};
use super::uses::{Access, NextUse, Use};
use crate::operation::{Footprint, TensorKind};
use crate::runs::Tiling;
use crate::units::Bytes;

mod arrival;
mod moves;

/// Bits by which an accumulator is wider than a word: sums of up to 2^20 words do not overflow.
const GUARD_BITS: u64 = 20;

/// The buffers as the plan sees them.
#[derive(Clone, Debug)]
pub(super) struct Residency {
    tiling: Tiling,
    /// What the plan may fill.
    limit: Room,
    /// See [`Blocking::resting`](super::Blocking::resting).
    resting: u32,
    occupied: Room,
    evictable: Evictable,
    next_stay: u32,
    /// The step whose blocks are brought in.
    step: u32,
    slots: SpillSlots,
    /// The blocks of the step that come, in the order of its accesses.
    arrivals: Vec<Arrival>,
}

impl Residency {
    pub(super) fn new(tiling: Tiling, limit: Room, resting: u32, spill_start: u64) -> Self {
        Self {
            tiling,
            limit,
            resting,
            occupied: Room::default(),
            evictable: Evictable::default(),
            next_stay: 0,
            step: 0,
            slots: SpillSlots::new(spill_start),
            arrivals: Vec::new(),
        }
    }

    /// Bytes of main memory that spilled blocks take at once, at most.
    pub(super) fn spill_bytes(&self) -> u64 {
        self.slots.used()
    }

    /// Brings the blocks of a part in, lets others leave, and notes what becomes of its own.
    pub(super) fn pass(
        &mut self,
        tensors: &mut PlannedTensors,
        accesses: &[Access],
        moves: &mut Moves,
    ) -> Result<(), Shortage> {
        moves.clear();
        let mut arrivals = std::mem::take(&mut self.arrivals);
        self.find_arrivals(tensors, accesses, &mut arrivals, &mut moves.stays)?;
        self.make_room(tensors, &arrivals, moves)?;
        for arrival in &arrivals {
            self.bring(tensors, &accesses[arrival.access], arrival, moves)?;
        }
        self.arrivals = arrivals;
        moves.room = self.occupied;
        self.step += 1;
        for access in accesses {
            self.leave(tensors, access, moves)?;
        }
        Ok(())
    }

    /// Which blocks of `accesses` come, and how; the same block comes once. The others' stays are put in `stays`, where theirs will
    /// be, too. None of them may leave meanwhile.
    fn find_arrivals(
        &self,
        tensors: &mut PlannedTensors,
        accesses: &[Access],
        arrivals: &mut Vec<Arrival>,
        stays: &mut Vec<StayNumber>,
    ) -> Result<(), Shortage> {
        arrivals.clear();
        for (place, access) in accesses.iter().enumerate() {
            let gone = || Shortage::Fault("a step was to read a tensor that is gone".to_owned());
            let tensor = tensors.get_mut(access.block.tensor).ok_or_else(gone)?;
            let state = tensor.blocks.get_mut(access.block.index).ok_or_else(gone)?;
            let again = state.used_by.replace(self.step) == Some(self.step);
            stays.push(state.stay.unwrap_or(StayNumber(u32::MAX)));
            if state.stay.is_none() {
                arrivals.push(Arrival {
                    access: place,
                    is_weight: tensor.is_weight,
                    way: match again {
                        true => Way::Again,
                        false => Way::of(tensor, access, &self.tiling)?,
                    },
                });
            }
        }
        Ok(())
    }

    /// Lets those blocks leave that are needed last, until all that is `incoming` fits.
    fn make_room(
        &mut self,
        tensors: &mut PlannedTensors,
        incoming: &[Arrival],
        moves: &mut Moves,
    ) -> Result<(), Shortage> {
        let mut wanted = self.occupied;
        for arrival in incoming {
            if let Some(footprint) = arrival.way.footprint() {
                wanted.take(footprint, arrival.is_weight);
            }
        }
        while !wanted.fits(&self.limit) {
            let Some((block, is_weight)) = self.victim(tensors, &wanted) else {
                return Err(Shortage::NoRoom(wanted));
            };
            let footprint = self.evict(tensors, block, is_weight, moves)?;
            wanted.give_back(footprint, is_weight);
        }
        self.evictable.settle();
        Ok(())
    }

    /// The block to leave next: the one that is needed last, of the buffer that is short. Masks of both are in one buffer.
    fn victim(&mut self, tensors: &PlannedTensors, wanted: &Room) -> Option<(BlockId, bool)> {
        let short = |buffer: usize| wanted.0[buffer] > self.limit.0[buffer];
        let is_weight = if short(0) {
            false
        } else if short(1) {
            true
        } else {
            let [of_activations, of_weights] =
                [false, true].map(|is_weight| self.evictable.last(tensors, is_weight, self.step));
            of_weights > of_activations
        };
        let block = self
            .evictable
            .take_last(tensors, is_weight, self.step, self.resting)?;
        Some((block, is_weight))
    }

    fn evict(
        &mut self,
        tensors: &mut PlannedTensors,
        block: BlockId,
        is_weight: bool,
        moves: &mut Moves,
    ) -> Result<Footprint, Shortage> {
        let gone = || Shortage::Fault("a block was to leave that is not there".to_owned());
        let tensor = tensors.get_mut(block.tensor).ok_or_else(gone)?;
        let elements = tensor.elements(block.index);
        let state = tensor.blocks.get_mut(block.index).ok_or_else(gone)?;
        let stay = state.stay.take().ok_or_else(gone)?;
        let write = match state.saved {
            None if !is_weight => {
                let moved = match state.complete {
                    true => state.footprint,
                    // Sums at the accumulator's width, which no zero can be left out of.
                    false => Footprint {
                        data: Bytes::holding_bits(elements * (self.tiling.word.bits() + GUARD_BITS)),
                        mask: Bytes(0),
                    },
                };
                let write = self.slots.take(moved);
                state.saved = Some(Box::new((write, self.step)));
                Some(write)
            }
            _ => None,
        };
        let footprint = state.footprint;
        self.occupied.give_back(footprint, is_weight);
        tensor.blocks.release(block.index);
        moves.begins.push(Begin::Evict { stay, write });
        Ok(footprint)
    }

    fn bring(
        &mut self,
        tensors: &mut PlannedTensors,
        access: &Access,
        arrival: &Arrival,
        moves: &mut Moves,
    ) -> Result<(), Shortage> {
        let gone = || Shortage::Fault("a block was to come of a tensor that is gone".to_owned());
        let tensor = tensors.get_mut(access.block.tensor).ok_or_else(gone)?;
        let index = access.block.index;
        let Some(footprint) = arrival.way.footprint() else {
            let stay = tensor.blocks.get(index).stay;
            moves.stays[arrival.access] = stay.ok_or_else(gone)?;
            return Ok(());
        };
        let block = tensor.name(index);
        let state = tensor.blocks.get_mut(index).ok_or_else(gone)?;
        let stay = StayNumber(self.next_stay);
        self.next_stay = self.next_stay.checked_add(1).ok_or(Shortage::TooManyStays)?;
        state.stay = Some(stay);
        state.footprint = footprint;
        self.occupied.take(footprint, arrival.is_weight);
        moves.stays[arrival.access] = stay;
        moves.begins.push(arrival.way.begin(stay, block, footprint));
        Ok(())
    }

    /// Notes what the part has done to a block, and whether it stays.
    fn leave(
        &mut self,
        tensors: &mut PlannedTensors,
        access: &Access,
        moves: &mut Moves,
    ) -> Result<(), Shortage> {
        let gone = || Shortage::Fault("a step's block was gone before the step had ended".to_owned());
        let tensor = tensors.get_mut(access.block.tensor).ok_or_else(gone)?;
        let is_weight = tensor.is_weight;
        let index = access.block.index;
        if access.usage != Use::Read {
            self.note_work(tensor, access, moves)?;
        }
        let state = tensor.blocks.get_mut(index).ok_or_else(gone)?;
        let Some(stay) = state.stay else {
            // Dropped by another use of the same part.
            return Ok(());
        };
        state.next_use = access.next_use;
        if access.next_use == NextUse::NEVER {
            moves.ends.push(End::Drop { stay });
            self.occupied.give_back(state.footprint, is_weight);
            if let Some(saved) = state.saved.take() {
                self.slots.give_back(saved.0);
            }
            tensor.blocks.forget(index);
            tensor.alive -= 1;
            if tensor.alive == 0 {
                tensors.remove(access.block.tensor);
            }
        } else {
            self.evictable.may_leave(is_weight, access.next_use, access.block);
        }
        Ok(())
    }

    /// Notes what the part has done to a block that it makes or updates, if that is still there.
    fn note_work(
        &mut self,
        tensor: &mut PlannedTensor,
        access: &Access,
        moves: &mut Moves,
    ) -> Result<(), Shortage> {
        let gone = || Shortage::Fault("a step's block was gone before the step had ended".to_owned());
        let index = access.block.index;
        let Some(stay) = tensor.blocks.get(index).stay else {
            return Ok(());
        };
        if let Use::Made { completes, .. } = access.usage {
            let (elements, kind) = (tensor.elements(index), tensor.kind);
            let state = tensor.blocks.get_mut(index).ok_or_else(gone)?;
            self.note_made(state, stay, completes.then_some(elements), kind, moves);
        } else {
            let write = tensor.stored(index, &self.tiling).ok_or_else(gone)?;
            moves.ends.push(End::WriteBack { stay, write });
        }
        Ok(())
    }

    /// Notes that something was added to a block, which is complete with so many elements.
    fn note_made(
        &mut self,
        state: &mut BlockState,
        stay: StayNumber,
        completes: Option<u64>,
        kind: TensorKind,
        moves: &mut Moves,
    ) {
        state.begun = true;
        // What main memory held is out of date.
        if let Some(saved) = state.saved.take() {
            self.slots.give_back(saved.0);
        }
        if let Some(elements) = completes {
            state.complete = true;
            let footprint = self.tiling.footprint(elements, kind);
            if footprint != state.footprint {
                self.occupied.give_back(state.footprint, false);
                self.occupied.take(footprint, false);
                state.footprint = footprint;
                moves.ends.push(End::Compact { stay, footprint });
            }
        }
    }
}
