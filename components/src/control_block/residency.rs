//! Residency: bringing weights and slices into the buffers, and pushing slices out.

use sim_core::Context;

use super::issue::Need;
use super::tensors::{SliceState, Tensor};
use super::transfers::{Placement, Purpose, traffic_of};
use super::{ControlBlock, StallCause};
use crate::message::{Message, Traffic, TransferPattern};
use crate::operation::{Footprint, TensorId};
use crate::tile::Dimension;
use crate::units::BLOCK;

impl ControlBlock {
    /// Orders the loads of weights for which there is room, in program order. Operations that have begun keep their weights,
    /// but for a standstill.
    pub(super) fn load_weights(&mut self, at_standstill: bool, context: &mut Context<'_, Message>) {
        let mut evicted = Vec::new();
        loop {
            let may_not_wait = |operation: u32| {
                let entry = self.entries[operation as usize % self.entries.len()].as_ref();
                !at_standstill && entry.is_some_and(|entry| entry.cursor.has_begun())
            };
            let next = self
                .weights
                .next_load(may_not_wait, |tensor, footprint| {
                    evicted.push((tensor, footprint))
                })
                .cloned();
            for (tensor, footprint) in evicted.drain(..) {
                self.with_numbers(context, |values| {
                    values.weight_evicted(tensor);
                    Ok(())
                });
                self.send_to_buffers(self.parameters.buffers[1], footprint, Message::Release, context);
            }
            let Some(weight) = next else { return };
            self.send_to_buffers(
                self.parameters.buffers[1],
                weight.footprint,
                Message::Reserve,
                context,
            );
            let placement = Placement {
                data: weight.source.data,
                masks: weight.source.masks,
                traffic: [traffic_of(weight.source.kind), Traffic::Masks],
                buffer: 1,
            };
            let purpose = Purpose::Weight(weight.source.tensor);
            self.order(
                purpose,
                weight.footprint,
                placement,
                TransferPattern::Load,
                context,
            );
        }
    }

    pub(super) fn weight_arrived(&mut self, tensor: TensorId, context: &mut Context<'_, Message>) {
        self.with_numbers(context, |values| values.weight_arrived(tensor));
        let woken = self.weights.arrived(tensor);
        self.make_all_issuable(woken);
    }

    /// Tries to meet `need` for the operation at `place`. `None` if it is met; else what there is to wait for.
    pub(super) fn meet(
        &mut self,
        place: usize,
        need: Need,
        context: &mut Context<'_, Message>,
    ) -> Option<StallCause> {
        match need {
            Need::Weight(tensor) => {
                if let Some(weight) = self.weights.get_mut(tensor) {
                    weight.waiting.push(place);
                }
                Some(StallCause::Memory)
            }
            Need::Rows(tensor) => {
                let tensor = self.tensors[tensor].as_mut()?;
                if !tensor.waiting.contains(&place) {
                    tensor.waiting.push(place);
                }
                Some(tensor.producer)
            }
            Need::Room(tensor, b) => self.allocate(place, tensor, b, SliceState::Resident, context),
            Need::Reload(tensor, b) => {
                let waiting = self.allocate(place, tensor, b, SliceState::Reloading, context);
                if waiting.is_none() {
                    self.move_slice(tensor, b, TransferPattern::Load, context);
                    return self
                        .meet(place, Need::Rows(tensor), context)
                        .map(|_| StallCause::Memory);
                }
                waiting
            }
        }
    }

    /// Takes room for a slice; the leader may push others out for it.
    fn allocate(
        &mut self,
        place: usize,
        tensor: usize,
        b: u32,
        state: SliceState,
        context: &mut Context<'_, Message>,
    ) -> Option<StallCause> {
        let footprint = self.tensors[tensor].as_ref()?.slices[b as usize].footprint;
        let leads = place == self.place_of(self.leader);
        // Room made for the leader is the leader's: others would take it, be pushed out again, and so forth for ever.
        let mut taken = (leads || !self.leader_short_of_room) && self.activation_space.take(footprint);
        if leads && !taken {
            self.leader_short_of_room = true;
            self.make_room(place, footprint, context);
            taken = self.activation_space.take(footprint);
        }
        if !taken {
            if !self.space_waiting.contains(&place) {
                self.space_waiting.push(place);
            }
            return Some(StallCause::BufferSpace);
        }
        self.tensors[tensor].as_mut()?.set_state(b, state);
        self.send_to_buffers(self.parameters.buffers[0], footprint, Message::Reserve, context);
        if leads && std::mem::take(&mut self.leader_short_of_room) {
            let woken = std::mem::take(&mut self.space_waiting);
            self.make_all_issuable(woken);
        }
        None
    }

