//! What a run came to: one struct, one form in JSON.

pub mod memory;
pub mod parts;

use std::collections::BTreeMap;

use components::operation::Role;
use scenarios::system::{Measurements, Plan};
use serde::Serialize;
use sim_core::{Engine, Tick, Ticks};

use memory::MemoryResult;
use parts::{AreaResult, BufferResult, EnergyResult, Stalls, Utilization};

/// The result of a run. Two runs of a scenario with the same seed differ in `wall_seconds` only.
#[derive(Clone, Debug, Serialize)]
pub struct RunResult {
    /// The scenario's name.
    pub scenario: String,
    /// The seed of its random draws.
    pub seed: u64,
    /// The engine's name.
    pub engine: String,
    /// The accelerator's clock.
    pub clock_mhz: f64,
    /// Length of the run, in cycles of the accelerator.
    pub cycles: u64,
    /// Length of the run, in simulated seconds.
    pub seconds: f64,
    /// Sequences in the batch.
    pub batch: u32,
    /// Tile operations, additions of tensors left out.
    pub tile_ops: u64,
    /// Tile operations that add tensors.
    pub add_tile_ops: u64,
    /// Tile operations by what they are for.
    pub tile_ops_by_role: BTreeMap<Role, u64>,
    /// Messages delivered.
    pub events: u64,
    /// Multiplications, zeros counted.
    pub macs_dense: u64,
    /// Multiplications of two words that are not zero.
    pub macs_effective: u64,
    /// Multiplications that all multipliers can do in a second.
    pub peak_macs_per_second: f64,
    /// Area of the chip.
    pub area_mm2: f64,
    /// Area of its parts.
    pub area_mm2_by_part: AreaResult,
    /// Energy by part.
    pub energy_nj: EnergyResult,
    /// Busy share of the run.
    pub utilization: Utilization,
    /// Cycles in which a MAC lane worked, averaged over all lanes.
    pub busy_cycles: f64,
    /// Cycles in which it did not, by cause.
    pub stalls: Stalls,
    /// Slices pushed out to main memory for want of room.
    pub spills: u64,
    /// The three buffers.
    pub buffers: Vec<BufferResult>,
    /// Main memory.
    pub memory: MemoryResult,
    /// A hash of every delivered message in order: equal for equal behaviour.
    pub trace_digest: String,
    /// Whether invariants held, if that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<Checks>,
    /// How long the simulation itself took.
    pub wall_seconds: f64,
}

/// Whether what must hold after every run did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Checks {
    /// Every invariant that the run broke, in words.
    pub violations: Vec<String>,
}

impl RunResult {
    /// The result of a run of `plan` on `engine` that took `wall_seconds`.
    #[must_use]
    pub fn new(plan: &Plan, measured: &Measurements, engine: Engine, wall_seconds: f64) -> Self {
        let accelerator = &plan.scenario.accelerator;
        let span = measured.finished.since(Tick::ZERO);
        let seconds = plan.timebase.seconds(span);
        let share = |busy: Ticks, units: u64| match span.0 as f64 * units as f64 {
            0.0 => 0.0,
            all => busy.0 as f64 / all,
        };
        let pes = u64::from(accelerator.processing_elements);
        let cycles = plan.clock.cycles_spanning(span).0;
        let lanes_busy = share(measured.lanes.busy, accelerator.lanes());
        let busy_cycles = lanes_busy * cycles as f64;
        let area = AreaResult::new(plan);
        Self {
            scenario: plan.scenario.name.clone(),
            seed: plan.scenario.seed,
            engine: engine.to_string(),
            clock_mhz: plan.clock.frequency().hertz() / 1e6,
            cycles,
            seconds,
            batch: plan.scenario.workload.batch,
            tile_ops: measured.tile_operations(),
            add_tile_ops: measured.add_tile_operations(),
            tile_ops_by_role: measured
                .roles
                .iter()
                .map(|(role, counts)| (*role, counts.retired))
                .collect(),
            events: measured.events,
            macs_dense: measured.lanes.dense_multiplications,
            macs_effective: measured.lanes.multiplications,
            peak_macs_per_second: accelerator.multipliers() as f64 * plan.clock.frequency().hertz(),
            area_mm2: area.total(),
            area_mm2_by_part: area,
            energy_nj: EnergyResult::new(plan, measured),
            utilization: Utilization {
                mac_lanes: lanes_busy,
                softmax: share(measured.softmax.1, pes * u64::from(accelerator.softmax_per_pe)),
                layer_norm: share(measured.layer_norm.1, pes),
            },
            busy_cycles,
            stalls: Stalls::new(plan, measured, cycles as f64, busy_cycles),
            spills: measured.spills,
            buffers: measured.buffers.iter().map(buffer).collect(),
            memory: MemoryResult::new(plan, measured, seconds),
            trace_digest: measured.digest.to_string(),
            checks: None,
            wall_seconds,
        }
    }
}

fn buffer(measured: &scenarios::system::BufferUse) -> BufferResult {
    BufferResult {
        name: measured.kind.name(),
        capacity_bytes: measured.capacity,
        peak_bytes: measured.peak,
        mean_bytes: measured.mean,
    }
}
