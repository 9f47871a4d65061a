//! What bounds a run: the time each part of the machine would take if nothing else took any.

use components::operation::{Phase, RowAccess};
use scenarios::system::MachinePlan;
use serde::{Deserialize, Serialize};

use super::cost::{Cost, Unit};
use super::memory::Memory;
use super::moves::{Moves, Pattern};
use super::schedule::Timeline;
use super::step::{Step, Steps};

/// Lower bounds of the time, in cycles of the accelerator. All except `memory` depend on the program alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// Runs' time on MAC lanes / lanes.
    pub compute: f64,
    /// Blocks moved x the pace of a stream.
    pub memory: f64,
    /// Rows' time on softmax modules / modules.
    pub softmax: f64,
    /// Rows' time on layer-norm modules / modules.
    pub layer_norm: f64,
    /// The longest chain of operations that wait for each other's first rows, each running on all the units it can use.
    pub dependences: f64,
}

/// A part of the machine that can bound a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// MAC lanes.
    Compute,
    /// Main memory.
    Memory,
    /// Softmax modules.
    Softmax,
    /// Layer-norm modules.
    LayerNorm,
    /// Operations waiting for each other.
    Dependences,
}

impl Limit {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Memory => "main memory",
            Self::Softmax => "softmax",
            Self::LayerNorm => "layer norm",
            Self::Dependences => "dependences",
        }
    }
}

impl Bounds {
    /// The bounds by part.
    #[must_use]
    pub fn parts(&self) -> [(Limit, f64); 5] {
        [
            (Limit::Compute, self.compute),
            (Limit::Memory, self.memory),
            (Limit::Softmax, self.softmax),
            (Limit::LayerNorm, self.layer_norm),
            (Limit::Dependences, self.dependences),
        ]
    }

    /// The part with the largest bound.
    #[must_use]
    pub fn limit(&self) -> Limit {
        let largest = self.parts().into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
        largest.map_or(Limit::Compute, |(limit, _)| limit)
    }

    fn add(&mut self, other: &Self) {
        self.compute += other.compute;
        self.memory += other.memory;
        self.softmax += other.softmax;
        self.layer_norm += other.layer_norm;
    }
}

/// A layer of the transformer, in one phase of the step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerEstimate {
    /// The phase; inference has the first one only.
    pub phase: Phase,
    /// The layer, from 0. The embedding is part of the first, the store or the loss of the last.
    pub layer: u32,
    /// When its last operation has finished, in cycles.
    pub finished: f64,
    /// How long its parts would take.
    pub bounds: Bounds,
    /// The part that takes longest.
    pub bound_by: Limit,
}

/// The bounds of the whole program, and of each layer.
pub(super) fn bounds(
    plan: &MachinePlan,
    steps: &Steps,
    memory: &Memory,
    timeline: &Timeline,
) -> (Bounds, Vec<LayerEstimate>) {
    let chain = chain(plan, steps);
    let mut layers: Vec<LayerEstimate> = Vec::new();
    let mut loaded = vec![false; steps.weights.len()];
    for (index, step) in steps.steps.iter().enumerate() {
        let layer = row_of(&mut layers, step);
        layer.finished = layer.finished.max(timeline.finished[index]);
        layer.bounds.dependences = layer.bounds.dependences.max(chain[index]);
        if let Some(cost) = &step.cost {
            let all = units(plan, cost.unit);
            let time = cost.occupied(sharing(plan, cost)) / all;
            match cost.unit {
                Unit::Lane => layer.bounds.compute += time,
                Unit::Softmax => layer.bounds.softmax += time,
                Unit::LayerNorm => layer.bounds.layer_norm += time,
            }
        }
        let moved = step.moves.as_ref();
        layer.bounds.memory += moved.map_or(0.0, |moves| time_of(moves, step, memory));
        let [data, masks] = step.written_back.unwrap_or_default();
        layer.bounds.memory += (data + masks) * memory.write;
        for &weight in &step.weights {
            if !std::mem::replace(&mut loaded[weight], true) {
                let size = &steps.weights[weight];
                layer.bounds.memory += (size.data.blocks() + size.mask.blocks()) as f64 * memory.read;
            }
        }
    }
    (whole(&mut layers), layers)
}

