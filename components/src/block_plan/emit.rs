//! Steps of a stage that has been cut, one at a time.

use std::sync::Arc;

use super::cut::Part;
use super::plan_error::{PlanError, Shortage};
use super::stage_plan::BlockPlan;
use super::stage_uses::Accesses;
use super::step::{OperandBlocks, Step};
use super::uses::{Access, Use};
use crate::operation::{Operation, OperationId};
use crate::tile::Dimension;

/// A stage whose steps are handed out.
#[derive(Debug, Default)]
pub(super) struct Stage {
    operations: Vec<Arc<Operation>>,
    /// Whether a step of each operation has been handed out.
    begun: Vec<bool>,
    parts: Vec<Part>,
    accesses: Accesses,
    needs_whole_batch: bool,
    next: usize,
}

impl BlockPlan {
    /// A stage about to be handed out.
    pub(super) fn begin_stage(
        &mut self,
        operations: &[Operation],
        parts: Vec<Part>,
        accesses: Accesses,
        needs_whole_batch: bool,
    ) {
        let operations: Vec<_> = operations
            .iter()
            .map(|operation| self.of_batch(operation))
            .collect();
        self.stage = Stage {
            begun: vec![false; operations.len()],
            operations,
            parts,
            accesses,
            needs_whole_batch,
            next: 0,
        };
    }

    /// The lists of the stage that has been handed out, to be filled anew.
    pub(super) fn take_lists(&mut self) -> (Vec<Part>, Accesses) {
        let stage = std::mem::take(&mut self.stage);
        (stage.parts, stage.accesses)
    }

    /// The next step of the stage; `None` at its end.
    pub(super) fn emit(&mut self) -> Result<Option<Step>, PlanError> {
        if self.stage.next == self.stage.parts.len() {
            return Ok(None);
        }
        let mut stage = std::mem::take(&mut self.stage);
        let step = self.emit_part(&mut stage);
        stage.next += 1;
        self.stage = stage;
        step.map(Some)
    }

    fn emit_part(&mut self, stage: &mut Stage) -> Result<Step, PlanError> {
        let part = &stage.parts[stage.next];
        let accesses = stage.accesses.of_part(stage.next);
        let index = part.operation as usize;
        let operation = &stage.operations[index];
        let mut blocks = self.geometry(operation, accesses);
        let passed = self.residency.pass(&mut self.tensors, accesses);
        let moves = passed.map_err(|shortage| match shortage {
            Shortage::NoRoom(needed) => PlanError::NoRoom {
                role: operation.role,
                layer: operation.layer,
                needed,
            },
            Shortage::Fault(fault) => PlanError::Fault(fault),
        })?;
        let result = blocks.len() - 1;
        for (access, stay) in accesses.iter().zip(&moves.stays) {
            blocks[place_of(access.usage, result)].stays.push(*stay);
        }
        let result = blocks.pop().unwrap_or_default();
        let begins_batch = self.begins_batch() || stage.needs_whole_batch || !self.has_batch(operation);
        let step = Step {
            number: self.next_step,
            operation: Arc::clone(operation),
            batch: self.segment.batch,
            is_first: !std::mem::replace(&mut stage.begun[index], true) && begins_batch,
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
