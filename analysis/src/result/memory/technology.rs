//! The description of a memory, before anything runs.

use std::borrow::Cow;

use components::memory::description::{Cells, Controller, EnergyModel, Organisation, Timing};
use components::memory::{EnergyTable, MemoryPlan};
use serde::{Deserialize, Serialize};
use sim_core::Cycles;

use super::NamedMemory;

/// A memory technology, its organisation and its controller.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TechnologyResult {
    /// The shipped name or the file.
    pub technology: String,
    /// The name stated in the description.
    pub name: String,
    /// The cells.
    pub cells: Cells,
    /// Channels, ranks, banks and widths.
    pub organisation: Organisation,
    /// Bytes of all channels.
    pub capacity_bytes: u64,
    /// Bytes per row, which one activate opens.
    pub row_bytes: u64,
    /// Bytes per column access.
    pub request_bytes: u32,
    /// Peak bandwidth of all channels, GB/s (10^9).
    pub peak_gb_s: f64,
    /// The memory's clock.
    pub clock_mhz: f64,
    /// Latency of a read from an idle bank with closed rows: one cycle to the controller, tRCD, CL and the burst.
    pub idle_read_latency: Span,
    /// How an address is split, most significant field first.
    pub address_map: String,
    /// The timing table.
    pub timing: Vec<TimingResult>,
    /// Energy of commands and standby.
    pub energy: EnergyFigures,
    /// The source of these figures.
    pub energy_model: EnergyModel,
    /// The channel controllers.
    pub controller: Controller,
}

/// A technology of the library, summarised in one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShippedMemory {
    /// Its name in scenarios.
    pub name: String,
    /// The name stated in its description.
    pub technology: String,
    /// Channels. This and all following fields are `None` for the ideal memory.
    pub channels: Option<u32>,
    /// Bytes of all channels.
    pub capacity_bytes: Option<u64>,
    /// Peak bandwidth of all channels, GB/s (10^9).
    pub peak_gb_s: Option<f64>,
    /// The memory's clock.
    pub clock_mhz: Option<f64>,
}

impl ShippedMemory {
    /// The technology of `plan`.
    #[must_use]
    pub fn new(name: &str, plan: &MemoryPlan) -> Self {
        Self {
            name: name.to_owned(),
            technology: plan.description().name.clone(),
            channels: Some(plan.description().organisation.channels),
            capacity_bytes: Some(plan.capacity_bytes()),
            peak_gb_s: Some(plan.peak_bytes_per_second() / 1e9),
            clock_mhz: Some(plan.frequency().hertz() / 1e6),
        }
    }

    /// The memory without limits.
    #[must_use]
    pub fn ideal() -> Self {
        Self {
            name: "ideal".to_owned(),
            technology: "no limits, no latency, no energy".to_owned(),
            channels: None,
            capacity_bytes: None,
            peak_gb_s: None,
            clock_mhz: None,
        }
    }
}

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// In cycles of the memory's clock.
    pub cycles: u64,
    /// In ns.
    pub ns: f64,
}

/// One entry of the timing table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimingResult {
    /// The field of the description.
    pub name: Cow<'static, str>,
    /// The datasheet's symbol.
    pub symbol: Cow<'static, str>,
    /// Its length.
    #[serde(flatten)]
    pub span: Span,
}

/// Energy of a rank's commands, and its standby power.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnergyFigures {
    /// One activate and its precharge, nJ.
    pub activate_nj: f64,
    /// One column read, nJ.
    pub read_nj: f64,
    /// One column write, nJ.
    pub write_nj: f64,
    /// One refresh of a rank, nJ.
    pub refresh_nj: f64,
    /// Power of a rank with a bank open, mW.
    pub active_standby_mw: f64,
    /// Power of a rank with all banks closed, mW.
    pub idle_standby_mw: f64,
}

