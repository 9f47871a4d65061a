//! The evaluation of members, on several threads.

use std::ops::ControlFlow;
use std::time::Instant;

use analysis::runner::Pool;

use super::Campaign;
use crate::evaluate::evaluate;
use crate::store::{
    Batch, Fidelity, Found, Member, Outcome, ShardWriter, State, StoreError, StoredDesign, host,
};

/// A member that waits to be evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The number of its batch.
    pub batch: u32,
    /// Its place among the members of its batch that are evaluated, from 0.
    pub position: usize,
    /// Its number among all rows.
    pub index: u64,
    /// Its name.
    pub id: String,
    /// How it is evaluated.
    pub fidelity: Fidelity,
    /// The design.
    pub design: StoredDesign,
}

impl Job {
    pub(super) fn of(batch: &Batch, position: usize, member: &Member) -> Self {
        Self {
            batch: batch.number,
            position,
            index: member.index,
            id: member.id.clone(),
            fidelity: batch.fidelity,
            design: member.design.clone(),
        }
    }
}

/// What became of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The job's name.
    pub id: String,
    /// How it was evaluated.
    pub fidelity: Fidelity,
    /// What was found.
    pub found: Found,
}

impl Campaign {
    /// Evaluates `jobs`, and writes each row as soon as it and those before it are found. Once `stop` returns true no further job is
    /// begun; those at hand are finished and written.
    ///
    /// # Errors
    /// A row cannot be written; those before it are kept.
    pub fn work(
        &mut self,
        jobs: Vec<Job>,
        pool: Pool,
        shard: &mut ShardWriter,
        stop: &dyn Fn() -> bool,
        report: &mut dyn FnMut(Report),
    ) -> Result<(), StoreError> {
        let (study, host) = (&self.study, host());
        let mut written = Ok(());
        let mut new = Vec::new();
        pool.run(
            jobs.iter(),
            stop,
            |job| {
                let began = Instant::now();
                let found = match job.design.design() {
                    Ok(design) => evaluate(study, &design, job.fidelity),
                    Err(wrong) => Found::failed(wrong),
                };
                (found, began.elapsed().as_secs_f64())
            },
            |place, result| {
                let job = &jobs[place];
                let (found, seconds) =
                    result.unwrap_or_else(|panicked| (Found::failed(panicked.to_string()), 0.0));
                let outcome = Outcome {
                    id: job.id.clone(),
                    found: found.clone(),
                    seconds,
                    host: host.clone(),
                    elector: env!("CARGO_PKG_VERSION").to_owned(),
                };
                written = shard.append(&outcome);
                if written.is_err() {
                    return ControlFlow::Break(());
                }
                new.push(outcome);
                report(Report {
                    id: job.id.clone(),
                    fidelity: job.fidelity,
                    found,
                });
                ControlFlow::Continue(())
            },
        );
        self.outcomes
            .extend(new.into_iter().map(|outcome| (outcome.id.clone(), outcome)));
        written
    }

    /// How many of the designs that a strategy proposes are evaluated, and how many are wanted.
    #[must_use]
    pub fn progress_of_proposals(&self) -> (usize, usize) {
        self.progress(self.fidelity())
    }

    /// How many rows of this fidelity are found, and how many are wanted so far.
    #[must_use]
    pub fn progress(&self, fidelity: Fidelity) -> (usize, usize) {
        let members: Vec<_> = self
            .wanted()
            .filter(|(batch, _)| batch.fidelity == fidelity)
            .flat_map(|(_, members)| members)
            .collect();
        let found = members
            .iter()
            .filter(|member| self.outcomes.contains_key(&member.id))
            .count();
        let wanted = match self.proposes(fidelity) {
            true => self.study.file.budget as usize,
            false => members.len(),
        };
        (found, wanted)
    }

    /// Whether a row of this name was found to be done.
    #[must_use]
    pub fn is_done(&self, id: &str) -> bool {
        self.outcomes
            .get(id)
            .is_some_and(|outcome| outcome.found.state == State::Done)
    }
}
