//! In what order the control block issues work.

use serde::{Deserialize, Serialize};

use super::rule::value;
use super::section::{section, stated_as_itself};

section! {
    /// Scheduling of tile operations.
    Scheduling, SchedulingFile {
        /// The policy of the control block. Default: StaggeredHeads (arXiv:2302.14705).
        policy: Policy => value(Policy::StaggeredHeads),
    }
}

/// The order in which heads of the same layer get the processing elements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    /// Heads of lower number come first, so that the softmax of one overlaps with the products of the next.
    #[default]
    StaggeredHeads,
    /// All heads have the same priority and advance together.
    EqualPriority,
}

stated_as_itself!(Policy);
