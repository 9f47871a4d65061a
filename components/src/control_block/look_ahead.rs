//! How far the control block looks ahead in the plan: which steps it has in its window.

use std::collections::BTreeMap;

use crate::block_plan::Step;
use crate::operation::OperationId;

/// How far to look ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookAhead {
    /// Tile operations that the window holds at least, if the program has so many.
    pub tiles: u64,
    /// Steps that it holds at least: the loads of that many may begin before their turn.
    pub steps: usize,
    /// Operations of which it holds steps at most.
    pub operations: usize,
}

/// What the steps in a window amount to.
#[derive(Clone, Debug, Default)]
pub struct InView {
    tiles: u64,
    /// Steps by operation.
    operations: BTreeMap<OperationId, u32>,
}

impl InView {
    /// Whether the window, which holds so many `steps`, wants another.
    #[must_use]
    #[inline]
    pub fn wants_more(&self, steps: usize, limits: &LookAhead) -> bool {
        self.tiles < limits.tiles || steps < limits.steps
    }

    /// Whether a step of `operation` may enter: those of more operations wait.
    #[must_use]
    pub fn takes(&self, operation: OperationId, limits: &LookAhead) -> bool {
        self.operations.len() < limits.operations || self.operations.contains_key(&operation)
    }

    /// A step enters.
    pub fn enter(&mut self, step: &Step) {
        self.tiles += step.tile_operations();
        *self.operations.entry(step.operation.id).or_default() += 1;
    }

    /// A step that had entered leaves.
    pub fn leave(&mut self, step: &Step) {
        self.tiles -= step.tile_operations();
        if let Some(steps) = self.operations.get_mut(&step.operation.id) {
            *steps -= 1;
            if *steps == 0 {
                self.operations.remove(&step.operation.id);
            }
        }
    }
}
