//! A memory and what it is called.

use components::memory::MemoryPlan;

/// A memory that can be built, and what it is called.
#[derive(Clone, Debug)]
pub struct NamedMemory {
    /// The shipped name or the file.
    pub name: String,
    /// The memory.
    pub plan: MemoryPlan,
}
