//! How a study stands, and the scenario of a row.

use scenarios::Diagnostics;

use super::{Campaign, FrontRow, design_of};
use crate::evaluate::loaded;
use crate::front::hypervolume::hypervolume;
use crate::objective::Objective;
use crate::store::StoreError;
use crate::study::{StudyError, Workload};

impl Campaign {
    /// Whether there is nothing left to do.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.store().is_done() && self.open_jobs().is_empty()
    }

    /// CPU time that proposing took so far, in seconds.
    #[must_use]
    pub fn proposal_cpu_s(&self) -> f64 {
        self.batches().iter().map(|batch| batch.proposal_cpu_s).sum()
    }

    /// The hypervolume of a front against (1, 1, ..), which `worst` of each term is; `None` if the objective is no front.
    #[must_use]
    pub fn hypervolume(&self, front: &[FrontRow]) -> Option<f64> {
        let objective = &self.study().file.objective;
        let Objective::Front(terms) = objective else {
            return None;
        };
        let points: Vec<Vec<f64>> = front
            .iter()
            .filter_map(|row| objective.values(&row.metrics()?))
            .collect();
        Some(hypervolume(&points, &vec![1.0; terms.len()]))
    }

    /// The best so far in a few words, for a progress bar; nothing if nothing is known.
    #[must_use]
    pub fn best_so_far(&self) -> String {
        let front = self.front();
        match (self.hypervolume(&front), front.first()) {
            (_, None) => String::new(),
            (Some(volume), Some(_)) => format!(", front of {}, hypervolume {volume:.4}", front.len()),
            (None, Some(best)) => best
                .objective()
                .map_or_else(String::new, |best| format!(", best {best:.4}")),
        }
    }

    /// The scenario that gives a row again, self-contained; of several workloads the one of that name, or the first.
    ///
    /// # Errors
    /// There is no such row or workload, or its design gives no scenario.
    pub fn scenario(&self, id: &str, workload: Option<&str>) -> Result<String, StoreError> {
        let members = self.batches().iter().flat_map(|batch| &batch.members);
        let member = members.into_iter().find(|member| member.id == id);
        let wrong = |message: String| {
            StoreError::Study(StudyError::Input(
                scenarios::diagnostics::Problem::new(message).into(),
            ))
        };
        let design = member
            .and_then(design_of)
            .ok_or_else(|| wrong(format!("no row is called {id:?}")))?;
        let chosen = self.workload(workload).ok_or_else(|| {
            let names = self
                .study()
                .workloads
                .iter()
                .filter_map(|workload| workload.name.as_deref());
            let names = names.collect::<Vec<_>>().join(", ");
            wrong(format!(
                "no workload is called {:?} (there are: {names})",
                workload.unwrap_or_default()
            ))
        })?;
        let text = loaded(self.study(), chosen, &design).and_then(|loaded| loaded.to_self_contained_ron());
        text.map_err(|wrong: Diagnostics| StoreError::Study(wrong.into()))
    }

    fn workload(&self, name: Option<&str>) -> Option<&Workload> {
        let workloads = &self.study().workloads;
        match name {
            None => workloads.first(),
            Some(name) => workloads
                .iter()
                .find(|workload| workload.name.as_deref() == Some(name)),
        }
    }
}
