//! What the control block must know of the machine.

use sim_core::{ActorId, Clock};

use super::{LookAhead, SchedulingPolicy};
use crate::block_plan::Room;
use crate::loop_orders::LoopOrders;
use crate::pe::PeLayout;
use crate::runs::Tiling;

/// What the control block must know of the machine.
#[derive(Clone, Debug)]
pub struct ControlBlockParameters {
    /// The accelerator's clock.
    pub clock: Clock,
    /// How operations and tensors are cut, and what tensors take.
    pub tiling: Tiling,
    /// In which order operations' tiles are walked.
    pub orders: LoopOrders,
    /// What the buffers hold.
    pub capacity: Room,
    /// Which of several issuable operations goes first.
    pub policy: SchedulingPolicy,
    /// How far it looks ahead in the plan.
    pub look_ahead: LookAhead,
    /// Number of PEs.
    pub pes: u16,
    /// What a PE consists of.
    pub layout: PeLayout,
    /// The DMA.
    pub dma: ActorId,
    /// Activation, weight and mask buffer.
    pub buffers: [ActorId; 3],
}
