//! What the control block must know of the machine, and what tensors take in it.

use sim_core::{ActorId, Clock};

use super::SchedulingPolicy;
use crate::density::Density;
use crate::operation::Footprint;
use crate::pe::PeLayout;
use crate::tile::{LoopOrder, TileShape};
use crate::units::Bytes;
use crate::word::{self, WordFormat};

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
    /// The first PE; the others follow.
    pub first_pe: ActorId,
    /// The DMA.
    pub dma: ActorId,
    /// Activation, weight and mask buffer.
    pub buffers: [ActorId; 3],
    /// The sources of background traffic that end with the last transformer: the first, and how many follow.
    pub background: (ActorId, u32),
    /// First address of the main memory that spills may use, and its size.
    pub spill_region: (u64, u64),
}

impl ControlBlockParameters {
    /// What `elements` of an activation take: zero-free once sums are final, else with zeros in place.
    #[must_use]
    pub fn activation_footprint(&self, elements: u64, final_sums: bool) -> Footprint {
        let data = if final_sums {
            self.word.data(elements, self.activation_density)
        } else {
            self.word.dense(elements)
        };
        Footprint {
            data,
            mask: word::mask(elements),
        }
    }

    /// What `elements` of weights take.
    #[must_use]
    pub fn weight_footprint(&self, elements: u64) -> Footprint {
        Footprint {
            data: self.word.data(elements, self.weight_density),
            mask: word::mask(elements),
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
