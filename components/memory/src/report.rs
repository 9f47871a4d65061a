//! What a memory did, gathered from its actors after the run.

use sim_core::statistics::Latencies;
use sim_core::{Clock, Tick};

use super::command_counts::CommandCounts;
use super::energy::{Energy, EnergyTable};
use super::violation::Violations;
use super::{MemoryActor, MemoryPlan};
use crate::description::Cells;

/// The figures of one memory over a whole run.
#[derive(Clone, Debug, Default)]
pub struct MemoryReport {
    /// Cycles of the memory clock that the run lasted.
    pub cycles: u64,
    /// Reads asked for.
    pub reads: u64,
    /// Writes asked for.
    pub writes: u64,
    /// Bytes of the reads.
    pub read_bytes: u64,
    /// Bytes of the writes.
    pub write_bytes: u64,
    /// Column reads; fewer than `reads` by those forwarded, merged, or still waiting.
    pub read_commands: u64,
    /// Column writes; fewer than `writes` by those merged or never drained.
    pub write_commands: u64,
    /// Activates.
    pub activates: u64,
    /// Precharges.
    pub precharges: u64,
    /// Refreshes of ranks.
    pub refreshes: u64,
    /// Refreshes of single banks.
    pub bank_refreshes: u64,
    /// Column reads that were not the first access to their row since its activate.
    pub read_row_hits: u64,
    /// Column writes that were not the first access to their row since its activate.
    pub write_row_hits: u64,
    /// First accesses to a row of a bank that stood closed.
    pub row_misses: u64,
    /// First accesses to a row for which another had to be closed.
    pub row_conflicts: u64,
    /// Reads answered from a waiting write.
    pub forwarded_reads: u64,
    /// Reads served by another read's column access.
    pub merged_reads: u64,
    /// Writes replaced by a later write.
    pub merged_writes: u64,
    /// Cycles with two commands (HBM).
    pub dual_commands: u64,
    /// Requests still queued when the run ended.
    pub still_queued: u64,
    /// What takes energy, over all ranks and banks.
    pub commands: CommandCounts,
    /// Energy by cause.
    pub energy: Energy,
    /// Cycles for which the data buses carried data, all channels together.
    pub bus_busy_cycles: u64,
    /// Share of the run, 0 to 1, that the data buses carried data.
    pub bus_utilisation: f64,
    /// Share of the run, 0 to 1, that the ranks (or banks, by per-bank refresh) spent refreshing.
    pub refresh_share: f64,
    /// Of each requestor, by number.
    pub requestors: Vec<RequestorReport>,
    /// Of resistive memories.
    pub wear: Option<Wear>,
    /// Breaches of timing rules seen by ranks and banks; empty if the controller is correct.
    pub violations: Violations,
}

/// What one requestor asked for and got.
#[derive(Clone, Debug, Default)]
pub struct RequestorReport {
    /// Reads.
    pub reads: u64,
    /// Writes.
    pub writes: u64,
    /// Bytes of both.
    pub bytes: u64,
    /// From the request to its data, in ticks.
    pub read_latency: Latencies,
    /// From the request to the end of its burst, in ticks; the requestor itself continues when the write is
    /// accepted.
    pub write_latency: Latencies,
}

/// How far the cells are worn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wear {
    /// Block writes to the most-written bank.
    pub most_bank_writes: u64,
    /// Block writes to all banks.
    pub bank_writes: u64,
    /// Blocks of one bank: with perfect wear levelling each takes an equal share of the bank's writes.
    pub blocks_per_bank: u64,
    /// Writes that a cell survives, if the technology says.
    pub endurance: Option<u64>,
}

impl MemoryReport {
    /// Column accesses to an open row that had been accessed before.
    #[must_use]
    pub fn row_hits(&self) -> u64 {
        self.read_row_hits + self.write_row_hits
    }

    /// Latency of all reads, in ticks.
    #[must_use]
    pub fn read_latency(&self) -> Latencies {
        let mut all = Latencies::new();
        self.requestors
            .iter()
            .for_each(|requestor| all.merge(&requestor.read_latency));
        all
    }

    /// Energy per bit read or written, in pJ.
    #[must_use]
    pub fn picojoules_per_bit(&self) -> f64 {
        let bits = (self.read_bytes + self.write_bytes) as f64 * 8.0;
        if bits == 0.0 {
            0.0
        } else {
            self.energy.total().0 / bits
        }
    }

    /// Bytes per second, over the whole run.
    #[must_use]
    pub fn achieved_bytes_per_second(&self, plan: &MemoryPlan) -> f64 {
        if self.cycles == 0 {
            return 0.0;
        }
        (self.read_bytes + self.write_bytes) as f64 * plan.frequency().hertz() / self.cycles as f64
    }
}

