//! What bounds a run: the time each part of the machine would take if nothing else took any.

use components::operation::Phase;
use serde::{Deserialize, Serialize};

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
    /// Accesses of runs to the buffer that takes longest for them / its bandwidth; 0 if no bandwidth is limited.
    #[serde(default)]
    pub buffers: f64,
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
    /// The bandwidth of a buffer.
    Buffers,
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
            Self::Buffers => "buffers",
            Self::Dependences => "dependences",
        }
    }
}

impl Bounds {
    /// The bounds by part.
    #[must_use]
    pub fn parts(&self) -> [(Limit, f64); 6] {
        [
            (Limit::Compute, self.compute),
            (Limit::Memory, self.memory),
            (Limit::Softmax, self.softmax),
            (Limit::LayerNorm, self.layer_norm),
            (Limit::Buffers, self.buffers),
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

/// The bounds of all rows together. Each row's dependence chain was counted from the start of the program; its own part
/// is what exceeds the chains of earlier rows.
pub(super) fn whole(layers: &mut [LayerEstimate]) -> Bounds {
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
