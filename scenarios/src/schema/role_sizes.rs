//! Sizes of blocks that hold for operations of some roles alone.

use components::block_plan::BlockRole;

use super::block_sizes::Size;
use super::rule::nested;
use super::section::section;

section! {
    /// Sizes of the parts of operations of a role, in elements; those of `blocks` hold where none are stated, and what neither
    /// states is chosen.
    RoleSizes, RoleSizesFile {
        /// Rows of a part, and of a block of what it makes. Default: None.
        i: Option<u32> => Size,
        /// Columns of a part of a product, and of a block of its weights. Default: None.
        j: Option<u32> => Size,
        /// The reduction of a part of a product, and rows of a block of its weights. Default: None.
        k: Option<u32> => Size,
    }
}

section! {
    /// Sizes of blocks by what operations are for; their gradients are cut alike. Embeddings, residuals, layer norms and updates
    /// have none of their own.
    BlocksByRole, BlocksByRoleFile {
        /// Queries, keys, values, and the output of a head.
        attention_projections: RoleSizes => nested(),
        /// Scores, softmax and context.
        attention_scores: RoleSizes => nested(),
        /// Matrices of a feed-forward stack, the function between them, projections between layers.
        feed_forward: RoleSizes => nested(),
        /// Convolutions along the sequence.
        convolution: RoleSizes => nested(),
        /// Fourier and cosine transforms.
        linear_transform: RoleSizes => nested(),
    }
}

impl RoleSizes {
    /// The sizes along i, j and k.
    #[must_use]
    pub fn along(&self) -> [Option<u32>; 3] {
        [self.i, self.j, self.k]
    }
}

impl BlocksByRole {
    /// What is stated for `role`.
    #[must_use]
    pub fn of(&self, role: BlockRole) -> &RoleSizes {
        match role {
            BlockRole::AttentionProjections => &self.attention_projections,
            BlockRole::AttentionScores => &self.attention_scores,
            BlockRole::FeedForward => &self.feed_forward,
            BlockRole::Convolution => &self.convolution,
            BlockRole::LinearTransform => &self.linear_transform,
        }
    }
}
