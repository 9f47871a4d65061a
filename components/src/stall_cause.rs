//! Why MAC lanes are idle.

use serde::{Deserialize, Serialize};

use crate::work::UnitClass;

/// What the oldest operation with work to issue waited for while a lane was idle, or the lane itself for its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum StallCause {
    /// Weights, embeddings or spilled activations in flight from main memory, or a write-back to it.
    Memory,
    /// Rows that softmax modules work on.
    Softmax,
    /// Rows that layer-norm modules work on.
    LayerNorm,
    /// Rows that other MAC lanes work on.
    Dependence,
    /// Room in the activation buffer.
    BufferSpace,
    /// Nothing is left to issue; the last runs are in flight.
    Drain,
    /// Operands of the lane's run that wait for the bandwidth of a buffer. The control block never waits for it: lanes do.
    BufferBandwidth,
}

impl StallCause {
    /// All causes, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Memory,
        Self::Softmax,
        Self::LayerNorm,
        Self::Dependence,
        Self::BufferSpace,
        Self::Drain,
        Self::BufferBandwidth,
    ];

    /// The cause of waiting for what units of `class` work on; `None` if the DMA works on it.
    pub(crate) const fn work_of(class: Option<UnitClass>) -> Self {
        match class {
            Some(UnitClass::Lane) => Self::Dependence,
            Some(UnitClass::Softmax) => Self::Softmax,
            Some(UnitClass::LayerNorm) => Self::LayerNorm,
            None => Self::Memory,
        }
    }

    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Softmax => "softmax",
            Self::LayerNorm => "layer_norm",
            Self::Dependence => "dependence",
            Self::BufferSpace => "buffer_space",
            Self::Drain => "drain",
            Self::BufferBandwidth => "buffer_bandwidth",
        }
    }
}
