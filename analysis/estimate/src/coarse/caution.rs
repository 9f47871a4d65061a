//! Cases known to be estimated less accurately, or never measured.

use components::block_plan::Blocking;
use scenarios::system::{MainMemory, Plan};
use serde::{Deserialize, Serialize};

use super::account::Timeline;
use super::memory::Memory;

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
    /// Much of the time goes into blocks that leave for a memory whose writes are pulses that keep a bank busy, and reads of that
    /// bank wait.
    SpillsWithWritePulses,
    /// The machine computes with numbers, of so few bits that many more are zero than the scenario states.
    CoarseNumbers,
    /// Buffers hold so little that blocks of activations are cut by columns: neighbouring blocks share accesses to memory,
    /// which are made once if they come together.
    BlocksCutByColumns,
    /// The weight buffer holds so little that most of the time goes into weights that are loaded again: how rows of main memory
    /// fare between their panels is known on average only.
    WeightsLoadedAgain,
    /// The buses of the PEs are so narrow, or so busy, that it matters which runs of a PE use them at once. How runs share them is
    /// known on average only.
    OperandBuses,
    /// A buffer of limited bandwidth is at work for much of the time. How far single tiles wait for it is known on average only.
    BufferBandwidth,
    /// So few cycles that single messages between parts of the machine count.
    ShortRun,
}

/// Fraction bits of words below which a share of small numbers rounds to zero.
const FEW_BITS: u32 = 8;

/// Share of the time up to which blocks pushed out, and blocks loaded again, were held against the simulation.
const MUCH_PUSHED_OUT: f64 = 0.25;
const MUCH_LOADED_AGAIN: f64 = 0.5;

/// Share of the time from which on buses are never idle.
const BUSY: f64 = 0.95;

/// Share of the time from which on a run's own time on its PE's buses shows: that of one run of each operation of a chain.
const NARROW: f64 = 0.05;

/// Share of the time from which on a buffer of limited bandwidth counts as busy.
const BUSY_BUFFER: f64 = 1.0 / 3.0;

/// Cycles of a short run.
const SHORT: f64 = 2000.0;

/// Cycles of a short run on the ideal memory, or of one that waits for room.
const SHORT_WITHOUT_MEMORY: f64 = 20_000.0;

/// What may be estimated less well, as shares of the time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Risks {
    cycles: f64,
    pushed_out: f64,
    loaded_again: f64,
    /// The busier one of the two buses of a PE.
    on_buses: f64,
    /// One run of each operation of a chain, on its PE's buses.
    chain_on_buses: f64,
    /// The busiest buffer of limited bandwidth.
    on_buffers: f64,
}

impl Risks {
    /// Those of a schedule; `chain_on_buses` in cycles.
    pub(super) fn of(timeline: &Timeline, memory: &Memory, chain_on_buses: f64) -> Self {
        let cycles = timeline.cycles.max(1.0);
        let [activations, weights] = timeline.buses_busy;
        Self {
            cycles,
            pushed_out: timeline.accesses_pushed_out as f64 * memory.write / cycles,
            loaded_again: timeline.accesses_loaded_again as f64 * memory.read / cycles,
            on_buses: activations.max(weights) / cycles,
            chain_on_buses: chain_on_buses / cycles,
            on_buffers: timeline.ports_busy.into_iter().fold(0.0, f64::max) / cycles,
        }
    }

    /// Whether blocks move for lack of room.
    fn moves_for_room(&self) -> bool {
        self.pushed_out + self.loaded_again > 0.0
    }
}

