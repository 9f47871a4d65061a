//! Energy, area, buffers and the lanes' time, as results state them.

use std::borrow::Cow;

use components::control_block::StallCause;
use components::units::NanoJoules;
use scenarios::system::{MachineMeasurements, MachinePlan, area, energy};
use serde::{Deserialize, Serialize};
use sim_core::Timebase;

/// Energy by part, in nanojoules.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct EnergyResult {
    /// Main memory, its background and refresh included.
    pub main_memory: f64,
    /// Accesses to the three buffers.
    pub buffers: f64,
    /// MAC lanes.
    pub mac_lanes: f64,
    /// Softmax modules.
    pub softmax: f64,
    /// Layer-norm modules.
    pub layer_norm: f64,
    /// Pre- and post-compute sparsity modules.
    pub sparsity: f64,
    /// Stochastic rounding modules; none but in training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stochastic_rounding: Option<f64>,
    /// FIFOs, DMA ports, dataflow.
    pub other: f64,
    /// Leakage of everything on the chip.
    pub leakage: f64,
    /// The sum of all of them.
    pub total: f64,
}

impl EnergyResult {
    /// The energy of a run of `plan`, with that of main memory.
    #[must_use]
    pub fn new(
        plan: &MachinePlan,
        timebase: Timebase,
        measured: &MachineMeasurements,
        main_memory: NanoJoules,
    ) -> Self {
        let energy = energy(plan, timebase, measured);
        Self {
            main_memory: main_memory.0,
            buffers: energy.buffers.0,
            mac_lanes: energy.mac_lanes.0,
            softmax: energy.softmax.0,
            layer_norm: energy.layer_norm.0,
            sparsity: energy.sparsity.0,
            stochastic_rounding: plan.trains().then_some(energy.stochastic_rounding.0),
            other: energy.other.0,
            leakage: energy.leakage.0,
            total: energy.total().0 + main_memory.0,
        }
    }

    /// The parts with their names in reports.
    #[must_use]
    pub fn parts(&self) -> Vec<(&'static str, f64)> {
        let mut parts = vec![
            ("main memory", self.main_memory),
            ("buffers", self.buffers),
            ("MAC lanes", self.mac_lanes),
            ("softmax", self.softmax),
            ("layer norm", self.layer_norm),
            ("sparsity", self.sparsity),
        ];
        parts.extend(self.stochastic_rounding.map(|energy| ("rounding", energy)));
        parts.extend([("other", self.other), ("leakage", self.leakage)]);
        parts
    }
}

/// Area by part, in square millimetres. Main memory is not part of it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct AreaResult {
    /// MAC lanes.
    pub mac_lanes: f64,
    /// Softmax modules.
    pub softmax: f64,
    /// Layer-norm modules.
    pub layer_norm: f64,
    /// Pre- and post-compute sparsity modules.
    pub sparsity: f64,
    /// Stochastic rounding modules; none but in training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stochastic_rounding: Option<f64>,
    /// The three buffers.
    pub buffers: f64,
    /// FIFOs, DMA ports, dataflow.
    pub other: f64,
}

impl AreaResult {
    /// The area of the machine of `plan`.
    #[must_use]
    pub fn new(plan: &MachinePlan) -> Self {
        let area = area(plan);
        Self {
            mac_lanes: area.mac_lanes.0,
            softmax: area.softmax.0,
            layer_norm: area.layer_norm.0,
            sparsity: area.sparsity.0,
            stochastic_rounding: plan.trains().then_some(area.stochastic_rounding.0),
            buffers: area.buffers.0,
            other: area.other.0,
        }
    }

    /// The parts with their names in reports.
    #[must_use]
    pub fn parts(&self) -> Vec<(&'static str, f64)> {
        let mut parts = vec![
            ("MAC lanes", self.mac_lanes),
            ("softmax", self.softmax),
            ("layer norm", self.layer_norm),
            ("sparsity", self.sparsity),
        ];
        parts.extend(self.stochastic_rounding.map(|area| ("rounding", area)));
        parts.extend([("buffers", self.buffers), ("other", self.other)]);
        parts
    }

    /// All of it.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.parts().iter().map(|(_, area)| area).sum()
    }
}

/// One buffer over the run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BufferResult {
    /// Which: activation, weight or mask.
    pub name: Cow<'static, str>,
    /// What it can hold.
    pub capacity_bytes: u64,
    /// The most it held.
    pub peak_bytes: u64,
    /// What it held on average.
    pub mean_bytes: f64,
}

/// Busy share of the run, by class of module.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Utilization {
    /// MAC lanes.
    pub mac_lanes: f64,
    /// Softmax modules.
    pub softmax: f64,
    /// Layer-norm modules.
    pub layer_norm: f64,
}

/// Cycles in which a MAC lane did not work, averaged over all lanes, by cause. With the busy cycles they make up the
/// run.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Stalls {
    /// Waiting for main memory.
    pub memory: f64,
    /// Waiting for softmax modules.
    pub softmax: f64,
    /// Waiting for layer-norm modules.
    pub layer_norm: f64,
    /// Waiting for other lanes.
    pub dependence: f64,
    /// Waiting for room in the activation buffer.
    pub buffer_space: f64,
    /// Nothing left to issue.
    pub drain: f64,
    /// With a run in hand: operand fetch, filling and emptying of the lane's pipeline.
    pub pipeline: f64,
}

impl Stalls {
    /// The stalls of a run of `cycles` in which a lane was busy for `busy` cycles on average.
    #[must_use]
    pub fn new(plan: &MachinePlan, measured: &MachineMeasurements, cycles: f64, busy: f64) -> Self {
        let lane_cycle = plan.scenario.accelerator.lanes() as f64 * plan.clock.period().0 as f64;
        let of = |cause| measured.stalls.lane_ticks(cause) as f64 / lane_cycle;
        let without_run = measured.stalls.total() as f64 / lane_cycle;
        Self {
            memory: of(StallCause::Memory),
            softmax: of(StallCause::Softmax),
            layer_norm: of(StallCause::LayerNorm),
            dependence: of(StallCause::Dependence),
            buffer_space: of(StallCause::BufferSpace),
            drain: of(StallCause::Drain),
            // What is left, but for the rounding of the division.
            pipeline: (cycles - busy - without_run).max(0.0),
        }
    }

    /// The causes: name in reports, cycles, and what the name means.
    #[must_use]
    pub fn causes(&self) -> [(&'static str, f64, &'static str); 7] {
        [
            ("memory", self.memory, "data on their way from or to main memory"),
            ("softmax", self.softmax, "rows that softmax modules work on"),
            (
                "layer norm",
                self.layer_norm,
                "rows that layer-norm modules work on",
            ),
            ("dependence", self.dependence, "results of other MAC lanes"),
            ("buffer space", self.buffer_space, "room in the activation buffer"),
            ("drain", self.drain, "nothing left to issue: the end of the run"),
            (
                "pipeline",
                self.pipeline,
                "operands on the way to the lane, results on the way out",
            ),
        ]
    }
}
