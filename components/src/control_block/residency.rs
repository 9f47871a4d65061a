//! Residency: loading weights and slices into the buffers, and spilling slices.

use sim_core::Context;

use super::issue::Need;
use super::places::{BatchTile, TensorPlace, WindowPlace};
use super::tensors::{SliceState, Tensor};
use super::transfers::{Placement, Purpose, traffic_of};
use super::{ControlBlock, StallCause};
use crate::buffer::BufferKind;
use crate::message::{Message, Traffic, TransferPattern};
use crate::operation::{Footprint, TensorId};
use crate::tile::Dimension;
use crate::units::BLOCK;

impl ControlBlock {
    /// Orders the loads of weights for which there is room, in program order. Operations that have begun keep their weights,
    /// except at a standstill.
    pub(super) fn load_weights(&mut self, at_standstill: bool, context: &mut Context<'_, Message>) {
        let mut evicted = Vec::new();
        loop {
            let may_not_wait = |operation: u32| {
                let entry = self.window.unfinished(operation);
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
                self.send_to_buffers(BufferKind::Weight, footprint, Message::Release, context);
            }
            let Some(weight) = next else { return };
            self.send_to_buffers(BufferKind::Weight, weight.footprint, Message::Reserve, context);
            let placement = Placement {
                data: weight.source.data,
                masks: weight.source.masks,
                traffic: [traffic_of(weight.source.kind), Traffic::Masks],
                buffer: BufferKind::Weight,
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
        let Some(woken) = self.weights.arrived(tensor) else {
            return context.stop(format!("weight {} arrived, which no operation reads", tensor.0));
        };
        self.make_all_issuable(woken);
    }

    /// Tries to meet `need` for the operation at `place`. `None` if it is met; else what there is to wait for.
    pub(super) fn meet(
        &mut self,
        place: WindowPlace,
        need: Need,
        context: &mut Context<'_, Message>,
    ) -> Option<StallCause> {
        match need {
            Need::Weight(tensor) => {
                match self.weights.get_mut(tensor) {
                    Some(weight) => weight.waiting.push(place),
                    None => context.stop(format!(
                        "weight {} was to be awaited, but is not wanted",
                        tensor.0
                    )),
                }
                Some(StallCause::Memory)
            }
            Need::Rows(tensor) => {
                let Some(tensor) = self.tensors.tensor_mut(tensor, context) else {
                    return Some(StallCause::Dependence);
                };
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
            Need::Impossible => Some(StallCause::Dependence),
        }
    }

    /// Takes room for a slice; the leader may spill others for it.
    fn allocate(
        &mut self,
        place: WindowPlace,
        tensor: TensorPlace,
        b: BatchTile,
        state: SliceState,
        context: &mut Context<'_, Message>,
    ) -> Option<StallCause> {
        let Some(owner) = self.tensors.tensor(tensor, context) else {
            return Some(StallCause::BufferSpace);
        };
        let footprint = owner.slices[b.index()].footprint;
        let leads = place == self.place_of(self.leader);
        // Room made for the leader is reserved for it: others would take it and be spilled again, for ever.
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
        match self.tensors.tensor_mut(tensor, context) {
            Some(tensor) => tensor.set_state(b, state),
            None => return Some(StallCause::BufferSpace),
        }
        self.send_to_buffers(BufferKind::Activation, footprint, Message::Reserve, context);
        if leads && std::mem::take(&mut self.leader_short_of_room) {
            let woken = std::mem::take(&mut self.space_waiting);
            self.make_all_issuable(woken);
        }
        None
    }

    /// Starts to spill slices that neither anything in flight nor the operation at `place` needs now, until `footprint`
    /// will fit. Slices that main memory holds already are dropped at once.
    fn make_room(&mut self, place: WindowPlace, footprint: Footprint, context: &mut Context<'_, Message>) {
        loop {
            let shortfall = self.activation_space.shortfall(footprint);
            if self.room_coming.data >= shortfall.data && self.room_coming.mask >= shortfall.mask {
                return;
            }
            // With nothing to spill, room comes from what others give back.
            let Some((tensor, b)) = self.victim(place, context) else {
                return;
            };
            let Some(owner) = self.tensors.tensor_mut(tensor, context) else {
                return;
            };
            let slice = owner.slices[b.index()];
            if slice.saved {
                owner.set_state(b, SliceState::Spilled);
                let (id, address) = (owner.id, owner.address_of(b));
                self.with_numbers(context, |values| values.dropped(id, b.0, address));
                self.activation_space.give_back(slice.footprint);
                self.send_to_buffers(BufferKind::Activation, slice.footprint, Message::Release, context);
                continue;
            }
            owner.set_state(b, SliceState::Spilling);
            self.room_coming.data += slice.footprint.data;
            self.room_coming.mask += slice.footprint.mask;
            self.spills += 1;
            self.move_slice(tensor, b, TransferPattern::Store, context);
        }
    }

    /// The slice to spill next: the one that is needed last in program order, as far as the window shows; of several, the
    /// least recently used.
    fn victim(
        &self,
        place: WindowPlace,
        context: &mut Context<'_, Message>,
    ) -> Option<(TensorPlace, BatchTile)> {
        let protected = self.needed_now(place, context);
        let mut best = None;
        for (index, tensor) in self.tensors.iter().filter(|(_, tensor)| tensor.resident > 0) {
            for (slice, b) in tensor.slices.iter().zip((0..).map(BatchTile)) {
                let candidate = (index, b);
                if slice.state == SliceState::Resident && slice.pins == 0 && !protected.contains(&candidate) {
                    let rank = (u32::MAX - self.next_use(tensor, b), slice.last_used);
                    if best.is_none_or(|(before, _)| rank < before) {
                        best = Some((rank, candidate));
                    }
                }
            }
        }
        best.map(|(_, candidate)| candidate)
    }

    /// The oldest operation of the window that has not finished with slice `b` of `tensor`; `u32::MAX` if there is none.
    fn next_use(&self, tensor: &Tensor, b: BatchTile) -> u32 {
        let unfinished = |&&user: &&u32| {
            let entry = self.window.unfinished(user);
            entry.is_some_and(|entry| entry.rows_missing.get(b.index()).is_none_or(|&rows| rows > 0))
        };
        tensor.users.iter().find(unfinished).copied().unwrap_or(u32::MAX)
    }

    /// The slices that the next tile of the operation at `place` reads and writes.
    fn needed_now(
        &self,
        place: WindowPlace,
        context: &mut Context<'_, Message>,
    ) -> Vec<(TensorPlace, BatchTile)> {
        let Some(entry) = self.window.entry(place, context) else {
            return Vec::new();
        };
        let b = match entry.kind {
            Some(_) => BatchTile(
                entry
                    .cursor
                    .peek()
                    .map_or(0, |(first, _)| u32::from(first.along(Dimension::B))),
            ),
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
        tensor: TensorPlace,
        b: BatchTile,
        pattern: TransferPattern,
        context: &mut Context<'_, Message>,
    ) {
        let Some(owner) = self.tensors.tensor(tensor, context) else {
            return;
        };
        let footprint = owner.slices[b.index()].footprint;
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
            buffer: BufferKind::Activation,
        };
        self.order(
            Purpose::Slice { tensor, b },
            footprint,
            placement,
            pattern,
            context,
        );
    }

    pub(super) fn slice_moved(
        &mut self,
        tensor: TensorPlace,
        b: BatchTile,
        context: &mut Context<'_, Message>,
    ) {
        let Some(owner) = self.tensors.tensor_mut(tensor, context) else {
            return;
        };
        let (id, address) = (owner.id, owner.address_of(b));
        let (state, footprint) = {
            let slice = &owner.slices[b.index()];
            (slice.state, slice.footprint)
        };
        match state {
            SliceState::Spilling => {
                owner.set_state(b, SliceState::Spilled);
                self.room_coming.data -= footprint.data;
                self.room_coming.mask -= footprint.mask;
                let woken = std::mem::take(&mut owner.waiting);
                let bytes = (footprint.data.blocks() + footprint.mask.blocks()) * BLOCK.0;
                self.with_numbers(context, |values| values.spilled(id, b.0, address, bytes));
                self.give_back(footprint, context);
                self.make_all_issuable(woken);
            }
            SliceState::Reloading => {
                owner.set_state(b, SliceState::Resident);
                let woken = std::mem::take(&mut owner.waiting);
                self.with_numbers(context, |values| values.reloaded(id, b.0, address));
                self.make_all_issuable(woken);
                self.wake_leader_for_room();
            }
            SliceState::Unallocated | SliceState::Resident | SliceState::Spilled | SliceState::Freed => {
                context.stop("a slice moved that was not in flight");
            }
        }
    }

    fn give_back(&mut self, footprint: Footprint, context: &mut Context<'_, Message>) {
        self.activation_space.give_back(footprint);
        self.send_to_buffers(BufferKind::Activation, footprint, Message::Release, context);
        let woken = std::mem::take(&mut self.space_waiting);
        self.make_all_issuable(woken);
    }

    /// Gives back what partial sums took over the final, zero-free result.
    pub(super) fn compact_slice(
        &mut self,
        tensor: TensorPlace,
        b: BatchTile,
        context: &mut Context<'_, Message>,
    ) {
        let Some(owner) = self.tensors.tensor_mut(tensor, context) else {
            return;
        };
        let slice = &mut owner.slices[b.index()];
        let final_data = self.parameters.tiling.footprint(slice.elements, owner.kind).data;
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
    pub(super) fn release_slice(
        &mut self,
        tensor: TensorPlace,
        b: BatchTile,
        context: &mut Context<'_, Message>,
    ) {
        let Some(owner) = self.tensors.tensor_mut(tensor, context) else {
            return;
        };
        if owner.reader_done(b) > 0 {
            return;
        }
        let slice = &owner.slices[b.index()];
        let (state, footprint) = (slice.state, slice.footprint);
        owner.set_state(b, SliceState::Freed);
        let id = owner.id;
        let gone = owner.note_freed();
        self.with_numbers(context, |values| {
            values.freed(id, b.0);
            Ok(())
        });
        if state == SliceState::Resident {
            self.give_back(footprint, context);
        }
        if gone {
            self.tensors.remove(tensor);
        }
    }

    /// Slice `b` of what a data operation loads has arrived.
    pub(super) fn slice_filled(
        &mut self,
        place: WindowPlace,
        b: BatchTile,
        context: &mut Context<'_, Message>,
    ) {
        let Some(entry) = self.window.entry(place, context) else {
            return;
        };
        let id = entry.operation.id.0;
        self.with_numbers(context, |values| values.filled(id, b.0));
        self.all_rows_ready(place, b, context);
        self.finish_batch(place, b, context);
    }
}