impl Caution {
    /// The caution that applies to `plan`, whose estimate has these `risks`, if any: the one that may be farthest off.
    pub(super) fn of(plan: &Plan, risks: &Risks) -> Option<Self> {
        let machine = &plan.machine;
        let has_pulses = match &plan.memory {
            MainMemory::Ideal => false,
            MainMemory::Banked(memory) => memory.constraints().write_pulse > 0,
        };
        let computes = machine.scenario.sparsity.source.computes();
        // Without the time of a memory, the chain of messages is all that there is.
        let shortest = match plan.memory {
            MainMemory::Ideal => SHORT_WITHOUT_MEMORY,
            MainMemory::Banked(_) if risks.moves_for_room() => SHORT_WITHOUT_MEMORY,
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
                has_pulses && risks.pushed_out > MUCH_PUSHED_OUT,
            ),
            (Self::BlocksCutByColumns, by_columns),
            (Self::WeightsLoadedAgain, risks.loaded_again > MUCH_LOADED_AGAIN),
            (Self::ShortRun, risks.cycles < shortest),
            (
                Self::OperandBuses,
                risks.on_buses > BUSY || risks.chain_on_buses > NARROW,
            ),
            (Self::BufferBandwidth, risks.on_buffers > BUSY_BUFFER),
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
                "caution: much time goes into blocks that are written to a memory with write pulses for lack of room; cycles can be \
                 off by a fifth"
            }
            Self::CoarseNumbers => {
                "caution: the machine computes with numbers of few fraction bits, many of which round to zero; the estimate \
                 takes the stated densities, and can be several times too high"
            }
            Self::BlocksCutByColumns => {
                "caution: the buffers hold so little that blocks are cut by columns; cycles can be off by a third"
            }
            Self::WeightsLoadedAgain => {
                "caution: the weight buffer holds so little that most time goes into weights that are loaded again; cycles can be off \
                 by a tenth"
            }
            Self::OperandBuses => {
                "caution: the PEs' buses are so narrow or so busy that runs wait for each other; cycles can be off by a fifth"
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

#[cfg(test)]
mod tests {
    use scenarios::Scenario;
    use scenarios::schema::Reference;

    use super::*;

    /// A long run in which nothing is at risk.
    const NOTHING: Risks = Risks {
        cycles: 1e6,
        pushed_out: 0.0,
        loaded_again: 0.0,
        on_buses: 0.9,
        chain_on_buses: 0.04,
        on_buffers: 0.3,
    };

    fn plan(memory: &str) -> Plan {
        let on_memory = Scenario::open("bert-tiny-edge").unwrap().with(|scenario| {
            scenario.memory = Reference::Preset(memory.to_owned());
        });
        Plan::load(&on_memory.unwrap()).unwrap()
    }

    #[test]
    fn each_risk_has_its_caution() {
        let [rram, dram] = ["rram", "lpddr3-1600"].map(plan);
        let of = |plan, risks| Caution::of(plan, &risks);
        let pushed_out = Risks {
            pushed_out: 0.3,
            ..NOTHING
        };
        let loaded_again = Risks {
            loaded_again: 0.6,
            ..NOTHING
        };
        let narrow = Risks {
            chain_on_buses: 0.06,
            ..NOTHING
        };
        let busy = Risks {
            on_buses: 0.96,
            ..NOTHING
        };
        let narrow_buffer = Risks {
            on_buffers: 0.4,
            ..NOTHING
        };
        let short = Risks {
            cycles: 10_000.0,
            ..NOTHING
        };
        let short_of_room = Risks {
            pushed_out: 0.01,
            ..short
        };
        assert_eq!(of(&rram, NOTHING), None);
        assert_eq!(of(&rram, pushed_out), Some(Caution::SpillsWithWritePulses));
        assert_eq!(of(&dram, pushed_out), None);
        assert_eq!(of(&dram, loaded_again), Some(Caution::WeightsLoadedAgain));
        assert_eq!(of(&dram, narrow), Some(Caution::OperandBuses));
        assert_eq!(of(&dram, busy), Some(Caution::OperandBuses));
        assert_eq!(of(&dram, narrow_buffer), Some(Caution::BufferBandwidth));
        assert_eq!(of(&dram, short), None);
        assert_eq!(of(&dram, short_of_room), Some(Caution::ShortRun));
    }
}
