//! What operations are for in the transformer, and to which phase of a training step they belong.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A phase of a step. Inference has the first one only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Phase {
    /// From the tokens to the result.
    #[default]
    Forward,
    /// From the loss back to the embeddings: gradients of activations and of weights.
    Backward,
    /// From gradients to new weights.
    Update,
}

impl Phase {
    /// All phases, in program order.
    pub const ALL: [Self; 3] = [Self::Forward, Self::Backward, Self::Update];

    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Backward => "backward",
            Self::Update => "update",
        }
    }
}

/// Declares the roles: documentation, name in reports, phase.
macro_rules! roles {
    ($($(#[$meaning:meta])* $role:ident, $name:literal, $phase:ident;)*) => {
        /// What an operation is for in the transformer.
        ///
        /// Of the roles of the backward pass, d stands for the gradient of the loss: `dX` for the gradient of a
        /// product's left input, `dW` for that of its weights.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Role {
            $($(#[$meaning])* $role,)*
        }

        impl Role {
            /// All roles, in order.
            pub const ALL: &'static [Self] = &[$(Self::$role),*];

            /// The name in reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$role => $name,)*
                }
            }

            /// The phase of the step it belongs to.
            #[must_use]
            pub const fn phase(self) -> Phase {
                match self {
                    $(Self::$role => Phase::$phase,)*
                }
            }
        }
    };
}

roles! {
    /// Rows of the word embedding table, one a token.
    WordEmbedding, "word embedding", Forward;
    /// Word plus position embedding.
    EmbeddingAdd, "embedding add", Forward;
    /// X·Wq of one head.
    Query, "query", Forward;
    /// X·Wk of one head.
    Key, "key", Forward;
    /// X·Wv of one head.
    Value, "value", Forward;
    /// Q·Wa of a weighted multiplicative head.
    WeightedQuery, "weighted query", Forward;
    /// Q·Kᵀ.
    Scores, "scores", Forward;
    /// Softmax over the scores' rows.
    Softmax, "softmax", Forward;
    /// P·V.
    Context, "context", Forward;
    /// Context·Wo, of one head's share of Wo.
    HeadOutput, "head output", Forward;
    /// F·X, a discrete Fourier or cosine transform along the sequence.
    LinearTransform, "linear transform", Forward;
    /// Depthwise 1-D convolution along the sequence.
    Convolution, "convolution", Forward;
    /// Sum of all heads' outputs.
    HeadSum, "head sum", Forward;
    /// Residual addition.
    ResidualAdd, "residual add", Forward;
    /// Layer normalisation.
    LayerNorm, "layer norm", Forward;
    /// One matrix of a feed-forward stack.
    FeedForward, "feed forward", Forward;
    /// The non-linearity between two matrices of the stack.
    Activation, "activation", Forward;
    /// Projection to the next layer's width.
    Projection, "projection", Forward;
    /// Write-back of the result to main memory.
    Store, "store", Forward;

    /// Load of what the result is compared with.
    Target, "target", Backward;
    /// Result - target: the gradient of half their squared distance.
    LossGradient, "loss gradient", Backward;
    /// dY·Wpᵀ.
    ProjectionInputGradient, "projection dX", Backward;
    /// Xᵀ·dY, over the batch.
    ProjectionWeightGradient, "projection dW", Backward;
    /// Layer norm backwards: dX from X and dY.
    LayerNormGradient, "layer norm dX", Backward;
    /// dY·Wᵀ of one matrix of a feed-forward stack.
    FeedForwardInputGradient, "feed forward dX", Backward;
    /// Xᵀ·dY of one matrix of a feed-forward stack, over the batch.
    FeedForwardWeightGradient, "feed forward dW", Backward;
    /// dY times the derivative of the non-linearity at X.
    ActivationGradient, "activation dX", Backward;
    /// dC = dO·Woᵀ.
    HeadOutputInputGradient, "head output dX", Backward;
    /// Cᵀ·dO, over the batch.
    HeadOutputWeightGradient, "head output dW", Backward;
    /// dP = dC·Vᵀ.
    ContextProbabilityGradient, "context dP", Backward;
    /// dV = Pᵀ·dC.
    ContextValueGradient, "context dV", Backward;
    /// Softmax backwards: dS from P and dP.
    SoftmaxGradient, "softmax dX", Backward;
    /// dQ = dS·K.
    ScoresQueryGradient, "scores dQ", Backward;
    /// dK = dSᵀ·Q.
    ScoresKeyGradient, "scores dK", Backward;
    /// dQ·Waᵀ.
    WeightedQueryInputGradient, "weighted query dX", Backward;
    /// Qᵀ·dQ, over the batch.
    WeightedQueryWeightGradient, "weighted query dW", Backward;
    /// dQ·Wqᵀ.
    QueryInputGradient, "query dX", Backward;
    /// Xᵀ·dQ, over the batch.
    QueryWeightGradient, "query dW", Backward;
    /// dK·Wkᵀ.
    KeyInputGradient, "key dX", Backward;
    /// Xᵀ·dK, over the batch.
    KeyWeightGradient, "key dW", Backward;
    /// dV·Wvᵀ.
    ValueInputGradient, "value dX", Backward;
    /// Xᵀ·dV, over the batch.
    ValueWeightGradient, "value dW", Backward;
    /// Fᵀ·dY. The matrix is constant: it has no gradient.
    LinearTransformInputGradient, "linear transform dX", Backward;
    /// dY convolved with the kernel, its taps in reverse.
    ConvolutionInputGradient, "convolution dX", Backward;
    /// X and dY multiplied at each tap's distance, over sequence and batch.
    ConvolutionKernelGradient, "convolution dW", Backward;
    /// Sum of the gradients that a tensor with several readers gets from them.
    GradientSum, "gradient sum", Backward;
    /// Gradient of the position rows: the sum over the batch.
    PositionGradient, "position gradient", Backward;
    /// Rows of the gradient of the words, added up in main memory.
    WordGradientStore, "word gradient store", Backward;
    /// Write-back of a gradient of weights to main memory.
    GradientStore, "gradient store", Backward;

    /// New weights from gradients, weights and the optimiser's state.
    WeightUpdate, "weight update", Update;
    /// Rows of the word embedding table, or of the optimiser's state for it, to be updated.
    WordRows, "word rows", Update;
    /// New state of the optimiser for word rows.
    WordStateUpdate, "word state update", Update;
    /// New word rows.
    WordUpdate, "word update", Update;
    /// Write-back of word rows, or of the optimiser's state for them, to their places in the table.
    WordStore, "word store", Update;
}

impl Role {
    /// Whether the operation adds tensors: embeddings, sums over heads, residuals, sums of gradients. Their tiles are
    /// counted apart.
    #[must_use]
    pub fn is_add(self) -> bool {
        matches!(
            self,
            Self::EmbeddingAdd
                | Self::HeadSum
                | Self::ResidualAdd
                | Self::LossGradient
                | Self::GradientSum
                | Self::PositionGradient
        )
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
