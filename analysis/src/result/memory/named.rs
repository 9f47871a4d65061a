//! A memory and its name.

use components::memory::MemoryPlan;

/// A memory that can be built, and its name.
#[derive(Clone, Debug)]
pub struct NamedMemory {
    /// The shipped name or the file.
    pub name: String,
    /// The memory.
    pub plan: MemoryPlan,
}
