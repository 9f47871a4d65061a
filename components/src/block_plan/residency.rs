//! Residency by next use: what each part of an operation finds in the buffers, and what moves for it.

use std::collections::BTreeSet;
use std::fmt;

use super::spill_slots::SpillSlots;
use super::step::{Begin, End, Move, Room, StayNumber};
use super::tensors::{BlockId, BlockState, PlannedTensors};
use crate::operation::{Footprint, Role, TensorKind};
use crate::runs::Tiling;
use crate::units::Bytes;

/// Bits by which an accumulator is wider than a word: sums of up to 2^20 words do not overflow.
const GUARD_BITS: u64 = 20;

/// The place of a use in the plan: segment, stage, and part of the stage, so that places compare in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NextUse;

impl NextUse {
    /// Nothing reads the block any more.
    pub(super) const NEVER: u64 = u64::MAX;

    /// A use by part (or operation) `index` of `stage` while `segment` runs.
    pub(super) fn at(segment: u32, stage: u32, index: u32) -> u64 {
        (u64::from(segment) << 48) | (u64::from(stage.min(0xffff)) << 32) | u64::from(index)
    }
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// What a single step needs at once does not fit.
    NoRoom {
        /// What the operation is for.
        role: Role,
        /// Its layer.
        layer: u32,
        /// What the step needs.
        needed: Room,
    },
    /// A stage would have more steps than a plan can hold.
    TooManySteps,
    /// A fault of the program or the planner.
    Fault(String),
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoom { role, layer, needed } => {
                let [activation, weight, mask] = needed.0;
                write!(
                    f,
                    "a step of the {role} of layer {layer} needs {activation} of the activation buffer, {weight} of the weight \
                     buffer and {mask} of the mask buffer"
                )
            }
            Self::TooManySteps => write!(
                f,
                "blocks so small that they fit cut a layer into more steps than a plan can hold"
            ),
            Self::Fault(fault) => f.write_str(fault),
        }
    }
}

/// How a part uses a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// As operand number so-and-so.
    Read(u16),
    /// As what it makes or adds to, for the last time or not.
    Made {
        /// Whether its sums are final after it.
        completes: bool,
        /// Whether the DMA brings it, free of zeros.
        by_dma: bool,
    },
    /// As an operand that is updated in place.
    Updated(u16),
}

/// One use of a block by a part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access {
    pub(super) block: BlockId,
    pub(super) usage: Use,
    /// The next one.
    pub(super) next_use: u64,
}

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
    /// Blocks that may leave, by next use: of the activation buffer, and of the weight buffer.
    evictable: [BTreeSet<(u64, BlockId)>; 2],
    next_stay: u32,
    /// The step whose blocks are brought in.
    step: u32,
    slots: SpillSlots,
}

impl Residency {
    pub(super) fn new(tiling: Tiling, limit: Room, spill_start: u64) -> Self {
        Self {
            tiling,
            limit,
            occupied: Room::default(),
            evictable: [BTreeSet::new(), BTreeSet::new()],
            next_stay: 0,
            step: 0,
            slots: SpillSlots::new(spill_start),
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
        self.pin(tensors, accesses);
        let incoming = self.incoming(tensors, accesses)?;
        self.make_room(tensors, &incoming, accesses, &mut moves)?;
        for (access, arrival) in accesses.iter().zip(&incoming) {
            self.bring(tensors, access, *arrival, &mut moves)?;
        }
        moves.room = self.occupied;
        self.step += 1;
        for access in accesses {
            self.leave(tensors, access, &mut moves)?;
        }
        Ok(moves)
    }

    fn pin(&mut self, tensors: &PlannedTensors, accesses: &[Access]) {
        for access in accesses {
            let Some(tensor) = tensors.get(access.block.tensor) else {
                continue;
            };
            let state = &tensor.blocks[access.block.index as usize];
            if state.stay.is_some() {
                self.evictable[usize::from(tensor.is_weight)].remove(&(state.next_use, access.block));
            }
        }
    }

    /// How each block comes, in the order of `accesses`; the same block comes once.
    fn incoming(&self, tensors: &PlannedTensors, accesses: &[Access]) -> Result<Vec<Arrival>, Shortage> {
        let mut arrivals = Vec::with_capacity(accesses.len());
        for (place, access) in accesses.iter().enumerate() {
            let again = accesses[..place].iter().any(|other| other.block == access.block);
            arrivals.push(if again {
                Arrival::Here
            } else {
                self.arrival(tensors, access)?
            });
        }
        Ok(arrivals)
    }

    fn arrival(&self, tensors: &PlannedTensors, access: &Access) -> Result<Arrival, Shortage> {
        let fault = |what: &str| Shortage::Fault(format!("a step was to read {what}"));
        let tensor = tensors
            .get(access.block.tensor)
            .ok_or_else(|| fault("a tensor that is gone"))?;
        let state = &tensor.blocks[access.block.index as usize];
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
            let Some((block, is_weight)) = self.victim(&wanted) else {
                return Err(Shortage::NoRoom(wanted));
            };
            let footprint = self.evict(tensors, block, is_weight, moves)?;
            wanted.give_back(footprint, is_weight);
        }
        Ok(())
    }

    /// The block to leave next: the one that is needed last, of the buffer that is short. Masks of both are in one buffer.
    fn victim(&mut self, wanted: &Room) -> Option<(BlockId, bool)> {
        let short = |buffer: usize| wanted.0[buffer] > self.limit.0[buffer];
        let last = |buffer: usize| self.evictable[buffer].last().map(|&(use_at, _)| use_at);
        let is_weight = if short(0) {
            false
        } else if short(1) {
            true
        } else {
            last(1) > last(0)
        };
        let (_, block) = self.evictable[usize::from(is_weight)].pop_last()?;
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
        let state = &mut tensor.blocks[block.index as usize];
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
        self.occupied.give_back(state.footprint, is_weight);
        moves.begins.push(Begin::Evict { stay, write });
        Ok(state.footprint)
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
        let block = tensor.name(access.block.index);
        let state = &mut tensor.blocks[access.block.index as usize];
        if let Some(footprint) = arrival.footprint() {
            let stay = StayNumber(self.next_stay);
            self.next_stay += 1;
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
        moves.stays.push(state.stay.ok_or_else(gone)?);
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
        let elements = tensor.elements(access.block.index);
        let stored = tensor.stored(access.block.index, &self.tiling);
        let state = &mut tensor.blocks[access.block.index as usize];
        let Some(stay) = state.stay else {
            // Dropped by another use of the same part.
            return Ok(());
        };
        match access.usage {
            Use::Read(_) => {}
            Use::Updated(_) => {
                let write = stored.ok_or_else(gone)?;
                moves.ends.push(End::WriteBack { stay, write });
            }
            Use::Made { completes, .. } => {
                self.note_made(state, stay, [elements, completes.into()], kind, moves)
            }
        }
        state.next_use = access.next_use;
        if access.next_use == NextUse::NEVER {
            moves.ends.push(End::Drop { stay });
            self.occupied.give_back(state.footprint, is_weight);
            self.forget(state);
            tensor.alive -= 1;
            if tensor.alive == 0 {
                tensors.remove(access.block.tensor);
            }
        } else {
            self.evictable[usize::from(is_weight)].insert((access.next_use, access.block));
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

    fn forget(&mut self, state: &mut BlockState) {
        if let Some((place, _)) = state.saved.take() {
            self.slots.give_back(place);
        }
        state.stay = None;
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

/// Why a part finds no room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shortage {
    /// It needs this much.
    NoRoom(Room),
    Fault(String),
}