/// Gathers the figures of a memory at the end of a run. `actors` are all its parts, in any order.
///
/// Send each channel [`Halt`](super::MemoryMessage::Halt) first, so that refreshes due in its idle time are
/// accounted for; the run then lasts to the end of the cycle in which that arrived.
#[must_use]
pub fn collect<'a>(
    plan: &MemoryPlan,
    clock: Clock,
    actors: impl IntoIterator<Item = &'a MemoryActor>,
    now: Tick,
) -> MemoryReport {
    let description = plan.description();
    let organisation = &description.organisation;
    let table = EnergyTable::new(description);
    let request_bytes = u64::from(plan.request_bytes());
    let actors: Vec<&MemoryActor> = actors.into_iter().collect();
    let halted = actors.iter().filter_map(|actor| match actor {
        MemoryActor::Channel(channel) => channel.halted(),
        _ => None,
    });
    let cycles = halted.max().unwrap_or(clock.cycle_at(now).0) + 1;
    let mut report = MemoryReport {
        cycles,
        ..MemoryReport::default()
    };
    let mut most_bank_writes = 0;
    for actor in actors {
        match actor {
            MemoryActor::Channel(channel) => add_channel(&mut report, channel),
            MemoryActor::Rank(rank) => {
                let counts = rank.counts();
                report.activates += counts.activates;
                report.precharges += counts.precharges;
                report.refreshes += counts.refreshes;
                report.bank_refreshes += counts.bank_refreshes;
                add_commands(&mut report, &table, rank.commands(cycles));
                report.violations.merge(rank.violations());
            }
            MemoryActor::Bank(bank) => {
                let commands = CommandCounts {
                    reads: bank.reads() as f64,
                    writes: bank.writes() as f64,
                    ..CommandCounts::default()
                };
                add_commands(&mut report, &table, commands);
                most_bank_writes = most_bank_writes.max(bank.writes());
                report.violations.merge(bank.violations());
            }
        }
    }
    for requestor in &mut report.requestors {
        requestor.bytes = (requestor.reads + requestor.writes) * request_bytes;
        report.reads += requestor.reads;
        report.writes += requestor.writes;
    }
    report.read_bytes = report.reads * request_bytes;
    report.write_bytes = report.writes * request_bytes;
    report.bus_busy_cycles = (report.read_commands + report.write_commands) * organisation.burst_cycles();
    let elapsed = cycles as f64;
    report.bus_utilisation = report.bus_busy_cycles as f64 / (elapsed * f64::from(organisation.channels));
    let ranks = f64::from(organisation.channels) * f64::from(organisation.ranks);
    let rank_time = (report.refreshes * description.timing.refresh_cycle.0) as f64 / ranks;
    let bank_time = (report.bank_refreshes * description.timing.bank_refresh_cycle.0) as f64
        / (ranks * f64::from(organisation.banks_per_rank()));
    report.refresh_share = (rank_time + bank_time) / elapsed;
    if let Cells::Rram { endurance, .. } = description.cells {
        let columns = organisation.columns / organisation.burst_length;
        report.wear = Some(Wear {
            most_bank_writes,
            bank_writes: report.write_commands,
            blocks_per_bank: u64::from(organisation.rows) * u64::from(columns),
            endurance,
        });
    }
    report
}

fn add_commands(report: &mut MemoryReport, table: &EnergyTable, commands: CommandCounts) {
    report.energy += table.energy(&commands);
    report.commands += commands;
}

fn add_channel(report: &mut MemoryReport, channel: &super::Channel) {
    let counted = channel.statistics();
    report.read_commands += counted.read_commands;
    report.write_commands += counted.write_commands;
    report.read_row_hits += counted.read_row_hits;
    report.write_row_hits += counted.write_row_hits;
    report.row_misses += counted.row_misses;
    report.row_conflicts += counted.row_conflicts;
    report.forwarded_reads += counted.forwarded_reads;
    report.merged_reads += counted.merged_reads;
    report.merged_writes += counted.merged_writes;
    report.dual_commands += counted.dual_commands;
    report.still_queued += channel.queued() as u64;
    let requestors = report.requestors.len().max(counted.requestors.len());
    report
        .requestors
        .resize_with(requestors, RequestorReport::default);
    for (sum, part) in report.requestors.iter_mut().zip(&counted.requestors) {
        sum.reads += part.reads;
        sum.writes += part.writes;
        sum.read_latency.merge(&part.read_latency);
        sum.write_latency.merge(&part.write_latency);
    }
}
