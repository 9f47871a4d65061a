//! Steps of a stage that has been cut, one at a time.

use std::sync::Arc;

use super::parts::{Part, Parts};
use super::plan_error::{PlanError, Shortage};
use super::readers::Readers;
use super::stage_plan::BlockPlan;
use super::stage_uses::StageTensors;
use super::step::{OperandBlocks, Step};
use super::uses::{Access, Use};
use crate::operation::{Operation, OperationId};
use crate::program::StageOperations;
use crate::tile::Dimension;

/// A stage whose steps are handed out.
#[derive(Debug, Default)]
pub(super) struct Stage {
    /// Its number in the program.
    pub(super) number: u32,
    pub(super) operations: Vec<Arc<Operation>>,
    /// Whether a step of each operation has been handed out.
    begun: Vec<bool>,
    pub(super) parts: Parts,
    pub(super) readers: Readers,
    needs_whole_batch: bool,
    /// The part that is next, and how many there are.
    next: u64,
    count: u64,
    /// What that part uses.
    accesses: Vec<Access>,
}

impl BlockPlan {
    /// Takes up a stage whose steps are to be handed out.
    pub(super) fn begin_stage(&mut self, stage: &StageOperations, parts: Parts, tensors: StageTensors) {
        let operations: Vec<_> = stage
            .operations
            .iter()
            .map(|operation| self.of_batch(operation))
            .collect();
        self.stage = Stage {
            number: stage.number,
            begun: vec![false; operations.len()],
            readers: Readers::new(stage.operations.iter(), &parts, tensors),
            operations,
            needs_whole_batch: stage.needs_whole_batch,
            next: 0,
            count: parts.count(),
            parts,
            accesses: std::mem::take(&mut self.stage.accesses),
        };
    }

    /// The next step of the stage; `None` at its end.
    pub(super) fn emit(&mut self) -> Result<Option<Step>, PlanError> {
        if self.stage.next == self.stage.count {
            return Ok(None);
        }
        let part = self.stage.parts.part(self.stage.next);
        let mut accesses = std::mem::take(&mut self.stage.accesses);
        let step = self.find_accesses(&self.stage, &part, &mut accesses);
        let step = step.and_then(|()| self.emit_part(part, &accesses));
        self.stage.accesses = accesses;
        self.stage.next += 1;
        step.map(Some)
    }

    fn emit_part(&mut self, part: Part, accesses: &[Access]) -> Result<Step, PlanError> {
        let index = part.place.operation as usize;
        let operation = &self.stage.operations[index];
        let mut blocks = self.geometry(operation, accesses);
        let passed = self.residency.pass(&mut self.tensors, accesses);
        let moves = passed.map_err(|shortage| match shortage {
            Shortage::NoRoom(needed) => PlanError::NoRoom {
                role: operation.role,
                layer: operation.layer,
                needed,
            },
            Shortage::TooManyStays => PlanError::TooManySteps,
            Shortage::Fault(fault) => PlanError::Fault(fault),
        })?;
        let result = blocks.len() - 1;
        for (access, stay) in accesses.iter().zip(&moves.stays) {
            blocks[place_of(access.usage, result)].stays.push(*stay);
        }
        let result = blocks.pop().unwrap_or_default();
        let begins_batch = self.begins_batch() || self.stage.needs_whole_batch || !self.has_batch(operation);
        let step = Step {
            number: self.next_step,
            operation: Arc::clone(operation),
            batch: self.segment.batch,
            is_first: !std::mem::replace(&mut self.stage.begun[index], true) && begins_batch,
            cut: part.cut,
            tiles: part.tiles,
            operands: blocks,
            result,
            completes: accesses
                .iter()
                .any(|access| matches!(access.usage, Use::Made { completes: true, .. })),
            begins: moves.begins,
            ends: moves.ends,
            room: moves.room,
        };
        self.next_step = self.next_step.checked_add(1).ok_or(PlanError::TooManySteps)?;
        Ok(step)
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
