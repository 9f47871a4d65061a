//! From stages of the program to steps, one stage at a time.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use super::blocking::Blocking;
use super::cut::{Cutter, Items, Part};
use super::residency::{Access, NextUse, PlanError, Residency, Shortage, Use};
use super::step::{OperandBlocks, Room, Step};
use super::tensors::{BlockId, PlannedTensor, PlannedTensors, TensorSlot};
use super::view::View;
use crate::operation::{Operand, Operation, OperationId};
use crate::program::{StageOperations, StageSource};
use crate::runs::Tiling;
use crate::tile::Dimension;

/// What a plan depends on, besides the program and the way it is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanParameters {
    /// Tiles, words and densities.
    pub tiling: Tiling,
    /// What the buffers hold.
    pub capacity: Room,
    /// Batch tiles.
    pub batch_tiles: u32,
    /// The first address of main memory that blocks may be spilled to.
    pub spill_start: u64,
    /// Batches that run one after another.
    pub batches: u32,
}

/// Uses of blocks by the steps of a stage that a plan holds at most.
const MAX_ACCESSES: usize = 3_000_000;

/// The steps of a program, made a stage at a time.
pub struct BlockPlan {
    parameters: PlanParameters,
    blocking: Blocking,
    /// What the plan may fill of the buffers.
    limit: Room,
    source: StageSource,
    stages: Box<dyn Iterator<Item = StageOperations> + Send>,
    segment: Segment,
    tensors: PlannedTensors,
    residency: Residency,
    ready: VecDeque<Step>,
    next_step: u32,
    /// Whether something is summed over the batch.
    sums_batch: bool,
    /// Operations of a batch, once the first is over.
    operations: u32,
    failed: Option<PlanError>,
}

/// The batch tiles that go through the program now.
#[derive(Clone, Debug)]
struct Segment {
    number: u32,
    batch: u32,
    items: Range<u32>,
}

impl BlockPlan {
    /// The plan of the program that `source` gives, cut by `blocking`.
    #[must_use]
    pub fn new(parameters: PlanParameters, blocking: Blocking, source: StageSource) -> Self {
        let eighth = |bytes: crate::units::Bytes| {
            crate::units::Bytes(
                bytes.0 / 8 * u64::from(blocking.eighths) + bytes.0 % 8 * u64::from(blocking.eighths) / 8,
            )
        };
        let limit = Room(parameters.capacity.0.map(eighth));
        Self {
            stages: source(),
            source,
            segment: Segment {
                number: 0,
                batch: 0,
                items: 0..blocking.segment.clamp(1, parameters.batch_tiles),
            },
            tensors: PlannedTensors::default(),
            limit,
            residency: Residency::new(parameters.tiling, limit, parameters.spill_start),
            ready: VecDeque::new(),
            next_step: 0,
            sums_batch: false,
            operations: 0,
            failed: None,
            parameters,
            blocking,
        }
    }

    /// Steps made so far.
    pub(super) fn steps_made(&self) -> u64 {
        self.next_step.into()
    }

    /// How the program is cut.
    #[must_use]
    pub fn blocking(&self) -> Blocking {
        self.blocking
    }

    /// The number of the segment that the step belongs to that was handed on last; those of all batches are counted on.
    pub(super) fn segment(&self) -> u32 {
        self.segment.number
    }

    /// Whether all segments do the same: nothing is summed over the batch, and nothing comes after the last of them.
    pub(super) fn repeats_segments(&self) -> bool {
        !self.sums_batch
    }

    /// Bytes of main memory that spilled blocks have taken at once so far, at most.
    #[must_use]
    pub fn spill_bytes(&self) -> u64 {
        self.residency.spill_bytes()
    }

    /// Why the steps ended before the program did, if they did.
    #[must_use]
    pub fn error(&self) -> Option<&PlanError> {
        self.failed.as_ref()
    }

    /// Whether no segment follows, of this batch or the next.
    fn is_last_segment(&self) -> bool {
        self.ends_batch() && self.segment.batch + 1 == self.parameters.batches.max(1)
    }

    fn ends_batch(&self) -> bool {
        self.segment.items.end == self.parameters.batch_tiles
    }

