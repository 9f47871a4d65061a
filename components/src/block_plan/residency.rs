//! Residency by next use: what each part of an operation finds in the buffers, and what moves for it.

use super::block_states::BlockState;
use super::evictable::Evictable;
use super::plan_error::Shortage;
use super::spill_slots::SpillSlots;
use super::step::{Begin, End, Move, Room, StayNumber};
use super::tensors::{BlockId, PlannedTensors};
use super::uses::{Access, NextUse, Use};
use crate::operation::{Footprint, TensorKind};
use crate::runs::Tiling;
use crate::units::Bytes;

/// Bits by which an accumulator is wider than a word: sums of up to 2^20 words do not overflow.
const GUARD_BITS: u64 = 20;

/// What happens around a part.
#[derive(Debug, Default)]
pub(super) struct Moves {
    pub(super) begins: Vec<Begin>,
    pub(super) ends: Vec<End>,
    /// The stays of the accesses, in their order.
    pub(super) stays: Vec<StayNumber>,
    pub(super) room: Room,
}

/// The buffers as the plan sees them.
#[derive(Clone, Debug)]
pub(super) struct Residency {
    tiling: Tiling,
    /// What the plan may fill.
    limit: Room,
    occupied: Room,
    evictable: Evictable,
    next_stay: u32,
    /// The step whose blocks are brought in.
    step: u32,
    slots: SpillSlots,
    /// How the blocks of the step come, in the order of its accesses.
    arrivals: Vec<Arrival>,
}

