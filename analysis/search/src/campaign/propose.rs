//! The next batch of a strategy.

use rustix::time::{ClockId, clock_gettime};

use super::ids::id;
use super::{Campaign, design_of};
use crate::evaluate::refuse;
use crate::problem::{Drawn, Evaluated, Problem};
use crate::space::Design;
use crate::store::{Batch, Fidelity, Member, State, StoredDesign};
use crate::strategy::Past;

impl Campaign {
    /// The next batch of the strategy; `None` if the batches that it depends on are not closed, or nothing more is wanted.
    pub(super) fn batch_to_propose(&self) -> Option<Batch> {
        let wanted: Vec<_> = self.wanted().filter(|(batch, _)| batch.is_proposed).collect();
        let known: usize = wanted.iter().map(|(_, members)| members.len()).sum();
        let drawn: usize = (wanted.iter())
            .map(|(batch, _)| {
                batch
                    .members
                    .iter()
                    .filter(|member| member.refusal.is_none())
                    .count()
            })
            .sum();
        let is_over = wanted.last().is_some_and(|(batch, _)| batch.is_last);
        let budget = self.study.file.budget as usize;
        if is_over || known >= budget || drawn > known {
            return None;
        }
        // Batch k sees what came of batches up to k - 1 - lag.
        let seen = wanted.len().saturating_sub(self.study.file.lag as usize);
        if !wanted[..seen].iter().all(|(_, members)| self.is_closed(members)) {
            return None;
        }
        let count = match self.study.strategy.is_one_batch() {
            true => budget - known,
            false => self.study.file.batch as usize,
        };
        let began = cpu_seconds();
        let (evaluated, mut taken) = (self.evaluated(seen), Vec::new());
        for batch in self.batches.iter().filter(|batch| batch.is_proposed) {
            taken.extend(batch.members.iter().filter_map(design_of));
        }
        taken.retain(|design| !evaluated.iter().any(|known| known.design == *design));
        let past = Past {
            evaluated: &evaluated,
            taken: &taken,
            state: wanted.last().and_then(|(batch, _)| batch.state.as_ref()),
        };
        let study = &self.study;
        let problem = Problem {
            space: &study.space,
            features: &study.features,
            accuracy: study.accuracy.as_ref(),
            risk: study.file.risk,
            objective: &study.file.objective,
            limits: &study.limits,
            base: &study.workloads[0].base,
            seed: study.file.seed,
            refuse: &|design: &Design| refuse(study, design),
        };
        let proposal = study
            .strategy
            .propose(&problem, &past, wanted.len() as u32, count);
        let fits = proposal
            .drawn
            .iter()
            .filter(|drawn| drawn.refusal.is_none())
            .count();
        if proposal.drawn.is_empty() && wanted.is_empty() {
            tracing::warn!("the strategy proposes nothing: the space is empty");
        }
        Some(Batch {
            number: self.batches.len() as u32,
            fidelity: self.fidelity(),
            is_proposed: true,
            members: self.members(proposal.drawn),
            state: proposal.state,
            proposal_cpu_s: cpu_seconds() - began,
            is_last: fits < count,
        })
    }

    /// The members of the next batch, with their numbers and names.
    fn members(&self, drawn: Vec<Drawn>) -> Vec<Member> {
        let first = self.rows_so_far();
        let name = |(place, drawn): (usize, Drawn)| Member {
            index: first + place as u64,
            id: id(&self.study, &drawn.design, self.fidelity()),
            design: StoredDesign::of(&self.study.space, &drawn.design),
            refusal: drawn.refusal,
            of: None,
        };
        drawn.into_iter().enumerate().map(name).collect()
    }

    /// Rows of all batches so far.
    pub(super) fn rows_so_far(&self) -> u64 {
        self.batches.iter().map(|batch| batch.members.len() as u64).sum()
    }

    /// What was found of the first so many batches of the strategy, in order.
    fn evaluated(&self, batches: usize) -> Vec<Evaluated> {
        let wanted = self.wanted().filter(|(batch, _)| batch.is_proposed).take(batches);
        let members = wanted.flat_map(|(_, members)| members);
        members
            .filter_map(|member| self.evaluated_member(member))
            .collect()
    }

    pub(super) fn evaluated_member(&self, member: &Member) -> Option<Evaluated> {
        let found = &self.outcomes.get(&member.id)?.found;
        if found.state != State::Done {
            return None;
        }
        Some(Evaluated {
            design: design_of(member)?,
            metrics: found.metrics?,
            objective: found.objective,
            keeps_limits: found.violates.is_empty(),
        })
    }

    /// Whether members of this fidelity are what a strategy proposes.
    pub(super) fn proposes(&self, fidelity: Fidelity) -> bool {
        self.fidelity() == fidelity
    }
}

/// CPU time of this process, in seconds.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}
