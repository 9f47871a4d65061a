//! The accelerator of the published figures: twelve numbers.

use scenarios::schema::{ActivationFunction, Tile};

use super::Organisation;

/// An accelerator as the published figures describe it.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedAccelerator {
    /// The tile.
    pub tile: Tile,
    /// PEs.
    pub processing_elements: u32,
    /// MAC lanes in a PE.
    pub lanes_per_pe: u32,
    /// Multipliers in a MAC lane.
    pub multipliers_per_lane: u32,
    /// Softmax modules in a PE.
    pub softmax_per_pe: u32,
    /// Sequences in a batch.
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
}
