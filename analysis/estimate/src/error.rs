//! Why there is no estimate.

use thiserror::Error;

/// Why there is no estimate.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum EstimateError {
    /// The table of words and positions is loaded into the weight buffer first, and does not fit there.
    #[error(
        "embeddings exceed the weight buffer: {needed_mb:.3} MB of it are needed, it has {available_mb} MB (take a larger \
         weight buffer, or a transformer whose first layer is narrower)"
    )]
    EmbeddingsExceedWeightBuffer {
        /// Size of the embeddings without their zeros, in MB of 2^20 bytes.
        needed_mb: f64,
        /// Size of the weight buffer, in MB of 2^20 bytes.
        available_mb: f64,
    },
    /// The published figures have no cost for modules of this size.
    #[error("the published convention has no cost for {what} (it has {accepted})")]
    Size {
        /// The field of an accelerator that states the size.
        field: &'static str,
        /// The modules.
        what: String,
        /// The sizes with known costs.
        accepted: String,
    },
    /// By the corrected convention, the machine deadlocks.
    #[error(
        "an operation of layer {layer} never finds room in the buffers (take larger ones, or let `elector run` show what it \
         waits for)"
    )]
    Standstill {
        /// The layer of the operation.
        layer: u32,
    },
    /// The cost table lacks a figure that the published convention needs.
    #[error(
        "the cost table has no `{field}`, which the published convention needs (add it, or take the shipped table \
         \"14nm\")"
    )]
    Cost {
        /// The figure.
        field: String,
    },
}

impl EstimateError {
    /// The scenario field that causes the error.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::EmbeddingsExceedWeightBuffer { .. } => "accelerator.buffers.weight_mb",
            Self::Size { field, .. } => field,
            Self::Standstill { .. } => "accelerator.buffers",
            Self::Cost { .. } => "costs",
        }
    }
}