impl Residency {
    pub(super) fn new(tiling: Tiling, limit: Room, spill_start: u64) -> Self {
        Self {
            tiling,
            limit,
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
    ) -> Result<Moves, Shortage> {
        let mut moves = Moves::default();
        let mut arrivals = std::mem::take(&mut self.arrivals);
        self.find_arrivals(tensors, accesses, &mut arrivals)?;
        self.make_room(tensors, &arrivals, accesses, &mut moves)?;
        for (access, arrival) in accesses.iter().zip(&arrivals) {
            self.bring(tensors, access, *arrival, &mut moves)?;
        }
        self.arrivals = arrivals;
        moves.room = self.occupied;
        self.step += 1;
        for access in accesses {
            self.leave(tensors, access, &mut moves)?;
        }
        Ok(moves)
    }

    /// How each block comes, in the order of `accesses`; the same block comes once. None of them may leave meanwhile.
    fn find_arrivals(
        &self,
        tensors: &mut PlannedTensors,
        accesses: &[Access],
        arrivals: &mut Vec<Arrival>,
    ) -> Result<(), Shortage> {
        arrivals.clear();
        for access in accesses {
            let again = tensors
                .block_mut(access.block)
                .is_some_and(|state| state.used_by.replace(self.step) == Some(self.step));
            arrivals.push(match again {
                true => Arrival::Here,
                false => self.arrival(tensors, access)?,
            });
        }
        Ok(())
    }

    fn arrival(&self, tensors: &PlannedTensors, access: &Access) -> Result<Arrival, Shortage> {
        let fault = |what: &str| Shortage::Fault(format!("a step was to read {what}"));
        let tensor = tensors
            .get(access.block.tensor)
            .ok_or_else(|| fault("a tensor that is gone"))?;
        let state = tensor.blocks.get(access.block.index);
        if state.stay.is_some() {
            return Ok(Arrival::Here);
        }
        if let Some((read, written_before)) = state
            .saved
            .map(|(place, step)| (place, Some(step)))
            .or_else(|| Some((tensor.stored(access.block.index, &self.tiling)?, None)))
        {
            let footprint = match state.begun && !state.complete {
                true => self.partial(tensor.kind, tensor.elements(access.block.index)),
                false => read.footprint,
            };
            return Ok(Arrival::Loaded {
                read,
                footprint,
                written_before,
            });
        }
        match access.usage {
            Use::Made { by_dma, .. } if !state.begun => {
                let elements = tensor.elements(access.block.index);
                Ok(Arrival::Made(match by_dma {
                    true => self.tiling.footprint(elements, tensor.kind),
                    false => self.tiling.partial_footprint(elements, tensor.kind),
                }))
            }
            _ => Err(Shortage::Fault(format!(
                "a step was to read block {} of tensor {}, which nothing has made",
                access.block.index, tensor.id.0
            ))),
        }
    }

    /// Partial sums in the buffer: zeros in place.
    fn partial(&self, kind: TensorKind, elements: u64) -> Footprint {
        self.tiling.partial_footprint(elements, kind)
    }

    /// Lets those blocks leave that are needed last, until all that is `incoming` fits.
    fn make_room(
        &mut self,
        tensors: &mut PlannedTensors,
        incoming: &[Arrival],
        accesses: &[Access],
        moves: &mut Moves,
    ) -> Result<(), Shortage> {
        let mut wanted = self.occupied;
        for (arrival, access) in incoming.iter().zip(accesses) {
            if let Some(footprint) = arrival.footprint() {
                let tensor = tensors.get(access.block.tensor);
                wanted.take(footprint, tensor.is_some_and(|tensor| tensor.is_weight));
            }
        }
        while !wanted.fits(&self.limit) {
            let Some((block, is_weight)) = self.victim(tensors, &wanted) else {
                return Err(Shortage::NoRoom(wanted));
            };
            let footprint = self.evict(tensors, block, is_weight, moves)?;
            wanted.give_back(footprint, is_weight);
        }
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
        let block = self.evictable.take_last(tensors, is_weight, self.step)?;
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
                state.saved = Some((write, self.step));
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
        arrival: Arrival,
        moves: &mut Moves,
    ) -> Result<(), Shortage> {
        let gone = || Shortage::Fault("a block was to come of a tensor that is gone".to_owned());
        let tensor = tensors.get_mut(access.block.tensor).ok_or_else(gone)?;
        let is_weight = tensor.is_weight;
        let index = access.block.index;
        if let Some(footprint) = arrival.footprint() {
            let block = tensor.name(index);
            let state = tensor.blocks.get_mut(index).ok_or_else(gone)?;
            let stay = StayNumber(self.next_stay);
            self.next_stay = self.next_stay.checked_add(1).ok_or(Shortage::TooManyStays)?;
            state.stay = Some(stay);
            state.footprint = footprint;
            self.occupied.take(footprint, is_weight);
            moves.begins.push(match arrival {
                Arrival::Loaded {
                    read,
                    footprint,
                    written_before,
                } => Begin::Load {
                    stay,
                    block,
                    read,
                    footprint,
                    written_before,
                },
                _ => Begin::Make {
                    stay,
                    block,
                    footprint,
                },
            });
        }
        let stay = tensor.blocks.get(index).stay;
        moves.stays.push(stay.ok_or_else(gone)?);
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
        let (is_weight, kind) = (tensor.is_weight, tensor.kind);
        let index = access.block.index;
        let Some(stay) = tensor.blocks.get(index).stay else {
            // Dropped by another use of the same part.
            return Ok(());
        };
        match access.usage {
            Use::Read(_) => {}
            Use::Updated(_) => {
                let write = tensor.stored(index, &self.tiling).ok_or_else(gone)?;
                moves.ends.push(End::WriteBack { stay, write });
            }
            Use::Made { completes, .. } => {
                let elements = tensor.elements(index);
                let state = tensor.blocks.get_mut(index).ok_or_else(gone)?;
                self.note_made(state, stay, [elements, completes.into()], kind, moves);
            }
        }
        let state = tensor.blocks.get_mut(index).ok_or_else(gone)?;
        state.next_use = access.next_use;
        if access.next_use == NextUse::NEVER {
            moves.ends.push(End::Drop { stay });
            self.occupied.give_back(state.footprint, is_weight);
            if let Some((place, _)) = state.saved {
                self.slots.give_back(place);
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

    fn note_made(
        &mut self,
        state: &mut BlockState,
        stay: StayNumber,
        [elements, completes]: [u64; 2],
        kind: TensorKind,
        moves: &mut Moves,
    ) {
        state.begun = true;
        // What main memory held is out of date.
        if let Some((place, _)) = state.saved.take() {
            self.slots.give_back(place);
        }
        if completes == 1 {
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

/// How a block comes into its buffer.
#[derive(Clone, Copy, Debug)]
enum Arrival {
    /// It is there.
    Here,
    Loaded {
        read: Move,
        footprint: Footprint,
        written_before: Option<u32>,
    },
    Made(Footprint),
}

impl Arrival {
    fn footprint(&self) -> Option<Footprint> {
        match self {
            Self::Here => None,
            Self::Loaded { footprint, .. } | Self::Made(footprint) => Some(*footprint),
        }
    }
}
