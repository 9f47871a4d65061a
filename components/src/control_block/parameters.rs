//! What the control block must know of the machine.

use sim_core::{ActorId, Clock};

use super::SchedulingPolicy;
use crate::operation::Footprint;
use crate::pe::PeLayout;
use crate::runs::Tiling;
use crate::units::Bytes;

/// What the control block must know of the machine.
#[derive(Clone, Copy, Debug)]
pub struct ControlBlockParameters {
    /// The accelerator's clock.
    pub clock: Clock,
    /// How operations and tensors are cut, and what tensors take.
    pub tiling: Tiling,
    /// Room for activations: the activation buffer, and activations' share of the mask buffer.
    pub activation_space: Footprint,
    /// Room for weights: the weight buffer, and weights' share of the mask buffer.
    pub weight_space: Footprint,
    /// Which of several issuable operations goes first.
    pub policy: SchedulingPolicy,
    /// Operations in the window.
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

/// Splits the mask buffer between weights and activations, in proportion to their buffers. A fixed split keeps
/// prefetched weights from starving activations of mask room, which could deadlock the machine.
#[must_use]
pub fn split_mask_buffer(activation: Bytes, weight: Bytes, mask: Bytes) -> (Bytes, Bytes) {
    let total = u128::from(activation.0) + u128::from(weight.0);
    let share = u128::from(mask.0) * u128::from(activation.0) / total.max(1);
    let for_activations = Bytes(u64::try_from(share).unwrap_or(mask.0));
    (for_activations, mask - for_activations)
}
