//! A memory as its user writes it down: technology, organisation, timing, energy, controller.

mod controller;
mod energy;
mod field_order;
mod timing;
mod validate;

use serde::{Deserialize, Serialize};
use sim_core::Frequency;

pub use controller::{
    Arbitration, CommandQueues, Controller, HitCap, PagePolicy, Scheduling, TransactionQueues, WriteDrain,
};
pub use energy::EnergyModel;
pub use field_order::{Field, FieldOrder};
pub use timing::Timing;
pub use validate::Problem;

pub use super::refresh_policy::RefreshPolicy;
use super::units::Nanoseconds;

/// A whole main memory. This is what a RON file of `scenarios/library/memory/` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryDescription {
    /// The technology's name, as reports print it.
    pub name: String,
    /// Which rules of physics the cells follow.
    pub cells: Cells,
    /// Channels, ranks, banks and widths.
    pub organisation: Organisation,
    /// Frequency of the memory clock (CK), in kHz.
    pub frequency_khz: Frequency,
    /// tCK, the cycle time that energies are computed with, in ns. Datasheets round it (0.83 ns at
    /// 1200 MHz); left out, it is the inverse of the frequency.
    #[serde(default)]
    pub cycle_time_ns: Option<Nanoseconds>,
    /// How the bits of an address are used: `ro`, `ch`, `ra`, `ba`, `bg`, `co`, most significant first.
    pub address_map: FieldOrder,
    /// Minimum distances between commands, in cycles of the memory clock.
    pub timing: Timing,
    /// What commands and idle time cost.
    pub energy: EnergyModel,
    /// The channel controllers.
    #[serde(default)]
    pub controller: Controller,
}

/// Which rules the cells of a memory follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Cells {
    /// Capacitors: reading destroys what the row buffer restores, and charge leaks, so rows are refreshed.
    Dram,
    /// Resistive cells: reading leaves them as they are, nothing leaks, a write is a pulse that wears.
    Rram {
        /// Writes that one cell survives; reports hold the most-written bank against it.
        endurance: Option<u64>,
        /// Whether a read may interrupt a write pulse in its bank, which is then resumed.
        write_pausing: bool,
    },
}

/// Numbers and widths. Every number is a power of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// Independent channels, each with its own controller, command bus and data bus.
    pub channels: u32,
    /// Ranks that share a channel.
    pub ranks: u32,
    /// Bank groups of a rank; 1 where the standard has none.
    pub bank_groups: u32,
    /// Banks of a group.
    pub banks_per_group: u32,
    /// Rows of a bank.
    pub rows: u32,
    /// Columns of a row, each `bus_width` bits wide.
    pub columns: u32,
    /// Data pins of one device (DQ), in bits.
    pub device_width: u32,
    /// Width of a channel's data bus, in bits.
    pub bus_width: u32,
    /// Transfers of one column access (BL), at two per cycle.
    pub burst_length: u32,
}

impl Organisation {
    /// Banks of a rank.
    #[must_use]
    pub fn banks_per_rank(&self) -> u32 {
        self.bank_groups * self.banks_per_group
    }

    /// Devices that answer together.
    #[must_use]
    pub fn devices_per_rank(&self) -> u32 {
        self.bus_width / self.device_width
    }

    /// Bytes of one column access.
    #[must_use]
    pub fn request_bytes(&self) -> u32 {
        self.bus_width / 8 * self.burst_length
    }

    /// Cycles for which one column access holds the data bus.
    #[must_use]
    pub fn burst_cycles(&self) -> u64 {
        u64::from(self.burst_length / 2)
    }

    /// Bytes of all channels together.
    #[must_use]
    pub fn capacity_bytes(&self) -> u64 {
        [
            self.ranks,
            self.banks_per_rank(),
            self.rows,
            self.columns,
            self.bus_width / 8,
        ]
        .into_iter()
        .fold(u64::from(self.channels), |bytes, size| {
            bytes.saturating_mul(u64::from(size))
        })
    }
}

impl MemoryDescription {
    /// tCK in nanoseconds.
    #[must_use]
    pub fn cycle_time(&self) -> Nanoseconds {
        self.cycle_time_ns
            .unwrap_or(Nanoseconds(1e9 / self.frequency_khz.hertz()))
    }

    /// What is wrong with the description; empty if it can be built.
    #[must_use]
    pub fn validate(&self) -> Vec<Problem> {
        validate::problems(self)
    }
}
