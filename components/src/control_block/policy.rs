//! Which of several issuable operations issues the next run.

use serde::{Deserialize, Serialize};

/// How the heads of a layer share the PEs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SchedulingPolicy {
    /// Heads in order: the first gets all lanes it can use, the next what is left. Heads drift apart, so the softmax of
    /// one overlaps the products of another.
    #[default]
    StaggeredHeads,
    /// All heads take turns: they stay in step.
    EqualPriority,
}
