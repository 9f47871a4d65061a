//! What the backward pass must know of the forward pass: which tensors it reads and which weights were used.
//!
//! It holds a few numbers per operation of the forward pass and nothing of tiles; inference keeps none.

use components::operation::{OperationId, TensorId};

use super::draft::Site;
use super::stored::DraftWeight;

/// Everything that is remembered.
#[derive(Clone, Debug, Default)]
pub(super) struct Tape {
    /// The position embeddings.
    pub(super) positions: Option<DraftWeight>,
    /// The operation after which the gradient of the words is complete in main memory.
    pub(super) word_gradient: Option<OperationId>,
    /// One tape per layer that the backward pass has not reached.
    pub(super) layers: Vec<LayerTape>,
    /// Weights whose gradients lie in main memory, in the order in which they were made.
    pub(super) updates: std::collections::VecDeque<PendingUpdate>,
}

/// One layer.
#[derive(Clone, Debug)]
pub(super) struct LayerTape {
    pub(super) input: TensorId,
    pub(super) heads: Vec<HeadTape>,
    /// Sum of heads and residual: the input of the first layer norm.
    pub(super) attended: TensorId,
    pub(super) stack: Vec<StackTape>,
    /// Sum of stack and residual: the input of the second layer norm.
    pub(super) summed: TensorId,
    /// What the second layer norm made, and the weights of the projection that follows it.
    pub(super) projection: Option<(TensorId, DraftWeight)>,
}

/// One head.
#[derive(Clone, Copy, Debug)]
pub(super) enum HeadTape {
    Attention(AttentionTape),
    LinearTransform { matrix: DraftWeight },
    Convolution { kernels: DraftWeight, kernel: u32 },
}

/// One attention head.
#[derive(Clone, Copy, Debug)]
pub(super) struct AttentionTape {
    pub(super) dimension: u32,
    /// X·Wq.
    pub(super) query: TensorId,
    /// Q·Wa and Wa, of a weighted multiplicative head.
    pub(super) weighted: Option<(TensorId, DraftWeight)>,
    pub(super) key: TensorId,
    pub(super) value: TensorId,
    pub(super) probabilities: TensorId,
    pub(super) context: TensorId,
    pub(super) query_weights: DraftWeight,
    pub(super) key_weights: DraftWeight,
    pub(super) value_weights: DraftWeight,
    pub(super) output_weights: DraftWeight,
}

/// One product of a feed-forward stack.
#[derive(Clone, Copy, Debug)]
pub(super) struct StackTape {
    pub(super) input: TensorId,
    pub(super) weights: DraftWeight,
    pub(super) from: u32,
    pub(super) to: u32,
    /// What went into the non-linearity whose result is `input`; `None` for the first product.
    pub(super) before_activation: Option<TensorId>,
}

/// Weights that wait for their update.
#[derive(Clone, Copy, Debug)]
pub(super) struct PendingUpdate {
    pub(super) site: Site,
    pub(super) weights: DraftWeight,
    pub(super) gradient: DraftWeight,
    /// Rows and columns.
    pub(super) shape: [u32; 2],
    /// The operation that wrote the gradient to main memory; all that read the weights came before it.
    pub(super) after: OperationId,
}
