//! Main memory in closed form: the time and energy of streams.

use components::memory::{Access, CommandCounts, EnergyTable, MemoryPlan, RefreshSchedule};
use components::units::{BLOCK, NanoJoules};
use scenarios::system::{MainMemory, Plan};

use super::contention::Contention;
use super::shape::{MOST_ROWS, Stream, rows};
use super::stream::Pace;

/// Main memory as the DMA of one machine sees it. Times in cycles of the accelerator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Memory {
    /// Cycles per block of a stream of reads.
    pub(super) read: f64,
    /// Cycles per block of a stream of writes.
    pub(super) write: f64,
    /// Cycles per block of gathered rows.
    pub(super) gather: f64,
    /// Cycles per block of scattered rows.
    pub(super) scatter: f64,
    /// From the order of a transfer to the end of its first block, on top of the above.
    pub(super) latency: f64,
    /// What of the latency is the opening of a row.
    pub(super) opening: f64,
    /// What a channel loses when it turns from reads to writes and back.
    pub(super) turnaround: f64,
    /// Channels that a stream is spread over.
    pub(super) channels: f64,
    /// Blocks of a transfer that are in flight at once.
    pub(super) in_flight: f64,
    /// Writes that the queues accept before they are written.
    pub(super) posted_writes: f64,
    /// Energies; `None` for a memory without limits.
    energy: Option<MemoryEnergy>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct MemoryEnergy {
    table: EnergyTable,
    refresh: Option<RefreshSchedule>,
    activates_per_read: f64,
    activates_per_write: f64,
    channels: f64,
    /// Ranks per channel.
    ranks: f64,
    /// Cycles of the accelerator per cycle of the memory.
    ratio: f64,
}

impl Memory {
    /// The memory of `plan`, where rows of `row_bytes` are gathered.
    pub(super) fn of(plan: &Plan, row_bytes: u64) -> Self {
        let ports = f64::from(plan.machine.buffer_ports());
        match &plan.memory {
            MainMemory::Ideal => Self {
                read: 1.0 / ports,
                write: 1.0 / ports,
                gather: 1.0 / ports,
                scatter: 1.0 / ports,
                // The order to the DMA; the last block's cycle at a port.
                latency: 1.0,
                opening: 0.0,
                turnaround: 0.0,
                channels: 1.0,
                in_flight: 1.0,
                posted_writes: 0.0,
                energy: None,
            },
            MainMemory::Banked(memory) => Self::banked(plan, memory, row_bytes, ports),
        }
    }

    fn banked(plan: &Plan, memory: &MemoryPlan, row_bytes: u64, ports: f64) -> Self {
        // Cycles of the accelerator per cycle of the memory.
        let ratio = plan.memory_clock.period().0 as f64 / plan.machine.clock.period().0 as f64;
        let window = plan.machine.scenario.accelerator.dma.outstanding_requests as usize;
        let stream = Stream::of(memory, window);
        let others = Contention::of(plan, &stream);
        let blocks = || (0..).map(|block| block * BLOCK.0);
        let read = stream.pace(Access::Read, &mut others.mixed(blocks()));
        let write = stream.pace(Access::Write, &mut others.mixed(blocks()));
        let table = if plan.machine.trains() {
            plan.machine.scenario.workload.vocabulary.into()
        } else {
            MOST_ROWS
        };
        let rows = || rows(memory.capacity_bytes(), row_bytes, table);
        let gather = stream.pace(Access::Read, &mut others.mixed(rows()));
        let scatter = stream.pace(Access::Write, &mut others.mixed(rows()));
        let cycles = |pace: Pace| {
            let alone = pace.cycles * ratio / stream.channels;
            others.stretched(alone, plan).max(1.0 / ports)
        };
        let rules = memory.constraints();
        let switches = rules.read_to_write_same_rank + rules.write_to_read_same_rank;
        let turnaround =
            switches.saturating_sub(rules.read_to_read_same_rank + rules.write_to_write_same_rank);
        Self {
            read: cycles(read),
            write: cycles(write),
            gather: cycles(gather),
            scatter: cycles(scatter),
            // To the DMA; from the cycle after the request until the data; through a port of the buffer.
            latency: 2.0 + (1 + rules.idle_read_latency()) as f64 * ratio,
            opening: rules.activate_to_read as f64 * ratio,
            turnaround: turnaround as f64 * ratio,
            channels: stream.channels,
            in_flight: stream.window as f64 * stream.channels,
            posted_writes: stream.places as f64 * stream.channels,
            energy: Some(MemoryEnergy::of(memory, read, write, ratio)),
        }
    }

    /// Energy of `reads` and `writes` blocks over `cycles` of the accelerator.
    pub(super) fn energy(&self, reads: f64, writes: f64, cycles: f64) -> NanoJoules {
        let energy = self.energy.as_ref();
        let picojoules = energy.map_or(0.0, |energy| {
            let commands = energy.commands(reads, writes, cycles);
            energy.table.energy(&commands).total().0
        });
        NanoJoules(picojoules * 1e-3)
    }
}

impl MemoryEnergy {
    fn of(memory: &MemoryPlan, read: Pace, write: Pace, ratio: f64) -> Self {
        let description = memory.description();
        Self {
            table: EnergyTable::new(description),
            refresh: RefreshSchedule::new(description),
            activates_per_read: read.activates,
            activates_per_write: write.activates,
            channels: f64::from(description.organisation.channels),
            ranks: f64::from(description.organisation.ranks),
            ratio,
        }
    }

    /// The commands of all channels for `reads` and `writes` blocks over `cycles` of the accelerator.
    fn commands(&self, reads: f64, writes: f64, cycles: f64) -> CommandCounts {
        let cycles = cycles / self.ratio;
        let refreshes = self.refresh.map(|schedule| schedule.commands_over(cycles));
        let refreshes = refreshes.unwrap_or_default();
        CommandCounts {
            activates: self.activates_per_read * reads + self.activates_per_write * writes,
            reads,
            writes,
            refreshes: refreshes.refreshes * self.channels,
            bank_refreshes: refreshes.bank_refreshes * self.channels,
            // Rows stay open between transfers: the controller closes them only for other rows or for a refresh.
            active_cycles: self.channels * self.ranks * cycles,
            idle_cycles: 0.0,
        }
    }
}