impl TechnologyResult {
    /// Describes `memory`.
    #[must_use]
    pub fn new(memory: &NamedMemory) -> Self {
        let NamedMemory { name, plan } = memory;
        let description = plan.description();
        let organisation = description.organisation;
        let timing = description.timing;
        let idle_read = 1 + timing.activate_to_read.0 + timing.read_latency.0 + organisation.burst_cycles();
        Self {
            technology: name.clone(),
            name: description.name.clone(),
            cells: description.cells,
            organisation,
            capacity_bytes: plan.capacity_bytes(),
            row_bytes: u64::from(organisation.columns) * u64::from(organisation.bus_width / 8),
            request_bytes: plan.request_bytes(),
            peak_gb_s: plan.peak_bytes_per_second() / 1e9,
            clock_mhz: plan.frequency().hertz() / 1e6,
            idle_read_latency: span(plan, Cycles(idle_read)),
            address_map: description.address_map.to_string(),
            timing: timings(&timing)
                .map(|(name, symbol, cycles)| TimingResult {
                    name: name.into(),
                    symbol: symbol.into(),
                    span: span(plan, cycles),
                })
                .to_vec(),
            energy: EnergyFigures::new(plan),
            energy_model: description.energy,
            controller: description.controller.clone(),
        }
    }
}

impl EnergyFigures {
    fn new(plan: &MemoryPlan) -> Self {
        let description = plan.description();
        let table = EnergyTable::new(description);
        // pJ per ns are mW.
        let cycle = description.cycle_time().0;
        Self {
            activate_nj: table.activate.0 * 1e-3,
            read_nj: table.read.0 * 1e-3,
            write_nj: table.write.0 * 1e-3,
            refresh_nj: table.refresh.0 * 1e-3,
            active_standby_mw: table.active_cycle.0 / cycle,
            idle_standby_mw: table.idle_cycle.0 / cycle,
        }
    }
}

fn span(plan: &MemoryPlan, cycles: Cycles) -> Span {
    Span {
        cycles: cycles.0,
        ns: cycles.0 as f64 * 1e9 / plan.frequency().hertz(),
    }
}

/// Field, symbol and length of each entry.
fn timings(timing: &Timing) -> [(&'static str, &'static str, Cycles); 23] {
    let t = timing;
    [
        ("additive_latency", "AL", t.additive_latency),
        ("read_latency", "CL", t.read_latency),
        ("write_latency", "CWL", t.write_latency),
        ("activate_to_read", "tRCD (read)", t.activate_to_read),
        ("activate_to_write", "tRCD (write)", t.activate_to_write),
        ("precharge", "tRP", t.precharge),
        ("activate_to_precharge", "tRAS", t.activate_to_precharge),
        ("column_to_column", "tCCD_S", t.column_to_column),
        (
            "column_to_column_same_group",
            "tCCD_L",
            t.column_to_column_same_group,
        ),
        ("activate_to_activate", "tRRD_S", t.activate_to_activate),
        (
            "activate_to_activate_same_group",
            "tRRD_L",
            t.activate_to_activate_same_group,
        ),
        ("four_activate_window", "tFAW", t.four_activate_window),
        ("write_to_read", "tWTR_S", t.write_to_read),
        ("write_to_read_same_group", "tWTR_L", t.write_to_read_same_group),
        ("write_recovery", "tWR", t.write_recovery),
        ("read_to_precharge", "tRTP", t.read_to_precharge),
        ("rank_switch", "tRTRS", t.rank_switch),
        ("refresh_interval", "tREFI", t.refresh_interval),
        ("refresh_cycle", "tRFC", t.refresh_cycle),
        ("bank_refresh_interval", "tREFIb", t.bank_refresh_interval),
        ("bank_refresh_cycle", "tRFCb", t.bank_refresh_cycle),
        ("write_pulse", "tWP", t.write_pulse),
        ("write_pause", "write pause", t.write_pause),
    ]
}
