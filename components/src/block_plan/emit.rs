//! Steps of a stage that has been cut, one at a time.

use std::sync::Arc;

use super::parts::{Part, Parts};
use super::plan_error::{PlanError, Shortage};
use super::readers::Readers;
use super::stage_plan::BlockPlan;
use super::stage_uses::StageTensors;
use super::step::Step;
use super::uses::PartUses;
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
    uses: PartUses,
}

impl Stage {
    /// Whether `other` does the same with other tensors.
    pub(super) fn is_like(&self, other: &StageOperations) -> bool {
        let is_like = |(one, other): (&Arc<Operation>, &Operation)| {
            (one.role, one.work, one.grid) == (other.role, other.work, other.grid)
                && one.operands.len() == other.operands.len()
        };
        self.operations.len() == other.operations.len()
            && self.operations.iter().zip(&other.operations).all(is_like)
    }
}

impl BlockPlan {
    /// Takes up a stage whose steps are to be handed out.
    pub(super) fn begin_stage(&mut self, stage: StageOperations, parts: Parts, tensors: StageTensors) {
        let readers = Readers::new(stage.operations.iter(), &parts, tensors);
        let operations: Vec<_> = stage
            .operations
            .into_iter()
            .map(|operation| self.of_batch(operation))
            .collect();
        self.stage = Stage {
            number: stage.number,
            begun: vec![false; operations.len()],
            readers,
            operations,
            needs_whole_batch: stage.needs_whole_batch,
            next: 0,
            count: parts.count(),
            parts,
            uses: std::mem::take(&mut self.stage.uses),
        };
    }

    /// The next step of the stage; `None` at its end.
    pub(super) fn emit(&mut self) -> Result<Option<Step>, PlanError> {
        if self.stage.next == self.stage.count {
            return Ok(None);
        }
        let part = self.stage.parts.part(self.stage.next);
        let mut uses = std::mem::take(&mut self.stage.uses);
        let step = self.find_uses(&self.stage, &part, &mut uses);
        let step = step.and_then(|()| self.emit_part(part, &uses));
        self.stage.uses = uses;
        self.stage.next += 1;
        step.map(Some)
    }

    fn emit_part(&mut self, part: Part, uses: &PartUses) -> Result<Step, PlanError> {
        let index = part.place.operation as usize;
        let operation = &self.stage.operations[index];
        let passed = self
            .residency
            .pass(&mut self.tensors, &uses.accesses, &mut self.moves);
        passed.map_err(|shortage| match shortage {
            Shortage::NoRoom(needed) => PlanError::NoRoom {
                role: operation.role,
                layer: operation.layer,
                needed,
            },
            Shortage::TooManyStays => PlanError::TooManySteps,
            Shortage::Fault(fault) => PlanError::Fault(fault),
        })?;
        let mut blocks = std::mem::take(&mut self.spare);
        uses.fill(&self.moves.stays, &mut blocks);
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
            completes: uses.completes(),
            begins: std::mem::take(&mut self.moves.begins),
            ends: std::mem::take(&mut self.moves.ends),
            room: self.moves.room,
        };
        self.next_step = self.next_step.checked_add(1).ok_or(PlanError::TooManySteps)?;
        Ok(step)
    }

    /// An operation as this batch has it: each batch counts its operations on.
    fn of_batch(&mut self, mut operation: Operation) -> Arc<Operation> {
        self.operations = self.operations.max(operation.id.0 + 1);
        operation.id = OperationId(operation.id.0 + self.segment.batch * self.operations);
        Arc::new(operation)
    }

    fn has_batch(&self, operation: &Operation) -> bool {
        operation.grid.tiles(Dimension::B) == self.parameters.batch_tiles
    }

    /// Takes back a step that was only looked at: the next one is made in its place.
    pub(super) fn take_back(&mut self, step: Step) {
        self.spare = step.operands;
        self.spare.push(step.result);
        self.moves.begins = step.begins;
        self.moves.ends = step.ends;
    }
}
