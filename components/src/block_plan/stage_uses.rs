//! What the parts of a stage use, and when each block is used next.

use std::ops::Range;

use super::cut::Part;
use super::plan_error::PlanError;
use super::stage_plan::BlockPlan;
use super::tensors::{BlockId, PlannedTensor, TensorSlot};
use super::uses::{Access, NextUse, Use};
use super::view::View;
use crate::operation::{Operand, Operation};
use crate::program::StageOperations;
use crate::tile::Dimension;

/// Uses of blocks by the steps of a stage that a plan holds at most.
const MAX_ACCESSES: usize = 3_000_000;

/// What the parts of a stage use.
#[derive(Clone, Debug, Default)]
pub(super) struct Accesses {
    all: Vec<Access>,
    /// Where those of each part end.
    ends: Vec<u32>,
}

impl Accesses {
    fn range(&self, part: usize) -> Range<usize> {
        let start = part.checked_sub(1).map_or(0, |before| self.ends[before]);
        start as usize..self.ends[part] as usize
    }

    /// Forgets them, to hold others.
    fn clear(&mut self) {
        self.all.clear();
        self.ends.clear();
    }

    /// Those of part number `part`.
    pub(super) fn of_part(&self, part: usize) -> &[Access] {
        &self.all[self.range(part)]
    }
}

impl BlockPlan {
    /// Makes all tensors of a stage known; the places of each operation's operands, then of its result.
    pub(super) fn register(
        &mut self,
        stage: &StageOperations,
        items: &Range<u32>,
        parts: &[Part],
    ) -> Vec<Vec<Option<TensorSlot>>> {
        let mut runs = vec![false; stage.operations.len()];
        parts.iter().for_each(|part| runs[part.operation as usize] = true);
        let mut slots = Vec::with_capacity(stage.operations.len());
        for (operation, runs) in stage.operations.iter().zip(runs) {
            let mut of_operation: Vec<_> = operation
                .operands
                .iter()
                .enumerate()
                .map(|(place, operand)| match operand {
                    Operand::Activation { tensor, .. } => self.tensors.slot(*tensor),
                    Operand::Weight(_) if !runs => None,
                    Operand::Weight(weight) => Some(self.weight(stage, operation, place, weight)),
                })
                .collect();
            of_operation.push(runs.then(|| self.made(stage, operation, items)).flatten());
            slots.push(of_operation);
        }
        slots
    }

    fn weight(
        &mut self,
        stage: &StageOperations,
        operation: &Operation,
        place: usize,
        weight: &crate::operation::WeightTensor,
    ) -> TensorSlot {
        let uses = stage.weights_again.get(&weight.tensor);
        if let Some(slot) = self.tensors.slot(weight.tensor) {
            if let (Some(tensor), Some(uses)) = (self.tensors.get_mut(slot), uses) {
                tensor.uses.clone_from(uses);
            }
            return slot;
        }
        let uses = uses.cloned().unwrap_or_default();
        let mut tensor = PlannedTensor::weight(
            operation,
            place,
            weight,
            &self.blocking,
            &self.parameters.tiling,
            uses,
        );
        tensor.first_stage = stage.number;
        self.tensors.insert(tensor)
    }

    fn made(
        &mut self,
        stage: &StageOperations,
        operation: &Operation,
        items: &Range<u32>,
    ) -> Option<TensorSlot> {
        let id = operation.output?.tensor;
        let sums_batch = operation.work.sums_batch();
        self.sums_batch |= sums_batch;
        if let Some(slot) = self.tensors.slot(id) {
            if sums_batch {
                return Some(slot);
            }
            self.tensors.remove(slot);
        }
        let has_batch = !sums_batch && operation.grid.tiles(Dimension::B) == self.parameters.batch_tiles;
        let items = if has_batch { items.clone() } else { 0..1 };
        let uses = stage.uses.get(&id).cloned().unwrap_or_default();
        let tiling = &self.parameters.tiling;
        let mut tensor = PlannedTensor::made(operation, items, &self.blocking, tiling, uses)?;
        tensor.first_stage = stage.number;
        tensor.sums_batch = sums_batch;
        Some(self.tensors.insert(tensor))
    }

