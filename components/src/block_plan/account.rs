//! What a plan moves, found by walking it.

use super::stage_plan::BlockPlan;
use super::step::{Begin, End, Room, Step};
use crate::units::BLOCK;
use crate::units::Bytes;

/// What the steps of a plan move between main memory and the buffers, besides what operations of the DMA move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlanAccount {
    /// Steps.
    pub steps: u64,
    /// Weights, their masks, gradients and the optimiser's state loaded.
    pub weights_loaded: Bytes,
    /// Activations and gradients loaded again.
    pub reloaded: Bytes,
    /// Activations and gradients written to make room.
    pub spilled: Bytes,
    /// Updated weights and state written back.
    pub written_back: Bytes,
    /// The most that the plan has in the buffers.
    pub peak: Room,
    /// Main memory that spilled blocks take at once, at most.
    pub spill_room: Bytes,
    /// Whether blocks are loaded again that main memory had held: weights, mostly.
    pub weights_come_again: bool,
}

impl PlanAccount {
    /// Walks `plan` to its end.
    #[must_use]
    pub fn of(plan: &mut BlockPlan) -> Self {
        let mut account = Self::default();
        while let Some(step) = plan.next() {
            account.add(&step);
            plan.take_back(step);
        }
        account.spill_room = Bytes(plan.spill_bytes());
        account
    }

    /// All bytes that cross the memory bus for it.
    #[must_use]
    pub fn moved(&self) -> Bytes {
        self.weights_loaded + self.reloaded + self.spilled + self.written_back
    }

    /// Whether nothing is spilled, and nothing that main memory holds is loaded twice.
    #[must_use]
    pub fn moves_least(&self) -> bool {
        self.spilled.0 == 0 && !self.weights_come_again
    }

    /// What `times` more segments like the one between `before` and this one move.
    pub(super) fn extended(self, before: &Self, times: u64) -> Self {
        let more = |now: Bytes, before: Bytes| now + (now - before) * times;
        Self {
            steps: self.steps + (self.steps - before.steps) * times,
            weights_loaded: more(self.weights_loaded, before.weights_loaded),
            reloaded: more(self.reloaded, before.reloaded),
            spilled: more(self.spilled, before.spilled),
            written_back: more(self.written_back, before.written_back),
            ..self
        }
    }

    pub(super) fn add(&mut self, step: &Step) {
        self.steps += 1;
        self.peak = self.peak.max(step.room);
        for begin in &step.begins {
            match begin {
                Begin::Load { read, block, .. } if block.is_weight => {
                    self.weights_loaded += BLOCK * read.accesses();
                }
                Begin::Load { read, .. } => self.reloaded += BLOCK * read.accesses(),
                Begin::Evict {
                    write: Some(write), ..
                } => self.spilled += BLOCK * write.accesses(),
                Begin::Evict { write: None, .. } => self.weights_come_again = true,
                Begin::Make { .. } => {}
            }
        }
        for end in &step.ends {
            if let End::WriteBack { write, .. } = end {
                self.written_back += BLOCK * write.accesses();
            }
        }
    }
}
