//! What operations are for in the transformer: in one table each role's name, phase and class.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A phase of a step. Inference has only the first one.
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

/// Operations that share DynaProp's curves, because their operands are distributed alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum OperationClass {
    /// Projections to queries, keys and values, scores, softmax, context, output of a head.
    Attention,
    /// Matrices of a feed-forward stack, the non-linearity between them, projections between layers.
    FeedForward,
    /// Convolutions along the sequence.
    Convolution,
    /// Discrete Fourier and cosine transforms.
    LinearTransform,
    /// All others: embeddings, sums, layer norms.
    Other,
}

impl OperationClass {
    /// All classes.
    pub const ALL: [Self; 5] = [
        Self::Attention,
        Self::FeedForward,
        Self::Convolution,
        Self::LinearTransform,
        Self::Other,
    ];

    /// The class of an operation of `role`; an operation of the backward pass is of the class of its forward operation.
    #[must_use]
    pub const fn of(role: Role) -> Self {
        role.class()
    }
}

impl fmt::Display for OperationClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Attention => "attention",
            Self::FeedForward => "feed forward",
            Self::Convolution => "convolution",
            Self::LinearTransform => "linear transform",
            Self::Other => "other",
        })
    }
}

/// Declares the roles: documentation, name in reports, phase, class; `adds` if such operations add tensors; of gradients of
/// weights, the role of the operation that has the weights.
macro_rules! roles {
    (@adds) => { false };
    (@adds adds) => { true };
    (@trains) => { None };
    (@trains $weights:ident) => { Some(Self::$weights) };
    ($($(#[$meaning:meta])* $role:ident, $name:literal, $phase:ident, $class:ident $(, $adds:ident)? $(=> $weights:ident)?;)*) => {
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

            /// The operations that it shares curves of DynaProp with.
            #[must_use]
            pub const fn class(self) -> OperationClass {
                match self {
                    $(Self::$role => OperationClass::$class,)*
                }
            }

            /// Whether the operation adds tensors: embeddings, sums over heads, residuals, sums of gradients. Its tiles
            /// are counted apart.
            #[must_use]
            pub const fn is_add(self) -> bool {
                match self {
                    $(Self::$role => roles!(@adds $($adds)?),)*
                }
            }

            /// The role of the operation whose weights this one is the gradient of; `None` if it is not one of weights.
            #[must_use]
            pub const fn trains(self) -> Option<Self> {
                match self {
                    $(Self::$role => roles!(@trains $($weights)?),)*
                }
            }
        }
    };
}

roles! {
    /// Rows of the word embedding table, one per token.
    WordEmbedding, "word embedding", Forward, Other;
    /// Word plus position embedding.
    EmbeddingAdd, "embedding add", Forward, Other, adds;
    /// X·Wq of one head.
    Query, "query", Forward, Attention;
    /// X·Wk of one head.
    Key, "key", Forward, Attention;
    /// X·Wv of one head.
    Value, "value", Forward, Attention;
    /// Q·Wa of a weighted multiplicative head.
    WeightedQuery, "weighted query", Forward, Attention;
    /// Q·Kᵀ.
    Scores, "scores", Forward, Attention;
    /// Softmax over the scores' rows.
    Softmax, "softmax", Forward, Attention;
    /// P·V.
    Context, "context", Forward, Attention;
    /// Context·Wo, of one head's share of Wo.
    HeadOutput, "head output", Forward, Attention;
    /// F·X, a discrete Fourier or cosine transform along the sequence.
    LinearTransform, "linear transform", Forward, LinearTransform;
    /// Depthwise 1-D convolution along the sequence.
    Convolution, "convolution", Forward, Convolution;
    /// Sum of all heads' outputs.
    HeadSum, "head sum", Forward, Other, adds;
    /// Residual addition.
    ResidualAdd, "residual add", Forward, Other, adds;
    /// Layer normalisation.
    LayerNorm, "layer norm", Forward, Other;
    /// One matrix of a feed-forward stack.
    FeedForward, "feed forward", Forward, FeedForward;
    /// The non-linearity between two matrices of the stack.
    Activation, "activation", Forward, FeedForward;
    /// Projection to the next layer's width.
    Projection, "projection", Forward, FeedForward;
    /// Write-back of the result to main memory.
    Store, "store", Forward, Other;

    /// Load of what the result is compared with.
    Target, "target", Backward, Other;
    /// Result - target: the gradient of half their squared distance.
    LossGradient, "loss gradient", Backward, Other, adds;
    /// dY·Wpᵀ.
    ProjectionInputGradient, "projection dX", Backward, FeedForward;
    /// Xᵀ·dY, over the batch.
    ProjectionWeightGradient, "projection dW", Backward, FeedForward => Projection;
    /// Layer norm backwards: dX from X and dY.
    LayerNormGradient, "layer norm dX", Backward, Other;
    /// dY·Wᵀ of one matrix of a feed-forward stack.
    FeedForwardInputGradient, "feed forward dX", Backward, FeedForward;
    /// Xᵀ·dY of one matrix of a feed-forward stack, over the batch.
    FeedForwardWeightGradient, "feed forward dW", Backward, FeedForward => FeedForward;
    /// dY times the derivative of the non-linearity at X.
    ActivationGradient, "activation dX", Backward, FeedForward;
    /// dC = dO·Woᵀ.
    HeadOutputInputGradient, "head output dX", Backward, Attention;
    /// Cᵀ·dO, over the batch.
    HeadOutputWeightGradient, "head output dW", Backward, Attention => HeadOutput;
    /// dP = dC·Vᵀ.
    ContextProbabilityGradient, "context dP", Backward, Attention;
    /// dV = Pᵀ·dC.
    ContextValueGradient, "context dV", Backward, Attention;
    /// Softmax backwards: dS from P and dP.
    SoftmaxGradient, "softmax dX", Backward, Attention;
    /// dQ = dS·K.
    ScoresQueryGradient, "scores dQ", Backward, Attention;
    /// dK = dSᵀ·Q.
    ScoresKeyGradient, "scores dK", Backward, Attention;
    /// dQ·Waᵀ.
    WeightedQueryInputGradient, "weighted query dX", Backward, Attention;
    /// Qᵀ·dQ, over the batch.
    WeightedQueryWeightGradient, "weighted query dW", Backward, Attention => WeightedQuery;
    /// dQ·Wqᵀ.
    QueryInputGradient, "query dX", Backward, Attention;
    /// Xᵀ·dQ, over the batch.
    QueryWeightGradient, "query dW", Backward, Attention => Query;
    /// dK·Wkᵀ.
    KeyInputGradient, "key dX", Backward, Attention;
    /// Xᵀ·dK, over the batch.
    KeyWeightGradient, "key dW", Backward, Attention => Key;
    /// dV·Wvᵀ.
    ValueInputGradient, "value dX", Backward, Attention;
    /// Xᵀ·dV, over the batch.
    ValueWeightGradient, "value dW", Backward, Attention => Value;
    /// Fᵀ·dY. The matrix is constant: it has no gradient.
    LinearTransformInputGradient, "linear transform dX", Backward, LinearTransform;
    /// dY convolved with the kernel, its taps in reverse.
    ConvolutionInputGradient, "convolution dX", Backward, Convolution;
    /// X and dY multiplied at each tap's distance, over sequence and batch.
    ConvolutionKernelGradient, "convolution dW", Backward, Convolution => Convolution;
    /// Sum of the gradients that a tensor with several readers gets from them.
    GradientSum, "gradient sum", Backward, Other, adds;
    /// Gradient of the position rows: the sum over the batch.
    PositionGradient, "position gradient", Backward, Other, adds => EmbeddingAdd;
    /// Rows of the gradient of the words, added up in main memory.
    WordGradientStore, "word gradient store", Backward, Other;
    /// Write-back of a gradient of weights to main memory.
    GradientStore, "gradient store", Backward, Other;

    /// New weights from gradients, weights and the optimiser's state.
    WeightUpdate, "weight update", Update, Other;
    /// Rows of the word embedding table, or of the optimiser's state for it, to be updated.
    WordRows, "word rows", Update, Other;
    /// New state of the optimiser for word rows.
    WordStateUpdate, "word state update", Update, Other;
    /// New word rows.
    WordUpdate, "word update", Update, Other;
    /// Write-back of word rows, or of the optimiser's state for them, to their places in the table.
    WordStore, "word store", Update, Other;
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
