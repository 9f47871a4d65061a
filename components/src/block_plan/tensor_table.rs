//! The tensors that a plan knows of.

use std::collections::BTreeMap;

use super::block_states::BlockState;
use super::tensors::{BlockId, PlannedTensor, TensorSlot};
use crate::operation::TensorId;

/// The tensors of a plan.
#[derive(Clone, Debug, Default)]
pub(super) struct PlannedTensors {
    table: Vec<Option<PlannedTensor>>,
    slots: BTreeMap<TensorId, TensorSlot>,
    free: Vec<TensorSlot>,
}

impl PlannedTensors {
    pub(super) fn slot(&self, id: TensorId) -> Option<TensorSlot> {
        self.slots.get(&id).copied()
    }

    /// Gives a tensor a place; one of the same number that is there already is forgotten.
    pub(super) fn insert(&mut self, tensor: PlannedTensor) -> TensorSlot {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.table.push(None);
            TensorSlot(self.table.len() as u32 - 1)
        });
        self.slots.insert(tensor.id, slot);
        self.table[slot.0 as usize] = Some(tensor);
        slot
    }

    pub(super) fn remove(&mut self, slot: TensorSlot) {
        if let Some(tensor) = self.table[slot.0 as usize].take() {
            self.slots.remove(&tensor.id);
            self.free.push(slot);
        }
    }

    pub(super) fn get(&self, slot: TensorSlot) -> Option<&PlannedTensor> {
        self.table.get(slot.0 as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: TensorSlot) -> Option<&mut PlannedTensor> {
        self.table.get_mut(slot.0 as usize)?.as_mut()
    }

    /// The blocks in a buffer: their next uses, and which they are.
    pub(super) fn resident(&self, is_weight: bool) -> impl Iterator<Item = (u64, BlockId)> {
        let tensors = self.table.iter().enumerate();
        let tensors = tensors.filter_map(|(slot, tensor)| Some((TensorSlot(slot as u32), tensor.as_ref()?)));
        tensors
            .filter(move |(_, tensor)| tensor.is_weight == is_weight)
            .flat_map(|(slot, tensor)| {
                let states = tensor.blocks.iter();
                states
                    .filter(|(_, state)| state.stay.is_some())
                    .map(move |(index, state)| (state.next_use, BlockId { tensor: slot, index }))
            })
    }

    pub(super) fn block(&self, id: BlockId) -> Option<&BlockState> {
        Some(self.get(id.tensor)?.blocks.get(id.index))
    }
}