    /// Plans the next stage; false at the end of the program.
    fn plan_next(&mut self) -> Result<bool, PlanError> {
        let next = self.stages.next();
        let turns_back = next.as_ref().is_none_or(|stage| stage.needs_whole_batch);
        if turns_back && !self.is_last_segment() {
            self.stages = (self.source)();
            let (start, batch) = match self.ends_batch() {
                true => (0, self.segment.batch + 1),
                false => (self.segment.items.end, self.segment.batch),
            };
            let end = start
                .saturating_add(self.blocking.segment)
                .min(self.parameters.batch_tiles);
            self.segment = Segment {
                number: self.segment.number + 1,
                batch,
                items: start..end,
            };
            return Ok(true);
        }
        match next {
            // Items can go on into the first layer while others are still gathered.
            Some(stage) if stage.number == 0 => {
                let stage = match self.stages.next() {
                    Some(layer) => stage.joined(layer),
                    None => stage,
                };
                let blocking = self.as_gathered(&stage);
                self.plan_stage(&stage, blocking).map(|()| true)
            }
            Some(stage) => self.plan_stage(&stage, self.blocking).map(|()| true),
            None => Ok(false),
        }
    }

    /// Items go through the first layer a few at a time as their rows come in, if all its weights can stay meanwhile.
    fn as_gathered(&self, stage: &StageOperations) -> Blocking {
        let mut seen = BTreeSet::new();
        let mut weights = Room::default();
        let operands = stage.operations.iter().flat_map(|operation| &operation.operands);
        for operand in operands {
            if let Operand::Weight(weight) = operand
                && seen.insert(weight.tensor)
            {
                let footprint = self.parameters.tiling.footprint(weight.elements, weight.kind);
                weights.take(footprint, true);
            }
        }
        let [_, data, masks] = weights.0;
        let [_, room, room_of_masks] = self.limit.0;
        let stay = data <= room && masks.0 <= room_of_masks.0 / 2;
        let Blocking {
            together, gathered, ..
        } = self.blocking;
        Blocking {
            together: if stay { together.min(gathered) } else { together },
            ..self.blocking
        }
    }

    fn plan_stage(&mut self, stage: &StageOperations, blocking: Blocking) -> Result<(), PlanError> {
        let range = match stage.needs_whole_batch {
            true => 0..self.parameters.batch_tiles,
            false => self.segment.items.clone(),
        };
        let items = Items {
            range: range.clone(),
            all: self.parameters.batch_tiles,
        };
        let parts = Cutter::cut(blocking, self.parameters.tiling.tile, &stage.operations, items)
            .ok_or(PlanError::TooManySteps)?;
        let operands = self.register(stage, &range, &parts);
        let mut accesses = self.accesses(stage, &parts, &operands)?;
        self.find_next_uses(stage, &parts, &mut accesses);
        self.emit(stage, &parts, &accesses)
    }

