//! The accelerator of the published figures: twelve numbers.

use components::tile::TileShape;
use scenarios::Scenario;
use scenarios::schema::{ActivationFunction, Buffers, Tile};
use scenarios::transformer::Transformer;

use super::Organisation;

/// An accelerator as the published figures describe it.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedAccelerator {
    /// The tile.
    pub tile: TileShape,
    /// PEs.
    pub processing_elements: u32,
    /// MAC lanes per PE.
    pub lanes_per_pe: u32,
    /// Multipliers per MAC lane.
    pub multipliers_per_lane: u32,
    /// Softmax modules per PE.
    pub softmax_per_pe: u32,
    /// Sequences per batch.
    pub batch: u32,
    /// The activation buffer, in MB.
    pub activation_mb: f64,
    /// The weight buffer, in MB.
    pub weight_mb: f64,
    /// The mask buffer, in MB.
    pub mask_mb: f64,
    /// Main memory.
    pub memory: Organisation,
    /// The non-linearity of the lanes; GELU in the published figures.
    pub activation_function: ActivationFunction,
}

impl PublishedAccelerator {
    /// All MAC lanes.
    #[must_use]
    pub fn lanes(&self) -> f64 {
        f64::from(self.processing_elements) * f64::from(self.lanes_per_pe)
    }

    /// All multipliers.
    #[must_use]
    pub fn multipliers(&self) -> f64 {
        self.lanes() * f64::from(self.multipliers_per_lane)
    }

    /// All softmax modules.
    #[must_use]
    pub fn softmax_modules(&self) -> f64 {
        f64::from(self.processing_elements) * f64::from(self.softmax_per_pe)
    }

    /// A scenario of `transformer` on this accelerator; whatever it does not state takes the default of scenarios.
    #[must_use]
    pub fn scenario(&self, transformer: Transformer) -> Scenario {
        let mut scenario = Scenario::default();
        scenario.workload.transformer = transformer;
        self.apply(&mut scenario);
        scenario
    }

    /// Puts this accelerator into `scenario`: machine, buffers, batch, non-linearity and main memory. All else stays.
    pub fn apply(&self, scenario: &mut Scenario) {
        let machine = &mut scenario.accelerator;
        machine.tile = Tile::of(self.tile);
        machine.processing_elements = self.processing_elements;
        machine.lanes_per_pe = self.lanes_per_pe;
        machine.multipliers_per_lane = self.multipliers_per_lane;
        machine.softmax_per_pe = self.softmax_per_pe;
        machine.buffers = Buffers {
            activation_mb: self.activation_mb,
            weight_mb: self.weight_mb,
            mask_mb: self.mask_mb,
        };
        scenario.workload.batch = self.batch;
        scenario.workload.activation_function = self.activation_function;
        scenario.memory = self.memory.as_preset();
    }
}
