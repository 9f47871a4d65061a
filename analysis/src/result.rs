//! The result of a run: one struct, one form in JSON.

pub mod background;
mod blocks;
mod estimate;
pub mod machine;
pub mod memory;
pub mod parts;
pub mod phase;
mod profile;
mod program;
mod region;
mod resolved;

use components::units::NanoJoules;
use scenarios::system::{MachineMeasurements, MachinePlan, Measurements, Plan};
use serde::{Deserialize, Serialize};
use sim_core::statistics::Latencies;
use sim_core::{Engine, Tick, Ticks};

pub use self::estimate::{Counting, Estimated};
pub use blocks::{BlockTraffic, Blocks, PlannedBuffer, RoleBlocks};
pub use profile::{ProfileResult, ProfiledCurve};
pub use program::{RoleSummary, Summary, TileOperation, tile_operations};
pub use resolved::Resolved;

use crate::critical_path::PathSummary;

pub use region::RegionResult;

use background::BackgroundResult;
use machine::MachineResult;

use memory::{Latency, MemoryFrame, MemoryResult};

/// The result of a run. Two runs of a scenario with the same seed differ in `wall_seconds` only.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunResult {
    /// The scenario's name.
    pub scenario: String,
    /// The seed of its random draws.
    pub seed: u64,
    /// The engine's name.
    pub engine: String,
    /// The scenario's own transformer and accelerator. All of main memory's energy is accounted for here, that of
    /// other traffic included.
    #[serde(flatten)]
    pub machine: MachineResult,
    /// Messages delivered.
    pub events: u64,
    /// Main memory, from the start of the run to the end of the last transformer.
    pub memory: MemoryResult,
    /// The other transformers on the same main memory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tenants: Vec<TenantResult>,
    /// Background traffic on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub background: Vec<BackgroundResult>,
    /// The parts of main memory that machines and background traffic have, if there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<RegionResult>,
    /// A hash of every delivered message in order: equal for equal behaviour.
    pub trace_digest: String,
    /// What decided the latency of the scenario's own transformer, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub critical_path: Option<PathSummary>,
    /// Whether the invariants held, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<Checks>,
    /// How long the simulation itself took.
    pub wall_seconds: f64,
}

/// Another transformer on the same main memory.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TenantResult {
    /// Its name.
    pub name: String,
    /// When it started, in simulated seconds.
    pub start_seconds: f64,
    /// All its requests to main memory.
    pub requests: u64,
    /// Bytes of these requests.
    pub bytes: u64,
    /// Latency of all its reads.
    pub latency_ns: Latency,
    /// What it did, without main memory's energy.
    #[serde(flatten)]
    pub machine: MachineResult,
}

/// Whether the invariants that must hold after every run did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Checks {
    /// Every invariant that the run broke, in words.
    pub violations: Vec<String>,
}

impl RunResult {
    /// The result of a run of `plan` on `engine` that took `wall_seconds`.
    #[must_use]
    pub fn new(plan: &Plan, measured: &Measurements, engine: Engine, wall_seconds: f64) -> Self {
        let main_memory = NanoJoules(measured.memory.energy.total().0 * 1e-3);
        let tenants = plan.tenants.iter().zip(&measured.tenants);
        let sources = plan.background.iter().zip(&measured.background);
        Self {
            scenario: plan.machine.scenario.name.clone(),
            seed: plan.machine.scenario.seed,
            engine: engine.to_string(),
            machine: MachineResult::new(&plan.machine, plan.timebase, &measured.machine, main_memory),
            events: measured.events,
            memory: memory(plan, measured),
            tenants: tenants
                .map(|(tenant, did)| TenantResult::new(tenant, did, plan, measured))
                .collect(),
            background: sources
                .map(|(source, counts)| BackgroundResult::new(source, counts, plan, measured.ended))
                .collect(),
            regions: RegionResult::all(plan),
            trace_digest: measured.digest.to_string(),
            critical_path: None,
            checks: None,
            wall_seconds,
        }
    }

    /// Energy times latency, in joule-seconds.
    #[must_use]
    pub fn energy_delay_product(&self) -> f64 {
        self.machine.energy_nj.total * 1e-9 * self.machine.seconds
    }
}

impl TenantResult {
    fn new(tenant: &MachinePlan, did: &MachineMeasurements, plan: &Plan, measured: &Measurements) -> Self {
        let name = &tenant.scenario.name;
        let named = plan.requestors.iter().zip(&measured.memory.requestors);
        let own = named.filter(|(requestor, _)| requestor.group == *name);
        let (mut requests, mut bytes, mut latencies) = (0, 0, Latencies::new());
        for (_, requestor) in own {
            requests += requestor.reads + requestor.writes;
            bytes += requestor.bytes;
            latencies.merge(&requestor.read_latency);
        }
        Self {
            name: name.clone(),
            start_seconds: plan.timebase.seconds(tenant.start.since(Tick::ZERO)),
            requests,
            bytes,
            latency_ns: Latency::of(&latencies, plan.timebase.nanoseconds(Ticks(1))),
            machine: MachineResult::new(tenant, plan.timebase, did, NanoJoules(0.0)),
        }
    }
}

fn memory(plan: &Plan, measured: &Measurements) -> MemoryResult {
    let technology = plan.machine.scenario.memory.name();
    let names: Vec<&str> = plan
        .requestors
        .iter()
        .map(|requestor| requestor.name.as_str())
        .collect();
    let frame = MemoryFrame {
        technology,
        channels: plan.memory.channels(),
        peak_bytes_per_second: plan.memory.peak_bytes_per_second(),
        seconds: plan.timebase.seconds(measured.ended.since(Tick::ZERO)),
        nanoseconds_per_tick: plan.timebase.nanoseconds(Ticks(1)),
        requestors: &names,
    };
    MemoryResult::of(&measured.memory, &frame)
}
