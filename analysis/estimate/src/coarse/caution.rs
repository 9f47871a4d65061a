//! Cases known to be estimated less accurately, or never measured.

use components::block_plan::Blocking;
use scenarios::system::{MainMemory, Plan};
use serde::{Deserialize, Serialize};

use super::account::Timeline;

/// Why the cycles of an estimate may be farther from the simulation than `docs/conventions.md` states for most scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caution {
    /// A training step on a memory whose writes are pulses that keep a bank busy. Reads and writes of an update delay each
    /// other; a formula that takes one stream after the other misses that.
    TrainingWithWritePulses,
    /// A training step that shares its memory: never compared with the simulation.
    TrainingUnderContention,
    /// Memory is shared: parts of a channel are known on average only.
    MemoryContention,
    /// Blocks leave for a memory whose writes are pulses that keep a bank busy, and reads of that bank wait.
    SpillsWithWritePulses,
    /// The machine computes with numbers, of so few bits that many more are zero than the scenario states.
    CoarseNumbers,
    /// Buffers hold so little that blocks of activations are cut by columns: neighbouring blocks share accesses to memory,
    /// which are made once if they come together.
    BlocksCutByColumns,
    /// The weight buffer holds so little that weights are loaded again: how rows of main memory fare between their panels is
    /// known on average only.
    WeightsLoadedAgain,
    /// The buses of the PEs are busy for most of the time. How runs share them is known on average only.
    OperandBuses,
    /// A buffer of limited bandwidth is at work for much of the time. How far single tiles wait for it is known on average only.
    BufferBandwidth,
    /// So few cycles that single messages between parts of the machine count.
    ShortRun,
}

/// Fraction bits of words below which a share of small numbers rounds to zero.
const FEW_BITS: u32 = 8;

/// Share of the time from which on buses count as busy.
const BUSY: f64 = 0.75;

/// Share of the time from which on a buffer of limited bandwidth counts as busy.
const BUSY_BUFFER: f64 = 1.0 / 3.0;

/// Cycles of a short run.
const SHORT: f64 = 2000.0;

/// Cycles of a short run on the ideal memory.
const SHORT_WITHOUT_MEMORY: f64 = 20_000.0;

impl Caution {
    /// The caution that applies to `plan`, whose estimate is `timeline`, if any: the one that may be farthest off.
    pub(super) fn of(plan: &Plan, timeline: &Timeline) -> Option<Self> {
        let machine = &plan.machine;
        let has_pulses = match &plan.memory {
            MainMemory::Ideal => false,
            MainMemory::Banked(memory) => memory.constraints().write_pulse > 0,
        };
        let computes = machine.scenario.sparsity.source.computes();
        // Without the time of a memory, the chain of messages is all that there is.
        let shortest = match plan.memory {
            MainMemory::Ideal => SHORT_WITHOUT_MEMORY,
            MainMemory::Banked(_) => SHORT,
        };
        let by_columns = machine.blocks.blocking.columns != Blocking::WHOLE.columns;
        let applies = [
            (
                Self::TrainingUnderContention,
                machine.trains() && plan.has_contention(),
            ),
            (Self::MemoryContention, plan.has_contention()),
            (
                Self::CoarseNumbers,
                computes && machine.tiling.word.fraction_bits < FEW_BITS,
            ),
            (Self::TrainingWithWritePulses, machine.trains() && has_pulses),
            (
                Self::SpillsWithWritePulses,
                has_pulses && timeline.blocks_pushed_out > 0,
            ),
            (Self::BlocksCutByColumns, by_columns),
            (
                Self::WeightsLoadedAgain,
                machine.blocks.account.weights_come_again,
            ),
            (
                Self::OperandBuses,
                timeline
                    .buses_busy
                    .iter()
                    .any(|&busy| busy > BUSY * timeline.cycles),
            ),
            (
                Self::BufferBandwidth,
                timeline
                    .ports_busy
                    .iter()
                    .any(|&busy| busy > BUSY_BUFFER * timeline.cycles),
            ),
            (Self::ShortRun, timeline.cycles < shortest),
        ];
        applies
            .iter()
            .find(|(_, applies)| *applies)
            .map(|&(caution, _)| caution)
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
            Self::MemoryContention => {
                "caution: memory is shared, and known on average only; cycles can be off by a factor of two"
            }
            Self::SpillsWithWritePulses => {
                "caution: blocks are written to a memory with write pulses for lack of room; cycles can be off by a fifth"
            }
            Self::CoarseNumbers => {
                "caution: the machine computes with numbers of few fraction bits, many of which round to zero; the estimate \
                 takes the stated densities, and can be several times too high"
            }
            Self::BlocksCutByColumns => {
                "caution: the buffers hold so little that blocks are cut by columns; cycles can be off by a third"
            }
            Self::WeightsLoadedAgain => {
                "caution: the weight buffer holds so little that weights are loaded several times; cycles can be off by a tenth"
            }
            Self::OperandBuses => {
                "caution: the PEs' buses are busy most of the time; cycles can be off by a fifth"
            }
            Self::BufferBandwidth => {
                "caution: the bandwidth of a buffer is asked for much of the time; cycles can be off by an eighth"
            }
            Self::ShortRun => {
                "caution: a run of few cycles, of which single messages take a share; cycles can be off by a tenth"
            }
        }
    }
}
