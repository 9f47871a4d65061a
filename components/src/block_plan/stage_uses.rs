//! What the parts of a stage use, and when each block is used next: found for a part when its turn comes, from the places of the
//! operations that read its blocks.

use std::ops::Range;

use super::emit::Stage;
use super::parts::{Part, Parts};
use super::plan_error::PlanError;
use super::readers::{BlockRanges, Found};
use super::stage_plan::BlockPlan;
use super::tensors::{BlockId, Covering, PlannedTensor, TensorSlot};
use super::uses::{Access, NextUse, PartUses, Use};
use crate::operation::{Operand, Operation};
use crate::program::StageOperations;
use crate::tile::Dimension;

/// The places of each operation's operands in the plan's table, then of its result.
pub(super) type StageTensors = Vec<Vec<Option<TensorSlot>>>;

/// The next use of a block, of its stage or a later one.
#[derive(Clone, Copy, Debug)]
struct Next {
    /// See `NextUse`.
    at: u64,
    /// Whether something is still added to it.
    makes: bool,
}

impl BlockPlan {
    /// Makes all tensors of a stage known.
    pub(super) fn register(
        &mut self,
        stage: &StageOperations,
        items: &Range<u32>,
        parts: &Parts,
    ) -> StageTensors {
        let mut slots = Vec::with_capacity(stage.operations.len());
        for (index, operation) in stage.operations.iter().enumerate() {
            let runs = parts.runs(index);
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

    /// What a part uses, in `uses`.
    pub(super) fn find_uses(&self, stage: &Stage, part: &Part, uses: &mut PartUses) -> Result<(), PlanError> {
        uses.clear();
        let index = part.place.operation as usize;
        let operation = &*stage.operations[index];
        let extents = part.extents(operation);
        let updates = operation.updates_in_place();
        let slots = stage.readers.slots_of(index);
        for (place, view) in stage.readers.views_of(index).iter().enumerate() {
            let usage = match updates && place > 0 {
                true => Use::Updated,
                false => Use::Read,
            };
            let ranges = view.ranges(operation, &extents);
            // Taps beyond the first or last row read nothing.
            if slots[place].is_some() && ranges.iter().any(Range::is_empty) {
                uses.nothing();
                continue;
            }
            let found =
                slots[place].and_then(|slot| self.find_blocks(stage, part, slot, ranges, uses, |_| usage));
            found.ok_or_else(|| {
                PlanError::Fault(format!(
                    "operation {} ({}, layer {}) reads tensor {}, which no operation before it has made or which is dropped",
                    operation.id.0,
                    operation.role,
                    operation.layer,
                    operation.operands[place].tensor().0
                ))
            })?;
        }
        let ranges = [Dimension::I, Dimension::J].map(|dimension| extents[dimension as usize].clone());
        let by_dma = !operation.work.is_compute();
        let made = |makes: bool| Use::Made {
            completes: !makes,
            by_dma,
        };
        let result = slots.last().copied().flatten();
        if result
            .and_then(|slot| self.find_blocks(stage, part, slot, ranges, uses, made))
            .is_none()
        {
            uses.nothing();
        }
        Ok(())
    }

    /// Notes in `uses` the blocks of a tensor that hold any of these rows and columns and which `part` uses, as `usage` says that is
    /// told whether something is still added to a block, and when they are used next; `None` if there is no such tensor.
    fn find_blocks(
        &self,
        stage: &Stage,
        part: &Part,
        slot: TensorSlot,
        ranges: [Range<u32>; 2],
        uses: &mut PartUses,
        usage: impl Fn(bool) -> Use,
    ) -> Option<()> {
        let tensor = self.tensors.get(slot)?;
        let b = u32::from(part.tiles[0].start);
        let b = if tensor.items.contains(&b) {
            b
        } else {
            tensor.items.start
        };
        let readers = stage.readers.of_tensor(slot).after(&stage.parts, &part.place);
        let sums_on = tensor.sums_batch && !self.is_last_segment();
        let beyond = Next {
            at: self.beyond(stage.number, tensor),
            makes: sums_on,
        };
        let found_next = |found: Found| Next {
            at: NextUse::at(
                self.segment.number,
                stage.number,
                stage.parts.number(&found.place) as u32,
            ),
            makes: found.makes || sums_on,
        };
        let Covering { rows, columns } = tensor.covering(ranges);
        let last_row = rows.end.saturating_sub(1) * tensor.block_rows;
        uses.begin(tensor, [&rows, &columns]);
        for column in columns {
            let first = tensor.first_of_column(b, column);
            let mut of_column = None;
            for row in rows.clone() {
                let next = of_column.unwrap_or_else(|| {
                    let answer = readers.next_use(&BlockRanges::of(tensor, b, [row, column]), last_row);
                    let next = answer.found.map_or(beyond, found_next);
                    of_column = answer.holds_for_column.then_some(next);
                    next
                });
                uses.accesses.push(Access {
                    block: BlockId {
                        tensor: slot,
                        index: first + row,
                    },
                    usage: usage(next.makes),
                    next_use: next.at,
                });
            }
        }
        uses.end();
        Some(())
    }

    /// The first use of a tensor after stage number `stage`.
    fn beyond(&self, stage: u32, tensor: &PlannedTensor) -> u64 {
        let segment = self.segment.number;
        let later = tensor.uses.iter().find(|position| position.stage > stage);
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
