//! Minimum distances between pairs of commands, derived from the timing table.

use super::description::{Cells, MemoryDescription};

/// Minimum distances in cycles of the memory clock. `same_group` and `same_rank` say how near the two banks
/// are; DRAM standards without bank groups use the `same_rank` values for both.
///
/// The formulas are those of JEDEC's DDR4 and LPDDR3 standards as DRAMsim3 and Ramulator apply them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constraints {
    /// Column read to the last data of its burst.
    pub read_delay: u64,
    /// Column write to the last data of its burst.
    pub write_delay: u64,
    /// Column read to the first data.
    pub read_to_data: u64,
    /// Column write to the first data.
    pub write_to_data: u64,
    /// Data bus time of one column access.
    pub burst: u64,
    /// RD to RD, same bank group.
    pub read_to_read_same_group: u64,
    /// RD to RD, same rank.
    pub read_to_read_same_rank: u64,
    /// RD to RD, other rank.
    pub read_to_read_other_rank: u64,
    /// RD to WR, same rank.
    pub read_to_write_same_rank: u64,
    /// RD to WR, other rank.
    pub read_to_write_other_rank: u64,
    /// WR to RD, same bank: as in the same group, and the write pulse.
    pub write_to_read_same_bank: u64,
    /// WR to RD, same bank group.
    pub write_to_read_same_group: u64,
    /// WR to RD, same rank.
    pub write_to_read_same_rank: u64,
    /// WR to RD, other rank.
    pub write_to_read_other_rank: u64,
    /// WR to WR, same bank: as in the same group, and the write pulse.
    pub write_to_write_same_bank: u64,
    /// WR to WR, same bank group.
    pub write_to_write_same_group: u64,
    /// WR to WR, same rank.
    pub write_to_write_same_rank: u64,
    /// WR to WR, other rank.
    pub write_to_write_other_rank: u64,
    /// RD to PRE of its bank.
    pub read_to_precharge: u64,
    /// WR to PRE of its bank.
    pub write_to_precharge: u64,
    /// PRE to ACT or REF of its bank.
    pub precharge_to_activate: u64,
    /// ACT to ACT of the same bank.
    pub activate_to_activate_same_bank: u64,
    /// ACT to ACT, same bank group.
    pub activate_to_activate_same_group: u64,
    /// ACT to ACT, same rank.
    pub activate_to_activate_same_rank: u64,
    /// ACT to RD of its bank.
    pub activate_to_read: u64,
    /// ACT to WR of its bank.
    pub activate_to_write: u64,
    /// ACT to PRE of its bank.
    pub activate_to_precharge: u64,
    /// The window that holds at most four activates of a rank.
    pub four_activate_window: u64,
    /// REF to ACT or REF of its rank.
    pub refresh_cycle: u64,
    /// REFpb to ACT or REFpb of its bank.
    pub bank_refresh_cycle: u64,
    /// The write pulse after the data of a write.
    pub write_pulse: u64,
    /// Cycles to interrupt a write pulse, if that is possible at all.
    pub write_pause: Option<u64>,
}

impl Constraints {
    /// The distances of a described memory.
    #[must_use]
    pub fn new(description: &MemoryDescription) -> Self {
        let t = &description.timing;
        let burst = description.organisation.burst_cycles();
        let grouped = description.organisation.bank_groups > 1;
        let same_group =
            |with: sim_core::Cycles, without: sim_core::Cycles| if grouped { with.0 } else { without.0 };
        let read_to_data = t.additive_latency.0 + t.read_latency.0;
        let write_to_data = t.additive_latency.0 + t.write_latency.0;
        let read_delay = read_to_data + burst;
        let write_delay = write_to_data + burst;
        let column_same_group = burst.max(same_group(t.column_to_column_same_group, t.column_to_column));
        let column_same_rank = burst.max(t.column_to_column.0);
        let turn_same_group = write_delay + same_group(t.write_to_read_same_group, t.write_to_read);
        let write_pulse = t.write_pulse.0;
        let write_pause = match description.cells {
            Cells::Rram {
                write_pausing: true, ..
            } => Some(t.write_pause.0),
            _ => None,
        };
        Self {
            read_delay,
            write_delay,
            read_to_data,
            write_to_data,
            burst,
            read_to_read_same_group: column_same_group,
            read_to_read_same_rank: column_same_rank,
            read_to_read_other_rank: burst + t.rank_switch.0,
            read_to_write_same_rank: (read_delay + t.rank_switch.0)
                .saturating_sub(write_to_data)
                .max(burst),
            read_to_write_other_rank: (read_delay + burst + t.rank_switch.0)
                .saturating_sub(write_delay)
                .max(burst),
            write_to_read_same_bank: turn_same_group + write_pause.unwrap_or(write_pulse),
            write_to_read_same_group: turn_same_group,
            write_to_read_same_rank: write_delay + t.write_to_read.0,
            write_to_read_other_rank: (write_delay + burst + t.rank_switch.0).saturating_sub(read_delay),
            write_to_write_same_bank: column_same_group + write_pulse,
            write_to_write_same_group: column_same_group,
            write_to_write_same_rank: column_same_rank,
            write_to_write_other_rank: burst,
            read_to_precharge: t.additive_latency.0 + t.read_to_precharge.0,
            write_to_precharge: write_delay + t.write_recovery.0 + write_pulse,
            precharge_to_activate: t.precharge.0,
            activate_to_activate_same_bank: t.activate_to_precharge.0 + t.precharge.0,
            activate_to_activate_same_group: same_group(
                t.activate_to_activate_same_group,
                t.activate_to_activate,
            ),
            activate_to_activate_same_rank: t.activate_to_activate.0,
            activate_to_read: t.activate_to_read.0 - t.additive_latency.0.min(t.activate_to_read.0),
            activate_to_write: t.activate_to_write.0 - t.additive_latency.0.min(t.activate_to_write.0),
            activate_to_precharge: t.activate_to_precharge.0,
            four_activate_window: t.four_activate_window.0,
            refresh_cycle: t.refresh_cycle.0,
            bank_refresh_cycle: t.bank_refresh_cycle.0,
            write_pulse,
            write_pause,
        }
    }

    /// Latency of one read of a closed, idle bank, from the cycle after the request's: one cycle in the
    /// controller, activate, column read, burst.
    #[must_use]
    pub fn idle_read_latency(&self) -> u64 {
        1 + self.activate_to_read + self.read_delay
    }
}
