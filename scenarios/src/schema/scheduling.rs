//! The order in which the control block issues work.

use components::control_block::SchedulingPolicy;

use super::rule::value;
use super::section::{section, stated_as_itself};

section! {
    /// Scheduling of tile operations.
    Scheduling, SchedulingFile {
        /// The policy of the control block. Default: StaggeredHeads (arXiv:2302.14705).
        policy: SchedulingPolicy => value(SchedulingPolicy::StaggeredHeads),
    }
}

stated_as_itself!(SchedulingPolicy);
