//! The carrying out of a study: what is to be done next, as its folder says.
//!
//! Nothing is remembered between steps but what the folder holds, so that a process may be killed at any moment and any number of
//! them may work together: batch k is a function of the study and of the rows of the batches before it.

mod finish;
mod front;
mod ids;
mod propose;
mod rows;
mod standing;
mod work;

use std::collections::BTreeMap;

pub use front::{Confirmed, FrontRow, candidates, front_of};
pub use rows::Counts;
pub use work::{Job, Report};

use crate::space::Design;
use crate::store::{Batch, Fidelity, Member, Outcome, Store, StoreError};
use crate::study::Study;

/// A study, its folder, and what the folder holds.
pub struct Campaign {
    store: Store,
    study: Study,
    batches: Vec<Batch>,
    outcomes: BTreeMap<String, Outcome>,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// These members wait to be evaluated.
    Evaluate(Vec<Job>),
    /// Nothing.
    Finished,
}

impl Campaign {
    /// Opens the folder of a study.
    ///
    /// # Errors
    /// It holds none, or cannot be read.
    pub fn open(store: Store) -> Result<Self, StoreError> {
        let study = store.open()?;
        let mut campaign = Self {
            store,
            study,
            batches: Vec::new(),
            outcomes: BTreeMap::new(),
        };
        campaign.reload()?;
        Ok(campaign)
    }

    /// Reads again what the folder holds.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn reload(&mut self) -> Result<(), StoreError> {
        self.batches = self.store.batches()?;
        self.outcomes = self.store.outcomes()?;
        Ok(())
    }

    /// The study.
    #[must_use]
    pub fn study(&self) -> &Study {
        &self.study
    }

    /// Its folder.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Its batches so far.
    #[must_use]
    pub fn batches(&self) -> &[Batch] {
        &self.batches
    }

    /// Proposes what can be proposed, and says what is to be done next.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn advance(&mut self) -> Result<Next, StoreError> {
        while let Some(batch) = self.batch_to_propose() {
            self.add(batch)?;
        }
        let jobs = self.open_jobs();
        if !jobs.is_empty() {
            return Ok(Next::Evaluate(jobs));
        }
        if let Some(batch) = self.batch_to_simulate() {
            self.add(batch)?;
            return Ok(Next::Evaluate(self.open_jobs()));
        }
        self.store.note_done()?;
        Ok(Next::Finished)
    }

    fn add(&mut self, batch: Batch) -> Result<(), StoreError> {
        self.store.write_batch(&batch)?;
        // If another process was faster, its batch stands.
        self.batches = self.store.batches()?;
        Ok(())
    }

    /// Proposed batches whose members have to be evaluated, with those members. Of the last ones the budget may leave some out.
    fn wanted(&self) -> impl Iterator<Item = (&Batch, Vec<&Member>)> {
        let mut left = self.study.file.budget as usize;
        self.batches.iter().map(move |batch| {
            let mut members: Vec<&Member> = batch
                .members
                .iter()
                .filter(|member| member.refusal.is_none())
                .collect();
            if batch.is_proposed {
                members.truncate(left);
                left -= members.len();
            }
            (batch, members)
        })
    }

    /// Members that wait to be evaluated, in order.
    #[must_use]
    pub fn open_jobs(&self) -> Vec<Job> {
        let mut jobs = Vec::new();
        for (batch, members) in self.wanted() {
            let open = members
                .iter()
                .enumerate()
                .filter(|(_, member)| !self.outcomes.contains_key(&member.id));
            jobs.extend(open.map(|(position, member)| Job::of(batch, position, member)));
        }
        jobs
    }

    fn is_closed(&self, members: &[&Member]) -> bool {
        members
            .iter()
            .all(|member| self.outcomes.contains_key(&member.id))
    }

    fn fidelity(&self) -> Fidelity {
        if self.study.simulates_all() {
            Fidelity::Simulated
        } else {
            Fidelity::Estimate
        }
    }
}

/// The design of a member; batches are written by this program, so one that is in no space is damage, and is left out.
fn design_of(member: &Member) -> Option<Design> {
    member.design.design().ok()
}
