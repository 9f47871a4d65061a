//! What each thing that a machine does costs, for those who account for energy while it runs.

use std::collections::BTreeMap;

use components::buffer::BufferKind;
use components::control_block::{PhaseAccount, StallAccount};
use components::memory::EnergyTable;
use components::memory::description::RefreshPolicy;
use components::message::Traffic;
use sim_core::{Tick, Ticks, Timebase};

use super::{
    BufferUse, Energy, LaneTotals, MachineMeasurements, MachinePlan, MainMemory, PeTotals, Plan, energy,
};

/// Prices of a machine's activities, in nanojoules by part. They are those of [`energy`] itself, which is linear in what was
/// measured: a price is the energy of a measurement of one unit and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct EnergyPrices {
    /// A tick of a MAC lane at work.
    pub lane: Energy,
    /// A tick of a softmax module at work.
    pub softmax: Energy,
    /// A tick of a layer-norm module at work.
    pub layer_norm: Energy,
    /// A tick of a pre-compute sparsity module at work.
    pub pre_compute: Energy,
    /// A tick of a post-compute sparsity module at work.
    pub post_compute: Energy,
    /// A result tile, which in training is rounded.
    pub result_tile: Energy,
    /// A fetch of operands.
    pub fetch: Energy,
    /// A tick of one of a PE's buses carrying data.
    pub bus: Energy,
    /// A tick of a PE that has work.
    pub active_pe: Energy,
    /// An access to a block of the activation, the weight and the mask buffer.
    pub buffer: [Energy; 3],
    /// A tick from the transformer's start to its end, whatever is done.
    pub standing: Energy,
}

impl EnergyPrices {
    /// The prices of the machine of `plan`.
    #[must_use]
    pub fn new(plan: &MachinePlan, timebase: Timebase) -> Self {
        let of = |measured: &MachineMeasurements| energy(plan, timebase, measured);
        let unit = |measure: &dyn Fn(&mut MachineMeasurements)| {
            let mut measured = nothing();
            measure(&mut measured);
            of(&measured)
        };
        let tick = Ticks(1);
        Self {
            lane: unit(&|one| one.lanes.busy = tick),
            softmax: unit(&|one| one.softmax.1 = tick),
            layer_norm: unit(&|one| one.layer_norm.1 = tick),
            pre_compute: unit(&|one| one.lanes.pre_compute_busy = tick),
            post_compute: unit(&|one| one.lanes.post_compute_busy = tick),
            result_tile: unit(&|one| one.lanes.result_tiles = 1),
            fetch: unit(&|one| one.pes.fetches = 1),
            bus: unit(&|one| one.pes.bus_busy[0] = tick),
            active_pe: unit(&|one| one.pes.active = tick),
            buffer: [
                unit(&|one| one.pes.accesses.activation = 1),
                unit(&|one| one.pes.accesses.weight = 1),
                unit(&|one| one.pes.accesses.mask = 1),
            ],
            standing: unit(&|one| one.finished = Tick(1)),
        }
    }
}

/// The measurements of a machine that did nothing, for no time.
fn nothing() -> MachineMeasurements {
    let unused = |kind| BufferUse {
        kind,
        capacity: 0,
        peak: 0,
        mean: 0.0,
        last: 0,
        blocks_moved: 0,
        overflows: 0,
    };
    MachineMeasurements {
        started: Tick::ZERO,
        finished: Tick::ZERO,
        roles: BTreeMap::new(),
        runs: (0, 0),
        spills: 0,
        stalls: StallAccount::default(),
        phases: PhaseAccount::default(),
        lanes: LaneTotals::default(),
        softmax: (0, Ticks::ZERO),
        layer_norm: (0, Ticks::ZERO),
        pes: PeTotals::default(),
        buffers: [BufferKind::Activation, BufferKind::Weight, BufferKind::Mask]
            .map(unused)
            .into(),
        dma_requests: [0; Traffic::ALL.len()],
        dma_blocks_added: 0,
        dma_outstanding: 0,
        dma_busy: Ticks::ZERO,
        values: None,
    }
}

/// Prices of what main memory does.
#[derive(Clone, Copy, Debug)]
pub struct MemoryPrices {
    /// Of commands and of standby, of one rank.
    pub table: EnergyTable,
    /// Banks of a rank: the first banks of a channel are those of its first rank.
    pub banks_per_rank: u32,
    /// All ranks of all channels.
    pub ranks: u32,
    /// Ticks of a cycle of the memory's clock.
    pub cycle: Ticks,
    /// Ticks from one refresh of a rank, or of a bank, to the next while the memory is idle.
    pub refresh_round: Ticks,
}

impl MemoryPrices {
    /// The prices of the main memory of `plan`; the ideal one takes no energy.
    #[must_use]
    pub fn new(plan: &Plan) -> Option<Self> {
        let MainMemory::Banked(memory) = &plan.memory else {
            return None;
        };
        let description = memory.description();
        let organisation = &description.organisation;
        let banks_per_rank = organisation.banks_per_rank();
        let ranks = organisation.ranks;
        let timing = &description.timing;
        let round = match description.controller.refresh {
            RefreshPolicy::None => 0,
            RefreshPolicy::AllBank => timing.refresh_interval.0,
            RefreshPolicy::Staggered => timing.refresh_interval.0 / u64::from(ranks) * u64::from(ranks),
            RefreshPolicy::PerBank => timing.bank_refresh_interval.0 * u64::from(ranks * banks_per_rank),
        };
        let cycle = plan.memory_clock.period();
        Some(Self {
            table: EnergyTable::new(description),
            banks_per_rank,
            ranks: ranks * organisation.channels,
            cycle,
            refresh_round: cycle * round,
        })
    }
}
