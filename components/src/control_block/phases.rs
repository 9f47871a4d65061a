//! When the phases of a step began.
//!
//! A phase begins when its first operation becomes the oldest with work to issue, and ends when the next one begins; the
//! last one ends with the step. So phases have no gaps or overlaps, and their spans add up to the step.
//! Runs of the previous phase may still be in flight then.

use sim_core::Tick;

use super::ControlBlock;
use crate::operation::Phase;
use crate::units::Bytes;

/// When the phases of a step began, and what they moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhaseAccount {
    current: Phase,
    began: [Option<Tick>; Phase::ALL.len()],
    moved: [Bytes; Phase::ALL.len()],
}

impl PhaseAccount {
    /// When `phase` began; `None` if the program has no operation of it.
    #[must_use]
    pub fn began(&self, phase: Phase) -> Option<Tick> {
        self.began[phase as usize]
    }

    /// Bytes requested of main memory while `phase` lasted, for operations of any phase.
    #[must_use]
    pub fn moved(&self, phase: Phase) -> Bytes {
        self.moved[phase as usize]
    }

    pub(super) fn note_moved(&mut self, bytes: Bytes) {
        self.moved[self.current as usize] += bytes;
    }
}

impl ControlBlock {
    /// Notes the phase of the oldest operation with work to issue.
    pub(super) fn note_phase(&mut self, now: Tick) {
        // Past the last operation there is no leader.
        let Some(leader) = self.window.unfinished(self.leader) else {
            return;
        };
        let phase = leader.step.operation.role.phase();
        if self.phases.began(phase).is_none() {
            self.phases.began[phase as usize] = Some(now);
            self.phases.current = phase;
        }
    }
}
