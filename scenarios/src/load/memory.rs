//! A memory description by itself, without a scenario that names it.

use components::memory::{MemoryDescription, MemoryPlan};

use super::Document;
use crate::diagnostics::Diagnostics;

impl Document<MemoryDescription> {
    /// Checks the description.
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place in the file.
    pub fn plan(&self) -> Result<MemoryPlan, Diagnostics> {
        MemoryPlan::new(self.value.clone()).map_err(|problems| {
            problems
                .into_iter()
                .map(|problem| self.problem(problem.field, problem.message, problem.remedy))
                .collect()
        })
    }
}