/// The row for the phase and layer of `step`, added if missing.
fn row_of<'a>(layers: &'a mut Vec<LayerEstimate>, step: &Step) -> &'a mut LayerEstimate {
    let same = |row: &LayerEstimate| (row.phase, row.layer) == (step.phase, step.layer);
    let place = layers.iter().position(same).unwrap_or(layers.len());
    if place == layers.len() {
        layers.push(LayerEstimate {
            phase: step.phase,
            layer: step.layer,
            finished: 0.0,
            bounds: Bounds::default(),
            bound_by: Limit::Compute,
        });
    }
    &mut layers[place]
}

/// Main memory's time for the data moved for `step` alone: blocks x pace.
fn time_of(moves: &Moves, step: &Step, memory: &Memory) -> f64 {
    let all = moves.amount(0..step.pieces.batches());
    let pace = match moves.pattern {
        Pattern::Load => memory.read,
        Pattern::Store => memory.write,
        Pattern::Gather => memory.gather,
        Pattern::Scatter => memory.scatter,
    };
    (all.data + all.masks) * pace + all.added_to * memory.gather
}

/// The bounds of all rows together. Each row's dependence chain was counted from the start of the program; its own part
/// is what exceeds the chains of earlier rows.
fn whole(layers: &mut [LayerEstimate]) -> Bounds {
    let mut whole = Bounds::default();
    let mut before = 0.0;
    for layer in layers {
        whole.add(&layer.bounds);
        let end = layer.bounds.dependences;
        layer.bounds.dependences = (end - before).max(0.0);
        before = end.max(before);
        layer.bound_by = layer.bounds.limit();
    }
    whole.dependences = before;
    whole
}

fn units(plan: &MachinePlan, unit: Unit) -> f64 {
    let accelerator = &plan.scenario.accelerator;
    let pes = f64::from(accelerator.processing_elements);
    match unit {
        Unit::Lane => accelerator.lanes() as f64,
        Unit::Softmax => pes * f64::from(accelerator.softmax_per_pe),
        Unit::LayerNorm => pes,
    }
}

/// Units per PE that work on an operation that has the machine to itself.
fn sharing(plan: &MachinePlan, cost: &Cost) -> f64 {
    let pes = f64::from(plan.scenario.accelerator.processing_elements);
    let of_pe = (units(plan, cost.unit) / pes).max(1.0);
    (cost.runs as f64 / pes).ceil().clamp(1.0, of_pe)
}

/// When each operation could end if units, weights and data were available immediately. An operation takes the time of one
/// run, or of its runs on all units, and ends at least one run after each operation it reads.
fn chain(plan: &MachinePlan, steps: &Steps) -> Vec<f64> {
    let mut ends: Vec<(f64, f64)> = Vec::with_capacity(steps.steps.len());
    for step in &steps.steps {
        let (run, all) = step.cost.as_ref().map_or((0.0, 0.0), |cost| {
            let sharing = sharing(plan, cost);
            let latency = cost.latency(sharing);
            (
                latency,
                latency.max(cost.occupied(sharing) / units(plan, cost.unit)),
            )
        });
        let by_rows = step.cost.as_ref().is_none_or(|cost| cost.by_rows);
        let (mut first, mut last) = (0.0_f64, 0.0_f64);
        for &(maker, access) in &step.inputs {
            let (maker_first, maker_last) = ends[maker];
            let waits = if by_rows && access != RowAccess::AllRows {
                maker_first
            } else {
                maker_last
            };
            first = first.max(waits);
            last = last.max(maker_last);
        }
        ends.push((first + run, (first + all).max(last + run)));
    }
    ends.into_iter().map(|(_, last)| last).collect()
}
