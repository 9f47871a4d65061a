//! What the control block must know of the machine, and what tensors take in it.

use sim_core::{ActorId, Clock};

use super::SchedulingPolicy;
use crate::density::Density;
use crate::operation::{Footprint, TensorKind};
use crate::pe::PeLayout;
use crate::tile::{LoopOrder, TileShape};
use crate::units::Bytes;
use crate::word::WordFormat;

/// What the control block must know of the machine.
#[derive(Clone, Copy, Debug)]
pub struct ControlBlockParameters {
    /// The accelerator's clock.
    pub clock: Clock,
    /// Order of the loops of a product.
    pub loop_order: LoopOrder,
    /// How tensors are cut.
    pub tile: TileShape,
    /// What a word takes.
    pub word: WordFormat,
    /// Share of activations that are not zero.
    pub activation_density: Density,
    /// Share of weights that are not zero.
    pub weight_density: Density,
    /// Share of gradients that are not zero.
    pub gradient_density: Density,
    /// Room for activations: the activation buffer, and activations' share of the mask buffer.
    pub activation_space: Footprint,
    /// Room for weights: the weight buffer, and weights' share of the mask buffer.
    pub weight_space: Footprint,
    /// Which operation goes first.
    pub policy: SchedulingPolicy,
    /// Operations looked at together.
    pub window: u32,
    /// Number of PEs.
    pub pes: u16,
    /// What a PE consists of.
    pub layout: PeLayout,
    /// The DMA.
    pub dma: ActorId,
    /// Activation, weight and mask buffer.
    pub buffers: [ActorId; 3],
    /// First address of the main memory that spills may use, and its size.
    pub spill_region: (u64, u64),
}

impl ControlBlockParameters {
    /// Share of a tensor's elements that are not zero.
    #[must_use]
    #[inline]
    pub fn density(&self, kind: TensorKind) -> Density {
        match kind {
            TensorKind::Weight => self.weight_density,
            TensorKind::Activation => self.activation_density,
            TensorKind::Gradient => self.gradient_density,
            TensorKind::OptimizerState => Density::FULL,
        }
    }

    /// What `elements` of a tensor take whose sums are final: zero-free data and, if there are zeros to leave out, a mask.
    #[must_use]
    pub fn footprint(&self, elements: u64, kind: TensorKind) -> Footprint {
        Footprint::of(elements, kind, self.density(kind), self.word)
    }

    /// What `elements` of a tensor take while their sums are partial: zeros in place.
    #[must_use]
    pub fn partial_footprint(&self, elements: u64, kind: TensorKind) -> Footprint {
        Footprint {
            data: self.word.dense(elements),
            ..self.footprint(elements, kind)
        }
    }
}

/// Splits the mask buffer between weights and activations, in proportion of their buffers. A fixed split keeps
/// prefetched weights from starving activations of mask room, which could stop the machine for good.
#[must_use]
pub fn split_mask_buffer(activation: Bytes, weight: Bytes, mask: Bytes) -> (Bytes, Bytes) {
    let total = u128::from(activation.0) + u128::from(weight.0);
    let share = u128::from(mask.0) * u128::from(activation.0) / total.max(1);
    let for_activations = Bytes(u64::try_from(share).unwrap_or(mask.0));
    (for_activations, mask - for_activations)
}