    /// Starts to push out slices that nothing in flight and not the operation at `place` itself needs now, until
    /// `footprint` will fit. What main memory holds already goes at once.
    fn make_room(&mut self, place: usize, footprint: Footprint, context: &mut Context<'_, Message>) {
        loop {
            let shortfall = self.activation_space.shortfall(footprint);
            if self.room_coming.data >= shortfall.data && self.room_coming.mask >= shortfall.mask {
                return;
            }
            let Some((tensor, b)) = self.victim(place) else {
                return;
            };
            let Some(owner) = self.tensors[tensor].as_mut() else {
                return;
            };
            let slice = owner.slices[b as usize];
            if slice.saved {
                owner.set_state(b, SliceState::Spilled);
                let (id, address) = (owner.id, owner.address_of(b));
                self.with_numbers(context, |values| values.dropped(id, b, address));
                self.activation_space.give_back(slice.footprint);
                let buffer = self.parameters.buffers[0];
                self.send_to_buffers(buffer, slice.footprint, Message::Release, context);
                continue;
            }
            owner.set_state(b, SliceState::Spilling);
            self.room_coming.data += slice.footprint.data;
            self.room_coming.mask += slice.footprint.mask;
            self.spills += 1;
            self.move_slice(tensor, b, TransferPattern::Store, context);
        }
    }

    /// The slice to be pushed out next: the one that will be needed last in program order, as far as the window shows, and
    /// of several such the least recently used.
    fn victim(&self, place: usize) -> Option<(usize, u32)> {
        let protected = self.needed_now(place);
        let mut best = None;
        for (index, tensor) in self.tensors.iter().enumerate() {
            let Some(tensor) = tensor else { continue };
            if tensor.resident == 0 {
                continue;
            }
            for (b, slice) in tensor.slices.iter().enumerate() {
                let candidate = (index, b as u32);
                if slice.state == SliceState::Resident && slice.pins == 0 && !protected.contains(&candidate) {
                    let rank = (u32::MAX - self.next_use(tensor, b as u32), slice.last_used);
                    if best.is_none_or(|(before, _)| rank < before) {
                        best = Some((rank, candidate));
                    }
                }
            }
        }
        best.map(|(_, candidate)| candidate)
    }

    /// The oldest operation of the window that has not finished with slice `b` of `tensor`; past all numbers if there is none.
    fn next_use(&self, tensor: &Tensor, b: u32) -> u32 {
        let unfinished = |&&user: &&u32| {
            let entry = self.entries[self.place_of(user)].as_ref();
            entry.is_some_and(|entry| {
                entry.operation.id.0 == user
                    && entry.rows_missing.get(b as usize).is_none_or(|&rows| rows > 0)
            })
        };
        tensor.users.iter().find(unfinished).copied().unwrap_or(u32::MAX)
    }

    /// The slices that the next tile of the operation at `place` reads and writes.
    fn needed_now(&self, place: usize) -> Vec<(usize, u32)> {
        let Some(entry) = self.entries[place].as_ref() else {
            return Vec::new();
        };
        let b = match entry.class {
            Some(_) => entry
                .cursor
                .peek()
                .map_or(0, |(first, _)| u32::from(first.along(Dimension::B))),
            None => entry.next_batch,
        };
        entry
            .inputs
            .iter()
            .map(|input| (input.tensor, b))
            .chain(entry.output.map(|output| (output, entry.output_slice(b))))
            .collect()
    }

