//! What a machine can have more of, one at a time.

use scenarios::Loaded;
use scenarios::system::Plan;

use crate::pairs::Pair;
use crate::{plan, plan_on_memory};

/// A resource of which more must not make a run slower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// The activation buffer.
    ActivationBuffer,
    /// The weight buffer.
    WeightBuffer,
    /// The mask buffer.
    MaskBuffer,
    /// The width of the operand buses of each PE.
    OperandBus,
    /// Channels of main memory.
    Channels,
    /// MAC lanes of each PE.
    Lanes,
    /// PEs.
    ProcessingElements,
    /// The prefetch window.
    PrefetchWindow,
}

impl Resource {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ActivationBuffer,
        Self::WeightBuffer,
        Self::MaskBuffer,
        Self::OperandBus,
        Self::Channels,
        Self::Lanes,
        Self::ProcessingElements,
        Self::PrefetchWindow,
    ];

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ActivationBuffer => "activation buffer",
            Self::WeightBuffer => "weight buffer",
            Self::MaskBuffer => "mask buffer",
            Self::OperandBus => "operand bus",
            Self::Channels => "channels",
            Self::Lanes => "lanes",
            Self::ProcessingElements => "PEs",
            Self::PrefetchWindow => "prefetch window",
        }
    }

    /// Whether more of it changes what the plan may hold. More of any other moves the same bytes, unless that saves time.
    #[must_use]
    pub const fn is_buffer(self) -> bool {
        matches!(
            self,
            Self::ActivationBuffer | Self::WeightBuffer | Self::MaskBuffer
        )
    }

    /// The scenario of `pair` with twice as much of it; `None` for channels, which belong to the memory.
    ///
    /// # Panics
    /// There cannot be so much.
    #[must_use]
    pub fn doubled(self, pair: &Pair) -> Option<Loaded> {
        if self == Self::Channels {
            return None;
        }
        let doubled = pair.loaded.with(|scenario| {
            let machine = &mut scenario.accelerator;
            match self {
                Self::ActivationBuffer => machine.buffers.activation_mb *= 2.0,
                Self::WeightBuffer => machine.buffers.weight_mb *= 2.0,
                Self::MaskBuffer => machine.buffers.mask_mb *= 2.0,
                Self::OperandBus => {
                    machine.operand_bus_bytes = Some(2 * pair.plan.machine.tiling.supply.bus_bytes);
                }
                Self::Channels => {}
                Self::Lanes => machine.lanes_per_pe *= 2,
                Self::ProcessingElements => machine.processing_elements *= 2,
                Self::PrefetchWindow => machine.prefetch_operations *= 2,
            }
        });
        Some(doubled.unwrap_or_else(|wrong| panic!("{wrong}")))
    }

    /// The plan of `pair` with twice as much of it.
    ///
    /// # Panics
    /// There cannot be so much.
    #[must_use]
    pub fn doubled_plan(self, pair: &Pair) -> Plan {
        match self.doubled(pair) {
            Some(loaded) => plan(&loaded),
            None => plan_on_memory(&pair.loaded, |memory| memory.organisation.channels *= 2),
        }
    }
}