    /// What each part uses.
    pub(super) fn accesses(
        &self,
        stage: &StageOperations,
        parts: &[Part],
        slots: &[Vec<Option<TensorSlot>>],
        mut accesses: Accesses,
    ) -> Result<Accesses, PlanError> {
        let views: Vec<Vec<View>> = stage
            .operations
            .iter()
            .map(|operation| {
                (0..operation.operands.len())
                    .map(|place| View::of(operation, place))
                    .collect()
            })
            .collect();
        accesses.clear();
        for part in parts {
            let index = part.operation as usize;
            let operation = &stage.operations[index];
            let extents = part.extents(operation);
            let b = u32::from(part.tiles[0].start);
            let updates = operation.updates_in_place();
            for (place, view) in views[index].iter().enumerate() {
                let usage = match updates && place > 0 {
                    true => Use::Updated(place as u16),
                    false => Use::Read(place as u16),
                };
                self.add_blocks(slots[index][place], b, view.ranges(operation, &extents), usage, &mut accesses.all)
                    .ok_or_else(|| {
                        PlanError::Fault(format!(
                            "operation {} ({}, layer {}) reads tensor {}, which no operation before it has made or which is dropped",
                            operation.id.0,
                            operation.role,
                            operation.layer,
                            operation.operands[place].tensor().0
                        ))
                    })?;
            }
            if let Some(made) = slots[index].last().copied().flatten() {
                let usage = Use::Made {
                    completes: false,
                    by_dma: !operation.work.is_compute(),
                };
                let ranges = [
                    extents[Dimension::I as usize].clone(),
                    extents[Dimension::J as usize].clone(),
                ];
                self.add_blocks(Some(made), b, ranges, usage, &mut accesses.all);
            }
            if accesses.all.len() > MAX_ACCESSES {
                return Err(PlanError::TooManySteps);
            }
            accesses.ends.push(accesses.all.len() as u32);
        }
        Ok(accesses)
    }

    fn add_blocks(
        &self,
        slot: Option<TensorSlot>,
        b: u32,
        ranges: [Range<u32>; 2],
        usage: Use,
        accesses: &mut Vec<Access>,
    ) -> Option<()> {
        let slot = slot?;
        let tensor = self.tensors.get(slot)?;
        let b = if tensor.items.contains(&b) {
            b
        } else {
            tensor.items.start
        };
        accesses.extend(tensor.covering(b, ranges).map(|index| Access {
            block: BlockId { tensor: slot, index },
            usage,
            next_use: NextUse::NEVER,
        }));
        Some(())
    }

    /// Walks the parts of a stage backwards, from what is known of the stages after it.
    pub(super) fn find_next_uses(&mut self, stage: &StageOperations, accesses: &mut Accesses) {
        let segment = self.segment.number;
        for access in &accesses.all {
            let beyond = self.beyond(stage, access.block.tensor);
            if let Some(state) = self.tensors.block_mut(access.block) {
                state.seen = (beyond, false);
            }
        }
        let is_last_segment = self.is_last_segment();
        for place in (0..accesses.ends.len()).rev() {
            let range = accesses.range(place);
            let accesses = &mut accesses.all[range];
            for access in accesses.iter_mut() {
                let sums_on = !is_last_segment
                    && self
                        .tensors
                        .get(access.block.tensor)
                        .is_some_and(|tensor| tensor.sums_batch);
                if let Some(state) = self.tensors.block_mut(access.block) {
                    access.next_use = state.seen.0;
                    if let Use::Made { completes, .. } = &mut access.usage {
                        *completes = !state.seen.1 && !sums_on;
                        state.seen.1 = true;
                    }
                }
            }
            for access in accesses.iter() {
                if let Some(state) = self.tensors.block_mut(access.block) {
                    state.seen.0 = NextUse::at(segment, stage.number, place as u32);
                }
            }
        }
    }

    /// The first use of a tensor after `stage`.
    fn beyond(&self, stage: &StageOperations, slot: TensorSlot) -> u64 {
        let Some(tensor) = self.tensors.get(slot) else {
            return NextUse::NEVER;
        };
        let segment = self.segment.number;
        let later = tensor.uses.iter().find(|position| position.stage > stage.number);
        // Another segment comes before the stages that need the whole batch.
        if let Some(position) = later.filter(|_| !tensor.sums_batch || self.is_last_segment()) {
            return NextUse::at(segment, position.stage, position.index);
        }
        let comes_again = !self.is_last_segment() && (tensor.is_weight || tensor.sums_batch);
        match comes_again {
            true => NextUse::at(segment + 1, tensor.first_stage, 0),
            false => NextUse::NEVER,
        }
    }
}
