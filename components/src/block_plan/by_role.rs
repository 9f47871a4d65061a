//! Operations whose parts may be of sizes of their own.

use crate::operation::{OperationClass, Role};

/// Roles whose operations may be cut alike; gradients of activations and of weights go with the operation of the forward pass.
/// Other operations (embeddings, residuals, layer norms, updates) have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BlockRole {
    /// Queries, keys, values, and the output of a head.
    AttentionProjections,
    /// Scores, softmax and context.
    AttentionScores,
    /// Matrices of a feed-forward stack, the function between them, projections between layers.
    FeedForward,
    /// Convolutions along the sequence.
    Convolution,
    /// Fourier and cosine transforms.
    LinearTransform,
}

impl BlockRole {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [
        Self::AttentionProjections,
        Self::AttentionScores,
        Self::FeedForward,
        Self::Convolution,
        Self::LinearTransform,
    ];

    /// The name of its field, and in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AttentionProjections => "attention_projections",
            Self::AttentionScores => "attention_scores",
            Self::FeedForward => "feed_forward",
            Self::Convolution => "convolution",
            Self::LinearTransform => "linear_transform",
        }
    }

    /// The one of operations of `role`.
    #[must_use]
    pub const fn of(role: Role) -> Option<Self> {
        match role {
            Role::Scores
            | Role::Softmax
            | Role::Context
            | Role::ContextProbabilityGradient
            | Role::ContextValueGradient
            | Role::SoftmaxGradient
            | Role::ScoresQueryGradient
            | Role::ScoresKeyGradient => Some(Self::AttentionScores),
            _ => match role.class() {
                OperationClass::Attention => Some(Self::AttentionProjections),
                OperationClass::FeedForward => Some(Self::FeedForward),
                OperationClass::Convolution => Some(Self::Convolution),
                OperationClass::LinearTransform => Some(Self::LinearTransform),
                OperationClass::Other => None,
            },
        }
    }
}

/// Sizes that are stated of the parts of some operations, in tiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartSizes {
    /// Rows of tiles of a part, and of a block of what it makes.
    pub rows: Option<u32>,
    /// Tiles along j of a part of a product, and columns of a block of weights.
    pub columns: Option<u32>,
    /// Tiles along k of a part of a product, and rows of a block of weights.
    pub reduction: Option<u32>,
}

impl PartSizes {
    /// Nothing stated.
    pub const NONE: Self = Self {
        rows: None,
        columns: None,
        reduction: None,
    };

    /// These sizes, and those of `others` where there are none.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            rows: self.rows.or(others.rows),
            columns: self.columns.or(others.columns),
            reduction: self.reduction.or(others.reduction),
        }
    }

    /// In the order of their loops: i, j and k.
    #[must_use]
    pub const fn along(self) -> [Option<u32>; 3] {
        [self.rows, self.columns, self.reduction]
    }
}

/// Sizes of parts, by [`BlockRole`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SizesByRole(pub [PartSizes; BlockRole::ALL.len()]);

impl SizesByRole {
    /// Nothing stated.
    pub const NONE: Self = Self([PartSizes::NONE; BlockRole::ALL.len()]);

    /// What is stated of operations of `role`.
    #[must_use]
    pub fn of(&self, role: Role) -> PartSizes {
        BlockRole::of(role).map_or(PartSizes::NONE, |role| self.0[role as usize])
    }

    /// Those of which anything is stated.
    pub fn stated(&self) -> impl Iterator<Item = (BlockRole, PartSizes)> + '_ {
        let all = BlockRole::ALL.into_iter().zip(self.0);
        all.filter(|(_, sizes)| *sizes != PartSizes::NONE)
    }
}
