//! The result of one transformer on its accelerator.

use std::collections::BTreeMap;

use components::energy_part::Action;
use components::operation::Role;
use components::units::NanoJoules;
use scenarios::system::{DensityWarning, MachineMeasurements, MachinePlan, ValueCheck};
use serde::{Deserialize, Serialize};
use sim_core::{Ticks, Timebase};

use super::parts::{AreaResult, BufferResult, EnergyResult, Stalls, Utilization};
use super::phase::{PhaseResult, phases};

/// One transformer on its accelerator.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MachineResult {
    /// The accelerator's clock.
    pub clock_mhz: f64,
    /// Length of the run, in cycles of the accelerator.
    pub cycles: u64,
    /// Length of the run, in simulated seconds.
    pub seconds: f64,
    /// Sequences in the batch.
    pub batch: u32,
    /// The rate at which batches leave the machine, if several follow each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steady: Option<Steady>,
    /// Tile operations, additions of tensors left out.
    pub tile_ops: u64,
    /// Tile operations that add tensors.
    pub add_tile_ops: u64,
    /// Tile operations by role.
    pub tile_ops_by_role: BTreeMap<Role, u64>,
    /// Multiplications, zeros counted.
    pub macs_dense: u64,
    /// Multiplications of two words that are not zero.
    pub macs_effective: u64,
    /// Multiplications that all multipliers can do per second.
    pub peak_macs_per_second: f64,
    /// Area of the chip.
    pub area_mm2: f64,
    /// Area of its parts.
    pub area_mm2_by_part: AreaResult,
    /// Energy by part.
    pub energy_nj: EnergyResult,
    /// Busy share of the run.
    pub utilization: Utilization,
    /// The phases of a training step, in order; inference has only one and lists none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<PhaseResult>,
    /// Cycles in which a MAC lane worked, averaged over all lanes.
    pub busy_cycles: f64,
    /// Cycles in which a lane was idle, averaged over all lanes, by cause.
    pub stalls: Stalls,
    /// Slices spilled to main memory for lack of room.
    pub spills: u64,
    /// The three buffers.
    pub buffers: Vec<BufferResult>,
    /// Whether the computed numbers were right, if it computed with any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<ValueCheck>,
    /// Kinds of tensors whose zeros, as computed, are not those of their stated density; empty if it did not compute.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub density_warnings: Vec<DensityWarning>,
}

impl MachineResult {
    /// Sequences per second: of all batches but the first if several follow each other, else of the run.
    #[must_use]
    pub fn sequences_per_second(&self) -> f64 {
        match self.steady {
            Some(steady) => steady.sequences_per_s,
            None if self.seconds > 0.0 => f64::from(self.batch) / self.seconds,
            None => 0.0,
        }
    }

    /// What the machine of `plan` did, with the energy of main memory that is accounted for here.
    #[must_use]
    pub fn new(
        plan: &MachinePlan,
        timebase: Timebase,
        measured: &MachineMeasurements,
        main_memory: NanoJoules,
    ) -> Self {
        let accelerator = &plan.scenario.accelerator;
        let span = measured.duration();
        let share = |busy: Ticks, units: u64| match span.0 as f64 * units as f64 {
            0.0 => 0.0,
            all => busy.0 as f64 / all,
        };
        let pes = u64::from(accelerator.processing_elements);
        let cycles = plan.clock.cycles_spanning(span).0;
        let lanes_busy = share(measured.time(Action::MacLane), accelerator.lanes());
        let busy_cycles = lanes_busy * cycles as f64;
        let area = AreaResult::new(plan);
        let roles = measured.roles.iter();
        Self {
            clock_mhz: plan.clock.frequency().hertz() / 1e6,
            cycles,
            seconds: timebase.seconds(span),
            batch: plan.scenario.workload.batch,
            steady: Steady::of(plan, timebase, measured),
            tile_ops: measured.tile_operations(),
            add_tile_ops: measured.add_tile_operations(),
            tile_ops_by_role: roles.map(|(role, counts)| (*role, counts.retired)).collect(),
            macs_dense: measured.lanes.dense_multiplications,
            macs_effective: measured.lanes.multiplications,
            peak_macs_per_second: accelerator.multipliers() as f64 * plan.clock.frequency().hertz(),
            area_mm2: area.total(),
            area_mm2_by_part: area,
            energy_nj: EnergyResult::new(plan, timebase, measured, main_memory),
            utilization: Utilization {
                mac_lanes: lanes_busy,
                softmax: share(
                    measured.time(Action::Softmax),
                    pes * u64::from(accelerator.softmax_per_pe),
                ),
                layer_norm: share(measured.time(Action::LayerNorm), pes),
            },
            phases: phases(plan, timebase, measured),
            busy_cycles,
            stalls: Stalls::new(plan, measured, cycles as f64, busy_cycles),
            spills: measured.spills,
            buffers: measured
                .buffers
                .iter()
                .map(|buffer| BufferResult::new(plan, timebase, measured, buffer))
                .collect(),
            values: measured.values.clone(),
            density_warnings: measured
                .values
                .as_ref()
                .map(ValueCheck::density_warnings)
                .unwrap_or_default(),
        }
    }
}

/// Batches that follow each other: the first fills the machine, the others leave it at its own rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Steady {
    /// How long the first batch takes, in simulated seconds.
    pub first_batch_s: f64,
    /// Sequences per second of those after it.
    pub sequences_per_s: f64,
}

impl Steady {
    fn of(plan: &MachinePlan, timebase: Timebase, measured: &MachineMeasurements) -> Option<Self> {
        let workload = &plan.scenario.workload;
        if workload.batches < 2 {
            return None;
        }
        let sequences = f64::from(workload.batches - 1) * f64::from(workload.batch);
        Some(Self {
            first_batch_s: timebase.seconds(measured.first_batch.since(measured.started)),
            sequences_per_s: sequences / timebase.seconds(measured.finished.since(measured.first_batch)),
        })
    }
}