    /// Orders the transfers of a spill or a reload.
    fn move_slice(
        &mut self,
        tensor: usize,
        b: u32,
        pattern: TransferPattern,
        context: &mut Context<'_, Message>,
    ) {
        let Some(owner) = self.tensors[tensor].as_ref() else {
            return;
        };
        let footprint = owner.slices[b as usize].footprint;
        let traffic = if owner.kept {
            Traffic::Kept
        } else {
            Traffic::Spills
        };
        let data = owner.address_of(b);
        let masks = data + footprint.data.blocks() * BLOCK.0;
        let placement = Placement {
            data,
            masks,
            traffic: [traffic; 2],
            buffer: 0,
        };
        self.order(
            Purpose::Slice { tensor, b },
            footprint,
            placement,
            pattern,
            context,
        );
    }

    pub(super) fn slice_moved(&mut self, tensor: usize, b: u32, context: &mut Context<'_, Message>) {
        let Some(owner) = self.tensors[tensor].as_mut() else {
            return;
        };
        let (id, address) = (owner.id, owner.address_of(b));
        let (state, footprint) = {
            let slice = &owner.slices[b as usize];
            (slice.state, slice.footprint)
        };
        match state {
            SliceState::Spilling => {
                owner.set_state(b, SliceState::Spilled);
                self.room_coming.data -= footprint.data;
                self.room_coming.mask -= footprint.mask;
                let woken = std::mem::take(&mut owner.waiting);
                let bytes = (footprint.data.blocks() + footprint.mask.blocks()) * BLOCK.0;
                self.with_numbers(context, |values| values.spilled(id, b, address, bytes));
                self.give_back(footprint, context);
                self.make_all_issuable(woken);
            }
            SliceState::Reloading => {
                owner.set_state(b, SliceState::Resident);
                let woken = std::mem::take(&mut owner.waiting);
                self.with_numbers(context, |values| values.reloaded(id, b, address));
                self.make_all_issuable(woken);
                self.wake_leader_for_room();
            }
            SliceState::Unallocated | SliceState::Resident | SliceState::Spilled | SliceState::Freed => {
                context.stop("a slice moved that was not on its way");
            }
        }
    }

    fn give_back(&mut self, footprint: Footprint, context: &mut Context<'_, Message>) {
        self.activation_space.give_back(footprint);
        self.send_to_buffers(self.parameters.buffers[0], footprint, Message::Release, context);
        let woken = std::mem::take(&mut self.space_waiting);
        self.make_all_issuable(woken);
    }

    /// Gives back what partial sums took over the final, zero-free result.
    pub(super) fn compact_slice(&mut self, tensor: usize, b: u32, context: &mut Context<'_, Message>) {
        let Some(owner) = self.tensors[tensor].as_mut() else {
            return;
        };
        let slice = &mut owner.slices[b as usize];
        let final_data = self.parameters.footprint(slice.elements, owner.kind).data;
        if slice.state == SliceState::Resident && slice.footprint.data > final_data {
            let excess = Footprint {
                data: slice.footprint.data - final_data,
                mask: crate::units::Bytes(0),
            };
            slice.footprint.data = final_data;
            self.give_back(excess, context);
        }
    }

    /// One reader of a slice is done with it; the last one frees it.
    pub(super) fn release_slice(&mut self, tensor: usize, b: u32, context: &mut Context<'_, Message>) {
        let Some(owner) = self.tensors[tensor].as_mut() else {
            return;
        };
        if owner.reader_done(b) > 0 {
            return;
        }
        let slice = &owner.slices[b as usize];
        let (state, footprint) = (slice.state, slice.footprint);
        owner.set_state(b, SliceState::Freed);
        let id = owner.id;
        let gone = owner.note_freed();
        self.with_numbers(context, |values| {
            values.freed(id, b);
            Ok(())
        });
        if state == SliceState::Resident {
            self.give_back(footprint, context);
        }
        if gone {
            self.tensors[tensor] = None;
            self.tensor_places.remove(&id);
            self.free_tensor_places.push(tensor);
        }
    }

    /// Slice `b` of what a data operation loads has come.
    pub(super) fn slice_filled(&mut self, place: usize, b: u32, context: &mut Context<'_, Message>) {
        let Some(entry) = self.entries[place].as_ref() else {
            return;
        };
        let id = entry.operation.id.0;
        self.with_numbers(context, |values| values.filled(id, b));
        self.all_rows_ready(place, b);
        self.finish_batch(place, b, context);
    }
}