    /// Makes all tensors of a stage known; the places of each operation's operands, then of its result.
    fn register(
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
    fn accesses(
        &self,
        stage: &StageOperations,
        parts: &[Part],
        slots: &[Vec<Option<TensorSlot>>],
    ) -> Result<Vec<Vec<Access>>, PlanError> {
        let views: Vec<Vec<View>> = stage
            .operations
            .iter()
            .map(|operation| {
                (0..operation.operands.len())
                    .map(|place| View::of(operation, place))
                    .collect()
            })
            .collect();
        let mut all = Vec::with_capacity(parts.len());
        let mut total = 0;
        for part in parts {
            let index = part.operation as usize;
            let operation = &stage.operations[index];
            let extents = part.extents(operation);
            let b = u32::from(part.tiles[0].start);
            let updates = operation.updates_in_place();
            let mut accesses = Vec::new();
            for (place, view) in views[index].iter().enumerate() {
                let usage = match updates && place > 0 {
                    true => Use::Updated(place as u16),
                    false => Use::Read(place as u16),
                };
                self.add_blocks(slots[index][place], b, view.ranges(operation, &extents), usage, &mut accesses)
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
                self.add_blocks(Some(made), b, ranges, usage, &mut accesses);
            }
            total += accesses.len();
            if total > MAX_ACCESSES {
                return Err(PlanError::TooManySteps);
            }
            all.push(accesses);
        }
        Ok(all)
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
    fn find_next_uses(&mut self, stage: &StageOperations, parts: &[Part], accesses: &mut [Vec<Access>]) {
        let segment = self.segment.number;
        for access in accesses.iter().flatten() {
            let beyond = self.beyond(stage, access.block.tensor);
            if let Some(state) = self.tensors.block_mut(access.block) {
                state.seen = (beyond, false);
            }
        }
        let is_last_segment = self.is_last_segment();
        for (place, accesses) in accesses.iter_mut().enumerate().rev() {
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
        debug_assert_eq!(parts.len(), accesses.len());
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

    fn emit(
        &mut self,
        stage: &StageOperations,
        parts: &[Part],
        accesses: &[Vec<Access>],
    ) -> Result<(), PlanError> {
        let operations: Vec<Arc<Operation>> = stage
            .operations
            .iter()
            .map(|operation| self.of_batch(operation))
            .collect();
        let mut begun = vec![false; operations.len()];
        for (part, accesses) in parts.iter().zip(accesses) {
            let index = part.operation as usize;
            let operation = &operations[index];
            let geometry = self.geometry(operation, accesses);
            let moves =
                self.residency
                    .pass(&mut self.tensors, accesses)
                    .map_err(|shortage| match shortage {
                        Shortage::NoRoom(needed) => PlanError::NoRoom {
                            role: operation.role,
                            layer: operation.layer,
                            needed,
                        },
                        Shortage::Fault(fault) => PlanError::Fault(fault),
                    })?;
            let is_first =
                self.segment.items.start == 0 || stage.needs_whole_batch || !self.has_batch(operation);
            let mut blocks = geometry;
            let result = blocks.len() - 1;
            for (access, stay) in accesses.iter().zip(&moves.stays) {
                blocks[place_of(access.usage, result)].stays.push(*stay);
            }
            let result = blocks.pop().unwrap_or_default();
            let step = Step {
                number: self.next_step,
                operation: Arc::clone(operation),
                batch: self.segment.batch,
                is_first: !std::mem::replace(&mut begun[index], true) && is_first,
                cut: part.cut,
                tiles: part.tiles.clone(),
                operands: blocks,
                result,
                completes: accesses
                    .iter()
                    .any(|access| matches!(access.usage, Use::Made { completes: true, .. })),
                begins: moves.begins,
                ends: moves.ends,
                room: moves.room,
            };
            self.next_step += 1;
            self.ready.push_back(step);
        }
        Ok(())
    }

    /// An operation as this batch has it: each batch counts its operations on.
    fn of_batch(&mut self, operation: &Operation) -> Arc<Operation> {
        self.operations = self.operations.max(operation.id.0 + 1);
        let id = OperationId(operation.id.0 + self.segment.batch * self.operations);
        Arc::new(Operation {
            id,
            ..operation.clone()
        })
    }

    fn has_batch(&self, operation: &Operation) -> bool {
        operation.grid.tiles(Dimension::B) == self.parameters.batch_tiles
    }

    /// How the blocks of each operand lie, then those of the result; taken before any of them is dropped.
    fn geometry(&self, operation: &Operation, accesses: &[Access]) -> Vec<OperandBlocks> {
        let mut all = vec![OperandBlocks::default(); operation.operands.len() + 1];
        let result = operation.operands.len();
        for access in accesses {
            let Some(tensor) = self.tensors.get(access.block.tensor) else {
                continue;
            };
            let blocks = &mut all[place_of(access.usage, result)];
            let [rows, columns] = tensor.ranges(access.block.index);
            if blocks.block_rows == 0 {
                blocks.block_rows = tensor.block_rows;
                blocks.first_row = rows.start;
                blocks.rows_of_blocks = 0;
                blocks.first_column = columns.start;
                blocks.block_columns = tensor.block_columns;
            }
            if columns.start == blocks.first_column {
                blocks.rows_of_blocks += 1;
            }
        }
        all
    }
}

fn place_of(usage: Use, result: usize) -> usize {
    match usage {
        Use::Read(place) | Use::Updated(place) => place.into(),
        Use::Made { .. } => result,
    }
}

impl Iterator for BlockPlan {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        while self.ready.is_empty() && self.failed.is_none() {
            match self.plan_next() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => self.failed = Some(error),
            }
        }
        self.ready.pop_front()
    }
}
