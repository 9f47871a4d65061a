//! Scenarios that need no other file, and hashes of what a scenario is.

mod contents;
mod hash;

pub use hash::ContentHash;

use std::path::{self, Path};

use crate::diagnostics::Diagnostics;
use crate::load::library::Shelf;
use crate::load::to_ron;
use crate::loaded::Loaded;
use crate::schema::{
    Compare, Contention, DensitySource, Reference, Scenario, ScenarioFile, Stated as _, Traffic, Weights,
};

impl Loaded {
    /// The scenario as a file that gives the same results anywhere: every value is stated, and transformer, memory, costs, curves
    /// and the scenarios of tenants are written out. Weights and traces of requests stay files, by their absolute paths.
    ///
    /// ```
    /// use scenarios::Scenario;
    /// use scenarios::load::Disk;
    ///
    /// let loaded = Scenario::shipped("bert-tiny-edge")?;
    /// let text = loaded.to_self_contained_ron()?;
    /// let again = Scenario::parse("elsewhere.ron", &text, Disk)?;
    /// assert_eq!(again.content_hash()?, loaded.content_hash()?);
    /// # Ok::<(), scenarios::Diagnostics>(())
    /// ```
    ///
    /// # Errors
    /// A file that the scenario names can no longer be read.
    pub fn to_self_contained_ron(&self) -> Result<String, Diagnostics> {
        let mut scenario = self.with_texts()?;
        for (index, memory) in scenario.compare.memories.iter_mut().enumerate() {
            *memory = self.on_compared_memory(index)?.memory_in_full()?;
        }
        for (index, candidate) in scenario.compare.candidates.iter_mut().enumerate() {
            let resolved = self.candidate(index)?.with_texts()?.to_form();
            match self.settings.is_empty() {
                true => state_in_full(&mut candidate.changes.0, resolved),
                // A setting stands above the changes, which therefore state all that comes out.
                false => {
                    *candidate.changes.0 = ScenarioFile {
                        compare: None,
                        ..resolved
                    }
                }
            }
        }
        Ok(to_ron(&scenario.to_form()))
    }

    /// A hash of the scenario and of what is in the files that it names. Scenarios that are equal have equal ones, however they
    /// are written, on every machine. Its name and what it is compared with do not count.
    ///
    /// # Errors
    /// A file that the scenario names can no longer be read.
    pub fn content_hash(&self) -> Result<ContentHash, Diagnostics> {
        Ok(ContentHash::of(&contents::of(self)?))
    }

    /// The scenario with the texts of other files in place of their names, but for what it is compared with.
    fn with_texts(&self) -> Result<Scenario, Diagnostics> {
        let mut scenario = self.machine_with_texts()?;
        scenario.memory = self.memory_in_full()?;
        scenario.compare = self.scenario().compare.clone();
        scenario.contention = self.scenario().contention.clone();
        for (index, tenant) in scenario.contention.tenants.iter_mut().enumerate() {
            if let Some(stated) = &mut tenant.scenario {
                *stated = to_ron(&self.tenant(index)?.machine_with_texts()?.to_form());
            }
        }
        for (index, source) in scenario.contention.background.iter_mut().enumerate() {
            if let Traffic::Trace(file) = &mut source.traffic {
                *file = self.absolute(&format!("contention.background[{index}].traffic"), file);
            }
        }
        Ok(scenario)
    }

    /// The scenario of one machine, without main memory and what else uses it.
    fn machine_with_texts(&self) -> Result<Scenario, Diagnostics> {
        let mut scenario = self.scenario().clone();
        scenario.memory = Scenario::default().memory;
        scenario.compare = Compare::default();
        scenario.contention = Contention::default();
        scenario.costs = self.in_full("costs", &scenario.costs, Shelf::Costs)?;
        if let DensitySource::Wanted { curves, .. } = &mut scenario.sparsity.source {
            *curves = self.in_full("sparsity.source.curves", curves, Shelf::Curves)?;
        }
        if let Weights::File(file) = &mut scenario.workload.weights {
            *file = self.absolute("workload.weights", file);
        }
        Ok(scenario)
    }

    fn memory_in_full(&self) -> Result<Reference, Diagnostics> {
        let memory = &self.scenario().memory;
        match memory {
            // It is no description but a word.
            Reference::Preset(name) if name == "ideal" => Ok(memory.clone()),
            memory => self.in_full("memory", memory, Shelf::Memories),
        }
    }

    /// The text that the field `path` refers to, with its name.
    fn in_full(&self, path: &str, reference: &Reference, shelf: Shelf) -> Result<Reference, Diagnostics> {
        Ok(Reference::Inline {
            name: reference.name().to_owned(),
            text: self.referenced_text(path, reference, shelf)?.text().to_owned(),
        })
    }

    fn absolute(&self, field: &str, file: &str) -> String {
        let found = self.file_beside(field, file);
        let found = found.as_deref().unwrap_or(Path::new(file));
        // Without a current directory the path is as good as it gets.
        let absolute = path::absolute(found).unwrap_or_else(|_| found.to_owned());
        absolute.display().to_string()
    }
}

/// Puts what `resolved` states in place of the references in `changes`.
fn state_in_full(changes: &mut ScenarioFile, resolved: ScenarioFile) {
    replace(&mut changes.memory, resolved.memory);
    replace(&mut changes.costs, resolved.costs);
    replace(&mut changes.contention, resolved.contention);
    if let (Some(sparsity), Some(resolved)) = (&mut changes.sparsity, resolved.sparsity) {
        replace(&mut sparsity.source, resolved.source);
    }
    if let (Some(workload), Some(resolved)) = (&mut changes.workload, resolved.workload) {
        replace(&mut workload.transformer, resolved.transformer);
        replace(&mut workload.weights, resolved.weights);
    }
}

fn replace<T>(stated: &mut Option<T>, resolved: Option<T>) {
    if stated.is_some() {
        *stated = resolved;
    }
}
