//! Cases known to be estimated less accurately, or never measured.

use scenarios::system::{MainMemory, Plan};
use serde::{Deserialize, Serialize};

/// Why the cycles of an estimate may be farther from the simulation than `docs/conventions.md` states for most scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caution {
    /// A training step on a memory whose writes are pulses that keep a bank busy. Reads and writes of an update delay each
    /// other; a formula that takes one stream after the other misses that.
    TrainingWithWritePulses,
    /// A training step that shares its memory: never compared with the simulation.
    TrainingUnderContention,
}

impl Caution {
    /// The caution that applies to `plan`, if any.
    pub(super) fn of(plan: &Plan) -> Option<Self> {
        let has_pulses = match &plan.memory {
            MainMemory::Ideal => false,
            MainMemory::Banked(memory) => memory.constraints().write_pulse > 0,
        };
        match plan.machine.trains() {
            true if plan.has_contention() => Some(Self::TrainingUnderContention),
            true if has_pulses => Some(Self::TrainingWithWritePulses),
            _ => None,
        }
    }

    /// The sentence in reports.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::TrainingWithWritePulses => {
                "caution: a training step on a memory with write pulses; cycles can be off by a factor of two"
            }
            Self::TrainingUnderContention => {
                "caution: a training step that shares its memory; how far cycles can be off was not measured"
            }
        }
    }
}
